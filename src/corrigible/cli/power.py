"""``corrigible power``: how much could an agent still attain from here, over many goals?"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from corrigible.cli.states import START
from corrigible.cli.terminal import Page, progress, say, table, working

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

EXAMPLES = """\b
Examples:
  corrigible power off-switch
  corrigible power off-switch --twin control --rewards goals
  corrigible power maze.txt --discount 0.9 --discount 0.99 --plot maze.svg
  corrigible power gym:FrozenLake-v1 --samples 10000 --seed 1
  corrigible power model.tra --rewards "beta(2, 5)" --state x=1,y=0
  corrigible power model.npz --target-stderr 0.001 --csv > power.csv
\b
Text maps: `#` is a wall, any other character a free cell, `S` the start;
one may stay or move up, down, left, right.
\b
Exit status: 0 well, 2 bad input, 130 interrupted.
"""


@click.command(epilog=EXAMPLES, short_help="Compute POWER and preferred actions of a model.")
@click.argument("source")
@click.option(
    "--discount",
    "discounts",
    type=float,
    multiple=True,
    metavar="γ",
    help="Between 0 and 1; repeatable; default 0.9. Discounts share their reward samples.",
)
@click.option(
    "--rewards",
    metavar="NAME",
    help="uniform (default), one-hot, any SciPy distribution as in `beta(2, 5)`; for worlds also "
    "`goals`, the named goals.",
)
@click.option("--samples", type=int, metavar="N", help="Reward functions to draw; default 1000.")
@click.option(
    "--target-stderr", type=float, metavar="E", help="Draw until every standard error is at most E."
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Seed of the rewards.")
@click.option("--state", metavar="LABEL", help="Ask for preferred actions here instead of at the start.")
@click.option(
    "--twin",
    type=click.Choice(["world", "control", "training"]),
    help="For worlds: which twin; default world.",
)
@click.option(
    "--on",
    type=click.Choice(["outcomes", "states"]),
    help="For worlds: draw rewards on outcomes (default), or on bare states.",
)
@click.option("--workers", type=int, metavar="N", help="Threads; default one for each core.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: state, power, stderr, discount.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw into a .png, .svg or .pdf file."
)
def power(
    source: str,
    discounts: tuple[float, ...],
    rewards: str | None,
    samples: int | None,
    target_stderr: float | None,
    seed: int,
    state: str | None,
    twin: str | None,
    on: str | None,
    workers: int | None,
    as_json: bool,
    as_csv: bool,
    plot: Path | None,
) -> None:
    """Compute POWER of every state of SOURCE with standard errors, and which actions most goals prefer at
    the start.

    SOURCE is a world of the catalogue, a text map (maze.txt), gym:ID for a Gymnasium environment with a
    transition table, a PRISM explicit-state model (model.tra, with .sta and .lab beside it if there), or
    an .npz file with a transition tensor.
    """
    from corrigible.cli.source import read_source
    from corrigible.core.errors import OptionError
    from corrigible.core.seeds import check_seed
    from corrigible.power import estimate, optimality_probability

    if as_json and as_csv:
        raise OptionError("`--json` and `--csv` exclude each other", "give one of them")
    if plot is not None:
        _check_plot(plot)
    chosen = list(discounts) or [0.9]
    check_seed(seed)
    _check_rewards(rewards)
    with working(f"reading {source}"):
        found = read_source(source, twin, on)
        given = _rewards(found, rewards, on)
        label, why = found.start()
        if state is not None:
            label, why = found.names.find(state, found.mdp.states), "asked for"
    with progress() as listens:
        results = estimate(
            found.mdp,
            given,
            discount=chosen,
            samples=samples,
            seed=seed,
            target_stderr=target_stderr,
            workers=workers,
            progress=listens,
        )
        preferred = [
            optimality_probability(
                found.mdp,
                label,
                given,
                discount,
                samples=results[0].samples if samples is not None or target_stderr else None,
                seed=seed,
                workers=workers,
                progress=listens,
            )
            for discount in chosen
        ]
    if plot is not None:
        with working(f"drawing {plot}"):
            _draw(found, results, plot)
    if as_json:
        _print_json(found, results, preferred)
    elif as_csv:
        _print_csv(found, results)
    else:
        _show(found, results, preferred, why)
    if plot is not None:
        say(f"Picture: {plot}")


def _check_plot(path: Path) -> None:
    """Find out before the work whether there can be a picture."""
    from corrigible.core.files import check_file
    from corrigible.power.axes import require_matplotlib
    from corrigible.power.plots import check_suffix

    check_suffix(path)
    check_file(path)
    require_matplotlib()


def _draw(source: Source, results: Sequence[PowerResult], path: Path) -> None:
    from corrigible.power import plots

    named = [
        dataclasses.replace(result, states=[source.names.short(state) for state in result.states])
        for result in results
    ]
    plots.save(plots.figure(named if len(named) > 1 else named[0], grid=source.grid), path)


def _check_rewards(text: str | None) -> None:
    """Refuse, before the source is read, what cannot be drawn anywhere."""
    from corrigible.power import parse_rewards

    if text is not None and not _named_goals(text):
        parse_rewards(text)


def _named_goals(text: str) -> bool:
    return text.strip().casefold() == "goals"


def _rewards(source: Source, text: str | None, on: str | None) -> Any:
    """Return the rewards that were asked for: on outcomes for worlds, on states otherwise."""
    from corrigible.core.errors import OptionError
    from corrigible.power import parse_rewards

    if text is not None and _named_goals(text):
        if source.goals is None:
            raise OptionError("`--rewards goals` needs a world", f"`{source.name}` has no named goals")
        if on is not None:
            raise OptionError(
                f"`--rewards goals` and `--on {on}` exclude each other", "leave out one of them"
            )
        return source.goals
    distribution = parse_rewards(text or "uniform")
    if source.outcomes is None or on == "states":
        return distribution
    return dataclasses.replace(cast("Any", distribution), groups=source.outcomes)


def _show(
    source: Source, results: Sequence[PowerResult], preferred: Sequence[OptimalityResult], why: str
) -> None:
    page = Page()
    mdp = source.mdp
    kind = "deterministic" if mdp.deterministic else "stochastic"
    first = results[0]
    page.write(f"{source.name}: {mdp.n_states:,} states, {mdp.n_pairs:,} actions in them, {kind}.")
    page.write(_drawn(source, first))
    if source.names.legend:
        page.write(source.names.legend)
    for result, preference in zip(results, preferred, strict=True):
        page.write()
        _states(page, source, result)
        if source.grid is not None:
            _map(page, source.grid.cells, result)
        _actions(page, source, preference, why, len(results) > 1)
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
    if words.startswith("table"):
        return f"Goals: the {result.samples:,} named goals of the world, each with its own reward."
    if source.outcomes is not None and "per group" in words:
        count = int(source.outcomes.max()) + 1
        words = words.replace("per group", f"on each of its {count:,} outcomes (what a goal can care about)")
    return f"Goals: {result.samples:,} reward functions, {words}{seeded}."


def _states(page: Page, source: Source, result: PowerResult) -> None:
    numbers = ("POWER", "std. error")
    everything = len(result.states) <= 2 * SHOWN
    shown = table(("state", *numbers), numbers=numbers)
    name = source.names.short
    for entry in result.most(len(result.states) if everything else SHOWN):
        shown.add_row(_text(name(entry.state)), f"{entry.power:.4f}", _error(entry.stderr))
    if not everything:
        shown.add_row(f"… {len(result.states) - 2 * SHOWN:,} between …", "", "")
        for entry in reversed(result.least(SHOWN)):
            shown.add_row(_text(name(entry.state)), f"{entry.power:.4f}", _error(entry.stderr))
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
            _text(preference.actions[i]), f"{preference.probability[i]:.3f}", _error(preference.stderr[i])
        )
    name = source.names.short(preference.state)
    where = f"{name}, {why}" if name != START else "the start"
    at = f" (γ = {preference.discount:g})" if many else ""
    page.table(f"Which action most goals prefer at {where}{at}", shown)
    if preference.tied > 0:
        page.write(f"Ties, in {preference.tied:.1%} of goals, are split evenly.", style="dim")


def _error(stderr: float) -> str:
    return "unknown" if stderr != stderr else f"{stderr:.4f}"


def _text(label: Any) -> Any:
    from rich.text import Text

    return Text(str(label))


def _print_json(
    source: Source, results: Sequence[PowerResult], preferred: Sequence[OptimalityResult]
) -> None:
    import json

    from corrigible.core.results import to_json

    click.echo(
        to_json(
            {
                "kind": "power-report",
                "source": source.name,
                "states": source.mdp.n_states,
                "actions": source.mdp.n_pairs,
                "results": [json.loads(result.to_json()) for result in results],
                "preferred": [json.loads(result.to_json()) for result in preferred],
            }
        )
    )


def _print_csv(source: Source, results: Sequence[PowerResult]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("state", "power", "stderr", "discount"))
    for result in results:
        for state, value, error in zip(result.states, result.power, result.stderr, strict=True):
            shown = "" if error != error else repr(float(error))
            writer.writerow((source.names.full(state), repr(float(value)), shown, result.discount))
