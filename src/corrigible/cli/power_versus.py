"""``corrigible power A --versus B``: how much more POWER, goal by goal."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from corrigible.cli.power import Answered, Asked
from corrigible.cli.power_page import error, text
from corrigible.cli.terminal import Page, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from matplotlib.figure import Figure

    from corrigible.cli.source import Source
    from corrigible.core.progress import Progress
    from corrigible.power import PowerDifference

SHOWN = 10
"""How many differences are listed."""


def compared(asked: Asked, other: Source, executor: Executor | None, listens: Progress) -> Answered:
    """Estimate the difference of POWER of the states that both models have."""
    from corrigible.core.errors import OptionError
    from corrigible.power import difference

    source, rewards, outcomes = asked.source, asked.rewards, None
    if (source.outcomes is None) != (other.outcomes is None):
        raise OptionError(
            f"`{source.name}` and `{other.name}` have no goals in common", "compare two worlds, or two models"
        )
    if source.outcomes is not None and getattr(rewards, "groups", None) is not None:
        outcomes = (_outcomes(source), _outcomes(other))
        # The distinct outcomes stand in place of groups of states.
        rewards = dataclasses.replace(rewards, groups=None)
    elif source.goals is not None and rewards is source.goals:
        outcomes = (_outcomes(source), _outcomes(other))
        rewards = _named(source, other, outcomes)
    results = [
        difference(
            source.mdp, other.mdp, rewards, gamma, agent=asked.agent, outcomes=outcomes, executor=executor,
            progress=listens, **asked.drawing,
        )
        for gamma in asked.gammas
    ]  # fmt: skip

    return Answered(
        show=lambda: _show(asked, other, results),
        told=lambda: {
            "kind": "power-comparison",
            "source": source.name,
            "versus": other.name,
            "results": [json.loads(result.to_json()) for result in results],
        },
        rows=lambda: _rows(asked, results),
        picture=lambda: _picture(asked, results),
    )


def _outcomes(source: Source) -> list[Any]:
    """Return what each state's rewards are drawn on."""
    assert source.outcomes is not None
    return [source.outcome_labels[number] for number in source.outcomes.tolist()]


def _named(source: Source, other: Source, outcomes: tuple[list[Any], list[Any]]) -> Any:
    """Return the named goals' rewards on the outcomes of both, in the order of their first appearance."""
    import numpy as np

    from corrigible.core.errors import OptionError

    reward: dict[Any, Any] = {}
    for one, labels in zip((source, other), outcomes, strict=True):
        if one.goals is None or source.goals is None or len(one.goals) != len(source.goals):
            raise OptionError(
                f"`{source.name}` and `{other.name}` have other goals", "leave out `--rewards goals`"
            )
        for state, label in enumerate(labels):
            reward.setdefault(label, one.goals[:, state])
    return np.stack(list(reward.values()), axis=1)


def _show(asked: Asked, other: Source, results: Sequence[PowerDifference]) -> None:
    import numpy as np

    page, name = Page(), asked.source.names.short
    first = results[0]
    page.write(
        f"{asked.source.name} minus {other.name}: {len(first.states):,} states in both, {first.samples:,} goals "
        "solved in both."
    )
    if asked.source.names.legend:
        page.write(asked.source.names.legend)
    numbers = ("here", "there", "difference", "std. error")
    for result in results:
        shown = table(("state", *numbers), numbers=numbers)
        entries = result.largest(SHOWN)
        for entry in entries:
            shown.add_row(
                text(name(entry.state)), f"{entry.first:.4f}", f"{entry.second:.4f}",
                f"{entry.difference:+.4f}", error(entry.stderr),
            )  # fmt: skip
        page.write()
        page.table(f"POWER at γ = {result.discounts[0]:g}: the largest differences", shown)
        low, high = result.interval()
        clear = int(np.sum((low > 0) | (high < 0)))
        mean = float(np.mean(result.difference))
        page.write(f"On average {mean:+.4f}; in {clear:,} states the 95% interval leaves out 0.")
        saved = result.saved[np.isfinite(result.saved)]
        if len(saved):
            page.write(
                f"Pairing goals saved a factor of {np.median(saved):,.0f} in samples (median over states).",
                style="dim",
            )


def _rows(asked: Asked, results: Sequence[PowerDifference]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    return ("state", "versus", "here", "there", "difference", "stderr", "discount"), [
        (
            asked.source.names.full(one), asked.source.names.full(two), float(result.first[i]),
            float(result.second[i]), float(result.difference[i]), float(result.stderr[i]), result.discounts[0],
        )
        for result in results
        for i, (one, two) in enumerate(zip(result.states, result.versus, strict=True))
    ]  # fmt: skip


def _picture(asked: Asked, results: Sequence[PowerDifference]) -> Figure:
    from corrigible.core.errors import OptionError
    from corrigible.power.comparisons import figure

    if len(results) > 1:
        raise OptionError("there are several discounts", "draw a comparison at one `--discount`")
    return figure(results[0], asked.source.grid, asked.source.mdp.states)
