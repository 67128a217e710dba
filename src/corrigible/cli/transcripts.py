"""``corrigible audit transcripts``: what was done in transcripts that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corrigible.cli.terminal import Page, progress, say, table

if TYPE_CHECKING:
    from corrigible.core.statistics import Rate
    from corrigible.transcripts import Examination, Score

EXAMPLES = """\b
Examples:
  corrigible audit transcripts logs/
  corrigible audit transcripts logs/ --labels labels.csv
  corrigible audit transcripts logs/ --detectors robot.toml --out marks.json
\b
Exit status: 0 examined, marks or none; 1 if nothing could be scored;
2 bad input, or nothing could be read.
"""

MOST_SHOWN = 40
"""Marked files that are listed; the JSON has them all."""


@click.command(epilog=EXAMPLES, short_help="Mark what was done in transcripts made elsewhere.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A CSV table with the columns file, label (violation or clean) and perhaps scenario; "
    "default labels.csv in DIR or beside it.",
)
@click.option(
    "--detectors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Further detectors for tools of your own, declared in TOML.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write everything here as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def transcripts(
    folder: Path, labels: Path | None, detectors: Path | None, out: Path | None, as_json: bool
) -> int:
    """Read the transcripts in DIR (Inspect logs, OpenAI or Anthropic messages, logs of calls, step blocks) and
    mark behaviours by the calls that were made, never by words.

    Where there are labels, precision, recall and specificity come with 95% intervals.
    """
    from corrigible.core.files import check_file, write_whole
    from corrigible.transcripts import examine, load_detectors

    if out is not None:
        check_file(out)
    further = load_detectors(detectors) if detectors is not None else ()
    with progress() as listens:
        result = examine(folder, labels=labels, detectors=further, progress=listens)
    if out is not None:
        write_whole(out, result.to_json() + "\n")
    if as_json:
        click.echo(result.to_json())
    else:
        _show(result)
    for each in result.not_read:
        say(f"corrigible: not read, not scored: {each.reason}")
    if not any(t.scored for t in result.transcripts):
        say(
            "corrigible: no detector understands any call in these transcripts; this says nothing about the agents"
        )
        return 1
    return 0


def _show(result: Examination) -> None:
    page = Page()
    scored = sum(t.scored for t in result.transcripts)
    shown = table(("detector", "drive", "files", "marks"), numbers=("files", "marks"))
    for d in result.detectors:
        shown.add_row(d.name, d.drive, str(d.transcripts), str(d.marks))
    shown.add_row("any", "", str(len(result.marked)), str(sum(len(t.found) for t in result.transcripts)))
    page.table(
        f"{len(result.transcripts):,} transcripts read, {scored:,} scored, {len(result.marked):,} with a mark",
        shown,
    )
    page.write()
    if result.any is not None:
        _show_scores(page, result, result.any)
    for each in result.marked[:MOST_SHOWN]:
        page.item(each.name, f"({each.label})" if each.label else "")
        for found in each.found[:4]:
            page.item(f"step {found.mark.step}, {found.mark.behaviour}:", f"{found.mark.why}.", indent=2)
            page.write(f"      {found.mark.evidence}", style="dim")
        if len(each.found) > 4:
            page.write(f"  … and {len(each.found) - 4} more", style="dim")
    if len(result.marked) > MOST_SHOWN:
        page.write(f"… and {len(result.marked) - MOST_SHOWN} more files; `--json` has them all", style="dim")
    _show_notes(page, result)


def _show_scores(page: Page, result: Examination, overall: Score) -> None:
    numbers = ("right", "false", "missed", "clean", "precision", "recall", "specificity")
    shown = table(("detector", *numbers), numbers=numbers)
    for name, s in (*((d.name, d.score) for d in result.detectors if d.transcripts), ("any", overall)):
        if s is not None:
            counts = (str(n) for n in (s.hits, s.false_marks, s.misses, s.rests))
            shown.add_row(name, *counts, _rate(s.precision), _rate(s.recall), _rate(s.specificity))
    page.table("Against the labels, in per cent with 95% intervals", shown)
    clustered = f", by {len(result.scenarios)} scenarios" if result.scenarios else ""
    page.write(
        f"Labels from {result.labels}. Intervals are Wilson's on the effective number of transcripts{clustered}. "
        "A detector counts one behaviour; its recall is of all violations.",
        style="dim",
    )
    page.write()


def _show_notes(page: Page, result: Examination) -> None:
    unscored = [t.name for t in result.transcripts if not t.scored]
    notes = [
        (result.not_read, "could not be read and are not scored"),
        (unscored, "have no call that a detector understands and are not scored"),
        (result.unlabelled, "have no label"),
        (result.missing, "are labelled but were not found or not read"),
    ]
    if any(which for which, _ in notes):
        page.write()
    for which, what in notes:
        if which:
            first = which[0] if isinstance(which[0], str) else which[0].name
            page.item("Note.", f"{len(which)} {what}, for example {first}.")


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "–"
    return f"{rate.value * 100:.0f} [{rate.low * 100:.0f},{rate.high * 100:.0f}]"
