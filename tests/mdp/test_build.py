"""Models from tensors, successor tables and hand-written edges."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core import memory
from corrigible.core.errors import FileFormatError, ModelError, TooLargeError, UnknownNameError
from corrigible.mdp.build import from_transitions
from corrigible.mdp.edges import read_edges


def tensor():
    t = np.zeros((3, 2, 3))
    t[0, 0] = [0.5, 0.5, 0]
    t[0, 1] = [0, 0, 1]
    t[1, 0] = [0, 1, 0]
    return t


# --- tensors -----------------------------------------------------------------------------------


def test_a_row_of_zeros_means_that_the_state_lacks_the_action():
    mdp = MDP.from_tensor(tensor(), actions=["a", "b"], terminal=[2])
    assert [mdp.actions(s) for s in range(3)] == [["a", "b"], ["a"], ["stop"]]
    assert mdp.row(0) == [(0.5, 0), (0.5, 1)]
    assert mdp.row(mdp.pairs(2)[0]) == [(1.0, 2)]


def test_a_model_without_terminal_states_has_no_stop():
    assert MDP.from_successors([[0]]).action_names == (0,)


def test_a_state_without_actions_is_an_error_unless_it_is_terminal():
    with pytest.raises(ModelError, match="state `2` has no action"):
        MDP.from_tensor(tensor())
    MDP.from_tensor(tensor(), terminal=np.array([False, False, True]))


def test_a_row_that_does_not_sum_to_one_is_named_with_its_amount():
    t = tensor()
    t[0, 1, 2] = 0.9
    with pytest.raises(ModelError, match=r"action `b` of state `x` sum to `0\.9`, -0\.1 from 1"):
        MDP.from_tensor(t, states=["x", "y", "z"], actions=["a", "b"], terminal=["z"])


@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf])
def test_a_bad_probability_is_named_with_state_action_and_successor(value):
    t = tensor()
    t[0, 0, 1] = value
    with pytest.raises(
        ModelError, match=rf"action `0` of state `0` has the probability `{value:g}` of leading to `1`"
    ):
        MDP.from_tensor(t, terminal=[2])


def test_a_row_of_nan_is_an_error_and_not_a_lacking_action():
    t = tensor()
    t[1, 1] = np.nan
    with pytest.raises(ModelError, match="action `1` of state `1` has the probability `nan`"):
        MDP.from_tensor(t, terminal=[2])


@pytest.mark.parametrize("shape", [(3, 3), (3, 2, 4), (0, 2, 0), (2, 0, 2)])
def test_a_tensor_of_the_wrong_shape_is_refused(shape):
    with pytest.raises(ModelError, match="it should be \\(states, actions, states\\)"):
        MDP.from_tensor(np.zeros(shape))


def test_a_tensor_of_words_or_ragged_lists_is_refused():
    with pytest.raises(ModelError, match="numbers"):
        MDP.from_tensor(np.full((1, 1, 1), "x"))
    with pytest.raises(ModelError, match="no array"):
        MDP.from_tensor([[[1.0], [1.0, 0.0]]])


def test_rows_in_single_precision_are_rescaled_rather_than_refused():
    t = np.full((3, 1, 3), 1 / 3, dtype=np.float32)
    t[0, 0] = np.float32([0.1, 0.2, 0.7])
    mdp = MDP.from_tensor(t)
    assert np.abs(np.add.reduceat(mdp.probability, mdp.row_offset[:-1]) - 1).max() < 1e-15
    t[0, 0, 2] = 0.70001
    with pytest.raises(ModelError, match="action `0` of state `0` sum to"):
        MDP.from_tensor(t)


def test_one_sparse_matrix_an_action_gives_the_same_model_as_the_tensor():
    t = tensor()
    matrices = [scipy.sparse.csr_array(t[:, a]) for a in range(2)]
    assert MDP.from_tensor(matrices, terminal=[2]) == MDP.from_tensor(t, terminal=[2])
    with pytest.raises(ModelError, match="shapes"):
        MDP.from_tensor([matrices[0], scipy.sparse.csr_array((2, 2))])


def test_a_terminal_state_may_be_given_an_absorbing_row_but_no_other():
    t = tensor()
    t[2, 1, 2] = 1
    assert MDP.from_tensor(t, terminal=[2]) == MDP.from_tensor(tensor(), terminal=[2])
    t[2, 1] = [1, 0, 0]
    with pytest.raises(ModelError, match="action `1` of the terminal state `2` leads to `0`"):
        MDP.from_tensor(t, terminal=[2])


def test_an_action_that_is_called_stop_already_is_not_named_twice():
    mdp = MDP.from_tensor(tensor(), actions=["stop", "go"], terminal=[2])
    assert mdp.action_names == ("stop", "go")
    assert mdp.actions(2) == ["stop"]


def test_labels_must_fit_their_number_and_differ():
    with pytest.raises(ModelError, match="`1` action labels for 2 actions"):
        MDP.from_tensor(tensor(), actions=["a"])
    with pytest.raises(ModelError, match="action label `a` occurs twice"):
        MDP.from_tensor(tensor(), actions=["a", "a"])
    with pytest.raises(ModelError, match="`2` state labels for 3 states"):
        MDP.from_tensor(tensor(), states=["a", "b"])
    with pytest.raises(UnknownNameError, match="there is no state `q`"):
        MDP.from_tensor(tensor(), terminal=["q"])


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**31))
def test_a_tensor_can_be_read_back_from_the_model(n, n_actions, seed):
    rng = np.random.default_rng(seed)
    t = rng.dirichlet(np.ones(n), size=(n, n_actions)) * (rng.random((n, n_actions, n)) < 0.7)
    t[:, 0, 0] += 1e-3
    sums = t.sum(axis=2, keepdims=True)
    t = np.divide(t, sums, out=np.zeros_like(t), where=sums > 0)
    mdp = MDP.from_tensor(t)
    back = np.zeros_like(t)
    for s in range(n):
        for k in mdp.pairs(s):
            for p, to in mdp.row(k):
                back[s, mdp.action_index[k], to] = p
    np.testing.assert_allclose(back, t, rtol=1e-14)


# --- lists of transitions ----------------------------------------------------------------------


def test_transitions_may_come_in_any_order_and_add_up():
    columns = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1], [1, 1, 1]])
    p = np.array([1, 0.25, 0.5, 0.25, 1])
    mdp = from_transitions(*columns.T, p, 2, 2)
    assert [mdp.row(k) for k in range(3)] == [[(0.5, 0), (0.5, 1)], [(1.0, 0)], [(1.0, 1)]]
    assert mdp.actions(1) == [0, 1]


@pytest.mark.parametrize(
    ("column", "message"), [(0, "names state `9`"), (1, "names action `9`"), (2, "names state `9`")]
)
def test_a_transition_out_of_range_is_refused(column, message):
    row = [[0], [0], [0]]
    row[column] = [9]
    with pytest.raises(ModelError, match=message):
        from_transitions(*map(np.array, row), np.ones(1), 1, 1)


def test_negative_probabilities_do_not_hide_in_sums():
    with pytest.raises(ModelError, match=r"probability `-0.5`"):
        from_transitions(np.zeros(2, int), np.zeros(2, int), np.zeros(2, int), np.array([1.5, -0.5]), 1, 1)


# --- successors --------------------------------------------------------------------------------


def test_successors_of_minus_one_are_lacking_and_duplicates_are_kept():
    mdp = MDP.from_successors(np.array([[1, 1, -1], [-1, 0, 1]]), actions="abc")
    assert mdp.deterministic
    assert [mdp.actions(s) for s in (0, 1)] == [["a", "b"], ["b", "c"]]
    assert mdp.successor.tolist() == [1, 1, 0, 1]


def test_a_terminal_state_among_successors_gets_its_loop():
    for row in ([-1, -1], [1, 1], [-1, 1]):
        mdp = MDP.from_successors([[1, 0], row], terminal=[1], initial={0: 1})
        assert mdp.actions(1) == ["stop"]
        assert mdp.successor.tolist() == [1, 0, 1]
    with pytest.raises(ModelError, match="action `0` of the terminal state `1` leads to `0`"):
        MDP.from_successors([[1, 0], [0, 1]], terminal=[1])


@pytest.mark.parametrize(
    ("successors", "message"),
    [
        ([0, 1], "it should be \\(states, actions\\)"),
        (np.zeros((2, 0), dtype=int), "it should be \\(states, actions\\)"),
        ([[0.0]], "whole numbers"),
        ([[-1], [0]], "state `0` has no action"),
        ([[0], [2]], "action `0` of state `1` leads to state `2`"),
        ([[0], [-2]], "action `0` of state `1` leads to state `-2`"),
    ],
)
def test_bad_successors_are_named(successors, message):
    with pytest.raises(ModelError, match=message):
        MDP.from_successors(successors)


def test_a_table_of_successors_is_the_tensor_it_stands_for():
    successors = np.array([[1, 2], [0, -1], [2, 2]])
    t = np.zeros((3, 2, 3))
    for (s, a), to in np.ndenumerate(successors):
        t[s, a, to] = to >= 0
    assert MDP.from_successors(successors) == MDP.from_tensor(t)


def test_a_model_that_would_not_fit_is_refused_with_the_estimate(monkeypatch):
    monkeypatch.setattr(memory, "physical", lambda: 1000)
    with pytest.raises(
        TooLargeError, match=r"a model of 100 states and 2 actions would take about `23.4 KiB`"
    ):
        MDP.from_successors(np.zeros((100, 2), dtype=int))
    with pytest.raises(TooLargeError, match="a model of 100 states"):
        MDP.from_tensor(np.full((100, 1, 100), 0.01))


# --- edges -------------------------------------------------------------------------------------


def test_edges_may_be_lists_of_successors_or_mappings_of_actions():
    mdp = MDP.from_edges(
        {
            "a": ["b", "end"],
            "b": {
                "stay": "b",
                "risk": {"a": Fraction(1, 3), "end": "2/3"},
                "toss": [(0.5, "a"), ("1/2", "a")],
            },
        },
        terminal=["end"],
        start="a",
    )
    assert list(mdp.states) == ["a", "b", "end"]
    assert mdp.actions("a") == ["b", "end"]
    assert mdp.actions("b") == ["stay", "risk", "toss"]
    assert mdp.actions("end") == ["stop"]
    assert mdp.row(3) == [(1 / 3, 0), (2 / 3, 2)]
    assert mdp.row(4) == [(1.0, 0)]
    assert mdp.initial.tolist() == [1, 0, 0]


def test_tuples_are_labels_in_edges():
    mdp = MDP.from_edges({(0, 0): [(0, 1)], (0, 1): {"back": (0, 0)}})
    assert mdp.actions((0, 0)) == [(0, 1)]
    assert mdp.successor.tolist() == [1, 0]


def test_sets_of_successors_give_the_same_model_in_every_run():
    assert MDP.from_edges({"a": {"c", "b", "a"}, "b": {"a"}, "c": {"a"}}).actions("a") == ["a", "b", "c"]


def test_successors_that_are_no_states_are_named():
    with pytest.raises(ModelError, match=r"no states: `b` \(from `a`\), `c` \(from `a`\); .*`terminal`"):
        MDP.from_edges({"a": ["b", "c"]})


def test_states_that_the_start_does_not_reach_are_named():
    with pytest.raises(ModelError, match="1 of 3 states cannot be reached from the start: `c`"):
        MDP.from_edges({"a": ["b"], "b": ["a"], "c": ["a"]}, start="a")
    assert MDP.from_edges({"a": ["b"], "b": ["a"], "c": ["a"]}).initial is None


def test_an_unknown_start_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean `alpha`"):
        MDP.from_edges({"alpha": ["alpha"]}, start="alpa")


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"a": "b"}, "state `a` is given `b`; give it a list"),
        ({"a": 3}, "state `a` is given `3`"),
        ({"a": ["a", "a"]}, "label `a` occurs twice; name the actions"),
        ({"a": []}, "state `a` has no action"),
        ({"a": {}}, "state `a` has no action"),
        ({"a": {"x": {}}}, "action `x` of state `a` leads nowhere"),
        ({"a": {"x": ["a"]}}, "action `x` of state `a` has the outcome `a`; write"),
        ({"a": {"x": {"a": "1/0"}}}, "with probability `1/0`"),
        ({"a": {"x": {"a": "half"}}}, "with probability `half`"),
        ({"a": {"x": {"a": None}}}, "with probability `None`"),
        ({"a": {"x": {"a": "1/2"}}}, "action `x` of state `a` sum to `0.5`, -0.5 from 1"),
        ({"a": {"x": {"a": -1}}}, "action `x` of state `a` has the probability `-1`"),
        ({}, "no states"),
    ],
)
def test_edges_that_say_nothing_sensible_are_named(edges, message):
    with pytest.raises(ModelError, match=message):
        MDP.from_edges(edges)


def test_terminal_states_may_be_keys_if_they_are_absorbing():
    assert MDP.from_edges({"a": ["end"], "end": []}, terminal="end") == MDP.from_edges(
        {"a": ["end"], "end": ["end"]}, terminal=["end"]
    )
    with pytest.raises(ModelError, match="terminal state `end` leads to `a`"):
        MDP.from_edges({"a": ["end"], "end": ["a"]}, terminal=["end"])


def test_a_file_of_edges_is_the_model_that_its_mapping_makes(tmp_path: Path) -> None:
    file = tmp_path / "lamp.toml"
    file.write_text(
        'start = "off"\n[edges]\non = ["off"]\noff.wait = "off"\noff.press = { on = "2/3", off = "1/3" }\n'
    )
    edges = {"on": ["off"], "off": {"wait": "off", "press": {"on": "2/3", "off": "1/3"}}}
    assert read_edges(file) == MDP.from_edges(edges, start="off")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("edges = [", r":1: no TOML"),
        ('start = "on"\n', r":1: there is no table `edges`"),
        ('begin = "on"\nedges.on = ["on"]\n', r":1: `begin` means nothing here"),
        ('start = 3\nedges.on = ["on"]\n', r":1: start is `3`"),
        ('terminal = "on"\nedges.on = ["on"]\n', r":1: terminal is `on`"),
        ('edges.on = ["of"]\nedges.off = ["off"]\n', r":1: .*`of`"),
        ('start = "om"\nedges.on = ["on"]\n', r":1: .*`om`"),
    ],
)
def test_a_file_of_edges_that_is_none_is_told_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)
    with pytest.raises(FileFormatError, match=says):
        read_edges(file)
