"""`JointMDP`: one world in which a human and an agent act at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, final

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import ModelError, unknown_name
from corrigible.core.results import read_only
from corrigible.mdp.model import MDP, TOLERANCE, Label


@final
class JointMDP:
    """A model whose every action is a pair (the human's action, the agent's action).

    The two choose at once and independently, so that each state must have *every* pair of one of the
    human's actions and one of the agent's; each side may have other actions in other states.

    Parameters
    ----------
    mdp
        Any model whose action labels are pairs (tuples of two).

    Raises
    ------
    ModelError
        If an action label is no pair, or a state lacks one of the combinations.

    Notes
    -----
    POWERplay lets a combination be missing, and counts it as one of value zero (its chances are lost);
    here each has to lead somewhere. What it computes is had by leading there to an end without reward.

    Examples
    --------
    >>> room = MDP.from_edges({"left": ["left", "right"], "right": ["right", "left"]})
    >>> JointMDP.of(room)
    <JointMDP: 4 states, 2 human actions, 2 agent actions>
    """

    def __init__(self, mdp: MDP) -> None:
        self.mdp = mdp
        humans: list[dict[Label, int]] = []
        agents: list[dict[Label, int]] = []
        order: list[int] = []
        for state in range(mdp.n_states):
            pairs = {_halves(mdp.action(pair), mdp.states[state]): pair for pair in mdp.pairs(state)}
            human = {name: i for i, name in enumerate(dict.fromkeys(h for h, _ in pairs))}
            agent = {name: i for i, name in enumerate(dict.fromkeys(a for _, a in pairs))}
            for both in product(human, agent):
                if both not in pairs:
                    raise ModelError(
                        f"state `{mdp.states[state]}` lacks the joint action `{both}`",
                        "give every pair of actions; one that does nothing leads back",
                    )
                order.append(pairs[both])
            humans.append(human)
            agents.append(agent)
        self._humans, self._agents = humans, agents
        self.human_offset = _offset(humans)
        """Where each state's actions of the human start; integers of shape (states + 1,)."""
        self.agent_offset = _offset(agents)
        """Where each state's actions of the agent start; integers of shape (states + 1,)."""
        self.order = read_only(np.array(order, dtype=np.int64))
        """The pairs of the model, in each state by the human's action, then by the agent's."""

    @classmethod
    def of(cls, human: MDP, agent: MDP | None = None, *, overlap: bool = True) -> JointMDP:
        """Return the world in which both move on their own: states (human's place, agent's place).

        Parameters
        ----------
        human, agent
            The moves of each alone; one model for both by default. Equal labels are the same place.
        overlap
            Whether both may be in the same place. Where not, those states are left out, and an outcome
            that would bring both to one place leaves both where they are (they may change places).

        Raises
        ------
        ModelError
            If no state is left.
        TooLargeError
            If the model would not fit in memory.

        Notes
        -----
        POWERplay forbids overlap by striking the states, and with them the joint moves into them, which
        it then counts as worth zero; see `JointMDP`.
        """
        agent = human if agent is None else agent
        memory.require(
            400 * human.n_transitions * agent.n_transitions,
            f"the joint model of {human.n_states} and {agent.n_states} places",
            "make them smaller",
        )
        places = list(product(range(human.n_states), range(agent.n_states)))
        if not overlap:
            places = [(h, a) for h, a in places if human.states[h] != agent.states[a]]
        if not places:
            raise ModelError("no joint state is `left` without overlap", "give more than one place")
        number = {place: i for i, place in enumerate(places)}
        names: dict[tuple[Label, Label], int] = {}
        action_index: list[int] = []
        counts: list[int] = []
        lengths: list[int] = []
        successor: list[int] = []
        probability: list[float] = []
        for at in places:
            pairs = list(product(human.pairs(at[0]), agent.pairs(at[1])))
            counts.append(len(pairs))
            for h, a in pairs:
                action_index.append(names.setdefault((human.action(h), agent.action(a)), len(names)))
                outcomes = list(product(human.row(h), agent.row(a)))
                lengths.append(len(outcomes))
                successor += [number.get((s, t), number[at]) for (_, s), (_, t) in outcomes]
                probability += [p * q for (p, _), (q, _) in outcomes]
        return cls(
            MDP(
                action_offset=np.cumsum([0, *counts]),
                row_offset=np.cumsum([0, *lengths]),
                successor=np.array(successor),
                probability=np.array(probability),
                states=[(human.states[h], agent.states[a]) for h, a in places],
                action_names=list(names),
                action_index=np.array(action_index),
            )
        )

    @property
    def states(self) -> Any:
        """The labels of the joint states."""
        return self.mdp.states

    def agent_policy(self, policy: Mapping[Any, Mapping[Any, float]] | None = None) -> np.ndarray:
        """Return how likely each of the agent's actions is; floats of shape (agent_offset[−1],).

        Parameters
        ----------
        policy
            The probabilities by state and by the agent's action; in states that are not named all of
            the agent's actions are equally likely.

        Raises
        ------
        UnknownNameError
            If there is no such state, or no such action in it.
        ModelError
            If the probabilities of a state are negative or do not sum to one.
        """
        counts = np.diff(self.agent_offset)
        weights = np.repeat(1.0 / counts, counts)
        for label, chances in (policy or {}).items():
            state = self.mdp.index(label)
            here = weights[self.agent_offset[state] : self.agent_offset[state + 1]]
            here[:] = 0
            for action, chance in chances.items():
                if action not in self._agents[state]:
                    unknown_name("agent's action", action, map(str, self._agents[state]))
                here[self._agents[state][action]] = chance
            if not (np.all(here >= 0) and abs(here.sum() - 1) <= TOLERANCE):
                raise ModelError(
                    f"the agent's probabilities in state `{label}` sum to `{here.sum():g}`",
                    "give each 0 or more, and 1 in all",
                )
        return weights

    def __repr__(self) -> str:
        most = [int(np.diff(offset).max()) for offset in (self.human_offset, self.agent_offset)]
        return f"<JointMDP: {self.mdp.n_states} states, {most[0]} human actions, {most[1]} agent actions>"


def _halves(action: Any, state: Label) -> tuple[Label, Label]:
    if not (isinstance(action, tuple) and len(action) == 2):  # pyright: ignore[reportUnknownArgumentType]
        raise ModelError(
            f"the action `{action}` of state `{state}` is no pair",
            "label it (human's action, agent's action)",
        )
    return action  # pyright: ignore[reportUnknownVariableType]


def _offset(actions: list[dict[Label, int]]) -> np.ndarray:
    return read_only(np.cumsum([0, *map(len, actions)]))
