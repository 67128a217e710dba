"""``corrigible guard calibration``: is the agent as sure as it is right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.store import json_option, opened, print_json, store_options

if TYPE_CHECKING:
    from corrigible.guard.calibration import Calibration, Period, Share


@click.command(
    short_help="Tell whether the agent is as sure as it is right.",
    epilog="""\b
Examples:
  corrigible guard calibration
  corrigible guard calibration --session main --per day
\b
Exit status: 0 well, 2 bad input.
""",
)
@click.option("--session", default="", metavar="S", help="Only this session, and those beneath it.")
@click.option(
    "--per",
    type=click.Choice(["day", "week", "month"]),
    default="week",
    show_default=True,
    help="How time is divided.",
)
@store_options
@json_option
def calibration(session: str, per: Period, manifest: Path | None, store: str | None, as_json: bool) -> None:
    """Compare the confidence that calls state with what became of them.

    Calls that state none are counted and left out, and so are those of which nobody knows the outcome.
    """
    from corrigible.guard.calibration import calibration as computed
    from corrigible.guard.ledger.log import record

    with opened(manifest, store) as found:
        told = found.read(
            lambda reader: computed(
                ((number, record(body)) for number, body in reader.records()), per, session
            )
        )
    if as_json:
        import dataclasses

        print_json(dataclasses.asdict(told))
    else:
        _tell(told, per)


def _tell(told: Calibration, per: Period) -> None:
    from corrigible.cli.terminal import Page, table

    page = Page()
    page.write(
        f"{told.calls:,} calls were made; {told.silent:,} stated no confidence, and of {told.unknown:,} that did "
        "nobody knows whether they were done."
    )
    if told.overall is None:
        return
    page.write(
        f"Brier score {told.overall.brier:.3f} (0 at best; 0.25 for always saying one half): stated "
        f"{told.overall.stated:.2f} on average, done {told.overall.share:.2f}."
    )
    if told.error is not None:
        page.write(
            f"Calibration error {told.error.value:.3f} ({told.error.low:.3f} to {told.error.high:.3f}): how far "
            "what was said lies from what was done, over the tenths. With so few or so many calls, an agent that "
            f"is exactly as sure as it is right would mostly stay under {told.error.by_chance:.3f}."
        )
    for title, first, rows in (
        ("By confidence", "stated", told.bins),
        (f"By {per}", per, told.periods),
    ):
        page.write()
        shown = table(
            (first, "calls", "stated", "done", "95 %", "Brier"),
            numbers=("calls", "stated", "done", "95 %", "Brier"),
        )
        for row in rows:
            shown.add_row(*_row(row))
        page.table(title, shown)


def _row(row: Share) -> tuple[Any, ...]:
    interval = f"{row.low:.2f}–{row.high:.2f}"
    return row.name, f"{row.calls:,}", f"{row.stated:.2f}", f"{row.share:.2f}", interval, f"{row.brier:.3f}"
