"""The decision is pure, in order of weight, and nothing that is known makes it milder but a person's yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from corrigible.guard import Approved, Call, Context, Halt, Reason, Signal, Verdict, decide
from tests.guard.bench import manifest

MILD = {"allow": 0, "ask": 1, "deny": 2, "halt": 3}
RULES = manifest()


@dataclass(frozen=True)
class Ruling:
    """A policy that says always the same, as far as it can: *ask* is what a yes turns into *allow*."""

    says: Literal["allow", "ask", "deny"]

    def rule(self, call: Call, context: Context) -> Verdict:
        """Say it."""
        says = "allow" if self.says == "ask" and context.approved is not None else self.says
        return Verdict(decision=says, reasons=(Reason(rule="policy.it", text="it says so"),))


APPROVALS = {
    "nobody": None,
    "person": Approved(rule="approval.1", by=("ann",), seen=frozenset({"m"})),
    "before": Approved(rule="approval.1", by=("ann",), seen=frozenset({"n"})),
    "grant": Approved(rule="grant.1", by=("ann",)),
}
CONTEXTS: dict[str, list[Any]] = {
    "policy": [Ruling("allow"), Ruling("ask"), Ruling("deny")],
    "halt": [None, Halt(session="*", who="ann", why="fire", at=0.0)],
    "definition": [None, "sha256:now"],
    "over": [(), (Reason(rule="limits.calls", text="enough"),)],
    "unresolved": ["", "under way"],
    "complaint": ["", "not to be shown"],
    "signals": [(), *[(Signal(monitor="m", raises=kind, text="odd"),) for kind in ("note", "ask", "halt")]],
    "approved": list(APPROVALS.values()),
    "refused": [None, Reason(rule="approval.2", text="no")],
}
CALLS = st.sampled_from(
    [
        Call(tool="files/read", arguments={"path": "/srv/job/a"}),
        Call(tool="files/read", arguments={}),
        Call(tool="files/read", arguments={"path": 3}),
        Call(tool="files/read", arguments={"path": "/srv/job/a", "other": 1}),
        Call(tool="bank/pay", arguments={"to": "a", "amount": 1}),
        Call(tool="bank/rob", arguments={}),
    ]
)
KNOWN = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CONTEXTS.items()})


def naive(call: Call, known: dict[str, Any]) -> str:
    """Say the same by listing every way in which a call is not allowed."""
    tool = RULES.tool(call.tool)
    asking = [signal for signal in known["signals"] if signal.raises == "ask"]
    halting = [signal for signal in known["signals"] if signal.raises == "halt"]
    if known["halt"] or halting:
        return "halt"
    if tool is None or tool.complaint(call.arguments) or known["complaint"] or known["unresolved"]:
        return "deny"
    if known["over"]:
        return "deny"
    if known["policy"].says == "deny":
        return "deny"
    wanted = (known["policy"].says == "ask" and known["approved"] is None) or (
        asking and (known["approved"] is None or "m" not in known["approved"].seen)
    )
    if wanted:
        return "deny" if known["refused"] else "ask"
    return "allow"


@given(CALLS, KNOWN)
def test_it_says_what_a_list_of_all_objections_says(call: Call, known: dict[str, Any]) -> None:
    verdict = decide(call, Context(manifest=RULES, **known))
    assert verdict.decision == naive(call, known)
    assert verdict.reasons
    assert all(reason.rule and reason.text for reason in verdict.reasons)


@given(CALLS, KNOWN, KNOWN)
def test_nothing_that_becomes_known_makes_it_milder_but_a_yes(
    call: Call, known: dict[str, Any], more: dict[str, Any]
) -> None:
    stricter = known | {
        name: known[name] or more[name] for name in ("halt", "over", "unresolved", "complaint", "refused")
    }
    stricter["signals"] = (*known["signals"], *more["signals"])
    before = decide(call, Context(manifest=RULES, **known))
    after = decide(call, Context(manifest=RULES, **stricter))
    weighed = {"allow": 0, "ask": 1, "deny": 2, "halt": 2}
    assert weighed[after.decision] >= weighed[before.decision]


@given(CALLS, KNOWN)
def test_ask_means_denied_now_and_permitted_once_people_approve(call: Call, known: dict[str, Any]) -> None:
    context = Context(manifest=RULES, **known)
    if decide(call, context).decision == "ask":
        approved = replace(context, approved=APPROVALS["person"])
        assert decide(call, approved).decision == "allow"


def test_a_tool_that_is_not_what_it_was_is_denied() -> None:
    pinned = replace(RULES.tools["files/read"], definition="sha256:then")
    rules = manifest(tools={"files/read": pinned})
    call = Call(tool="files/read", arguments={"path": "/srv/job/a"})
    for definition, decision in [("sha256:then", "allow"), ("sha256:now", "deny"), (None, "allow")]:
        policy: Any = Ruling("allow")
        verdict = decide(call, Context(manifest=rules, policy=policy, definition=definition))
        assert verdict.decision == decision


def test_what_is_grave_needs_as_many_people_as_the_manifest_says() -> None:
    policy: Any = Ruling("ask")
    pay = Call(tool="bank/pay", arguments={"to": "a", "amount": 1})
    write = Call(tool="files/write", arguments={"path": "/srv/job/a"})
    assert [decide(call, Context(manifest=RULES, policy=policy)).needs for call in (pay, write)] == [2, 1]
