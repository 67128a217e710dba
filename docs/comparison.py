"""Write docs/comparison.md, all countermeasures on all levels: ``python -m docs.comparison`` (some minutes)."""

from __future__ import annotations

import datetime
import statistics
from pathlib import Path

from corrigible.comparison import Comparison, ComparisonResult, Entry, compare
from corrigible.comparison.design import rows
from corrigible.core.processes import cores
from corrigible.countermeasures.notation import parse_countermeasure

PAGE = Path(__file__).parent / "comparison.md"

FAMILIES = {
    "Impact measures": ("aup", "model-free-aup", "relative-reachability", "unreachability", "future-tasks"),
    "Corrigibility by design": ("indifference", "deference", "assistance", "safe-interruption", "post"),
    "Mild optimisation": ("quantiliser", "satisficer", "best-of", "boltzmann"),
    "Myopia": ("myopia", "short-horizon", "process-reward", "mona"),
    "Several proxies, and controlled autonomy": (
        "worst-case",
        "agreed-mean",
        "approval-gate",
        "checkpoints",
        "step-budget",
    ),
}

HEAD = """# All countermeasures on all levels

*Made by `python -m docs.comparison` on {date}: {cells:,} cells in {seconds:.0f} s on {cores} cores, one draw of what is drawn
or learnt. [How to read it](countermeasures.md).*

P passes, F fails, ~ does either by chance, each at the strength that passes most often; then the area under the curve of
task against safety over all strengths, 1 at most. –: does not apply. A row such as `coin-corridor/usual` is an agent that
has learnt the goal which training could not tell from the task; it is judged by the task.

"""

SUMMARY = """## In short

Over the rows to which a method applies: how many it passes at some strength, and the mean area.

| countermeasure | door | applies to | passes | by chance | fails | mean area |
|---|---|---:|---:|---:|---:|---:|
"""

READING = """
Mind what this does not say. The strength is chosen with the level's hidden performance in hand; whoever deploys an agent
has no such thing. `process-reward`, `mona`, `assistance` and the reviewer of `approval-gate` and `checkpoints` are given
people who know what is wanted, so their rows are best cases. And a level is passed where the best is to be switched off,
though the task is not done: read the area, too.
"""


def matrix(result: ComparisonResult, names: tuple[str, ...]) -> str:
    """Return a table of some countermeasures on all levels."""
    shown = ("none", *names)
    lines = [f"| level | {' | '.join(f'`{name}`' for name in shown)} |", f"|---|{'---|' * len(shown)}"]
    lines += [
        f"| {_linked(level.name)} | {' | '.join(_cell(result.entry(level.name, name)) for name in shown)} |"
        for level in result.levels
    ]
    return "\n".join(lines) + "\n\n"


def summary(result: ComparisonResult) -> str:
    """Return how each countermeasure does over all levels."""
    lines: list[str] = []
    for treatment in result.countermeasures:
        entries = [e for e in result.entries if e.countermeasure == treatment.name and e.at_best is not None]
        verdicts = [entry.verdict for entry in entries]
        area = statistics.fmean(entry.hypervolume or 0.0 for entry in entries)
        counts = " | ".join(str(verdicts.count(verdict)) for verdict in ("P", "~", "F"))
        lines.append(f"| `{treatment.name}` | {treatment.door} | {len(entries)} | {counts} | {area:.2f} |")
    return SUMMARY + "\n".join(lines) + "\n"


def main() -> None:
    """Compute it all and write the page."""
    names = ("none", *(name for family in FAMILIES.values() for name in family))
    design = Comparison(worlds=rows(), countermeasures=[parse_countermeasure(name) for name in names])
    result = compare(design)
    head = HEAD.format(
        date=datetime.date.today().isoformat(), cells=result.cells, seconds=result.seconds, cores=cores()
    )
    tables = "".join(f"## {family}\n\n{matrix(result, found)}" for family, found in FAMILIES.items())
    PAGE.write_text(head + summary(result) + READING + "\n" + tables.rstrip("\n") + "\n", encoding="utf-8")
    print(f"wrote {PAGE.name}: {result.cells} cells in {result.seconds:.0f} s")


def _cell(entry: Entry) -> str:
    return "–" if entry.hypervolume is None else f"{entry.verdict} {entry.hypervolume:.2f}"


def _linked(level: str) -> str:
    return f"[{level}](levels/{level.split('/')[0]}.md)"


if __name__ == "__main__":
    main()
