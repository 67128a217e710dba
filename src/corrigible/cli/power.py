"""``corrigible power``: how much could an agent still attain from here, over many goals?"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from corrigible.cli.terminal import console, progress, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corrigible.cli.source import Source
    from corrigible.power import OptimalityResult, PowerResult

WIDEST_MAP = 60
"""The most columns of a map that is drawn in the terminal."""

SHOWN = 5
"""How many states of most and of least POWER are listed."""

EXAMPLES = """\b
Examples:
  corrigible power off-switch                        a world; rewards on its outcomes
  corrigible power off-switch --twin control --rewards goals
  corrigible power maze.txt --discount 0.9 --discount 0.99 --plot maze.svg
  corrigible power gym:FrozenLake-v1 --samples 10000 --seed 1
  corrigible power model.tra --rewards "beta(2, 5)" --json
  corrigible power model.npz --target-stderr 0.001 --csv > power.csv
\b
Text maps: `#` is a wall, any other character a free cell, `S` the start; one may stay or
move up, down, left, right.
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
    default="world",
    show_default=True,
    help="For worlds: which twin.",
)
@click.option(
    "--on",
    type=click.Choice(["outcomes", "states"]),
    default="outcomes",
    show_default=True,
    help="For worlds: draw rewards on outcomes, or on bare states.",
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
    twin: str,
    on: str,
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
    from corrigible.power import estimate, optimality_probability

    if as_json and as_csv:
        raise OptionError("`--json` and `--csv` exclude each other", "give one of them")
    if plot is not None:
        from corrigible.core.results import check_file
        from corrigible.power.plots import check_suffix

        check_suffix(plot)
        check_file(plot)
    chosen = list(discounts) or [0.9]
    found = read_source(source, twin)
    given = _rewards(found, rewards, on)
    label, why = (found.state(state), "asked for") if state is not None else found.start()
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
        from corrigible.power import plots

        plots.save(plots.figure(results if len(results) > 1 else results[0], grid=found.grid), plot)
    if as_json:
        _print_json(found, results, preferred)
    elif as_csv:
        _print_csv(results)
    else:
        _show(found, results, preferred, why)
    if plot is not None:
        say(f"Picture: {plot}")


def _rewards(source: Source, text: str | None, on: str) -> Any:
    """Return the rewards that were asked for: on outcomes for worlds, on states otherwise."""
    from corrigible.core.errors import OptionError
    from corrigible.power import parse_rewards

    if text is not None and text.strip().casefold() == "goals":
        if source.goals is None:
            raise OptionError("`--rewards goals` needs a world", f"`{source.name}` has no named goals")
        return source.goals
    distribution = parse_rewards(text or "uniform")
    if source.outcomes is None or on == "states":
        return distribution
    return dataclasses.replace(cast("Any", distribution), groups=source.outcomes)


def _show(
    source: Source, results: Sequence[PowerResult], preferred: Sequence[OptimalityResult], why: str
) -> None:
    out = console()
    mdp = source.mdp
    kind = "deterministic" if mdp.deterministic else "stochastic"
    first = results[0]
    out.print(
        f"{source.name}: {mdp.n_states:,} states, {mdp.n_pairs:,} actions in them, {kind}; "
        f"{first.samples:,} reward functions, {_distribution(source, first)}, "
        f"seed {first.provenance.seed}",
        markup=False,
    )
    for result, preference in zip(results, preferred, strict=True):
        out.print()
        _states(out, result)
        if source.grid is not None:
            _map(out, source.grid.cells, result)
        _actions(out, preference, why)
    worst = max(result.error_bound for result in results)
    out.print(f"Solver: {first.method}; no POWER is off by more than {worst:.1e} beside its sampling error.")
    if any(result.target_met is False for result in results):
        out.print("The standard error asked for was not reached.", style="bold")


def _distribution(source: Source, result: PowerResult) -> str:
    """The rewards in words, without the hash that provenance keeps."""
    words = re.sub(r" \([0-9a-f]{64}\)", "", str(result.provenance.settings.get("rewards", "")))
    return words.replace("per group", "per outcome") if source.outcomes is not None else words


def _states(out: Any, result: PowerResult) -> None:
    numbers = ("POWER", "standard error")
    everything = len(result.states) <= 2 * SHOWN
    title = f"POWER at γ = {result.discount:g}"
    shown = table(title, ("state", *numbers), numbers=numbers)
    for entry in result.most(len(result.states) if everything else SHOWN):
        shown.add_row(_label(entry.state), f"{entry.power:.4f}", _error(entry.stderr))
    if not everything:
        shown.add_row(f"… {len(result.states) - 2 * SHOWN:,} between …", "", "")
        for entry in reversed(result.least(SHOWN)):
            shown.add_row(_label(entry.state), f"{entry.power:.4f}", _error(entry.stderr))
    out.print(shown)


def _map(out: Any, cells: Any, result: PowerResult) -> None:
    """Draw the map in ten steps from least (0) to most (9)."""
    import numpy as np

    if cells.shape[1] > WIDEST_MAP:
        out.print("The map is too wide for the terminal; --plot FILE draws it.\n", style="dim")
        return
    inside = result.power[cells[cells >= 0]]
    low, high = float(inside.min()), float(inside.max())
    steps = np.clip(((result.power - low) / max(high - low, 1e-12) * 10).astype(int), 0, 9)
    lines = ["".join("#" if at < 0 else str(steps[at]) for at in row) for row in cells]
    out.print(f"Map, from 0 = {low:.3f} to 9 = {high:.3f}:")
    out.print("\n".join(lines) + "\n", markup=False)


def _actions(out: Any, preference: OptimalityResult, why: str) -> None:
    shown = table(
        f"Share of goals that prefer each action at {_label(preference.state)} ({why})",
        ("action", "probability", "standard error"),
        numbers=("probability", "standard error"),
    )
    ranked = sorted(range(len(preference.actions)), key=lambda i: -preference.probability[i])
    for i in ranked:
        shown.add_row(
            str(preference.actions[i]), f"{preference.probability[i]:.3f}", _error(preference.stderr[i])
        )
    out.print(shown)
    if preference.tied > 0:
        out.print(f"Ties, in {preference.tied:.1%} of goals, are split evenly.\n", style="dim")


def _error(stderr: float) -> str:
    return "unknown" if stderr != stderr else f"{stderr:.4f}"


def _label(state: Any) -> str:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        parts = [f"{field.name} {_word(getattr(state, field.name))}" for field in dataclasses.fields(state)]
        return ", ".join(parts)
    return str(state)


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


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


def _print_csv(results: Sequence[PowerResult]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("state", "power", "stderr", "discount"))
    for result in results:
        for state, value, error in zip(result.states, result.power, result.stderr, strict=True):
            shown = "" if error != error else repr(float(error))
            writer.writerow((_label(state), repr(float(value)), shown, result.discount))
