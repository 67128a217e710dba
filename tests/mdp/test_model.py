"""`MDP`: what it accepts, what it refuses and what it keeps."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import ModelError, UnknownNameError


def two_states(**changes):
    arguments = {
        "action_offset": [0, 2, 3],
        "row_offset": [0, 1, 3, 4],
        "successor": [1, 0, 1, 1],
        "probability": [1.0, 0.25, 0.75, 1.0],
        "states": ["here", "there"],
        "action_names": ["go", "try"],
        "action_index": [0, 1, 0],
    }
    return MDP(**{**arguments, **changes})


def test_the_parts_of_a_model_can_be_read_back():
    mdp = two_states(initial={"here": 1.0}, terminal=["there"])
    assert (mdp.n_states, mdp.n_pairs, mdp.n_transitions) == (2, 3, 4)
    assert mdp.actions("here") == ["go", "try"]
    assert mdp.row(1) == [(0.25, 0), (0.75, 1)]
    assert mdp.terminal.tolist() == [False, True]
    assert mdp.initial.tolist() == [1.0, 0.0]
    assert not mdp.deterministic
    assert "2 states" in repr(mdp)


def test_actions_without_names_are_numbered_in_each_state():
    mdp = two_states(action_names=None, action_index=None)
    assert mdp.actions("here") == [0, 1]
    assert mdp.actions("there") == [0]


def test_nothing_in_a_model_can_be_changed():
    mdp = two_states(initial={"here": 1.0})
    with pytest.raises(AttributeError, match="immutable"):
        mdp.states = ["a", "b"]
    arrays = [
        "action_offset",
        "row_offset",
        "successor",
        "probability",
        "action_index",
        "terminal",
        "initial",
    ]
    for name in arrays:
        with pytest.raises(ValueError, match="read-only"):
            getattr(mdp, name)[0] = 0


def test_the_arrays_given_are_neither_kept_nor_frozen():
    probability = np.array([1.0, 0.25, 0.75, 1.0])
    mdp = two_states(probability=probability)
    probability[0] = 7
    assert mdp.probability[0] == 1


def test_equal_models_are_equal_and_survive_pickling():
    mdp = two_states(initial={"here": 1.0})
    copy = pickle.loads(pickle.dumps(mdp))
    assert copy == mdp == two_states(initial=np.array([1.0, 0.0]))
    assert hash(copy) == hash(mdp)
    assert mdp != two_states()
    assert mdp != "a model"
    with pytest.raises(ValueError, match="read-only"):
        copy.successor[0] = 0


def test_repeated_transitions_add_up_and_zeros_are_dropped():
    mdp = two_states(
        row_offset=[0, 2, 5, 6], successor=[1, 0, 1, 0, 1, 1], probability=[1, 0, 0.5, 0.25, 0.25, 1]
    )
    assert mdp == two_states()
    assert mdp.row(0) == [(1.0, 1)]


def test_two_halves_that_lead_to_the_same_state_are_deterministic():
    mdp = MDP(action_offset=[0, 1], row_offset=[0, 2], successor=[0, 0], probability=[0.5, 0.5])
    assert mdp.deterministic


def test_a_row_that_is_off_by_less_than_the_tolerance_is_rescaled():
    mdp = two_states(probability=[1 + 1e-10, 0.25, 0.75, 1])
    assert mdp.probability[0] == 1


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12))
def test_rescaling_twice_changes_nothing(weights):
    p = np.array(weights) / np.sum(weights)
    n = len(p)
    once = MDP(
        action_offset=np.arange(n + 1),
        row_offset=np.arange(n + 1) * n,
        successor=np.tile(np.arange(n), n),
        probability=np.tile(p, n),
        initial=p,
    )
    twice = MDP(
        action_offset=once.action_offset,
        row_offset=once.row_offset,
        successor=once.successor,
        probability=once.probability,
        initial=once.initial,
    )
    assert twice == once


def test_a_row_that_does_not_sum_to_one_is_named_with_its_amount():
    with pytest.raises(ModelError, match=r"action `try` of state `here` sum to `0\.95`, -0\.05 from 1"):
        two_states(probability=[1, 0.25, 0.7, 1])


def test_the_worst_row_is_named_and_the_others_are_counted():
    with pytest.raises(ModelError, match=r"action `go` of state `there`.*\(1 other rows are off too\)"):
        two_states(probability=[1, 0.25, 0.7, 3])


@pytest.mark.parametrize("value", [-0.25, np.nan, np.inf])
def test_a_bad_probability_is_named_with_its_state_and_action(value):
    with pytest.raises(ModelError, match=rf"action `try` of state `here` has the probability `{value:g}`"):
        two_states(probability=[1, value, 0.75, 1])


def test_a_state_without_an_action_is_named():
    with pytest.raises(ModelError, match="state `there` has no action; give it one, or make it terminal"):
        two_states(action_offset=[0, 3, 3])


def test_a_successor_that_does_not_exist_is_named():
    with pytest.raises(
        ModelError, match="action `go` of state `there` leads to state `2`; there are 2 states"
    ):
        two_states(successor=[1, 0, 1, 2])


def test_successors_must_be_whole_numbers():
    with pytest.raises(ModelError, match="float64"):
        two_states(successor=[1.5, 0, 1, 1])


def test_an_empty_row_is_named():
    with pytest.raises(ModelError, match="action `try` of state `here` leads nowhere"):
        two_states(row_offset=[0, 1, 1, 2], successor=[1, 1], probability=[1, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"states": ["here"]}, "there are `1` state labels for 2 states"),
        ({"states": ["here", "here"]}, "the state label `here` occurs twice"),
        ({"states": [["here"], ["there"]]}, "not hashable"),
        ({"action_names": ["go", "go"]}, "the action label `go` occurs twice"),
        ({"action_names": ["go"]}, "action `1` of state `here` is not among the 1 action names"),
        ({"action_index": [0, 1]}, "there are `2` actions for 3 rows"),
        ({"successor": [1, 0, 1]}, r"there are `\(3,\)` successors and `\(4,\)` probabilities"),
        ({"terminal": np.array([True])}, r"the terminal mask has shape `\(1,\)`"),
        ({"terminal": ["here"]}, "the terminal state `here` leads to `there`; .* absorbing"),
        ({"initial": [1.0]}, r"the starting distribution has shape `\(1,\)`"),
        ({"initial": [0.5, 0.4]}, "the starting distribution sums to `0.9`, -0.1 from 1"),
        ({"initial": [1.5, -0.5]}, "state `there` has the starting probability `-0.5`"),
        ({"initial": {"here": float("nan")}}, "state `here` has the starting probability `nan`"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ModelError, match=message):
        two_states(**changes)


def test_a_model_without_states_is_refused():
    with pytest.raises(ModelError, match="no states"):
        MDP(action_offset=[0], row_offset=[0], successor=[], probability=[])


def test_an_unknown_state_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="there is no state `ther`; did you mean `there`"):
        two_states().index("ther")
    with pytest.raises(UnknownNameError):
        two_states().index(["unhashable"])


def test_numbered_states_are_found_by_numpy_integers_but_not_by_text():
    mdp = two_states(states=None)
    assert mdp.index(np.int64(1)) == 1
    for label in ("1", 2, -1, 1.0):
        with pytest.raises(UnknownNameError):
            mdp.index(label)


def test_a_single_text_as_terminal_is_one_label():
    assert two_states(terminal="there").terminal.tolist() == [False, True]
