"""What ``corrigible power`` prints: pages for people, JSON and CSV for programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from corrigible.cli.states import START
from corrigible.cli.terminal import Page, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corrigible.cli.source import Source
    from corrigible.power import OptimalityResult, PowerResult

WIDEST_MAP = 60
"""The most columns of a map that is drawn in the terminal."""

TALLEST_MAP = 60
"""The most rows of one."""

SHOWN = 5
"""How many states of most and of least POWER are listed."""


def show(
    source: Source, results: Sequence[PowerResult], preferred: Sequence[OptimalityResult], why: str
) -> None:
    """Print POWER at each discount, and where the agent is optimal which actions most goals prefer."""
    page = Page()
    mdp = source.mdp
    kind = "deterministic" if mdp.deterministic else "stochastic"
    first = results[0]
    page.write(f"{source.name}: {mdp.n_states:,} states, {mdp.n_pairs:,} actions in them, {kind}.")
    page.write(_drawn(source, first))
    if source.names.legend:
        page.write(source.names.legend)
    agent = first.provenance.settings.get("agent")
    if agent is not None:
        page.write(f"The agent is not optimal: {agent}.")
    for number, result in enumerate(results):
        page.write()
        _states(page, source, result)
        if source.grid is not None:
            _map(page, source.grid.cells, result)
        if preferred:
            _actions(page, source, preferred[number], why, len(results) > 1)
    worst = max(result.error_bound for result in results)
    page.write()
    page.write(
        f"Solver: {first.method}; no POWER is off by more than {worst:.1e} beside its sampling error.",
        style="dim",
    )
    if any(result.target_met is False for result in results):
        page.write("The standard error asked for was not reached.", style="bold")


def _drawn(source: Source, result: PowerResult) -> str:
    """What the goals are, in words."""
    seed = result.provenance.seed
    seeded = "" if seed is None else f", seed {seed}"
    # Without the hash that provenance keeps.
    words = re.sub(r" \([0-9a-f]{64}\)", "", str(result.provenance.settings.get("rewards", "")))
    if words.startswith("table") and source.goals is not None:
        return f"Goals: the {result.samples:,} named goals of the world, each with its own reward."
    if source.outcomes is not None and "per group" in words:
        count = int(source.outcomes.max()) + 1
        words = words.replace("per group", f"on each of its {count:,} outcomes (what a goal can care about)")
    design = "" if result.design == "independent" else f", {result.design}"
    return f"Goals: {result.samples:,} reward functions, {words}{design}{seeded}."


def _states(page: Page, source: Source, result: PowerResult) -> None:
    numbers = ("POWER", "std. error")
    everything = len(result.states) <= 2 * SHOWN
    shown = table(("state", *numbers), numbers=numbers)
    name = source.names.short
    for entry in result.most(len(result.states) if everything else SHOWN):
        shown.add_row(text(name(entry.state)), f"{entry.power:.4f}", error(entry.stderr))
    if not everything:
        shown.add_row(f"… {len(result.states) - 2 * SHOWN:,} between …", "", "")
        for entry in reversed(result.least(SHOWN)):
            shown.add_row(text(name(entry.state)), f"{entry.power:.4f}", error(entry.stderr))
    page.table(f"POWER at γ = {result.discount:g}", shown)
    page.write()


def _map(page: Page, cells: Any, result: PowerResult) -> None:
    """Draw the map in ten steps from least (0) to most (9)."""
    import numpy as np

    if cells.shape[1] > WIDEST_MAP or cells.shape[0] > TALLEST_MAP:
        page.write("The map is too large for the terminal; --plot FILE draws it.\n", style="dim")
        return
    inside = result.power[cells[cells >= 0]]
    low, high = float(inside.min()), float(inside.max())
    steps = np.clip(((result.power - low) / max(high - low, 1e-12) * 10).astype(int), 0, 9)
    page.item("Map,", f"from 0 = {low:.4f} to 9 = {high:.4f}")
    page.verbatim(["".join("#" if at < 0 else str(steps[at]) for at in row) for row in cells])
    page.write()


def _actions(page: Page, source: Source, preference: OptimalityResult, why: str, many: bool) -> None:
    numbers = ("share of goals", "std. error")
    shown = table(("action", *numbers), numbers=numbers)
    ranked = sorted(range(len(preference.actions)), key=lambda i: -preference.probability[i])
    for i in ranked:
        shown.add_row(
            text(preference.actions[i]), f"{preference.probability[i]:.3f}", error(preference.stderr[i])
        )
    name = source.names.short(preference.state)
    where = f"{name}, {why}" if name != START else "the start"
    at = f" (γ = {preference.discount:g})" if many else ""
    page.table(f"Which action most goals prefer at {where}{at}", shown)
    if preference.tied > 0:
        page.write(f"Ties, in {preference.tied:.1%} of goals, are split evenly.", style="dim")


def error(stderr: float) -> str:
    """Return a standard error as tables show it."""
    return "unknown" if stderr != stderr else f"{stderr:.4f}"


def text(label: Any) -> Any:
    """Return a label in which no character is special."""
    from rich.text import Text

    return Text(str(label))


def print_csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table for programs: numbers in full, nothing where one is not known."""
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(
            "" if isinstance(x, float) and x != x else repr(x) if isinstance(x, float) else x for x in row
        )
