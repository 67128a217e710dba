"""Models from `.npz` archives."""

from __future__ import annotations

import numpy as np
import pytest

from corrigible import MDP
from corrigible.core import memory
from corrigible.core.errors import FileFormatError, TooLargeError
from corrigible.mdp.npz import read_npz

T = np.array([[[0.5, 0.5], [0, 0]], [[0, 1], [1, 0]]])


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        path = tmp_path / "model.npz"
        np.savez(path, **arrays)
        return path

    return save


@pytest.mark.parametrize("name", ["T", "transitions"])
def test_a_dense_tensor_is_read(saved, name):
    assert read_npz(saved(**{name: T})) == MDP.from_tensor(T)


def test_a_sparse_tensor_is_read(saved):
    index = np.argwhere(T)[::-1]
    path = saved(T_idx=index.astype(np.int32), T_val=T[tuple(index.T)].astype(np.float32), T_shape=T.shape)
    assert read_npz(path) == MDP.from_tensor(T)


def test_successors_are_read(saved):
    successors = np.array([[0, 1], [-1, 1]])
    assert read_npz(saved(successors=successors)) == MDP.from_successors(successors)


def test_labels_terminal_states_and_the_start_are_read(saved):
    path = saved(
        successors=np.array([[0, 1], [-1, -1]]),
        states=np.array(["on", "off"]),
        actions=np.array(["stay", "switch"]),
        terminal=np.array(["off"]),
        initial=np.array([1.0, 0.0]),
        other=np.zeros(3),
    )
    mdp = read_npz(path)
    assert list(mdp.states) == ["on", "off"]
    assert mdp.actions("on") == ["stay", "switch"]
    assert mdp.actions("off") == ["stop"]
    assert mdp.initial.tolist() == [1, 0]


def test_labels_may_be_rows_of_numbers_and_terminal_states_a_mask(saved):
    path = saved(
        successors=np.array([[1], [-1]]), states=np.array([[0, 0], [0, 1]]), terminal=np.array([False, True])
    )
    assert list(read_npz(path).states) == [(0, 0), (0, 1)]
    assert read_npz(path).terminal.tolist() == [False, True]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "holds no transitions, but nothing at all"),
        ({"rewards": np.zeros(3)}, r"holds no transitions, but `rewards` of shape \(3,\)"),
        ({"T": T, "successors": np.zeros((2, 1), int)}, "transitions in more than one form"),
        ({"T": T[0]}, r"the transition tensor has shape `\(2, 2\)`; it should be \(states, actions"),
        ({"T": T * 2}, "action `0` of state `0` sum to `2`"),
        ({"T": T, "terminal": np.array(["x"])}, "there is no state `x`"),
        ({"T_idx": np.zeros((1, 3), int)}, "holds `T_idx` but lacks `T_val`, `T_shape`"),
        (
            {"T_idx": np.zeros((1, 2), int), "T_val": np.ones(1), "T_shape": (1, 1, 1)},
            r"`T_idx` of shape `\(1, 2\)`",
        ),
        (
            {"T_idx": np.zeros((1, 3), int), "T_val": np.ones(2), "T_shape": (1, 1, 1)},
            r"`T_val` of shape `\(2,\)`",
        ),
        (
            {"T_idx": np.zeros((1, 3), int), "T_val": np.ones(1), "T_shape": (1, 1, 2)},
            r"`T_shape` `\[1, 1, 2\]`",
        ),
        ({"T_idx": np.full((1, 3), 9), "T_val": np.ones(1), "T_shape": (1, 1, 1)}, "names state `9`"),
        ({"T": np.array([{"a": 1}])}, "is a broken `.npz`: Object arrays cannot be loaded"),
    ],
)
def test_an_archive_that_holds_no_model_says_what_it_holds(saved, arrays, message):
    with pytest.raises(FileFormatError, match="model.npz: .*" + message):
        read_npz(saved(**arrays))


def test_what_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    path.write_text("hello")
    with pytest.raises(FileFormatError, match=r"model.npz: is no archive of arrays, not a `.npz`"):
        read_npz(path)
    with path.open("wb") as file:
        np.save(file, T)
    with pytest.raises(FileFormatError, match=r"is a single `.npy` array"):
        read_npz(path)
    with pytest.raises(FileFormatError, match="cannot be read: no such file"):
        read_npz(tmp_path / "gone.npz")
    with pytest.raises(FileFormatError, match="cannot be read: is a directory"):
        read_npz(tmp_path)


def test_an_archive_that_is_cut_short_is_refused(saved):
    path = saved(T=T)
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\0" * 60 + data[160:])
    with pytest.raises(FileFormatError, match=r"is a broken `.npz`"):
        read_npz(path)


def test_arrays_that_would_not_fit_are_refused_before_they_are_read(saved, monkeypatch):
    path = saved(T=T)
    monkeypatch.setattr(memory, "physical", lambda: 100)
    with pytest.raises(TooLargeError, match=r"the arrays in `.*model.npz` would take about"):
        read_npz(path)
