"""``corrigible power --human C``: POWER of a human and of an agent on one map."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from corrigible.cli.power import Answered, Asked
from corrigible.cli.power_page import error, text
from corrigible.cli.terminal import Page, table
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corrigible.core.progress import Progress
    from corrigible.power.multiagent import MultiagentPower

SHOWN = 3
"""How many joint states of most and of least POWER are listed for each side."""


def beside(asked: Asked, correlation: float, listens: Progress) -> Answered:
    """Estimate both sides' POWER where each moves on the source as if it were alone there."""
    from corrigible.power.comparisons import figure
    from corrigible.power.multiagent import JointMDP, estimate

    if len(asked.discounts) > 1:
        raise OptionError("`--human` takes one discount", "ask again for each")
    if asked.source.outcomes is not None:
        raise OptionError(
            "`--human` is for maps and bare models", f"`{asked.source.name}` is a world with one agent in it"
        )
    joint = JointMDP.of(asked.source.mdp)
    result = estimate(
        joint,
        correlation,
        asked.gammas[0],
        asked.samples,
        asked.seed,
        workers=asked.workers,
        progress=listens,
    )
    return Answered(
        show=lambda: _show(asked, correlation, result),
        told=lambda: {
            "source": asked.source.name,
            "correlation": correlation,
            **json.loads(result.to_json()),
        },
        rows=lambda: _rows(result),
        picture=lambda: figure(result),
    )


def _show(asked: Asked, correlation: float, result: MultiagentPower) -> None:
    import numpy as np

    page = Page()
    page.write(
        f"{asked.source.name} with a human and an agent on it: {len(result.states):,} joint states "
        f"(human's, agent's), {result.samples:,} pairs of goals, their rewards correlated by {correlation:g}."
    )
    alpha = result.alignment
    low, high = alpha.interval()
    said = "unknown: POWER is the same everywhere, or noise is all there is"
    if not math.isnan(alpha.corrected):
        said = f"{alpha.corrected:+.3f}, 95% interval {low:+.3f} to {high:+.3f}"
    page.write()
    page.item("Instrumental alignment α,", f"the correlation of both sides' POWER over states: {said}.")
    lost = float(np.mean(result.human - result.alone))
    page.item(
        "The human", f"has POWER {result.human.mean():.4f} on average, {lost:+.4f} for the agent's goals."
    )
    page.item("The agent", f"has POWER {result.agent.mean():.4f} on average.")
    numbers = ("human", "std. error", "agent", "std. error ")
    shown = table(("joint state", *numbers), numbers=numbers)
    order = np.argsort(-result.agent, kind="stable")
    chosen = order if len(order) <= 2 * SHOWN else np.concatenate([order[:SHOWN], order[-SHOWN:]])
    for i in chosen.tolist():
        shown.add_row(
            text(result.states[i]), f"{result.human[i]:.4f}", error(float(result.human_stderr[i])),
            f"{result.agent[i]:.4f}", error(float(result.agent_stderr[i])),
        )  # fmt: skip
    page.write()
    page.table(f"POWER at γ = {result.discount:g}: most and least of the agent's", shown)


def _rows(result: MultiagentPower) -> tuple[Sequence[str], list[Sequence[Any]]]:
    return ("state", "human", "human_stderr", "agent", "agent_stderr", "alone", "alone_stderr", "discount"), [
        (
            str(state), *(float(column[i]) for column in (
                result.human, result.human_stderr, result.agent, result.agent_stderr, result.alone,
                result.alone_stderr,
            )), result.discount,
        )
        for i, state in enumerate(result.states)
    ]  # fmt: skip
