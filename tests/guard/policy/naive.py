"""A slow and obvious reading of a part of Cedar, to compare the policy with; policies as small trees.

A tree renders itself as Cedar text and evaluates itself on what is known of a call. `Overflow` stands for
what Cedar reports as an error of a policy.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Any

from corrigible.guard.contract import Call, Context
from corrigible.guard.manifest import Tool


class Overflow(Exception):
    """An addition or product that Cedar's numbers cannot hold."""


@dataclass(frozen=True)
class Known:
    """One request."""

    call: Call
    tool: Tool
    context: Context
    approved: bool


@dataclass(frozen=True)
class Leaf:
    """A test: its text, and a function of what is known."""

    text: str
    test: Any

    def holds(self, known: Known) -> bool:
        return self.test(known)


@dataclass(frozen=True)
class Not:
    of: Any

    @property
    def text(self) -> str:
        return f"!({self.of.text})"

    def holds(self, known: Known) -> bool:
        return not self.of.holds(known)


@dataclass(frozen=True)
class Both:
    left: Any
    right: Any

    @property
    def text(self) -> str:
        return f"({self.left.text} && {self.right.text})"

    def holds(self, known: Known) -> bool:
        return self.left.holds(known) and self.right.holds(known)


@dataclass(frozen=True)
class Either:
    left: Any
    right: Any

    @property
    def text(self) -> str:
        return f"({self.left.text} || {self.right.text})"

    def holds(self, known: Known) -> bool:
        return self.left.holds(known) or self.right.holds(known)


@dataclass(frozen=True)
class Rule:
    """A policy."""

    effect: str
    principal: Leaf
    action: Leaf
    resource: Leaf
    when: Any
    unless: Any

    def text(self, name: str) -> str:
        made = (
            f'@id("{name}")\n{self.effect} ({self.principal.text}, {self.action.text}, {self.resource.text})'
        )
        made += f"\nwhen {{ {self.when.text} }}" if self.when else ""
        made += f"\nunless {{ {self.unless.text} }}" if self.unless else ""
        return f"{made};"

    def applies(self, known: Known) -> bool:
        return (
            all(part.holds(known) for part in (self.principal, self.action, self.resource))
            and (self.when is None or self.when.holds(known))
            and (self.unless is None or not self.unless.holds(known))
        )


def overflow(known: Known) -> bool:
    """What `context.calls * 9223372036854775807 > 5` does."""
    if known.context.calls > 1:
        raise Overflow
    return known.context.calls * 9223372036854775807 > 5


def like(text: str, pattern: str) -> bool:
    """Cedar's `like`, where only `*` is special."""
    special = re.sub(r"([\[?])", r"[\1]", pattern)
    return fnmatch.fnmatchcase(text, special)


def rule(rules: list[Rule], call: Call, tool: Tool, context: Context) -> tuple[str, set[str]]:
    """Return the ruling, and for what is permitted, by which rules."""
    said = [_once(rules, Known(call, tool, context, approved)) for approved in (False, True)]
    if context.approved is not None:
        return ("allow", said[1][1]) if said[1][0] == "permitted" else ("deny", set())
    (now, by), (then, after) = said
    if now == "permitted":
        return "allow", by
    return ("ask", after) if (now, then) == ("denied", "permitted") else ("deny", set())


def _once(rules: list[Rule], known: Known) -> tuple[str, set[str]]:
    permits: set[str] = set()
    forbidden = failed = False
    for number, each in enumerate(rules):
        try:
            if each.applies(known):
                if each.effect == "permit":
                    permits.add(f"policy.r{number}")
                else:
                    forbidden = True
        except Overflow:
            failed = True
    if failed:
        return "failed", set()
    return ("permitted", permits) if permits and not forbidden else ("denied", set())
