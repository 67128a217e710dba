"""Models from Gymnasium environments."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from corrigible import MDP
from corrigible.core.errors import ModelError, UnknownNameError


class Table(gymnasium.Env):
    """An environment that is nothing but its table."""

    def __init__(self, table, start=None):
        self.P = table
        if start is not None:
            self.initial_state_distrib = start


def outcomes(mdp, state, action):
    pair = mdp.pairs(mdp.index(state))[mdp.actions(state).index(action)]
    return {mdp.states[to]: p for p, to in mdp.row(pair)}


def test_frozen_lake_slips_and_ends_in_its_holes_and_at_its_goal():
    mdp = MDP.from_gymnasium("FrozenLake-v1")
    assert mdp.n_states == 16
    assert np.flatnonzero(mdp.terminal).tolist() == [5, 7, 11, 12, 15]
    assert mdp.actions(0) == ["left", "down", "right", "up"]
    assert mdp.actions(5) == ["stop"]
    assert mdp.initial[0] == 1
    assert outcomes(mdp, 0, "left") == pytest.approx({0: 2 / 3, 4: 1 / 3})


def test_an_environment_with_its_own_settings_can_be_given():
    environment = gymnasium.make("FrozenLake-v1", is_slippery=False)
    mdp = MDP.from_gymnasium(environment)
    assert mdp.deterministic
    assert outcomes(mdp, 0, "right") == {1: 1}
    environment.reset()  # it was not closed
    environment.close()


def test_an_environment_made_here_is_closed_again(monkeypatch):
    closed = []
    made = Table({0: {0: [(1.0, 0, 0, False)]}})
    made.close = lambda: closed.append(True)
    monkeypatch.setattr(gymnasium, "make", lambda name: made)
    MDP.from_gymnasium("Own-v0")
    made.P = None
    with pytest.raises(ModelError):
        MDP.from_gymnasium("Own-v0")
    assert closed == [True, True]


def test_cliff_walking_ends_at_its_goal():
    mdp = MDP.from_gymnasium("CliffWalking-v1")
    assert mdp.n_states == 48
    assert np.flatnonzero(mdp.terminal).tolist() == [47]
    assert mdp.actions(36) == ["up", "right", "down", "left"]
    assert outcomes(mdp, 36, "right") == {36: 1}
    assert outcomes(mdp, 35, "down") == {47: 1}


def test_taxi_keeps_its_numbers_and_ends_on_arrival():
    mdp = MDP.from_gymnasium("Taxi-v4")
    assert mdp.n_states == 500
    assert np.flatnonzero(mdp.terminal).tolist() == [0, 85, 410, 475]
    assert mdp.actions(1) == ["south", "north", "east", "west", "pickup", "dropoff"]
    assert outcomes(mdp, 16, "dropoff") == {0: 1}
    assert int(mdp.reachable().sum()) == 404  # the count in Gymnasium's documentation


@pytest.mark.parametrize("name", ["FrozenLake-v1", "FrozenLake8x8-v1", "CliffWalking-v1", "Taxi-v4"])
def test_walks_in_the_environment_are_walks_in_the_model(name):
    environment = gymnasium.make(name)
    mdp = MDP.from_gymnasium(name)
    rng = np.random.default_rng(0)
    state, _ = environment.reset(seed=1)
    assert mdp.initial[mdp.index(state)] > 0
    for _ in range(400):
        assert not mdp.terminal[state]
        action = int(rng.integers(len(mdp.actions(state))))
        after, _, terminated, truncated, _ = environment.step(action)
        assert int(after) in [to for _, to in mdp.row(mdp.pairs(state)[action])]
        assert mdp.terminal[after] == terminated
        state = environment.reset()[0] if terminated or truncated else int(after)
    environment.close()


def test_a_state_that_both_ends_and_goes_on_gets_a_twin():
    table = {
        0: {0: [(0.5, 1, 0, True), (0.5, 1, 0, False)], 1: [(1.0, 2, 0, True)]},
        1: {0: [(0.25, 0, 0, False), (0.75, 0, 1, False)]},
        2: {0: [(1.0, 0, 0, False)]},
    }
    mdp = MDP.from_gymnasium(Table(table, [1, 0, 0]))
    assert list(mdp.states) == [0, 1, 2, (1, "end")]
    assert outcomes(mdp, 0, 0) == {1: 0.5, (1, "end"): 0.5}
    assert outcomes(mdp, 0, 1) == {2: 1}
    assert outcomes(mdp, 1, 0) == {0: 1}
    assert mdp.terminal.tolist() == [False, False, True, True]
    assert mdp.actions((1, "end")) == ["stop"]
    assert mdp.initial.tolist() == [1, 0, 0, 0]


def test_without_a_starting_distribution_one_may_act_wherever_nothing_ends():
    table = [[[(1.0, 1, 0, True)]], [[(1.0, 0, 0, False)]], [[(1.0, 0, 0, False)]]]
    mdp = MDP.from_gymnasium(Table(table))
    assert mdp.initial is None
    assert mdp.terminal.tolist() == [False, True, False]


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(
        UnknownNameError, match="there is no Gymnasium environment `FrozenLak-v1`; did you mean"
    ):
        MDP.from_gymnasium("FrozenLak-v1")
    for name in ("", "no such thing", "nomodule:Foo-v1", "FrozenLake-v99", "space/Foo-v0"):
        with pytest.raises(UnknownNameError):
            MDP.from_gymnasium(name)


def test_an_environment_that_cannot_be_made_says_why(monkeypatch):
    def fail(name):
        raise RuntimeError("no display.\nA second line")

    monkeypatch.setattr(gymnasium, "make", fail)
    with pytest.raises(ModelError, match=r"the environment `Own-v0` cannot be made: no display$"):
        MDP.from_gymnasium("Own-v0")


@pytest.mark.parametrize("thing", ["CartPole-v1", 3, Table({}), Table(np.zeros(3))])
def test_an_environment_without_a_table_is_refused_in_one_line(thing):
    with pytest.raises(ModelError, match="has no transition table; it needs an attribute `P`") as error:
        MDP.from_gymnasium(thing)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({0: {0: [(1.0, 1, 0, False)]}}, "leads from state `0` to state `1`; there are 1"),
        ({1: {0: [(1.0, 1, 0, False)]}}, "no entry for state `0`"),
        ({0: {0: [(1.0, 0)]}}, "cannot be read at state `0`"),
        ({0: {0: 3}}, "cannot be read at state `0`"),
        ({0: {0: []}}, "no transitions"),
        ({0: {0: [(0.5, 0, 0, False)]}}, "action `0` of state `0` sum to `0.5`"),
        ({0: {0: [(-1, 0, 0, False)]}}, "action `0` of state `0` has the probability `-1`"),
        ({0: {-1: [(1, 0, 0, False)]}}, "names action `-1`"),
    ],
)
def test_a_broken_table_is_named(table, message):
    with pytest.raises(ModelError, match=message):
        MDP.from_gymnasium(Table(table))


def test_a_starting_distribution_of_the_wrong_size_is_named():
    with pytest.raises(ModelError, match=r"starting distribution of `Table` has shape `\(2,\)`"):
        MDP.from_gymnasium(Table({0: {0: [(1.0, 0, 0, False)]}}, [0.5, 0.5]))
