"""The policy: Cedar's permits and forbids, parsed once, asked about every call.

A call is *allowed* if Cedar permits it as things stand, *asked* about if it is denied and would be permitted
were ``context.approved`` true, and *denied* otherwise. A policy that cannot be evaluated denies: Cedar leaves
out a policy that fails, and a *forbid* must not be got rid of by making it fail.

Of the policies, only those are asked whose scope can fit the tool and the agent, and of the arguments, only
those are handed over that these policies name; what is left out could not have changed the answer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, final

from corrigible.core.errors import FileFormatError, in_short
from corrigible.guard.canonical import digest
from corrigible.guard.contract import Call, Context, Decision, Reason, Verdict
from corrigible.guard.manifest import Manifest, Tool
from corrigible.guard.schema import PLACES, above, decimal, entities, people, schema
from corrigible.guard.statements import Statement, Used, check_names, statements, used

_NOTHING = "unable to find an applicable action given the policy scope constraints"
REMEMBERED = 256
"""Sessions whose place among the entities is kept."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Set:
    cedar: Any
    ids: frozenset[str]
    used: Used


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Slice:
    """The policies that can apply to a tool and an agent, and those of them that look at ``approved``."""

    all: _Set
    changed: _Set


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Answer:
    """What Cedar said: the policies that decided, as it calls them and as reasons, and those that failed."""

    permitted: bool
    ids: frozenset[str]
    by: tuple[Reason, ...]
    failed: tuple[Reason, ...]


