"""From a name to an agent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corrigible.agents import Agent, load_agent, play
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.worlds import load

MINE = """
from corrigible.agents import Agent, Scripted
from corrigible.worlds import Call

class Waiting(Agent):
    def act(self, turn):
        return Call(tool="wait")

class Named(Waiting):
    name = "named"

class Needy(Waiting):
    def __init__(self, model):
        self.model = model

class Failing(Waiting):
    def __init__(self):
        raise ValueError("no key\\nset one")

class Unfinished(Agent):
    name = "unfinished"

def answer(briefing, turn):
    return Call(tool="wait")

def with_default(briefing, turn, patience=3):
    return Call(tool="wait")

def made():
    return Scripted([Call(tool="wait")], name="made")

def makes_nothing():
    return None

instance = Waiting()
number = 5
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder with a module of agents, forgotten afterwards."""
    (tmp_path / "my_agents.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    sys.modules.pop("my_agents", None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("planner", "planner"),
        ("random", "random"),
        ("q-learning", "q-learning"),
        ("boltzmann:0.01", "boltzmann:0.01"),
        ("boltzmann:1e-3", "boltzmann:0.001"),
        ("my_agents:Waiting", "my_agents:Waiting"),
        ("my_agents:Named", "named"),
        ("my_agents:instance", "my_agents:instance"),
        ("my_agents:answer", "my_agents:answer"),
        ("my_agents:with_default", "my_agents:with_default"),
        ("my_agents:made", "made"),
    ],
)
def test_each_form_gives_an_agent_with_a_name(text: str, name: str) -> None:
    agent = load_agent(text)
    assert isinstance(agent, Agent)
    assert agent.name == name


@pytest.mark.parametrize("text", ["Waiting", "instance", "answer", "with_default", "made"])
def test_an_agent_of_ones_own_plays(text: str) -> None:
    place = load("off-switch").place()
    assert play(place, place.goals[0], load_agent(f"my_agents:{text}"), 0).acts[0] == "wait"


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("planer", UnknownNameError, "there is no agent `planer`; did you mean `planner`?"),
        ("zzz", UnknownNameError, "there is no agent `zzz`; agents: `planner`"),
        ("", UnknownNameError, "there is no agent ``; "),
        ("my_agents:", UnknownNameError, "there is no agent `my_agents:`; "),
        (":Waiting", UnknownNameError, "there is no agent `:Waiting`; "),
        ("boltzmann", OptionError, "the temperature"),
        ("boltzmann:", OptionError, "the temperature"),
        ("boltzmann:hot", OptionError, "the temperature"),
        ("boltzmann:0", OptionError, "the temperature `0` "),
        ("boltzmann:-1", OptionError, "the temperature `-1` "),
        ("boltzmann:nan", OptionError, "the temperature `nan` "),
        ("boltzmann:inf", OptionError, "the temperature `inf` "),
        ("no_module_here:x", UnknownNameError, "there is no module `no_module_here` for the agent"),
        ("my_agents:Waitin", UnknownNameError, "there is no object in `my_agents` named `Waitin`; did you"),
        ("my_agents:Failing", OptionError, "`my_agents:Failing` does not start: ValueError: no key"),
        ("my_agents:Unfinished", OptionError, "`my_agents:Unfinished` does not start: TypeError: "),
        ("my_agents:Needy", OptionError, "`my_agents:Needy` is not an agent; "),
        ("my_agents:makes_nothing", OptionError, "`my_agents:makes_nothing` is not an agent; "),
        ("my_agents:number", OptionError, "`my_agents:number` is not an agent; "),
    ],
)
def test_what_is_no_agent_is_refused_in_one_line(text: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind) as caught:
        load_agent(text)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_every_load_gives_a_new_agent() -> None:
    assert load_agent("q-learning") is not load_agent("q-learning")
