"""The bounded agent: it prefers better actions, but not always."""

from __future__ import annotations

from typing import final

import numpy as np

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.core.errors import OptionError
from corrigible.worlds import Call
from corrigible.worlds.theory import solved


@final
class Boltzmann(Agent):
    """Chooses action a in state s with probability ∝ exp((1 − γ) Q*(s, a) / T).

    Parameters
    ----------
    temperature
        T > 0, in units of reward a step: where two actions differ by T in what an agent would
        receive a step for ever after, the better is e times as likely. T → 0 is the planner (with
        ties broken evenly), T → ∞ is the random agent.

    Notes
    -----
    *Source:* D. Luce, Individual Choice Behavior (1959); as a model of a bounded agent,
    A. Turner and P. Tadepalli, Parametrically Retargetable Decision-Makers Tend To Seek Power (2022).
    """

    reads = False

    def __init__(self, temperature: float) -> None:
        if not (np.isfinite(temperature) and temperature > 0):
            raise OptionError(f"the temperature `{temperature:g}` is not above 0", "try `boltzmann:0.01`")
        self.temperature = temperature
        self.name = f"boltzmann:{temperature:g}"

    def begin(self, briefing: Briefing) -> None:
        super().begin(briefing)
        self.solved = solved(briefing.place, briefing.goal)

    def act(self, turn: Turn) -> Call | None:
        mdp = self.solved.face.mdp
        pairs = mdp.pairs(mdp.index(turn.state))
        worth = self.solved.action_values[pairs.start : pairs.stop]
        with np.errstate(over="ignore"):  # what is worse by very many temperatures is never chosen
            weights = np.exp((worth - worth.max()) / self.temperature)
        chosen = self.briefing.rng.choice(len(weights), p=weights / weights.sum())
        return self.briefing.place.action(turn.state, str(mdp.action(pairs[int(chosen)]))).call
