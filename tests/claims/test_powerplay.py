"""Agreement with POWERplay's runs, on the very rewards that it drew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from corrigible import MDP
from corrigible.power import PowerResult, estimate

from .registry import HERE

RUNS = ("turner_fig1_g0.5", "grid3x3_g0.6", "grid3x3_g0.9", "grid10x10_g0.99", "stoch4_g0.9")


def load(run: str) -> tuple[dict[str, Any], PowerResult]:
    """Return a run of POWERplay and POWER as estimated here, reward timing being the same."""
    with np.load(HERE / "data" / f"powerplay_{run}.npz") as file:
        data = dict(file)
    tensor = np.zeros(data["T_shape"])
    tensor[tuple(data["T_idx"].T)] = data["T_val"]
    # Its probabilities are single precision: rows sum to one within 1e-7 only.
    sums = tensor.sum(axis=2, keepdims=True)
    tensor = np.divide(tensor, sums, out=tensor, where=sums > 0)
    mdp = MDP.from_tensor(tensor, states=[str(state) for state in data["states"]])
    return data, estimate(mdp, data["reward_samples"], discount=float(data["gamma"]))


@pytest.mark.parametrize(
    "run", [pytest.param(run, marks=pytest.mark.claim(f"powerplay/{run}")) for run in RUNS]
)
def test_power_agrees_on_the_same_rewards(run: str) -> None:
    data, result = load(run)
    assert result.samples == len(data["reward_samples"])
    assert result.provenance.seed is None
    precision = 1e-7 if run.startswith("stoch") else 1e-12
    assert np.all(np.abs(result.power - data["power_exact_mean"]) <= precision + result.error_bound)


@pytest.mark.claim("powerplay/low")
def test_powerplay_stops_short_by_up_to_nine_thousandths() -> None:
    gaps = np.concatenate([result.power - data["power_mean"] for data, result in map(load, RUNS)])
    assert gaps.min() > -1e-6
    assert 0.008 < gaps.max() < 0.0091
