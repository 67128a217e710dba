"""Reachable states, models without some actions, and states made terminal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import ModelError


def chain():
    return MDP.from_successors([[1, 0], [2, 0], [2, -1], [0, 3]], initial={1: 1.0})


def models():
    def build(seed, n, actions):
        rng = np.random.default_rng(seed)
        t = rng.dirichlet(np.full(n, 0.3), size=(n, actions))
        t[rng.random((n, actions)) < 0.3] = 0
        t[:, 0] = np.eye(n)[rng.integers(0, n, n)]
        return MDP.from_tensor(t, initial=rng.dirichlet(np.ones(n)))

    return st.builds(build, st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 3))


def test_reachable_states_begin_with_the_starting_distribution():
    assert chain().reachable().tolist() == [True, True, True, False]
    assert chain().reachable([3]).tolist() == [True, True, True, True]
    assert chain().reachable([2]).tolist() == [False, False, True, False]
    assert chain().reachable(np.array([False, False, True, False])).tolist() == [False, False, True, False]
    assert not chain().reachable([]).any()


def test_reachable_without_a_start_is_an_error():
    with pytest.raises(ModelError, match="no starting distribution"):
        MDP.from_successors([[0]]).reachable()


@pytest.mark.parametrize("start", [[4], [-1], [0, 99]])
def test_a_start_that_does_not_exist_is_named(start):
    with pytest.raises(ModelError, match=f"no state number `{start[-1]}`"):
        chain().reachable(start)


@settings(deadline=None)
@given(models())
def test_reachable_is_the_closure_of_the_transitions(mdp):
    links = np.eye(mdp.n_states, dtype=bool)
    for s in range(mdp.n_states):
        for k in mdp.pairs(s):
            for _, to in mdp.row(k):
                links[s, to] = True
    closure = np.linalg.matrix_power(links.astype(int), mdp.n_states) > 0
    for s in range(mdp.n_states):
        assert mdp.reachable([s]).tolist() == closure[s].tolist()


def test_without_takes_actions_away():
    mdp = chain().without(np.array([True, False, False, False, False, False, True]))
    assert [mdp.actions(s) for s in range(4)] == [[1], [0, 1], [0], [0]]
    assert mdp.successor.tolist() == [0, 2, 0, 2, 0]


def test_without_leaves_every_state_an_action():
    with pytest.raises(ModelError, match="state `2` would be left with no action"):
        chain().without(np.array([False] * 4 + [True] + [False] * 2))


def test_masks_of_another_shape_or_kind_are_refused():
    with pytest.raises(ModelError, match=r"of shape `\(4,\)`; it should be boolean of shape \(7,\)"):
        chain().without(np.zeros(4, dtype=bool))
    with pytest.raises(ModelError, match="the mask of states is `int64`"):
        chain().absorbing(np.array([0, 1]))


def test_absorbing_states_stop():
    mdp = chain().absorbing(np.array([False, True, False, False]))
    assert mdp.actions(1) == ["stop"]
    assert mdp.row(mdp.pairs(1)[0]) == [(1.0, 1)]
    assert mdp.terminal.tolist() == [False, True, False, False]
    assert mdp.actions(3) == [0, 1]


@settings(deadline=None)
@given(models(), st.integers(0, 2**31))
def test_restrictions_leave_everything_else_as_it_was(mdp, seed):
    rng = np.random.default_rng(seed)
    end = rng.random(mdp.n_states) < 0.4
    stopped = mdp.absorbing(end)
    assert stopped.absorbing(end) is stopped
    assert stopped.terminal.tolist() == end.tolist()
    drop = rng.random(mdp.n_pairs) < 0.4
    drop[mdp.action_offset[:-1]] = False
    fewer = mdp.without(drop)
    for s in range(mdp.n_states):
        rows = [mdp.row(k) for k in mdp.pairs(s)]
        assert [fewer.row(k) for k in fewer.pairs(s)] == [mdp.row(k) for k in mdp.pairs(s) if not drop[k]]
        assert [stopped.row(k) for k in stopped.pairs(s)] == ([[(1.0, s)]] if end[s] else rows)


def test_taking_nothing_away_gives_an_equal_model():
    mdp = chain()
    assert mdp.without(np.zeros(mdp.n_pairs, dtype=bool)) == mdp
    assert mdp.absorbing(np.zeros(mdp.n_states, dtype=bool)) is mdp
