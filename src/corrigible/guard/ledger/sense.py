"""Whether each record can follow those before it: an outcome its intent, an approval its request.

A guard cannot write such a thing; it is either a fault of one or somebody's hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final


@final
class Sense:
    """Reads records in order, and remembers what later ones may refer to."""

    def __init__(self) -> None:
        self.problems: list[tuple[int, str]] = []
        """Record numbers, and what is wrong with them."""
        self._running: set[int] = set()
        self._unknown: set[int] = set()
        self._ended: set[int] = set()
        self._requests: dict[str, dict[str, str]] = {}
        """Who said what to each request that is open."""
        self._needs: dict[str, int] = {}
        self._spent: set[str] = set()
        self._grants: dict[str, int] = {}

    def follow(self, number: int, said: Mapping[str, Any]) -> None:
        """Take in a record."""
        match said.get("type"):
            case "intent":
                self._intent(number, said)
            case "outcome":
                self._outcome(number, said)
            case "resolved":
                intent = said.get("intent")
                if intent not in self._unknown:
                    self._wrong(
                        number, f"record {number} resolves record {intent}, whose outcome was not unknown"
                    )
                self._unknown.discard(intent if isinstance(intent, int) else -1)
            case "asked":
                request = str(said.get("request"))
                self._requests[request] = {}
                needs = said.get("needs")
                self._needs[request] = needs if isinstance(needs, int) else 1
            case "vote" | "expired":
                self._answer(number, said)
            case "granted":
                calls = said.get("calls")
                self._grants[str(said.get("grant"))] = calls if isinstance(calls, int) else 0
            case "revoked":
                if self._grants.pop(str(said.get("grant")), None) is None:
                    self._wrong(number, f"record {number} revokes a grant that was not given")
            case _:
                pass

    def left(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the intents without an outcome, and those whose outcome is unknown and not resolved."""
        return tuple(sorted(self._running)), tuple(sorted(self._unknown))

    def _wrong(self, number: int, text: str) -> None:
        self.problems.append((number, text))

    def _intent(self, number: int, said: Mapping[str, Any]) -> None:
        self._running.add(number)
        for reason in said.get("reasons", ()):
            self._permission(number, str(reason.get("rule")) if isinstance(reason, dict) else "")

    def _permission(self, number: int, rule: str) -> None:
        kind, _, name = rule.partition(".")
        if kind == "approval":
            votes = self._requests.get(name, {})
            if name in self._spent:
                self._wrong(number, f"record {number} uses approval `{name}` a second time")
            elif name not in self._requests:
                self._wrong(
                    number, f"record {number} uses approval `{name}`, which was not asked for or is over"
                )
            elif "deny" in votes.values() or len(votes) < self._needs[name]:
                self._wrong(number, f"record {number} uses approval `{name}`, which people had not given")
            self._spent.add(name)
        elif kind == "grant":
            if self._grants.get(name, 0) < 1:
                self._wrong(
                    number, f"record {number} uses grant `{name}`, which was not given, or is used up"
                )
            else:
                self._grants[name] -= 1

    def _outcome(self, number: int, said: Mapping[str, Any]) -> None:
        intent = said.get("intent")
        if not isinstance(intent, int) or intent not in self._running:
            again = " again" if intent in self._ended else ""
            self._wrong(number, f"record {number} ends record {intent}{again}, which is no call under way")
            return
        self._running.discard(intent)
        self._ended.add(intent)
        if said.get("kind") == "unknown":
            self._unknown.add(intent)

    def _answer(self, number: int, said: Mapping[str, Any]) -> None:
        request = str(said.get("request"))
        if request not in self._requests:
            self._wrong(number, f"record {number} answers request `{request}`, which is not open")
        elif said.get("type") == "expired":
            del self._requests[request]
        else:
            self._requests[request][str(said.get("who"))] = str(said.get("decision"))
