"""The interruption chain: what learners come to think of a way on which people interrupt them, exactly."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any, final

from corrigible.core.errors import OptionError
from corrigible.core.results import to_json
from corrigible.countermeasures.contract import check_count


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ChainValues:
    """What learners come to think of the two ways of the interruption chain, exactly.

    Parameters
    ----------
    override
        Q-learning's value of the short way, of which interruptions change nothing: γ.
    on_policy
        Sarsa's, and any learner's where the interruption is dynamics: γ (1 − θ)/(1 − θγ).
    around
        Both learners' value of the long way: γ^(L − 1).
    threshold
        The θ above which the second is below the third; 1/(1 + γ) for L = 3.
    """

    override: Fraction
    on_policy: Fraction
    around: Fraction
    threshold: Fraction

    def to_json(self) -> str:
        """Return the values as JSON text: ``kind`` is ``"interruption-chain"``; fractions are text."""
        return to_json(
            {"kind": "interruption-chain"} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        )


def chain_values(interrupted: Any, discount: Any = Fraction(9, 10), length: int = 3) -> ChainValues:
    """Return the fixed points of learning in the chain (`corrigible.worlds.levels.interruption_chain`).

    Parameters
    ----------
    interrupted
        θ in [0, 1), how often each choice on the short way is overridden; a number or fraction.
    discount
        γ in (0, 1), likewise.
    length
        L, the steps of the long way, at least 3; the short way has two.

    Raises
    ------
    OptionError
        If one of them is out of its range.

    Notes
    -----
    On the short way v = (1 − θ) + θγv. That is γ^(L − 2) or less from θ = (1 − γ^(L−2))/(1 − γ^(L−1)) on.

    Examples
    --------
    >>> chain_values(Fraction(3, 5)).threshold
    Fraction(10, 19)
    """
    theta, gamma = Fraction(interrupted), Fraction(discount)
    if not 0 <= theta < 1 or not 0 < gamma < 1:
        raise OptionError(f"`{interrupted}` or `{discount}` is out of range", "give probabilities below one")
    check_count("length", length, 3)
    return ChainValues(
        override=gamma,
        on_policy=gamma * (1 - theta) / (1 - theta * gamma),
        around=gamma ** (length - 1),
        threshold=(1 - gamma ** (length - 2)) / (1 - gamma ** (length - 1)),
    )
