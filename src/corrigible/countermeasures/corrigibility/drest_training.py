"""Training by discounted reward for same-length trajectories, in the smallest place that has them."""

from __future__ import annotations

import dataclasses
import math
from typing import final

import numba as nb
import numpy as np

from corrigible.core.results import Provenance, digest, provenance, to_json
from corrigible.core.seeds import stream
from corrigible.countermeasures.contract import check_count, check_number, check_word
from corrigible.countermeasures.corrigibility.post import entropy

REWARDS = ("drest", "default")
COINS = np.array([[1.0, 0.5], [2.0, 1.0]])
"""What can be collected in a trajectory of either length, the best first."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Trained:
    """What a learner came to do.

    Parameters
    ----------
    shares
        The probability of each length.
    neutrality, usefulness
        NEUTRALITY in bits and USEFULNESS of its policy.
    provenance
        Seed, version, settings.
    """

    shares: tuple[float, ...]
    neutrality: float
    usefulness: float
    provenance: Provenance

    def to_json(self) -> str:
        """Return the result as JSON text: ``kind`` is ``"drest-training"``."""
        return to_json(
            {"kind": "drest-training"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def train(
    reward: str = "drest",
    discount: float = 0.9,
    uses: int = 32,
    meta_episodes: int = 2_000,
    rate: float = 0.05,
    seed: int = 0,
) -> Trained:
    """Return what REINFORCE learns in a choice of two lengths, in each of which there is more or less to collect.

    Parameters
    ----------
    reward
        ``"drest"``, or ``"default"``: what is collected.
    discount
        λ in (0, 1).
    uses
        n, mini-episodes in a meta-episode.
    meta_episodes
        How many there are.
    rate
        The learning rate.
    seed
        Of what is drawn.

    Raises
    ------
    OptionError, UnknownNameError
        If one of them is out of its range, or there is no such reward.

    Notes
    -----
    A softmax over lengths and one over what to collect for each; after each mini-episode both move along
    (reward − its running mean) ∇ log π.

    *Source:* R. Williams, Simple statistical gradient-following algorithms (1992); Thornley et al. 2024.
    """
    check_word("reward", reward, REWARDS)
    check_number("discount", discount, 0, 1, above=True, below=True)
    check_count("number of mini-episodes", uses)
    check_count("number of meta-episodes", meta_episodes)
    check_number("rate", rate, 0, above=True, below=True)
    # Drawn beforehand: without a generator in it the loop compiles sooner.
    draws = stream(seed, "drest", reward).random((meta_episodes, uses, 2))
    lengths, coins = _reinforce(COINS, reward == "drest", discount, rate, draws)
    best = COINS / COINS.max(axis=1, keepdims=True)
    return Trained(
        shares=tuple(lengths.tolist()),
        neutrality=entropy(lengths),
        usefulness=float(lengths @ (coins * best).sum(axis=1)),
        provenance=provenance(
            seed,
            digest(COINS),
            reward=reward,
            discount=discount,
            uses=uses,
            meta_episodes=meta_episodes,
            rate=rate,
        ),
    )


@nb.njit(cache=True)
def _reinforce(
    coins: np.ndarray,
    discounted: bool,
    discount: float,
    rate: float,
    draws: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    k, m = coins.shape
    which, what = np.zeros(k), np.zeros((k, m))
    p, q = np.empty(k), np.empty((k, m))
    mean = 0.0
    for meta in range(draws.shape[0]):
        used = np.zeros(k)
        for i in range(draws.shape[1]):
            _softmax(which, p)
            length = _drawn(p, draws[meta, i, 0])
            _softmax(what[length], q[length])
            coin = _drawn(q[length], draws[meta, i, 1])
            paid = coins[length, coin]
            if discounted:
                paid = discount ** (used[length] - i / k) * paid / coins[length, 0]
            used[length] += 1
            step = rate * (paid - mean)
            mean += 0.01 * (paid - mean)
            for j in range(k):
                which[j] += step * ((j == length) - p[j])
            for j in range(m):
                what[length, j] += step * ((j == coin) - q[length, j])
    _softmax(which, p)
    for length in range(k):
        _softmax(what[length], q[length])
    return p, q


@nb.njit(cache=True)
def _softmax(logits: np.ndarray, out: np.ndarray) -> None:
    most, total = logits[0], 0.0
    for j in range(len(logits)):
        most = max(most, logits[j])
    for j in range(len(logits)):
        out[j] = math.exp(logits[j] - most)
        total += out[j]
    for j in range(len(logits)):
        out[j] /= total


@nb.njit(cache=True)
def _drawn(chances: np.ndarray, at: float) -> int:
    for j in range(len(chances) - 1):
        if at < chances[j]:
            return j
        at -= chances[j]
    return len(chances) - 1