@final
class Policy:
    """The policies of one file, for one manifest; made by `load` or `parse`.

    Attributes
    ----------
    version
        The digest of the text.
    statements
        The policies, in the order of the file.
    """

    def __init__(self, text: str, found: tuple[Statement, ...], manifest: Manifest, name: str):
        import cedarpy

        self.version = digest(text)
        self.statements = found
        self._cedar = cedarpy
        self._manifest = manifest
        self._name = Path(name).name
        self._by_id = {statement.cedar_id: statement for statement in found}
        self._base = cedarpy.Entities.from_json_str(
            json.dumps(entities(manifest)), json.dumps(schema(manifest))
        )
        self._slice = lru_cache(maxsize=4096)(self._slice_of)
        self._entities = lru_cache(maxsize=REMEMBERED)(self._entities_of)

    @staticmethod
    def load(path: Path | str, manifest: Manifest) -> Policy:
        """Return the policy that a Cedar file holds.

        Raises
        ------
        FileFormatError
            If it cannot be read, parsed, or does not fit the manifest; the message begins with ``path:line:``.
        """
        try:
            text = Path(path).read_bytes().decode()
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise FileFormatError(
                f"{path}:1: the policy cannot be read: {said}", "give a Cedar file"
            ) from error
        except UnicodeDecodeError as error:
            raise FileFormatError(f"{path}:1: the policy is not UTF-8", "save it as UTF-8") from error
        return Policy.parse(text, manifest, str(path))

    @staticmethod
    def parse(text: str, manifest: Manifest, name: str = "policy.cedar") -> Policy:
        """Return the policy that a text holds; ``name`` stands for the file in errors and reasons.

        Raises
        ------
        FileFormatError
            If it cannot be parsed, or does not fit the manifest.
        """
        import cedarpy

        found = statements(text, name)
        check_names(found, manifest, name)
        result = cedarpy.validate_policies(text, json.dumps(schema(manifest)))
        by_id = {statement.cedar_id: statement for statement in found}
        complaints = [
            _complaint(error.policy_id, error.error, by_id, name)
            for error in result.errors
            if not (_NOTHING in error.error and by_id[error.policy_id].of_empty_groups(manifest))
        ]
        if complaints or (not result.validation_passed and not result.errors):
            complaints = complaints or [(1, f"{name}:1: the policies do not fit the manifest")]
            complaints = sorted(dict.fromkeys(complaints), key=lambda complaint: complaint[0])
            more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
            raise FileFormatError(
                f"{complaints[0][1]}{more}", "`corrigible guard check` tells what policies can name"
            )
        if len(cedarpy.PolicySet.from_str(text)) != len(found):
            raise FileFormatError(f"{name}:1: the policies cannot be told apart", "end each with a semicolon")
        return Policy(text, found, manifest, name)

    @property
    def idle(self) -> tuple[Statement, ...]:
        """Those whose scope fits no tool of the manifest, and which therefore never apply."""
        tools = self._manifest.tools.values()
        return tuple(s for s in self.statements if not any(s.may_apply(tool, s.agent) for tool in tools))

    def outlook(self, tool: Tool, agent: str) -> Decision | Literal["depends"]:
        """Return what becomes of every call of a tool, as far as the policies say so without looking at one."""
        found = self.applying(tool, agent)
        permits = [s for s in found if s.json["effect"] == "permit"]
        forbids = [s for s in found if s.json["effect"] == "forbid"]
        if not permits or any(s.always(tool, agent) for s in forbids):
            return "deny"
        if forbids:
            return "depends"
        if any(s.always(tool, agent) for s in permits):
            return "allow"
        return "ask" if all(s.when_approved(tool, agent) for s in permits) else "depends"

    def applying(self, tool: Tool, agent: str) -> tuple[Statement, ...]:
        """Return the policies whose scope can fit a tool and an agent."""
        return tuple(s for s in self.statements if s.may_apply(tool, agent))

    def rule(self, call: Call, context: Context) -> Verdict:
        """Return what the policies say of a call: allow, ask or deny.

        Parameters
        ----------
        call
            The call, whose tool the manifest knows.
        context
            What is known; ``shown``, ``hosts``, ``approved``, ``signals``, ``calls``, ``spent`` and
            ``evidence`` are what policies see.
        """
        try:
            return self._rule(call, context)
        except Exception as error:  # whatever goes wrong here, the call must not go through
            text = f"the policies could not be asked: {in_short(error)}"
            return _verdict("deny", (Reason(rule="policy.error", text=text),))

    def _rule(self, call: Call, context: Context) -> Verdict:
        part = self._slice(call.tool, call.agent)
        approved = context.approved is not None
        now = self._ask(call, context, part.all, approved)
        if now.failed:
            return _verdict("deny", now.failed)
        if now.permitted:
            return _verdict("allow", now.by)
        then = None if approved else self._if_approved(call, context, part, now)
        if then is not None:
            if then.failed:
                return _verdict("deny", then.failed)
            if then.permitted:
                return _verdict("ask", then.by)
        default = Reason(rule="policy.default", text=f"no policy permits `{call.tool}`")
        return _verdict("deny", (then and then.by) or now.by or (default,))

    def _if_approved(self, call: Call, context: Context, part: _Slice, now: _Answer) -> _Answer | None:
        """Return what a yes would change of a denial; None: nothing, as a look at the policies tells."""
        if not part.changed.ids or not part.changed.ids >= now.ids:
            return None  # a policy that does not look at `approved` forbids it
        # Where nothing forbade it nothing permitted it either, and the other policies would say so again.
        return self._ask(call, context, part.all if now.ids else part.changed, True)

    def _ask(self, call: Call, context: Context, policies: _Set, approved: bool) -> _Answer:
        request = {
            "principal": {"type": "Session", "id": call.session},
            "action": {"type": "Action", "id": call.tool},
            "resource": {"type": "Tool", "id": call.tool},
            "context": json.dumps(_shown(call, context, policies.used, approved)),
        }
        result = self._cedar.is_authorized(
            request, policies.cedar, self._entities(call.sessions(), call.agent)
        )
        said = result.diagnostics
        if result.decision is self._cedar.Decision.NoDecision:
            raise ValueError("; ".join(said.errors) or "Cedar gave no decision")
        return _Answer(
            permitted=result.allowed,
            ids=frozenset(said.reasons),
            by=tuple(self._reason(statement, call) for statement in self._named(said.reasons)),
            failed=tuple(self._failure(text) for text in said.errors),
        )

    def _named(self, ids: Iterable[str]) -> list[Statement]:
        return sorted((self._by_id[each] for each in ids), key=lambda statement: statement.number)

    def _reason(self, statement: Statement, call: Call) -> Reason:
        forbids = statement.json["effect"] == "forbid"
        asks = statement.cedar_id in self._slice(call.tool, call.agent).changed.ids
        said = "forbids" if forbids else "wants people to approve" if asks else "permits"
        text = statement.reason or f"policy `{statement.id}` {said} `{call.tool}`"
        return Reason(rule=f"policy.{statement.id}", text=f"{text} ({self._name}:{statement.line})")

    def _failure(self, text: str) -> Reason:
        said = text.removeprefix("error while evaluating policy ")
        number, _, why = said.partition(": ")
        statement = self._by_id.get(number.strip("`"))
        if statement is None:
            return Reason(rule="policy.error", text=f"a policy could not be evaluated: {said}")
        where = f"policy `{statement.id}` ({self._name}:{statement.line})"
        return Reason(rule="policy.error", text=f"{where} could not be evaluated: {why}")

    def _slice_of(self, tool: str, agent: str) -> _Slice:
        known = self._manifest.tools[tool]
        found = self.applying(known, agent)
        return _Slice(
            all=self._set_of(found), changed=self._set_of(tuple(s for s in found if "approved" in used((s,))))
        )

    def _set_of(self, found: tuple[Statement, ...]) -> _Set:
        policies = {
            "templates": {},
            "staticPolicies": {s.cedar_id: s.json for s in found},
            "templateLinks": [],
        }
        return _Set(
            cedar=self._cedar.PolicySet.from_json_str(json.dumps(policies)),
            ids=frozenset(policies["staticPolicies"]),
            used=used(found),
        )

    def _entities_of(self, sessions: tuple[str, ...], agent: str) -> Any:
        return self._base.with_added_json_str(json.dumps(people(sessions, agent)))


def _shown(call: Call, context: Context, seen: Used, approved: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "approved": approved,
        "session": call.session,
        "step": call.step,
        "calls": context.calls,
        "evidence": len(context.evidence),
        "evidence_missing": not context.evidence.issuperset(call.evidence),
        "hosts": list(context.hosts),
        "signals": [signal.monitor for signal in context.signals],
        "tainted": [name for s in context.signals if s.monitor == "provenance" for name in s.arguments],
    }
    made = {name: value for name, value in made.items() if name in seen}
    if "spent" in seen:
        made["spent"] = decimal(above(context.spent))
    if "confidence" in seen and call.confidence is not None:
        # Never more than was said: policies ask for at least so much.
        made["confidence"] = decimal(Decimal(repr(call.confidence)).quantize(PLACES, ROUND_DOWN))
    made["arguments"] = {name: _value(value) for name, value in context.shown.items() if name in seen}
    return made


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal(value)
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value


def _verdict(decision: Decision, reasons: Sequence[Reason]) -> Verdict:
    return Verdict(decision=decision, reasons=tuple(reasons))


def _complaint(policy: str, text: str, by_id: dict[str, Statement], name: str) -> tuple[int, str]:
    statement = by_id.get(policy)
    said = text.removeprefix(f"for policy `{policy}`, ")
    if statement is None:
        return 1, f"{name}:1: {said}"
    return statement.line, f"{name}:{statement.line}: policy `{statement.id}`: {said}"
