"""PRISM's explicit-state files, read and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core import memory
from corrigible.core.errors import FileFormatError, ModelError, OptionError, OutputError, TooLargeError

DATA = Path(__file__).parent / "data"
LAMP = (DATA / "lamp.tra").read_text()


@pytest.fixture
def files(tmp_path):
    def write(tra, sta=None, lab=None):
        for end, text in ((".tra", tra), (".sta", sta), (".lab", lab)):
            if text is not None:
                (tmp_path / f"model{end}").write_text(text)
        return tmp_path / "model.tra"

    return write


# --- reading -----------------------------------------------------------------------------------


def test_a_decision_process_is_read_with_its_actions_and_labels():
    mdp = MDP.from_prism(DATA / "lamp.tra")
    assert mdp.states == range(3)
    assert [mdp.actions(s) for s in range(3)] == [["press", "wait"], ["0"], ["stop"]]
    assert mdp.row(0) == [(1 / 3, 0), (2 / 3, 1)]
    assert mdp.terminal.tolist() == [False, False, True]
    assert mdp.initial.tolist() == [1, 0, 0]


def test_a_markov_chain_is_read_with_the_values_of_its_variables():
    mdp = MDP.from_prism(str(DATA / "die.tra"))
    assert mdp.n_states == 13
    assert mdp.n_pairs == 13
    assert mdp.states[12] == "s=7,d=6"
    assert mdp.actions("s=0,d=0") == ["0"]
    assert not mdp.terminal.any()  # an absorbing state is terminal only if it is a deadlock


def test_the_other_files_may_lie_elsewhere(files):
    path = files(LAMP)
    mdp = MDP.from_prism(path, labels=DATA / "lamp.lab")
    assert mdp.terminal.tolist() == [False, False, True]
    with pytest.raises(FileFormatError, match=r"gone.lab:1: cannot be read"):
        MDP.from_prism(path, labels="gone.lab")
    with pytest.raises(FileFormatError, match=r"gone.sta:1: cannot be read"):
        MDP.from_prism(path, states="gone.sta")


def test_without_labels_the_first_state_is_the_start(files):
    assert MDP.from_prism(files(LAMP)).initial.tolist() == [1, 0, 0]


def test_several_initial_states_are_equally_likely_and_none_means_none(files):
    path = files(LAMP, lab='0="init"\n0: 0\n2: 0\n')
    assert MDP.from_prism(path).initial.tolist() == [0.5, 0, 0.5]
    assert MDP.from_prism(files(LAMP, lab='0="init"\n')).initial is None


def test_a_state_without_a_choice_is_terminal(files):
    mdp = MDP.from_prism(files("3 2 2\n0 0 1 1 go\n2 0 0 1 go\n"))
    assert [mdp.actions(s) for s in range(3)] == [["go"], ["stop"], ["go"]]
    assert mdp.successor.tolist() == [1, 1, 0]
    assert mdp.terminal.tolist() == [False, True, False]


def test_rows_may_come_in_any_order_with_blank_lines_between(files):
    head, *rows = LAMP.splitlines()
    assert MDP.from_prism(files("\n\n".join([head, *rows[::-1]]))) == MDP.from_prism(files(LAMP))


def test_choices_of_the_same_name_are_told_apart(files):
    mdp = MDP.from_prism(files("1 3 3\n0 0 0 1 go\n0 1 0 1 go\n0 2 0 1\n"))
    assert mdp.actions(0) == ["go", "go#1", "2"]


def test_rows_rounded_to_six_digits_are_rescaled(files):
    mdp = MDP.from_prism(files("2 1 3\n0 0 0 0.333333\n0 0 1 0.666666\n1 0 1 1\n".replace("2 1 3", "2 2 3")))
    assert mdp.row(0)[0][0] == pytest.approx(1 / 3, abs=1e-6)
    assert sum(p for p, _ in mdp.row(0)) == 1


@pytest.mark.parametrize(
    ("tra", "message"),
    [
        ("", ":1: the file is empty"),
        ("\n\n", ":1: the file is empty"),
        ("dtmc\n", ":1: `dtmc` is no header"),
        ("1 1 1 1\n", ":1: `1 1 1 1` is no header"),
        ("-1 1 1\n", ":1: `-1 1 1` is no header"),
        ("0 0 0\n", ":1: there are `0` states"),
        ("1 1 2\n0 0 0 1\n", ":1: the header announces `2` transitions, the file has 1"),
        ("1 2 1\n0 0 0 1\n", ":1: the header announces `2` choices, the file has 1"),
        ("1 2\n0 0 1\n", ":1: the header announces `2` transitions, the file has 1"),
        ("1 1 1\n0 0 0\n", ":2: `0 0 0` is no transition; write `source choice target probability action`"),
        ("1 1\n0 0 1 go\n", ":2: `0 0 1 go` is no transition; write `source target probability`"),
        ("1 1 1\n0 0 1 1\n", ":2: there is no state `1`; the header announces 1"),
        ("1 1 1\n\n5 0 0 1\n", ":3: there is no state `5`"),
        ("1 1 1\n-1 0 0 1\n", ":2: `-1` is no whole number"),
        ("1 1 1\n0 x 0 1\n", ":2: `x` is no whole number"),
        ("1 1 1\n0 0 0 one\n", ":2: the probability `one` is no number"),
        ("1 1 1\n0 0 0 nan\n", ":2: the probability `nan` is out of range"),
        ("1 1 1\n0 0 0 -1\n", ":2: the probability `-1` is out of range"),
        ("1 1 1\n0 0 0 1.5\n", ":2: the probability `1.5` is out of range"),
        ("2 1 2\n0 0 0 .5\n0 0 1 .4\n", r":2: choice 0 of state 0 sums to `0\.9`, -0\.1 from 1"),
        ("1 1 2\n0 0 0 .5\n0 0 0 .5\n", ":3: choice 0 of state 0 leads to `0` twice"),
        ("2 1 2\n0 0 0 .5 a\n0 0 1 .5 b\n", ":3: choice 0 of state 0 is named `a` and `b`"),
        ("1 2 2\n0 0 0 1\n0 2 0 1\n", ":3: state 0 has choice `2` but not choice 1"),
        ("2 2 2\n0 0 0 1\n1 1 0 1\n", ":3: state 1 has choice `1` but not choice 0"),
    ],
)
def test_a_broken_transition_names_file_and_line(files, tra, message):
    with pytest.raises(FileFormatError, match="model.tra" + message):
        MDP.from_prism(files(tra))


@pytest.mark.parametrize(
    ("sta", "message"),
    [
        ("", ":1: the file is empty"),
        ("x\n", ":1: `x` is no header"),
        ("(x)\n0 (1)\n", r":2: `0 \(1\)` is no state"),
        ("(x)\n0:(1)\n0:(2)\n", ":3: state `0` occurs twice"),
        ("(x)\n7:(1)\n", ":2: state `7` is not among the 3"),
        ("(x,y)\n0:(1)\n", ":2: state 0 has `1` values for 2 variables"),
        ("(x)\n0:(1)\n1:(1)\n", ":3: `x=1` is the state of line 2 already"),
        ("(x)\n0:(1)\n2:(2)\n", ":1: state `1` is missing; the model has 3 states"),
    ],
)
def test_a_broken_state_names_file_and_line(files, sta, message):
    with pytest.raises(FileFormatError, match="model.sta" + message):
        MDP.from_prism(files(LAMP, sta=sta))


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        ("", "model.lab:1: the file is empty"),
        ("init\n", "model.lab:1: `init` is no header"),
        ('0="init"\n0 0\n', "model.lab:2: `0 0` is no row of labels"),
        ('0="init"\n9: 0\n', "model.lab:2: there is no state `9`"),
        ('0="init"\n0: 1\n', "model.lab:2: there is no label `1`"),
        (
            '0="init" 1="deadlock"\n0: 0\n1: 1\n',
            "model.tra:6: state 1 leads to `0`, but model.lab:3 labels it a deadlock",
        ),
    ],
)
def test_a_broken_label_names_file_and_line(files, lab, message):
    head, *rows = LAMP.splitlines()
    tra = "\n".join([head, *rows[:3], "1 0 2 0.75", "1 0 0 0.25", rows[5]])
    with pytest.raises(FileFormatError, match=message):
        MDP.from_prism(files(tra, lab=lab))


def test_a_state_without_a_choice_must_be_labelled_where_deadlocks_are(files):
    path = files("2 1 1\n0 0 1 1\n", lab='0="init" 1="deadlock"\n0: 0\n')
    with pytest.raises(FileFormatError, match=r"state `1` has no choice; label it a deadlock in model.lab"):
        MDP.from_prism(path)


def test_a_header_that_announces_too_much_is_refused_before_anything_is_allocated(files, monkeypatch):
    monkeypatch.setattr(memory, "physical", lambda: 10**6)
    with pytest.raises(TooLargeError, match="a model of 999999999999 states"):
        MDP.from_prism(files("999999999999 1 1\n0 0 0 1\n"))


# --- writing -----------------------------------------------------------------------------------


def same_up_to_names(one, two):
    for name in ["action_offset", "row_offset", "successor", "terminal"]:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.probability, two.probability)
    assert (one.initial is None) == (two.initial is None)
    if one.initial is not None:
        np.testing.assert_allclose(one.initial, two.initial, atol=1e-12)
    names = {
        (one.action_names[i], two.action_names[j])
        for i, j in zip(one.action_index, two.action_index, strict=True)
    }
    return len(names)


@st.composite
def models(draw):
    n, actions = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    t = rng.dirichlet(np.full(n, 0.5), size=(n, actions))
    t[rng.random((n, actions)) < 0.3] = 0
    t[:, 0] = np.eye(n)[rng.integers(0, n, n)]
    end = rng.random(n) < draw(st.sampled_from([0, 0.4]))
    t[end] = 0
    start = rng.random(n) < 0.5
    names = draw(st.none() | st.lists(st.text(max_size=4), min_size=actions, max_size=actions, unique=True))
    states = draw(st.none() | st.lists(st.text(max_size=6), min_size=n, max_size=n, unique=True))
    initial = start / start.sum() if start.any() else None
    return MDP.from_tensor(t, states=states, actions=names, terminal=end, initial=initial)


@settings(deadline=None)
@given(models())
def test_what_is_written_is_read_back(tmp_path_factory, mdp):
    path = tmp_path_factory.mktemp("prism") / "model.tra"
    mdp.to_prism(path)
    back = MDP.from_prism(path)
    same_up_to_names(mdp, back)
    back.to_prism(path)
    assert MDP.from_prism(path).fingerprint == back.fingerprint


def test_names_stay_different_when_their_letters_are_replaced(tmp_path):
    mdp = MDP.from_successors([[0, 0, 0], [1, 1, -1]], actions=["a b", "a-b", 7])
    mdp.to_prism(tmp_path / "m.tra")
    back = MDP.from_prism(tmp_path / "m.tra")
    assert back.action_names == ("a_b", "a_b_", "a7")
    assert same_up_to_names(mdp, back) == 3


def test_numbered_actions_are_written_without_names(tmp_path):
    mdp = MDP.from_successors([[1, 0], [-1, -1]], terminal=[1])
    mdp.to_prism(tmp_path / "m.tra")
    assert (tmp_path / "m.tra").read_text() == "2 3 3\n0 0 1 1.0\n0 1 0 1.0\n1 0 1 1.0\n"
    assert (tmp_path / "m.sta").read_text() == "(s)\n0:(0)\n1:(1)\n"
    assert (tmp_path / "m.lab").read_text() == '0="init" 1="deadlock"\n1: 1\n'
    assert MDP.from_prism(tmp_path / "m.tra").action_names == ("0", "1", "stop")


@pytest.mark.parametrize("name", ["die", "lamp"])
def test_a_model_that_came_from_prism_goes_back_unchanged(tmp_path, name):
    mdp = MDP.from_prism(DATA / f"{name}.tra")
    mdp.to_prism(tmp_path / "m.tra")
    back = MDP.from_prism(tmp_path / "m.tra")
    same_up_to_names(mdp, back)
    assert name != "die" or back == mdp


def test_an_uneven_starting_distribution_cannot_be_written(tmp_path):
    mdp = MDP.from_successors([[0], [1]], initial=[0.25, 0.75])
    with pytest.raises(ModelError, match=r"not uniform: from `0.25` to `0.75`"):
        mdp.to_prism(tmp_path / "m.tra")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    mdp = MDP.from_successors([[0]])
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        mdp.to_prism(tmp_path / "file" / "m.tra")
    with pytest.raises(OptionError, match="another file of the model"):
        mdp.to_prism(tmp_path / "m.lab")
