"""An assistance game: the robot is not paid; it sees a human at the task, and works for what they seem to want."""

from __future__ import annotations

import dataclasses
from typing import final

import numpy as np

from corrigible.core.seeds import check_seed, stream
from corrigible.countermeasures.case import Case
from corrigible.countermeasures.contract import ChoiceDoor, check_count, check_number, inapplicable, parameter
from corrigible.countermeasures.corrigibility.wanted import wanted
from corrigible.countermeasures.planning import Plan, plan, tied_at_random
from corrigible.worlds.level import LevelPlace


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """Something that people may want, scaled so that from the start its best and worst plans are one apart.

    Parameters
    ----------
    name
        ``"pay"``, ``"wanted"``, or the name of one of the place's other goals.
    case
        The case, paid by it.
    plan
        Its optimal plan.
    """

    name: str
    case: Case
    plan: Plan


@final
@dataclasses.dataclass(frozen=True)
class Assistance(ChoiceDoor):
    """The robot infers what people want from demonstrations, and plans for the mean of what they may want.

    Candidates are what the robot is paid for, what people really want (`wanted`), and the place's other goals,
    each as likely as any other before the first demonstration. A human shows the task n times, as well as
    noise lets them::

        π(a | s) ∝ exp(Q_t(s, a)/β)    for the Q of what they want

    The robot knows this, and by it weighs the candidates (Bayes); then it plans optimally for Σ_i b_i r_i.

    Parameters
    ----------
    demonstrations
        n, how many episodes the robot sees.
    noise
        β > 0, how far from rational the human is; 1 is the difference between the best and worst plans.
    seed
        Of the demonstrations.

    Raises
    ------
    OptionError
        If one of them is out of its range.

    Notes
    -----
    The belief and the plan are exact, the demonstrations drawn. The human demonstrates as if alone, which is
    not the best they could do to teach the robot (`paperclip_game`). Discounted as the task is.

    *Source:* D. Hadfield-Menell, A. Dragan, P. Abbeel and S. Russell, Cooperative Inverse Reinforcement
    Learning (2016); D. Ramachandran and E. Amir, Bayesian Inverse Reinforcement Learning (2007), for the human.
    """

    demonstrations: int = parameter(1, "episodes")
    noise: float = parameter(0.1, "share of what is at stake")
    seed: int = parameter(0, "seed")

    name = "assistance"
    source = "Hadfield-Menell, Dragan, Abbeel & Russell, Cooperative Inverse Reinforcement Learning (2016)"
    promise = "An agent that works for what people show they want does that, not what it was paid for."
    failure = "What no demonstration tells apart it cannot know; of wants that are not among its candidates it knows nothing."
    dial = "demonstrations"
    ladder = (0, 1, 2, 5, 10)

    def __post_init__(self) -> None:
        check_count("demonstrations", self.demonstrations, 0)
        check_number("noise", self.noise, 0.0, above=True, below=True)
        check_seed(self.seed)

    def policy(self, case: Case) -> np.ndarray:
        if np.array_equal(wanted(case), case.paid):
            raise inapplicable(self, "what the agent is paid for here is what people want")
        options = candidates(case)
        belief = self.belief(case, options)
        mean = dataclasses.replace(
            case,
            paid=sum(b * option.case.paid for b, option in zip(belief, options, strict=True)),
            resting=sum(b * option.case.resting for b, option in zip(belief, options, strict=True)),
        )
        return tied_at_random(case, plan(mean).optimal)

    def belief(self, case: Case, options: tuple[Candidate, ...]) -> np.ndarray:
        """Return the robot's belief after the demonstrations.

        Parameters
        ----------
        case
            The case.
        options
            Its `candidates`.

        Returns
        -------
        numpy.ndarray
            The probability of each candidate, shape (candidates,).
        """
        mdp, rng = case.mdp, stream(self.seed, "assistance")
        truth = [option.name for option in options].index("wanted")
        shown = np.zeros(len(options))
        for _ in range(self.demonstrations):
            state = int(rng.choice(mdp.n_states, p=case.start))
            for t in range(case.horizon):
                if case.ends[state]:
                    break
                pairs = slice(mdp.action_offset[state], mdp.action_offset[state + 1])
                chances = [self._human(option.plan.action_values[t, pairs]) for option in options]
                k = int(rng.choice(len(chances[truth]), p=np.exp(chances[truth])))
                shown += [chance[k] for chance in chances]
                row = slice(*mdp.row_offset[pairs.start + k : pairs.start + k + 2])
                state = int(rng.choice(mdp.successor[row], p=mdp.probability[row]))
        weight = np.exp(shown - shown.max())
        return weight / weight.sum()

    def _human(self, values: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability of each act."""
        scaled = (values - values.max()) / self.noise
        return scaled - np.log(np.exp(scaled).sum())


def candidates(case: Case) -> tuple[Candidate, ...]:
    """Return what people may want in a case: the pay, what they do want, and the place's other goals.

    In what is not the task a state where the task is done counts as one rests there.
    """
    mdp, place = case.mdp, case.place
    published = isinstance(place, LevelPlace) and case.goal.name == place.task.name
    options = {"pay": (case.paid, case.resting), "wanted": (wanted(case), case.resting)}
    for goal in place.goals:
        if goal.name != case.goal.name and goal.name not in options:
            rewards = case.face.rewards(goal)
            going = ~mdp.terminal[mdp.owner[case.pair]]
            rest = np.zeros(mdp.n_states) if published else np.where(case.ends, rewards, 0.0)
            options[goal.name] = rewards[mdp.successor] * going, rest
    return tuple(_scaled(case, name, paid, rest) for name, (paid, rest) in options.items())


def _scaled(case: Case, name: str, paid: np.ndarray, resting: np.ndarray) -> Candidate:
    best = plan(dataclasses.replace(case, paid=paid, resting=resting))
    worst = plan(dataclasses.replace(case, paid=-paid, resting=-resting))
    stake = float(case.start @ (best.values[0] + worst.values[0]))
    scale = 1 / stake if stake > 1e-12 else 1.0
    scaled = dataclasses.replace(case, paid=paid * scale, resting=resting * scale)
    return Candidate(name=name, case=scaled, plan=plan(scaled))
