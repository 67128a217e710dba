"""The rational agent: it knows the place and acts optimally for its goal."""

from __future__ import annotations

from typing import final

from corrigible.agents.contract import Agent, Briefing, Turn
from corrigible.worlds import Call
from corrigible.worlds.theory import solved


@final
class Planner(Agent):
    """Acts by the optimal values of its goal.

    Among equally good actions it does nothing extra: the no-op if that is among them, otherwise the
    first that shows no behaviour, otherwise the first.
    """

    name = "planner"
    reads = False

    def begin(self, briefing: Briefing) -> None:
        super().begin(briefing)
        self.solved = solved(briefing.place, briefing.goal)

    def act(self, turn: Turn) -> Call | None:
        face, optimal = self.solved.face, self.solved.optimal
        pairs = [k for k in face.mdp.pairs(face.mdp.index(turn.state)) if optimal[k]]
        quiet = [k for k in pairs if face.is_noop[k]]
        harmless = [k for k in pairs if not face.shows_any[k]]
        best = (quiet or harmless or pairs)[0]
        return self.briefing.place.action(turn.state, str(face.mdp.action(best))).call
