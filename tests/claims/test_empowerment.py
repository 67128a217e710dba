"""Empowerment on grids, to the last digit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from corrigible import MDP
from corrigible.mdp.textmap import read_map
from corrigible.power.empowerment import empowerment

from .registry import HERE

FIGURES: dict[str, Any] = json.loads((HERE / "data" / "empowerment_grid.json").read_text(encoding="utf-8"))
PLACES = ((0, 0), (0, 1), (1, 1))


def grid(size: int) -> MDP:
    return read_map(("." * size + "\n") * size).mdp


def failing(mdp: MDP, noise: float) -> MDP:
    """The same moves, each failing (one stays) with probability ``noise``; staying never fails."""
    edges: dict[Any, dict[Any, dict[Any, float]]] = {}
    for i, state in enumerate(mdp.states):
        edges[state] = {}
        for pair in mdp.pairs(i):
            to = mdp.states[mdp.row(pair)[0][1]]
            edges[state][mdp.action(pair)] = {state: 1.0} if to == state else {to: 1 - noise, state: noise}
    return MDP.from_edges(edges)


@pytest.mark.claim("empowerment/grid3-one-step")
def test_one_step_on_the_small_grid() -> None:
    result = empowerment(grid(3))
    for place, bits, count in zip(PLACES, FIGURES["3x3 n=1 corner/edge/centre bits"], (3, 4, 5), strict=True):
        assert result.at(place).bits == bits == np.log2(count)


@pytest.mark.claim("empowerment/grid3-two-steps")
def test_two_steps_on_the_small_grid() -> None:
    result = empowerment(grid(3), 2, states=PLACES)
    assert result.inputs.tolist() == FIGURES["3x3 n=2 counts"] == [6, 7, 9]
    np.testing.assert_allclose(result.bits, FIGURES["3x3 n=2 corner/edge/centre"], rtol=1e-15)


@pytest.mark.claim("empowerment/grid5-two-steps")
def test_two_steps_on_the_larger_grid() -> None:
    result = empowerment(grid(5), 2, states=[(2, 2), (0, 0)])
    assert result.inputs.tolist() == [13, 6]
    figures = [FIGURES["5x5 n=2 centre (13 cells)"], FIGURES["5x5 n=2 corner (6 cells)"]]
    np.testing.assert_allclose(result.bits, figures, rtol=1e-15)


@pytest.mark.claim("empowerment/noisy-grid")
def test_moves_that_may_fail_on_the_small_grid() -> None:
    result = empowerment(failing(grid(3), 0.2), states=PLACES, gap=1e-12)
    assert result.gap.max() <= 1e-12
    closed = [np.log2(1 + k * 0.8 * 0.2**0.25) for k in (2, 3, 4)]
    np.testing.assert_allclose(result.bits, closed, atol=2e-12)
    for name in ("3x3 n=1 noise=.2 corner/edge/centre", "closed_form noise .2 k=2,3,4"):
        np.testing.assert_allclose(result.bits, FIGURES[name], atol=2e-12)


@pytest.mark.claim("empowerment/deterministic")
@pytest.mark.parametrize("steps", [1, 3, 10])
def test_certain_outcomes_are_counted(steps: int) -> None:
    mdp = read_map("..#..\n.#...\n.....\n").mdp
    after = {state: {state} for state in mdp.states}
    for _ in range(steps):
        for state, reached in after.items():
            after[state] = {mdp.states[mdp.row(k)[0][1]] for s in reached for k in mdp.pairs(mdp.index(s))}
    result = empowerment(mdp, steps)
    assert result.bits.tolist() == [np.log2(len(after[state])) for state in mdp.states]
    assert np.all(result.gap == 0)


@pytest.mark.claim("empowerment/staying")
def test_more_steps_where_one_may_stay() -> None:
    mdp = read_map("...#.\n.#..#\n...#.\n").mdp
    bits = np.array([empowerment(mdp, n).bits for n in range(1, 12)])
    assert np.all(np.diff(bits, axis=0) >= 0)
    reach = [np.log2(mdp.reachable([s]).sum()) for s in range(mdp.n_states)]
    np.testing.assert_allclose(bits[-1], reach, rtol=1e-15)
