"""Empowerment against enumerating every action sequence."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible import MDP
from corrigible.core.errors import OptionError, TooLargeError, UnknownNameError
from corrigible.power import empowerment as module
from corrigible.power.empowerment import empowerment


def random_model(seed: int, states: int, actions: int, deterministic: bool) -> MDP:
    rng = np.random.default_rng(seed)
    if deterministic:
        return MDP.from_successors(rng.integers(0, states, (states, actions)))
    tensor = rng.dirichlet(np.full(states, 0.5), size=(states, actions))
    tensor[tensor < 0.05] = 0
    return MDP.from_tensor(tensor / tensor.sum(axis=2, keepdims=True))


def sequences(mdp: MDP, start: int, steps: int) -> np.ndarray:
    """The distribution after every sequence of actions, written out one by one."""
    rows: list[np.ndarray] = []
    for sequence in product(mdp.action_names, repeat=steps):
        now = np.eye(mdp.n_states)[start]
        for name in sequence:
            after = np.zeros(mdp.n_states)
            for state in np.flatnonzero(now):
                pair = next((k for k in mdp.pairs(int(state)) if mdp.action(k) == name), None)
                if pair is None:
                    break
                for p, t in mdp.row(pair):
                    after[t] += now[state] * p
            else:
                now = after
                continue
            break
        else:
            rows.append(now)
    return np.array(rows)


def information(p: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """D(W(·|x) ‖ output) of each input, in bits."""
    output = p @ channel
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nansum(np.where(channel > 0, channel * np.log2(channel / output), 0), axis=1)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), states=st.integers(1, 6), actions=st.integers(1, 3), n=st.integers(1, 4))
def test_with_certain_outcomes_it_is_the_logarithm_of_the_number_of_states_in_reach(
    seed: int, states: int, actions: int, n: int
) -> None:
    mdp = random_model(seed, states, actions, deterministic=True)
    result = empowerment(mdp, n, workers=1)
    for s in range(states):
        reached = len({tuple(row) for row in sequences(mdp, s, n)})
        assert result.inputs[s] == reached
        assert result.bits[s] == np.log2(reached)
    assert np.all(result.gap == 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), states=st.integers(2, 4), actions=st.integers(1, 3), n=st.integers(1, 3))
def test_with_uncertain_outcomes_its_bounds_hold_every_way_to_choose_sequences(
    seed: int, states: int, actions: int, n: int
) -> None:
    mdp = random_model(seed, states, actions, deterministic=False)
    result = empowerment(mdp, n, gap=1e-7, workers=1)
    assert result.gap.max() <= 1e-7
    rng = np.random.default_rng(seed)
    for s in range(states):
        channel = sequences(mdp, s, n)
        for p in rng.dirichlet(np.full(len(channel), 0.3), size=5):
            assert p @ information(p, channel) <= result.bits[s] + result.gap[s] + 1e-9
        # Plain Blahut–Arimoto over all sequences, none merged, comes from below to the same number.
        p = np.full(len(channel), 1 / len(channel))
        for _ in range(300):
            p = p * 2 ** information(p, channel)
            p /= p.sum()
        low, high = p @ information(p, channel), information(p, channel).max()
        assert low <= result.bits[s] + result.gap[s] + 1e-9
        assert high >= result.bits[s] - 1e-9


def test_a_binary_symmetric_channel_has_its_textbook_capacity() -> None:
    mdp = MDP.from_edges(
        {"s": {"zero": {"0": 0.9, "1": 0.1}, "one": {"0": 0.1, "1": 0.9}}, "0": ["0"], "1": ["1"]}
    )
    entropy = -(0.9 * np.log2(0.9) + 0.1 * np.log2(0.1))
    found = empowerment(mdp, gap=1e-12).at("s")
    assert found.bits == pytest.approx(1 - entropy, abs=1e-12)
    assert empowerment(mdp, states=["0"]).bits == pytest.approx(0)


def test_an_input_that_is_best_left_out_is_left_out() -> None:
    # The third input is a mixture of the others, so that the capacity is the erasure channel's 1/2.
    rows = {"a": {"x": 0.5, "e": 0.5}, "b": {"y": 0.5, "e": 0.5}, "c": {"x": 0.25, "y": 0.25, "e": 0.5}}
    mdp = MDP.from_edges({"s": rows, "x": ["x"], "y": ["y"], "e": ["e"]})
    found = empowerment(mdp, gap=1e-9, states=["s"])
    assert found.inputs.tolist() == [3]
    assert found.bits[0] == pytest.approx(0.5, abs=2e-9)


def test_sequences_count_only_where_they_can_be_carried_out_whatever_happens() -> None:
    mdp = MDP.from_edges(
        {"s": {"go": {"u": 0.5, "v": 0.5}}, "u": {"go": "s", "jump": "w"}, "v": {"go": "s"}, "w": {"go": "w"}}
    )
    assert empowerment(mdp, 2, states=["s"]).inputs.tolist() == [1]  # go, go; there is no jump in v
    stuck = MDP.from_edges({"s": {"go": {"u": 0.5, "v": 0.5}}, "u": {"x": "u"}, "v": {"y": "v"}})
    with pytest.raises(OptionError, match="from state `s` no sequence of `2` actions"):
        empowerment(stuck, 2)


def test_too_many_sequences_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INPUTS", 3)
    with pytest.raises(
        TooLargeError, match=r"`\d+` distributions of outcomes after 2 actions from state `0`"
    ):
        empowerment(random_model(1, 5, 3, deterministic=False), 2)


@pytest.mark.parametrize(
    "arguments", [{"steps": 0}, {"steps": 1.5}, {"gap": 0}, {"states": []}, {"workers": 0}]
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        empowerment(random_model(0, 3, 2, deterministic=True), **arguments)


def test_a_state_that_there_is_not_is_refused() -> None:
    mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    with pytest.raises(UnknownNameError, match="did you mean `off`"):
        empowerment(mdp, states=["of"])


def test_a_result_says_what_it_is() -> None:
    mdp = MDP.from_edges({"on": ["on", "off"], "off": ["off"]})
    result = empowerment(mdp, 3)
    written = json.loads(result.to_json())
    assert (written["kind"], written["bits"], written["steps"]) == ("empowerment", [1, 0], 3)
    assert written["provenance"]["input_hash"] == mdp.fingerprint
    assert result.to_frame()["inputs"].tolist() == [2, 1]
    assert result.at("on") == ("on", 1.0, 0.0)
    assert repr(result) == "<EmpowermentResult: 2 states, 3 steps, 0 to 1 bits, gap up to 0>"
    with pytest.raises(UnknownNameError, match="no state `of`"):
        result.at("of")
