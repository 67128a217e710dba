"""What policies say of calls."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import FileFormatError
from corrigible.guard.contract import Call, Context, Signal
from corrigible.guard.policy import Policy
from tests.guard.policy import naive
from tests.guard.policy.naive import Both, Either, Known, Leaf, Not, Rule
from tests.guard.policy.parts import MANIFEST, YES, judged, parsed

TOOLS = tuple(MANIFEST.tools)
READS = 'permit (principal, action in Action::"read", resource);'
ASKS = '@id("asks") permit (principal, action in Action::"call", resource) when { context.approved };'


def test_what_no_policy_permits_is_denied_by_default() -> None:
    verdict = judged(parsed(""), "files/read", {"path": "a"})
    assert verdict.decision == "deny"
    assert [reason.rule for reason in verdict.reasons] == ["policy.default"]
    assert "no policy permits `files/read`" in verdict.because()


def test_ask_is_denied_now_and_permitted_if_approved() -> None:
    policy = parsed(ASKS)
    verdict = judged(policy, "files/write", {"path": "a"})
    assert verdict.decision == "ask"
    assert [reason.rule for reason in verdict.reasons] == ["policy.asks"]
    assert judged(policy, "files/write", {"path": "a"}, approved=YES).decision == "allow"


def test_what_is_forbidden_even_if_approved_is_not_asked_about() -> None:
    policy = parsed(f'{ASKS}\n@id("never") forbid (principal, action in Action::"destroy", resource);')
    for approved in (None, YES):
        verdict = judged(policy, "files/remove", {"paths": ["a"]}, approved=approved)
        assert verdict.decision == "deny"
        assert [reason.rule for reason in verdict.reasons] == ["policy.never"]


def test_a_forbid_that_approval_lifts_asks() -> None:
    text = f'{READS} @id("far") forbid (principal, action, resource) when {{ context.calls > 3 && !context.approved }};'
    assert judged(parsed(text), "files/read", {"path": "a"}, calls=4).decision == "ask"
    assert judged(parsed(text), "files/read", {"path": "a"}, calls=3).decision == "allow"


def test_the_reason_is_the_annotation_with_file_and_line() -> None:
    policy = parsed('\n// why\n@id("far")\n@reason("it is far away")\nforbid (principal, action, resource);')
    assert (
        judged(policy, "files/read", {"path": "a"}).because()
        == "it is far away (policy.cedar:3) [policy.far]"
    )


def test_a_forbid_that_cannot_be_evaluated_denies_and_is_not_skipped() -> None:
    fails = "forbid (principal, action, resource) when { context.calls * 9223372036854775807 > 5 };"
    verdict = judged(parsed(f"{READS}\n{fails}"), "files/read", {"path": "a"}, calls=2)
    assert verdict.decision == "deny"
    assert verdict.reasons[0].rule == "policy.error"
    assert "policy `policy1` (policy.cedar:2) could not be evaluated" in verdict.because()


def test_what_cedar_cannot_read_denies() -> None:
    verdict = judged(parsed(READS), "files/read", {"path": "a"}, session="s\ud800")
    assert verdict.decision == "deny"
    assert verdict.reasons[0].rule == "policy.error"


def test_a_policy_reads_what_is_known_of_a_call() -> None:
    text = """permit (principal in Agent::"agent", action, resource in Server::"files") when {
        context.step == "2" && context.calls == 7 && context.spent.lessThan(decimal("1.5001"))
        && context has confidence && context.confidence.greaterThanOrEqual(decimal("0.6666"))
        && context.evidence == 2 && !context.evidence_missing && context.signals.contains("denials")
        && context.tainted.contains("path") && context.session == "main/helper" && !resource.grave
        && principal in Session::"main" && resource.reads.contains("file:/work/**")
        && context.arguments has path && context.arguments.path == "/work/a"
        && context.arguments has limit && context.arguments.limit < 10
    };"""
    signals = (
        Signal(monitor="denials", raises="note", text=""),
        Signal(monitor="provenance", raises="note", text="", arguments=("path",)),
    )
    known: dict[str, Any] = {
        "step": "2",
        "calls": 7,
        "spent": 1.50001,
        "confidence": 2 / 3,
        "evidence": (3, 5),
        "signals": signals,
        "session": "main/helper",
    }
    arguments = {"path": "./x/../a", "limit": 9}
    policy = parsed(text)
    assert judged(policy, "files/read", arguments, **known).decision == "deny"  # spent is rounded up
    known["spent"] = 1.5
    assert judged(policy, "files/read", arguments, **known).decision == "allow"
    for change in (
        {"step": "3"},
        {"calls": 8},
        {"confidence": None},
        {"confidence": 0.6665999},
        {"evidence": (3, 5, 9), "there": (3, 5)},
        {"signals": signals[:1]},
        {"signals": signals[1:]},
        {"session": "other/helper"},
        {"agent": "another"},
    ):
        assert judged(policy, "files/read", arguments, **{**known, **change}).decision == "deny", change
    assert judged(policy, "files/read", {**arguments, "limit": 10}, **known).decision == "deny"


def test_numbers_and_hosts_of_arguments_are_seen() -> None:
    policy = parsed(
        """permit (principal, action == Action::"web/fetch", resource) when {
            ["ok.example", "ok.example:8080"].containsAll(context.hosts)
            && context.arguments has share && context.arguments.share == decimal("0.1") };"""
    )
    assert judged(policy, "web/fetch", {"url": "https://OK.example:8080/a", "share": 0.1}).decision == "allow"
    assert judged(policy, "web/fetch", {"url": "https://OK.example/a", "share": 0.2}).decision == "deny"
    assert judged(policy, "web/fetch", {"url": "file:///etc/passwd", "share": 0.1}).decision == "deny"


def test_arguments_can_be_compared_as_a_whole() -> None:
    same = """permit (principal, action == Action::"files/remove", resource)
        when { context.arguments == {paths: ["/work/a"]} };"""
    assert judged(parsed(same), "files/remove", {"paths": ["a"]}).decision == "allow"
    assert judged(parsed(same), "files/remove", {"paths": ["a", "b"]}).decision == "deny"


def test_a_tool_of_which_nothing_is_said_is_in_no_group_but_call() -> None:
    every = "".join(
        f'permit (principal, action in Action::"{group}", resource);'
        for group in ("read", "write", "destroy")
    )
    assert judged(parsed(every), "web/odd").decision == "deny"
    assert judged(parsed(ASKS), "web/odd").decision == "ask"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "permit (principal, action, resource) when { a b };",
            "policy.cedar:1: this policy is no Cedar: unexpected",
        ),
        (
            f"{READS}\n\n// and\npermit (principal, action",
            "policy.cedar:4: this policy is no Cedar: unexpected end",
        ),
        ("permit (principal == ?principal, action, resource);", "policy.cedar:1: a template decides nothing"),
        (
            f'{READS}\n@id("w")\npermit (principal, action, resource) when {{ context.argument has path }};',
            "policy.cedar:2: policy `w`: attribute `argument` in context for Action::",
        ),
        (
            'permit (principal, action == Action::"files/write", resource) when { context.arguments.content == "" };',
            "policy.cedar:1: policy `policy0`: unable to guarantee safety of access to optional attribute",
        ),
        (
            'permit (principal, action == Action::"files/wipe", resource);',
            'policy.cedar:1: policy `policy0`: unrecognized action `Action::"files/wipe"`',
        ),
        (
            'forbid (principal, action, resource == Tool::"files/writ");',
            "the manifest knows no tool `files/writ`; did you mean `files/write`?",
        ),
        (
            'forbid (principal, action, resource) when { resource in Server::"file" };',
            "the manifest knows no server `file`; did you mean `files`?",
        ),
        ('permit (principal == Agent::"agent", action, resource);', "unable to find an applicable action"),
        (
            f'@id("a") {READS}\n@id("a") {READS}',
            "policy.cedar:2: policy `a` has the @id of the one in line 1",
        ),
        (f'@id("default") {READS}', "policy.cedar:1: the @id `default` is taken"),
        (f'@id("policy7") {READS}', "policy.cedar:1: the @id `policy7` is taken"),
        (
            'permit (principal, action, resource) when { "; // no end',
            "policy.cedar:1: this policy is no Cedar",
        ),
    ],
)
def test_a_broken_policy_names_file_line_and_rule(text: str, said: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        parsed(text)
    assert said in str(caught.value)


def test_semicolons_in_texts_and_comments_end_no_policy() -> None:
    text = (
        '// a; b "\npermit (principal, action, resource) when { context.step == "a;\\"; // b" }; // c;\n\n'
        + ASKS
    )
    assert [(s.id, s.line) for s in parsed(text).statements] == [("policy0", 2), ("asks", 4)]


def test_a_rule_about_a_group_without_tools_is_no_mistake() -> None:
    policy = parsed('@id("grants") forbid (principal, action in Action::"grant", resource);')
    assert [statement.id for statement in policy.idle] == ["grants"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Any) -> None:
    with pytest.raises(FileFormatError, match=r"none\.cedar:1: the policy cannot be read: no such file"):
        Policy.load(tmp_path / "none.cedar", MANIFEST)
    (tmp_path / "latin.cedar").write_bytes(b"// \xff")
    with pytest.raises(FileFormatError, match=r"latin\.cedar:1: the policy is not UTF-8"):
        Policy.load(tmp_path / "latin.cedar", MANIFEST)


def test_the_version_is_that_of_the_text() -> None:
    assert parsed(READS).version == parsed(READS).version != parsed(ASKS).version


@pytest.mark.parametrize(
    ("text", "outlook"),
    [
        ("", "deny"),
        (READS, "allow"),
        (ASKS, "ask"),
        ('permit (principal in Agent::"agent", action, resource);', "allow"),
        ('permit (principal in Agent::"other", action, resource);', "deny"),
        ('permit (principal in Session::"main", action, resource);', "depends"),
        (f"{READS} forbid (principal, action, resource);", "deny"),
        (f"{READS} forbid (principal, action, resource) when {{ context.calls > 3 }};", "depends"),
        ("permit (principal, action, resource) unless { context.approved };", "depends"),
    ],
)
def test_the_outlook_says_what_becomes_of_every_call(text: str, outlook: str) -> None:
    assert parsed(text).outlook(MANIFEST.tools["files/read"], "agent") == outlook


# Compared with the naive evaluator

ANYONE = Leaf("principal", lambda known: True)
ANYTHING = Leaf("action", lambda known: True)
ANY = Leaf("resource", lambda known: True)


def _group(known: Known, group: str) -> bool:
    effects = {"read": "reads", "write": "writes", "destroy": "destroys"}
    if group == "call":
        return True
    return bool(getattr(known.tool, effects[group])) and not (group == "read" and known.tool.changes)


def _principals(name: str) -> list[Leaf]:
    return [
        Leaf(f'principal in Agent::"{name}"', lambda known: known.call.agent == name),
        Leaf(f'principal == Session::"{name}"', lambda known: known.call.session == name),
        Leaf(f'principal in Session::"{name}"', lambda known: name in known.call.sessions()),
        Leaf(f'principal is Session in Agent::"{name}"', lambda known: known.call.agent == name),
    ]


PRINCIPALS = st.sampled_from(
    [ANYONE, ANYONE, *(leaf for name in ("a", "b", "a/b") for leaf in _principals(name))]
)
ACTIONS = st.just(ANYTHING) | st.sampled_from(
    [
        *(Leaf(f'action == Action::"{t}"', lambda known, t=t: known.tool.name == t) for t in TOOLS),
        *(
            Leaf(f'action in Action::"{g}"', lambda known, g=g: _group(known, g))
            for g in ("call", "read", "write", "destroy")
        ),
        Leaf(
            'action in [Action::"files/read", Action::"destroy"]',
            lambda known: known.tool.name == "files/read" or _group(known, "destroy"),
        ),
    ]
)
RESOURCES = st.just(ANY) | st.sampled_from(
    [
        Leaf("resource is Tool", lambda known: True),
        *(Leaf(f'resource == Tool::"{t}"', lambda known, t=t: known.tool.name == t) for t in TOOLS),
        *(
            Leaf(f'resource in Server::"{s}"', lambda known, s=s: known.tool.server == s)
            for s in MANIFEST.servers
        ),
        Leaf('resource is Tool in Server::"web"', lambda known: known.tool.server == "web"),
    ]
)


def _path_like(pattern: str) -> Leaf:
    return Leaf(
        f'(context.arguments has path && context.arguments.path like "{pattern}")',
        lambda known: "path" in known.context.shown and naive.like(known.context.shown["path"], pattern),
    )


LEAVES = st.one_of(
    st.just(Leaf("context.approved", lambda known: known.approved)),
    st.sampled_from(
        [
            Leaf("resource.grave", lambda known: known.tool.grave),
            Leaf('context.hosts.contains("h")', lambda known: "h" in known.context.hosts),
            Leaf('context.session == "a"', lambda known: known.call.session == "a"),
            Leaf('context.tainted.contains("path")', lambda known: bool(known.context.signals)),
            Leaf("context has confidence", lambda known: known.call.confidence is not None),
            Leaf("context.calls * 9223372036854775807 > 5", naive.overflow),
            Leaf(
                '(if context.calls < 2 then context.approved else context.hosts.contains("h"))',
                lambda known: known.approved if known.context.calls < 2 else "h" in known.context.hosts,
            ),
            Leaf("{a: context.approved} == {a: true}", lambda known: known.approved),
        ]
    ),
    st.integers(0, 4).map(lambda n: Leaf(f"context.calls < {n}", lambda known: known.context.calls < n)),
    st.text("ab/*.", max_size=5).map(_path_like),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(inner.map(Not), st.builds(Both, inner, inner), st.builds(Either, inner, inner)),
    max_leaves=3,
)
RULES = st.builds(
    Rule,
    st.sampled_from(["permit", "permit", "forbid"]),
    PRINCIPALS,
    ACTIONS,
    RESOURCES,
    st.none() | CONDITIONS,
    st.none() | CONDITIONS,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[Call, dict[str, Any]]:
    call = Call(
        tool=draw(st.sampled_from(TOOLS)),
        arguments={},
        session=draw(st.sampled_from(["a", "b", "a/b", "a/b/c"])),
        agent=draw(st.sampled_from(["a", "b"])),
        confidence=draw(st.none() | st.just(0.5)),
    )
    path = draw(st.text("ab/.*[?", max_size=4))
    tainted = Signal(monitor="provenance", raises="note", text="", arguments=("path",))
    return call, {
        "shown": {"path": path} if "path" in MANIFEST.tools[call.tool].arguments else {},
        "hosts": draw(st.sampled_from([frozenset[str](), frozenset({"h"})])),
        "calls": draw(st.integers(0, 4)),
        "signals": draw(st.sampled_from([(), (tainted,)])),
        "approved": draw(st.sampled_from([None, None, YES])),
    }


@settings(max_examples=60)
@given(st.lists(RULES, min_size=1, max_size=6), st.lists(calls(), min_size=1, max_size=8))
def test_rulings_are_those_of_a_naive_evaluator(
    rules: list[Rule], asked: list[tuple[Call, dict[str, Any]]]
) -> None:
    text = "\n".join(each.text(f"r{number}") for number, each in enumerate(rules))
    policy = parsed(text)
    for call, known in asked:
        context = Context(manifest=MANIFEST, policy=policy, **known)
        expected, by = naive.rule(rules, call, MANIFEST.tools[call.tool], context)
        verdict = policy.rule(call, context)
        assert verdict.decision == expected, text
        if expected != "deny":
            assert {reason.rule for reason in verdict.reasons} == by
        # Whatever is left out for a tool cannot matter: in any other session the same slice is asked.
        again = dataclasses.replace(call, session="z")
        assert (
            policy.rule(again, context).decision
            == naive.rule(rules, again, MANIFEST.tools[call.tool], context)[0]
        )
