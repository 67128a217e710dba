"""`Smooth`: rewards that differ little between states a few steps apart."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias, final

import numpy as np

from corrigible.core.errors import DistributionError
from corrigible.mdp.model import MDP
from corrigible.power.rewards.contract import (
    Draw,
    RewardDistribution,
    UniformMap,
    groups_of,
    place,
    whole_numbers,
)
from corrigible.power.rewards.laplacian import chebyshev, laplacian, largest_eigenvalue, variances
from corrigible.power.rewards.scalar import check_scalar, has_variance, in_words, is_number, quantiles, short

DENSE = 300
"""Up to how many states (or groups) the kernel is a dense matrix."""

Field: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""From independent standard normal numbers, shape (rows, states), to correlated ones of that shape."""


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Smooth(RewardDistribution):
    """A Gaussian random field on the graph of the model, of variance one in every state.

    With L the Laplacian of the graph in which two states are joined where an action may lead from one to the
    other (whichever way, however likely)::

        K  =  (I + κ²/(2ν) L)^(−ν)        Matérn,    exp(−κ²/2 · L)  for ν = ∞    (diffusion)

        Cov(R(s), R(t))  =  K_st / √(K_ss K_tt)

    Parameters
    ----------
    length_scale
        κ, in steps, above 0: how far likeness reaches. Rewards are independent as κ → 0, and equal in all
        states that are connected as κ → ∞.
    smoothness
        ν, above 0: the larger, the smoother. ``math.inf`` for the diffusion kernel.
    of
        The distribution of each single reward: a frozen SciPy distribution; ``None`` for the standard
        normal. Another one is F⁻¹(Φ(R)), a Gaussian copula, which keeps the order of all rewards.
    groups
        Whole numbers of shape (states,): states with equal numbers share one reward, and the graph is that
        of the groups. ``None``: each state its own.

    Raises
    ------
    DistributionError
        If a parameter is out of range, or ``of`` has no finite mean; in `bind`, if the length is too long
        for so large a model.

    Notes
    -----
    Up to 300 states K^½ is found from eigenvectors. Beyond, it is applied as a Chebyshev polynomial in L, to
    about 1e-9, in a time that grows with the length and with the number of transitions. Variances are exact
    up to 1,000 states; beyond, they are estimated from 128 random probes, once for a model, so that the
    standard deviation of a reward is 1 to within about 6% (one standard error).

    *Source:* Smola & Kondor, Kernels and regularization on graphs (2003), for kernels that are functions
    of the Laplacian, the diffusion kernel among them; Borovitskiy et al., Matérn Gaussian processes on
    graphs (2021), section 3; Hammond, Vandergheynst & Gribonval, Wavelets on graphs via spectral
    graph theory (2011), section 6, for the polynomials.

    Examples
    --------
    >>> from corrigible import MDP
    >>> from corrigible.power import RewardSamples
    >>> mdp = MDP.from_edges({n: [max(n - 1, 0), min(n + 1, 9)] for n in range(10)})
    >>> rewards = RewardSamples(Smooth(3), mdp).array(2000)
    >>> near, far = np.corrcoef(rewards.T)[0, [1, 9]]
    >>> bool(near > 0.8 > 0.2 > far)
    True
    """

    length_scale: float
    smoothness: float = 2.0
    of: Any = None
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        length, smoothness = self.length_scale, self.smoothness
        if not is_number(length) or not 0 < length < math.inf:
            raise DistributionError(
                f"the length scale `{length}` is not above 0 and finite", "give steps, for example 2"
            )
        if not is_number(smoothness) or not smoothness > 0:
            raise DistributionError(
                f"the smoothness `{smoothness}` is not above 0", "give for example 2; inf for diffusion"
            )
        check_scalar(self.of)
        if self.groups is not None:
            object.__setattr__(self, "groups", whole_numbers(self.groups))

    def filter(self, eigenvalue: np.ndarray) -> np.ndarray:
        """Return the square roots of the eigenvalues of K, for those of L."""
        spread = float(self.length_scale) ** 2 * eigenvalue / 2
        if math.isinf(self.smoothness):
            return np.exp(-spread / 2)
        return np.exp(-self.smoothness / 2 * np.log1p(spread / self.smoothness))

    def bind(self, mdp: MDP) -> Draw:
        """Return how to draw the field; see `RewardDistribution.bind`."""
        count, rewards = self._made(mdp)

        def draw(generator: np.random.Generator, first: int, rows: int) -> np.ndarray:
            return rewards(generator.standard_normal((rows, count)))

        return draw

    def from_uniforms(self, mdp: MDP) -> UniformMap:
        """Return the field for normal numbers at these quantiles, one for each state or group."""
        from scipy import stats

        count, rewards = self._made(mdp)
        normal = stats.norm()
        return UniformMap(dimensions=count, rewards=lambda uniforms: rewards(quantiles(normal, uniforms)))

    def _made(self, mdp: MDP) -> tuple[int, Field]:
        """How many normal numbers a reward function takes, and how it is made of them."""
        from scipy.special import ndtr

        count, member = groups_of(self.groups, mdp)
        field, of = _field(self, mdp), self.of

        def rewards(normal: np.ndarray) -> np.ndarray:
            made = field(normal)
            if of is not None:
                made = quantiles(of, ndtr(made))
            return made if member is None else made[:, member]

        return count, rewards

    def describe(self) -> str:
        """Return the kernel, its parameters and the distribution of a single reward."""
        kernel = f"Matérn of smoothness {short(self.smoothness)}"
        if math.isinf(self.smoothness):
            kernel = "diffusion"
        words = "norm(0, 1)" if self.of is None else in_words(self.of)
        length = short(self.length_scale)
        return f"smooth {words} per {place(self.groups)}, {kernel}, length {length}"

    @property
    def finite_variance(self) -> bool:
        """Whether single rewards have a finite variance."""
        return has_variance(self.of)


@lru_cache(maxsize=2)
def _field(smooth: Smooth, mdp: MDP) -> Field:
    """Return the field, made once for all that ask for it in turn: a sweep, the preferred actions."""
    graph = laplacian(mdp, groups_of(smooth.groups, mdp)[1])
    if graph.shape[0] <= DENSE:
        return _exact(smooth, graph)
    root = chebyshev(graph, smooth.filter)
    if root is None:
        raise DistributionError(
            f"the length scale `{smooth.length_scale}` is too long for {graph.shape[0]} states",
            f"give a shorter one, or at most {DENSE} states",
        )
    scale = 1 / np.sqrt(variances(root, graph.shape[0]))
    return lambda normal: np.ascontiguousarray((root(np.ascontiguousarray(normal.T)) * scale[:, None]).T)


def _exact(smooth: Smooth, graph: Any) -> Field:
    from scipy.linalg import eigh
    from scipy.sparse import csr_array

    from corrigible.power.rewards.features import times

    eigenvalue, vector = eigh(graph.toarray())
    # What is zero but for rounding would count under a very long length.
    rounding = 2.0**-52 * graph.shape[0] * largest_eigenvalue(graph)
    root = (vector * smooth.filter(np.where(eigenvalue < rounding, 0.0, eigenvalue))) @ vector.T
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    matrix = csr_array(root)
    return lambda normal: times(matrix, normal)
