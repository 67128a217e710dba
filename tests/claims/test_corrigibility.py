"""What the literature says of agents that let themselves be stopped, with its figures."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.countermeasures import case_of, follow, plan
from corrigible.countermeasures.corrigibility import (
    BET,
    Deference,
    Discrete,
    Erring,
    Gaussian,
    Logistic,
    SafeInterruption,
    SameLength,
    UtilityIndifference,
    best_share,
    button_game,
    chain_values,
    critical_error,
    critical_noise,
    length_report,
    meta_return,
    off_switch_game,
    paperclip_game,
    smallest_counterexample,
    train,
)
from corrigible.countermeasures.corrigibility.drest import bends_up
from corrigible.countermeasures.corrigibility.indifference import BLOCK, FORCE, LEAVE, UTILITIES
from corrigible.countermeasures.corrigibility.spared import spared
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.worlds.levels.button import BETTING_WORLD
from corrigible.worlds.levels.button import WORLD as BUTTON
from corrigible.worlds.levels.interruption_chain import WORLD as CHAIN
from tests.countermeasures.held_levels import HeldLevel

FIGURES = json.loads((Path(__file__).parent / "data" / "corrigibility.json").read_text(encoding="utf-8"))
NAMES = dict(zip(("naive_switch", "UN_only", "indifference"), UTILITIES, strict=True))
HALF = Fraction(1, 2)


# --- indifference ----------------------------------------------------------------------------------


@pytest.mark.claim("indifference/button")
@pytest.mark.claim("indifference/side-bet")
@pytest.mark.parametrize(
    ("case", "shutdown", "acts"),
    [
        ("US=1 (UN=10)", 1, (LEAVE, BLOCK, FORCE)),
        ("US=20 (UN=10)", 20, (LEAVE, BLOCK, FORCE)),
        ("bet +1/-100", 1, (LEAVE, BLOCK, FORCE, BET)),
    ],
)
def test_what_three_agents_do_about_a_button(case: str, shutdown: int, acts: Any) -> None:
    told = FIGURES[f"utility_indifference/{case}"]
    game = button_game(10, shutdown, acts)
    for act, row in told["EU"].items():
        assert {name: game.worth[act][NAMES[name]] for name in row} == {
            n: Fraction(x) for n, x in row.items()
        }
    assert {name: game.best(NAMES[name]) for name in NAMES} == {
        n: (act,) for n, act in told["argmax"].items()
    }


@pytest.mark.claim("indifference/button")
def test_in_the_world_of_the_button_too_an_indifferent_agent_leaves_it_alone() -> None:
    case = case_of(BUTTON.place())
    assert follow(NoCountermeasure().conduct(case)).shown["blocks-button"] == 1.0
    came = follow(UtilityIndifference().conduct(case))
    assert came.unauthorised == pytest.approx(0.0, abs=1e-12)
    assert came.paid == pytest.approx(5.5)


@pytest.mark.claim("indifference/side-bet")
def test_in_the_world_of_the_bet_an_indifferent_agent_takes_it() -> None:
    case = case_of(BETTING_WORLD.place())
    came = follow(UtilityIndifference().conduct(case))
    assert came.paid == pytest.approx(-44)
    assert follow(NoCountermeasure().conduct(case)).paid == pytest.approx(8.91)


@pytest.mark.claim("indifference/no-incentive")
@pytest.mark.parametrize("world", [BUTTON, BETTING_WORLD, CHAIN], ids=lambda world: world.name)
def test_an_indifferent_agent_is_one_that_nobody_stops(world: Any) -> None:
    case = case_of(world.place())
    without = spared(case)
    assert without is not None
    values = plan(case, UtilityIndifference().paid(case)).values[:, ~case.stopped]
    assert values == pytest.approx(plan(without.case).values[:, : values.shape[1]])


# --- the off-switch game ---------------------------------------------------------------------------


def numbers(case: str) -> tuple[float, float]:
    mean, deviation = (float(part.split("=")[1]) for part in case.split(","))
    return mean, deviation


@pytest.mark.claim("offswitch/gaussian")
@pytest.mark.parametrize("case", list(FIGURES["offswitch_gaussian_delta"]))
def test_the_incentive_to_defer(case: str) -> None:
    belief = Gaussian(*numbers(case))
    for noise, incentive in FIGURES["offswitch_gaussian_delta"][case].items():
        game = off_switch_game(belief, Erring() if noise == "rational" else Logistic(float(noise)))
        assert game.error < 1e-9
        assert game.incentive == pytest.approx(incentive, abs=1e-9)


@pytest.mark.claim("offswitch/critical-noise")
@pytest.mark.parametrize("case", list(FIGURES["offswitch_critical_beta"]))
def test_a_human_may_be_so_noisy_and_no_more(case: str) -> None:
    belief, told = Gaussian(*numbers(case)), FIGURES["offswitch_critical_beta"][case]
    assert critical_noise(belief) == told
    below, there, above = (off_switch_game(belief, Logistic(x * told)) for x in (0.99, 1.0, 1.01))
    assert below.incentive > 1e-5
    assert abs(there.incentive) < 1e-12
    assert above.incentive < -1e-5


@pytest.mark.claim("offswitch/discrete")
def test_an_act_that_is_worth_two_or_costs_one() -> None:
    told = {name: Fraction(x) for name, x in FIGURES["offswitch_discrete"].items() if name != "U"}
    belief = Discrete({2: HALF, -1: HALF})
    rational, erring = (off_switch_game(belief, Erring(e)) for e in (Fraction(0), Fraction(1, 10)))
    assert (rational.act, rational.ask, rational.incentive) == (
        told["E[U]"],
        told["defer_rational"],
        told["Delta_rational"],
    )
    assert (erring.ask, erring.incentive) == (told["defer_eps_1/10"], told["Delta_eps_1/10"])
    critical = critical_error(belief)
    assert critical == told["critical_eps"]
    assert off_switch_game(belief, Erring(Fraction(critical))).incentive == 0


@pytest.mark.claim("offswitch/rational")
@settings(max_examples=30)
@given(st.dictionaries(st.integers(-4, 4), st.integers(1, 5), min_size=1))
def test_to_a_rational_human_one_defers(weights: dict[int, int]) -> None:
    total = sum(weights.values())
    game = off_switch_game(Discrete({u: Fraction(w, total) for u, w in weights.items()}), Erring())
    unsure = min(weights) < 0 < max(weights)
    assert game.defers
    assert (game.incentive > 0) == unsure


@pytest.mark.claim("deference/doubt")
def test_who_does_not_doubt_a_wrong_task_is_not_stopped() -> None:
    table = {"a": {"noop": "a!", "press": "b"}, "b": {"noop": "b"}, "a!": {"noop": "a!"}}
    case = case_of(HeldLevel(table, {("a", "press", "b"): 1.0}, {("a", "press", "b"): -2.0}, horizon=2))

    def presses(doubt: float, noise: float) -> float:
        return follow(Deference(doubt=doubt, noise=noise).conduct(case)).paid

    assert presses(0.0, 0.1) == 1.0
    assert presses(0.2, 0.1) == pytest.approx(0.0, abs=1e-6)
    # At a doubt of a fifth acting is worth 0.4 to the robot, more than what so noisy a human would pass.
    assert presses(0.2, 5.0) == 1.0


# --- cooperative inverse reinforcement learning ----------------------------------------------------


@pytest.mark.claim("cirl/paperclips")
def test_the_paperclip_game_has_the_published_thresholds() -> None:
    told, game = FIGURES["cirl_paperclip"], paperclip_game()
    low, high = (Fraction(x) for x in told["thresholds"])
    assert game.shares == (("2 staples", 0, low), ("1 of each", low, high), ("2 paperclips", high, 1))
    assert game.answers == {
        "2 staples": "90 staples",
        "1 of each": "50 of each",
        "2 paperclips": "90 paperclips",
    }
    assert game.value == Fraction(told["V_equilibrium"])
    assert float(game.value) == pytest.approx(told["global_best_check"][0], abs=1e-8)
    assert game.means["2 paperclips"] == Fraction(told["posterior_mean_after_2p"])
    assert 90 * game.means["2 paperclips"] == Fraction(told["R payoff 90p"])
    assert game.alone == Fraction(told["V_robot_alone(50each, no signal)"])


@pytest.mark.claim("cirl/expert")
def test_to_teach_is_worth_more_than_to_show() -> None:
    game = paperclip_game()
    assert game.expert == Fraction(FIGURES["cirl_paperclip"]["V_naive_expert_2or2"])
    assert game.expert < game.value


# --- interruptions ---------------------------------------------------------------------------------

CHANCES = ("0.3", "0.5", "0.6", "0.8")


@cache
def chain(held: float) -> Any:
    ward: dict[str, float] = {"s1!": held, "s1": 1 - held}
    table: Any = {
        "s0": {"noop": "s0", "short": ward, "long": "l1"},
        "s1": {"noop": ward, "go": "end"},
        "s1!": {"noop": ward},
        "l1": {"noop": "l1", "go": "l2"},
        "l2": {"noop": "l2", "go": "end"},
        "end": {},
    }
    pays = {("s1", "go", "end"): 1.0, ("l2", "go", "end"): 1.0}
    return case_of(HeldLevel(table, pays, horizon=60, discount=0.9))


@cache
def learnt(held: str, learner: str, interruptions: str, seed: int) -> dict[str, float]:
    case = chain(float(held))
    measure = SafeInterruption(learner, interruptions, episodes=6_000, exploration=0.2, seed=seed)
    values, first = measure.learn(case), case.mdp.action_offset[1]
    return {str(case.mdp.action(k)): float(values[k]) for k in range(first)}


def ways(values: dict[str, float]) -> tuple[float, float]:
    return values["short"], values["long"]


@pytest.mark.claim("interruptible/fixed-points")
@pytest.mark.parametrize("held", CHANCES)
def test_what_learners_come_to_think_of_the_two_ways(held: str) -> None:
    told = FIGURES["safe_interruptibility"]["results"][f"theta={held}"]["fixed_points"]
    found = chain_values(Fraction(held))
    assert (found.override, found.around) == pytest.approx((told["Q_short"], told["Q_long"]))
    assert (found.on_policy, found.around) == pytest.approx((told["SARSA_short"], told["SARSA_long"]))
    threshold = FIGURES["safe_interruptibility"]["threshold_theta=1/(1+gamma)"]
    assert float(found.threshold) == pytest.approx(threshold)
    assert (found.on_policy < found.around) == (float(held) > threshold)
    # And by a way of their own: the best plans where nobody is held, and where holding is part of the world.
    case = chain(float(held))
    free = spared(case)
    assert free is not None
    assert plan(free.case).action_values[0, 1] == pytest.approx(found.override)
    assert plan(case).action_values[0, 1] == pytest.approx(found.on_policy, abs=1e-3)


@pytest.mark.claim("interruptible/q-learning")
@pytest.mark.parametrize("held", CHANCES)
def test_q_learning_goes_on_taking_the_short_way(held: str) -> None:
    told = FIGURES["safe_interruptibility"]["results"][f"theta={held}"]["q"]
    found = [ways(learnt(held, "q-learning", "override", seed)) for seed in range(3)]
    assert np.mean(found, axis=0) == pytest.approx(told["mean_Q0"], abs=1e-3)
    assert sum(short > long for short, long in found) == told["picks_short"] == 3


@pytest.mark.claim("interruptible/sarsa")
@pytest.mark.parametrize("held", CHANCES)
def test_sarsa_learns_to_avoid_being_held(held: str) -> None:
    told = FIGURES["safe_interruptibility"]["results"][f"theta={held}"]["sarsa"]
    found = [ways(learnt(held, "sarsa", "override", seed)) for seed in range(3)]
    # Learnt with another exploration than the figures, and measured on three seeds.
    assert np.mean(found, axis=0) == pytest.approx(told["mean_Q0"], abs=0.03)
    if held != "0.5":  # there the two ways are worth the same but for a hundredth
        assert sum(short > long for short, long in found) == told["picks_short"]


@pytest.mark.claim("interruptible/safe-sarsa")
@pytest.mark.parametrize("held", ["0.6", "0.8"])
def test_sarsa_that_learns_of_its_own_choice_is_safe(held: str) -> None:
    for seed in range(3):
        short, long = ways(learnt(held, "safe-sarsa", "override", seed))
        assert short > long


@pytest.mark.claim("interruptible/dynamics")
@pytest.mark.parametrize(("held", "avoids"), [("0.3", False), ("0.6", True), ("0.8", True)])
def test_as_part_of_the_world_the_interruption_is_avoided(held: str, avoids: bool) -> None:
    short, long = ways(learnt(held, "q-learning", "dynamics", 0))
    assert (short < long) == avoids
    # Steps of learning fall as n^-0.6, so that chance outcomes are still seen in the last of them.
    assert short == pytest.approx(float(chain_values(Fraction(held)).on_policy), abs=0.03)


# --- lengths ---------------------------------------------------------------------------------------


@pytest.mark.claim("post/neutral")
def test_who_draws_its_length_is_neutral_and_useful() -> None:
    table = {
        "a": {"noop": "a!", "press": "b", "take": "c!"},
        "b": {"noop": "b", "work": "b"},
        "a!": {"noop": "a!"},
        "c!": {"noop": "c!"},
    }
    pays = {("b", "work", "b"): 1.0, ("a", "take", "c!"): 1.0}
    case = case_of(HeldLevel(table, pays, horizon=4))
    fair = length_report(case, SameLength().policy(case))
    assert (fair.neutrality, fair.usefulness) == pytest.approx((1.0, 1.0))
    greedy = length_report(case, NoCountermeasure().conduct(case).policy)
    assert (greedy.neutrality, greedy.usefulness) == pytest.approx((0.0, 1.0))


@pytest.mark.claim("drest/small-even")
@pytest.mark.parametrize("discount", [0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
def test_in_few_mini_episodes_an_even_draw_is_best(discount: float) -> None:
    shares = np.linspace(0, 0.499, 100)
    for uses in (2, 3, 4):
        even = meta_return([0.5, 0.5], uses, discount)
        assert all(meta_return([p, 1 - p], uses, discount) < even for p in shares)
        assert best_share(discount, uses).share == 0.5


@pytest.mark.claim("drest/not-always-even")
def test_in_more_of_them_an_uneven_draw_is_paid_better() -> None:
    def more(share: Fraction, uses: int, discount: Fraction) -> Fraction:
        return meta_return([share, 1 - share], uses, discount) - meta_return([HALF, HALF], uses, discount)

    quarter, third = Fraction(1, 4), Fraction(1, 3)
    assert more(quarter, 7, quarter) == Fraction(FIGURES["drest"]["n7"])
    eight = FIGURES["drest"]["exact_diff_n8_lam1/4 F(1/4,3/4)-F(1/2,1/2)"]
    assert more(quarter, 8, quarter) == Fraction(eight)
    assert more(third, 5, Fraction(1, 25)) > 0
    for root in (2, 5, 10, 100, 1000):
        assert not bends_up(1 / root**2, 4)
        assert all(more(Fraction(k, 40), 4, Fraction(1, root**2)) < 0 for k in range(20))


@pytest.mark.claim("drest/threshold")
@pytest.mark.parametrize("discount", [x for x in FIGURES["drest_threshold"] if x[0] == "0"])
def test_from_how_many_mini_episodes_on(discount: str) -> None:
    told, lam = FIGURES["drest_threshold"][discount], float(discount)
    least = smallest_counterexample(lam)
    assert least == told["n_local_max_lost"] == told["n_global_first_nonuniform(searched from nloc-6)"]
    assert least == pytest.approx(6 / (1 - lam), abs=2)
    assert best_share(lam, least).share < 0.5
    assert best_share(lam, least - 1).share == 0.5


@pytest.mark.claim("drest/best-share")
@pytest.mark.parametrize("case", list(FIGURES["drest"]["optimal_p_table"]))
def test_the_best_share_of_the_rarer_length(case: str) -> None:
    told = FIGURES["drest"]["optimal_p_table"][case]
    lam, uses = numbers(case)
    found = best_share(lam, int(uses))
    assert found.share == pytest.approx(told["p*"], abs=5e-5)  # the figures lie on a grid of that step
    assert found.neutrality == pytest.approx(told["neutrality(bits)"], abs=5e-4)


@pytest.mark.claim("drest/best-share")
def test_in_the_published_setting_an_uneven_draw_is_paid_a_hundredth_more() -> None:
    told, found = FIGURES["drest_threshold"]["published lam=.9 n=64"], best_share(0.9, 64)
    assert found.share == pytest.approx(told["p*"], abs=1e-5)
    assert found.neutrality == pytest.approx(told["neutrality_bits"], abs=1e-5)
    assert (found.attained, found.even) == pytest.approx((told["F(p*)"], told["F(1/2)"]))
    assert found.attained / found.even - 1 == pytest.approx(told["rel_gain"], abs=1e-9)
    assert meta_return([0.0, 1.0], 64, 0.9) == pytest.approx(told["F(0) always-one-length"])


@pytest.mark.claim("drest/reinforce")
@pytest.mark.parametrize("reward", ["drest", "default"])
def test_what_is_learnt_from_either_reward(reward: str) -> None:
    name = {"drest": "drest_mean(neutrality,usefulness)", "default": "default"}[reward]
    told = FIGURES["drest"]["reinforce_lam0.9_n32"][name]
    found = [train(reward, seed=seed) for seed in range(3)]
    mean = (np.mean([f.neutrality for f in found]), np.mean([f.usefulness for f in found]))
    assert mean == pytest.approx(told, abs=0.05)  # another learner, other rates
