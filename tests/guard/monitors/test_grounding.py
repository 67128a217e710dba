"""What nobody who may instruct the agent has said is put before people."""

from __future__ import annotations

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard import Call, Outcome
from corrigible.guard.manifest import Manifest, Tool
from corrigible.guard.monitors import Memory
from corrigible.guard.monitors.grounding import Grounding

RULES = Manifest(name="g")
SEND = Tool(name="mail/send", writes=("mail",))
TASK = "Send 1,250.00 to Ann Smith (ann@example.org), and tell bob@example.org."
WATCH = Grounding.of({"ask": ["to", "mail/send.amount"]})


def bare(memory: Memory, tool: Tool = SEND, **arguments: object) -> list[str]:
    call = Call(tool=tool.name, arguments=arguments)
    return [name for signal in WATCH.on_call(memory, call, tool, RULES, 0.0) for name in signal.arguments]


def told(task: str = TASK) -> Memory:
    memory: Memory = {}
    WATCH.on_task(memory, task)
    return memory


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"to": "ann@example.org"}, []),
        ({"to": "Ann Smith"}, []),
        ({"to": ["ANN@EXAMPLE.ORG", "bob@example.org"]}, []),
        ({"to": ["ann@example.org", "eve@example.com"]}, ["to"]),
        ({"to": "Smith Ann"}, ["to"]),
        ({"to": "eve@example.com", "amount": 1250}, ["to"]),
        ({"amount": 1250.0}, []),
        ({"amount": 1251}, ["amount"]),
        ({"text": "anything that is not listed"}, []),
        ({"to": ""}, []),
    ],
)
def test_a_value_must_stand_whole_in_the_task(arguments: dict[str, object], expected: list[str]) -> None:
    assert bare(told(), **arguments) == expected


def test_without_a_task_only_trusted_results_are_ground() -> None:
    memory: Memory = {}
    assert bare(memory, to="ann@example.org") == ["to"]
    for trusted, expected in [(False, ["to"]), (True, [])]:
        reader = Tool(name="book/look", reads=("book",), trusted=trusted)
        outcome = Outcome(kind="done", text='{"ann": ["ann@example.org"]}')
        WATCH.on_outcome(memory, Call(tool="book/look", arguments={}), reader, outcome, 0.0)
        assert bare(memory, to="ann@example.org") == expected


def test_what_changes_nothing_needs_no_ground_and_another_tools_argument_neither() -> None:
    assert bare(told(), Tool(name="mail/find", reads=("mail",)), to="eve@example.com") == []
    assert bare(told(), Tool(name="bank/pay", writes=("bank",)), amount=7) == []


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(OptionError, match="has no setting `asks`"):
        Grounding.of({"asks": []})
    with pytest.raises(OptionError, match="is no list of arguments"):
        Grounding.of({"ask": "to"})
