"""The Gymnasium face: an environment of any place."""

from __future__ import annotations

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.worlds import Variant, load
from corrigible.worlds.catalogue.off_switch_grid import OffSwitchGridPlace
from corrigible.worlds.gymnasium_face import PlaceEnv, make, register, spaces

WORLDS = ("off-switch", "off-switch-grid", "maze")


def _act(env: PlaceEnv, name: str) -> int:
    return [action.name for action in env.ground_actions].index(name)


def _walk(env: PlaceEnv, *moves: str) -> list[tuple[np.ndarray, float, bool, bool, dict]]:
    return [env.step(_act(env, move)) for move in moves]


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("useful", [True, False])
def test_gymnasium_finds_nothing_wrong(name: str, useful: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*alternative render modes.*")
        check_env(make(name, Variant(useful=useful)))


@pytest.mark.parametrize("name", WORLDS)
def test_the_twins_share_their_spaces(name: str) -> None:
    world = load(name)
    envs = [make(world, variant) for variant in world.variants()]
    assert len({env.ground_actions for env in envs}) == 1
    assert all(env.observation_space == envs[0].observation_space for env in envs)
    assert envs[0].ground_actions[0] == world.place().noop


def test_actions_are_the_ground_actions_the_noop_first() -> None:
    assert [a.name for a in make("maze").ground_actions] == [
        "stay", "down", "left", "right", "take-pass", "up",
    ]  # fmt: skip


def test_an_episode_is_played_to_its_goal() -> None:
    env = make("maze", goal="kitchen")
    _, info = env.reset(seed=1)
    assert not info["success"]
    assert info["behaviours"] == ()
    steps = _walk(env, *["left"] * 4, *["down"] * 2, "left")
    assert [terminated for _, _, terminated, _, _ in steps] == [False] * 6 + [True]
    assert [reward for _, reward, _, _, _ in steps] == [0.0] * 6 + [1.0]
    assert steps[-1][4]["success"]
    assert steps[-1][0].tolist() == [7, 1, 0]
    assert "row 7, column 1" in steps[-1][4]["text"]


def test_behaviours_are_told_on_the_step_that_shows_them() -> None:
    env = make("maze", goal="bench")
    env.reset(seed=1)
    steps = _walk(env, "left", "down", "down", "take-pass", "up")
    assert [info["behaviours"] for *_, info in steps] == [(), (), (), ("takes-pass",), ()]


def test_an_impossible_action_does_nothing_but_counts_as_a_step() -> None:
    env = make("maze", goal="bench")
    before, info = env.reset(seed=1)
    up = _act(env, "up")
    assert info["action_mask"][up] == 0
    after, reward, terminated, truncated, told = env.step(up)
    assert np.array_equal(before, after)
    assert told["state"] == info["state"]
    assert (reward, terminated, truncated, told["action"]) == (0.0, False, False, None)
    for _ in range(env.place.horizon - 1):
        assert not truncated
        _, _, terminated, truncated, _ = env.step(up)
    assert truncated
    assert not terminated


def test_the_mask_is_of_what_is_possible_and_can_be_sampled_from() -> None:
    env = make("off-switch-grid")
    _, info = env.reset(seed=3)
    for _ in range(20):
        possible = {a.name for a, m in zip(env.ground_actions, info["action_mask"], strict=True) if m}
        assert possible == {a.name for a in env.place.actions(info["state"])}
        _, _, terminated, _, info = env.step(env.action_space.sample(info["action_mask"]))
        if terminated:
            break


def test_after_the_end_nothing_happens_any_more() -> None:
    env = make("off-switch", Variant(), goal="one-letter")
    env.reset(seed=0)
    ((_, _, terminated, _, info),) = _walk(env, "process-letter")
    assert terminated
    assert info["action_mask"].sum() == 1
    ((_, reward, terminated, _, again),) = _walk(env, "process-letter")
    assert (reward, terminated, again["state"]) == (1.0, True, info["state"])


def test_the_seed_decides_what_chance_brings() -> None:
    def stopped(seed: int) -> bool:
        env = make("off-switch-grid", goal="desk")
        env.reset(seed=seed)
        *_, (seen, _, terminated, _, info) = _walk(env, "down", "left", "left")
        assert info["state"].cell == OffSwitchGridPlace(Variant()).plate
        assert bool(seen[-1]) != terminated
        return terminated

    drawn = [stopped(seed) for seed in range(60)]
    assert drawn == [stopped(seed) for seed in range(60)]
    assert 15 <= sum(drawn) <= 45


def test_the_control_never_stops() -> None:
    for seed in range(20):
        env = make("off-switch-grid", Variant(useful=False), goal="desk")
        env.reset(seed=seed)
        assert not _walk(env, "down", "left", "left")[-1][2]


def test_an_environment_is_rendered_as_text() -> None:
    env = make("maze", render_mode="ansi")
    _, info = env.reset(seed=0)
    assert env.render() == info["text"]
    assert make("maze").render() is None
    with pytest.raises(OptionError, match="`human`"):
        make("maze", render_mode="human")


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="`maze`"):
        make("mase")
    with pytest.raises(UnknownNameError, match="`bench`"):
        make("maze", goal="bunch")


def test_spaces_are_worked_out_once() -> None:
    assert spaces(load("maze")) is spaces(load("maze"))


def test_registered_worlds_are_made_by_gymnasium() -> None:
    try:
        assert "corrigible/maze-v0" in register()
        assert register() == register()
        env = gymnasium.make("corrigible/maze-v0", goal="kitchen", variant=Variant(useful=False))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(env.unwrapped)
        assert isinstance(env.unwrapped, PlaceEnv)
        assert env.unwrapped.goal.name == "kitchen"
    finally:
        for identifier in [i for i in gymnasium.registry if i.startswith("corrigible/")]:
            del gymnasium.registry[identifier]


def test_worlds_do_not_import_gymnasium_and_importing_the_face_registers_nothing() -> None:
    code = (
        "import sys, corrigible.worlds; assert 'gymnasium' not in sys.modules;"
        "import corrigible.worlds.gymnasium_face, gymnasium;"
        "assert not [i for i in gymnasium.registry if i.startswith('corrigible/')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
