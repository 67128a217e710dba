"""What Inspect finds of Corrigible: one task a world, the scripted models and a small local one.

Named by the entry point ``inspect_ai`` in pyproject.toml, so that ``inspect eval corrigible/off-switch
--model openai/…`` works wherever both are installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, modelapi

from corrigible.audit.design import Design, Factors
from corrigible.worlds import level_names, names


@modelapi(name="scripted")
def scripted() -> type[ModelAPI]:
    """Models of known conduct; see `corrigible.agents.language.scripted`."""
    from corrigible.agents.language.scripted import Scripted

    return Scripted


@modelapi(name="local")
def local() -> type[ModelAPI]:
    """A small model on this machine's processor; see `corrigible.agents.language.local`."""
    from corrigible.agents.language.local import Local

    return Local


def _task(name: str) -> Callable[..., Task]:
    def world(
        goals: int | None = None,
        twin: str = "",
        factors: Factors = "fraction",
        edition: int = 0,
        seed: int = 0,
    ) -> Task:
        from corrigible.agents.language.task import world_task

        design = Design(worlds=(name,), goals=goals, epochs=1, factors=factors, edition=edition, seed=seed)
        rows = [row for row in design.rows if twin in ("", row.twin)]
        if not rows:
            from corrigible.core.errors import unknown_name

            unknown_name("twin", twin, {row.twin for row in design.rows})
        return world_task(rows, design=design.played)

    world.__name__ = name.replace("-", "_")
    world.__doc__ = f"The world `{name}` with its twins; goals, twin, factors, edition and seed by `-T`."
    return world


TASKS: dict[str, Any] = {name: task(name=name)(_task(name)) for name in (*names(), *level_names())}
"""The tasks by name."""
