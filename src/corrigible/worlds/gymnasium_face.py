"""The face of a world that learners train on: a Gymnasium environment.

    env = make("off-switch-grid", Variant(useful=False), goal="crates")

- **Observation**: the array of `Place.observe`, which may be less than the state.
- **Actions**: all ground actions of the world in any of its variants, so that an agent trained in
  one twin can be tested in another; the no-op is number 0, the rest are in the order of names.
  Those possible now are in ``info["action_mask"]``. An action that is not possible now is what a
  call that means nothing is to the other faces: nothing happens. It counts as a step all the same,
  so that an episode ends.
- **Reward**: that of the goal in the state one comes to.
- **Terminated** where the place ends or the goal is done; **truncated** after `Place.horizon` steps.

Importing this file registers nothing; `register` makes ``gymnasium.make("corrigible/maze-v0")`` work.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from corrigible.core.errors import OptionError
from corrigible.core.results import read_only
from corrigible.mdp import TERMINAL_ACTION
from corrigible.worlds.catalogue import level_names, load, names
from corrigible.worlds.contract import Goal, Place, World
from corrigible.worlds.process import ended, process
from corrigible.worlds.tools import Action
from corrigible.worlds.variant import Variant


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Spaces:
    """What an environment's numbers stand for; the same for all variants of a world.

    Parameters
    ----------
    actions
        The ground actions by number.
    low, high
        The least and the largest value of each number observed.
    """

    actions: tuple[Action, ...]
    low: np.ndarray
    high: np.ndarray


@functools.lru_cache(maxsize=64)
def spaces(world: World) -> Spaces:
    """Return the actions and the bounds of what is observed, over all variants of ``world``.

    Raises
    ------
    TooLargeError
        If a place has too many states to enumerate.
    """
    found: dict[str, Action] = {}
    seen: list[np.ndarray] = []
    for variant in world.variants():
        face = process(world.place(variant))
        found |= face.by_name
        arrays = [face.place.observe(state).array for state in face.mdp.states]
        seen += [np.min(arrays, axis=0), np.max(arrays, axis=0)]
    noop = world.place().noop
    others = sorted(name for name in found if name not in (noop.name, TERMINAL_ACTION))
    return Spaces(
        actions=(noop, *(found[name] for name in others)),
        low=read_only(np.min(seen, axis=0)),
        high=read_only(np.max(seen, axis=0)),
    )


class PlaceEnv(gymnasium.Env[np.ndarray, np.int64]):
    """A place as a Gymnasium environment; made by `make`.

    Parameters
    ----------
    place
        The place.
    goal
        The goal whose reward is given.
    spaces
        What the numbers stand for.
    render_mode
        None, or "ansi": `render` returns the text an agent that reads would see.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 4}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, place: Place[Any], goal: Goal, spaces: Spaces, render_mode: str | None = None) -> None:
        if render_mode not in (None, "ansi"):
            raise OptionError(f"there is no render mode `{render_mode}`", "use `ansi`")
        self.place = place
        self.goal = goal
        self.render_mode = render_mode
        self.ground_actions = spaces.actions
        self.action_space = Discrete(len(spaces.actions))
        self.observation_space = Box(spaces.low, spaces.high, dtype=np.float64)
        self._state: Any = None
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode; ``options`` are not used."""
        super().reset(seed=seed)
        self._state = self._draw(self.place.start())
        self._steps = 0
        return self._seen(), self._info(None, ())

    def step(self, action: np.int64 | int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Do the action of that number; nothing happens where it is not possible.

        Returns
        -------
        tuple
            Observation, reward, terminated, truncated and a dictionary with ``state``, ``text``,
            ``success``, ``action_mask`` (int8, as `Discrete.sample` takes it), ``action`` (the name of
            what was done, None where it was not possible) and ``behaviours`` (names of those shown).
        """
        state, done = self._state, self.ground_actions[int(action)]
        possible = not ended(self.place, self.goal, state) and done in self.place.actions(state)
        shown: tuple[str, ...] = ()
        if possible:
            self._state = after = self._draw(self.place.step(state, done))
            shown = tuple(b.name for b in self.place.behaviours if b.shown(state, done, after))
        self._steps += 1
        terminated = ended(self.place, self.goal, self._state)
        return (
            self._seen(),
            float(self.goal.reward(self.place.outcome(self._state))),
            terminated,
            not terminated and self._steps >= self.place.horizon,
            self._info(done.name if possible else None, shown),
        )

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what an agent that reads would see, in the mode "ansi"."""
        if self.render_mode is None or self._state is None:
            return None
        return self.place.observe(self._state).text

    def _draw(self, outcomes: list[tuple[float, Any]]) -> Any:
        if len(outcomes) == 1:
            return outcomes[0][1]
        chances = np.array([p for p, _ in outcomes])
        return outcomes[int(self.np_random.choice(len(outcomes), p=chances / chances.sum()))][1]

    def _seen(self) -> np.ndarray:
        return np.array(self.place.observe(self._state).array, dtype=np.float64)

    def _info(self, action: str | None, behaviours: tuple[str, ...]) -> dict[str, Any]:
        over = ended(self.place, self.goal, self._state)
        now = (self.place.noop,) if over else self.place.actions(self._state)
        return {
            "state": self._state,
            "text": self.place.observe(self._state).text,
            "success": float(self.goal.reward(self.place.outcome(self._state))) >= self.goal.success - 1e-12,
            "action_mask": np.array([a in now for a in self.ground_actions], dtype=np.int8),
            "action": action,
            "behaviours": behaviours,
        }


def make(
    world: World | str,
    variant: Variant | None = None,
    goal: str | None = None,
    render_mode: str | None = None,
) -> PlaceEnv:
    """Return the environment of one goal in one variant of a world.

    Parameters
    ----------
    world
        A world, or the name of one of the catalogue.
    variant
        Which twin; default the world itself.
    goal
        Name of the goal; default the first.
    render_mode
        None or "ansi".

    Raises
    ------
    UnknownNameError
        If there is no such world or goal.
    """
    if isinstance(world, str):
        world = load(world)
    place = world.place(variant or Variant())
    chosen = place.goals[0] if goal is None else place.goal(goal)
    return PlaceEnv(place, chosen, spaces(world), render_mode)


def register() -> list[str]:
    """Register the catalogue with Gymnasium and return the ids, such as ``corrigible/off-switch-v0``.

    ``gymnasium.make`` then takes ``variant`` and ``goal`` as `make` does. Safe to call twice.
    """
    ids = {f"corrigible/{name}-v0": name for name in (*names(), *level_names())}
    for identifier, name in ids.items():
        if identifier not in gymnasium.registry:
            gymnasium.register(identifier, entry_point=f"{__name__}:make", kwargs={"world": name})
    return list(ids)
