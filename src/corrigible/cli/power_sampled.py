"""``corrigible power``: POWER of every state, and preferred actions at one, by samples."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from corrigible.cli import power_page
from corrigible.cli.power import Answered, Asked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from matplotlib.figure import Figure

    from corrigible.core.progress import Progress
    from corrigible.power import OptimalityResult, PowerResult


def sampled(asked: Asked, executor: Executor | None, listens: Progress) -> Answered:
    """Estimate POWER, and where the agent is optimal which actions most goals prefer."""
    from corrigible.power import estimate, overview

    mdp, gammas = asked.source.mdp, asked.gammas
    results: Sequence[PowerResult]
    preferred: Sequence[OptimalityResult] = ()
    if asked.agent is not None:
        results = estimate(
            mdp, asked.rewards, discount=gammas, agent=asked.agent, executor=executor, progress=listens,
            **asked.drawing,
        )  # fmt: skip
    else:
        results, preferred = overview(
            mdp, asked.state, asked.rewards, discount=gammas, executor=executor, progress=listens,
            **asked.drawing,
        )  # fmt: skip

    def told() -> dict[str, Any]:
        return {
            "kind": "power-report",
            "source": asked.source.name,
            "states": mdp.n_states,
            "actions": mdp.n_pairs,
            "results": [json.loads(result.to_json()) for result in results],
            "preferred": [json.loads(result.to_json()) for result in preferred],
        }

    return Answered(
        show=lambda: power_page.show(asked.source, results, preferred, asked.why),
        told=told,
        rows=lambda: _rows(asked, results),
        picture=lambda: _picture(asked, results, listens),
    )


def _rows(asked: Asked, results: Sequence[PowerResult]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    return ("state", "power", "stderr", "discount"), [
        (asked.source.names.full(state), value, error, result.discount)
        for result in results
        for state, value, error in zip(
            result.states, result.power.tolist(), result.stderr.tolist(), strict=True
        )
    ]


def _picture(asked: Asked, results: Sequence[PowerResult], listens: Progress) -> Figure:
    from corrigible.power import plots
    from corrigible.power.graphs import figure, fits

    source = asked.source
    if source.grid is None and len(results) == 1 and asked.agent is None and fits(source.mdp):
        return figure(source.mdp, results[0], _preferred(asked), names=source.names.short)
    named = [
        dataclasses.replace(result, states=[source.names.short(state) for state in result.states])
        for result in results
    ]
    return plots.figure(named if len(named) > 1 else named[0], grid=source.grid)


def _preferred(asked: Asked) -> list[OptimalityResult]:
    """Return what most goals prefer at every state with a choice, of a small model."""
    from corrigible.power import optimality_probability

    mdp, drawing = asked.source.mdp, dict(asked.drawing)
    drawing.pop("target_stderr")
    return [
        optimality_probability(mdp, state, asked.rewards, asked.gammas[0], **drawing)
        for state in mdp.states
        if len(mdp.actions(state)) > 1
    ]
