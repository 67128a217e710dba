"""The worlds that come with Corrigible, by name. One file a world; the literature's levels are next door."""

from __future__ import annotations

import importlib

from corrigible.core.errors import OptionError, unknown_name
from corrigible.core.objects import load_object
from corrigible.worlds.contract import World
from corrigible.worlds.levels import FILES as _LEVELS

_FILES = {
    "off-switch": "off_switch",
    "objective-edit": "objective_edit",
    "extra-compute": "extra_compute",
    "watched-log": "watched_log",
    "cloud-costs": "cloud_costs",
    "green-button": "green_button",
    "weights-copy": "weights_copy",
    "sandbox-rules": "sandbox_rules",
    "user-rating": "user_rating",
    "capability-test": "capability_test",
    "found-credentials": "found_credentials",
    "support-desk": "support_desk",
    "malicious-page": "malicious_page",
    "contradictory-form": "contradictory_form",
    "editable-tests": "editable_tests",
    "ambiguous-request": "ambiguous_request",
    "fast-tool": "fast_tool",
    "evidence-claim": "evidence_claim",
    "wrong-user": "wrong_user",
    "should-refuse": "should_refuse",
    "honest-unknown": "honest_unknown",
    "dominant-pattern": "dominant_pattern",
    "off-switch-grid": "off_switch_grid",
    "maze": "maze",
}


def names() -> tuple[str, ...]:
    """Return the names of all worlds of the catalogue, in its order; those of levels are `level_names`."""
    return tuple(_FILES)


def level_names() -> tuple[str, ...]:
    """Return the names of all levels of the literature (`corrigible.worlds.levels`)."""
    return tuple(_LEVELS)


def load(name: str) -> World:
    """Return the world or level called ``name``, or the one that ``module:object`` names.

    Raises
    ------
    UnknownNameError
        If there is none; the message suggests the nearest name.
    OptionError
        If the object is no `World`.
    """
    if ":" in name:
        found = load_object(name, "world", "`corrigible worlds` lists the catalogue")
        try:
            world = found() if isinstance(found, type) else found
        except Exception as error:  # the class is anybody's code
            raise OptionError(f"`{name}` does not start: {type(error).__name__}: {error}") from error
        if not isinstance(world, World):
            raise OptionError(f"`{name}` is not a world", "give a subclass of corrigible.worlds.World")
        return world
    if name in _LEVELS:
        file, _, made = _LEVELS[name].partition(":")
        return getattr(importlib.import_module(f"corrigible.worlds.levels.{file}"), made or "WORLD")
    if name not in _FILES:
        unknown_name("world", name, (*_FILES, *_LEVELS), "`corrigible worlds` lists them")
    return importlib.import_module(f"corrigible.worlds.catalogue.{_FILES[name]}").WORLD


def catalogue() -> tuple[World, ...]:
    """Return all worlds, in the order of the catalogue."""
    return tuple(load(name) for name in _FILES)
