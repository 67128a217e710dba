"""Run a comparison, in as many processes as there are cores, and go on where one was interrupted."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias, final

from corrigible.comparison.cell import Ground, find
from corrigible.comparison.design import Cell, Comparison, Site
from corrigible.comparison.found import Found
from corrigible.comparison.journal import Journal
from corrigible.comparison.result import ComparisonResult
from corrigible.comparison.table import tabled
from corrigible.comparison.write import check_folder
from corrigible.core.errors import OptionError
from corrigible.core.processes import cores, in_processes
from corrigible.core.progress import SILENT, Progress
from corrigible.countermeasures import Countermeasure

KEPT = 2
"""How many rows a process keeps ready: the one at hand, and one that began before it."""

News: TypeAlias = list[tuple[str, Found]]
"""Keys of cells, and what was found in them."""


def compare(
    design: Comparison, *, progress: Progress = SILENT, workers: int | None = None
) -> ComparisonResult:
    """Run a comparison.

    Parameters
    ----------
    design
        What to do. With a folder to write to, cells are kept there as they are found; run again with an
        equal design, only those are computed that are missing or failed.
    progress
        Told of every cell.
    workers
        How many processes work at it; default one a core. 1: this one. The result is the same for any.

    Raises
    ------
    OptionError
        If ``workers`` is below 1, or a world or countermeasure cannot be sent to another process.
    FileFormatError
        If the folder holds the cells of another comparison.
    OutputError
        If the folder cannot be written.
    WorkerError
        If a process was lost in the middle of its work.

    Notes
    -----
    A countermeasure that raises an error takes its own cell with it and no other.

    Examples
    --------
    >>> from corrigible.countermeasures.none import NoCountermeasure
    >>> design = Comparison(worlds=("maze",), countermeasures=(NoCountermeasure(),), samples=50)
    >>> compare(design)
    <ComparisonResult: 1 level × 1 countermeasure, 1 cell>
    """
    many = cores() if workers is None else workers
    if isinstance(many, bool) or many < 1:
        raise OptionError(f"the number of workers `{workers}` is not above 0", "give 1 or more")
    began = time.perf_counter()
    journal = None
    if design.out is not None:
        check_folder(design.out)
        journal = Journal(Path(design.out), design.fingerprint)
    cells = {cell.key: cell for cell in design.cells()}
    known = {} if journal is None else journal.read()
    found = {key: each for key, each in known.items() if key in cells}
    jobs = _jobs(design, [cell for key, cell in cells.items() if key not in found])
    progress.start("comparing", len(cells))
    try:
        progress.advance(len(found))
        for news in _done(jobs, min(many, len(jobs))):
            if journal is not None:
                journal.add(*((design.fingerprint, key, each) for key, each in news))
            found.update(news)
            progress.advance(len(news))
    finally:
        progress.finish()
    return tabled(design, found, time.perf_counter() - began)


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """Some cells of one row, as they are sent to a process.

    Parameters
    ----------
    row
        What the row is kept by in the process.
    site
        The row.
    measures
        For each cell its key, the countermeasure at its strength, and whether an episode is drawn.
    samples, seed
        As in `Comparison`.
    """

    row: str
    site: Site
    measures: tuple[tuple[str, Countermeasure, bool], ...]
    samples: int
    seed: int

    def __call__(self) -> News:
        """Return what is found in the cells."""
        ground = _ground(self.row, self.site)
        return [
            (key, find(ground, measure, self.samples, self.seed, shown=shown))
            for key, measure, shown in self.measures
        ]

    def single(self) -> Iterable[Job]:
        """Return the same work one cell at a time."""
        return (dataclasses.replace(self, measures=(each,)) for each in self.measures)


def _jobs(design: Comparison, cells: Sequence[Cell]) -> list[Job]:
    """Return the work in pieces, each all strengths of one draw: what they share is then computed once."""
    sites = {(site.world.name, site.goal): site for site in design.sites}
    columns = {column.text: column for column in design.columns}

    def piece(cell: Cell) -> tuple[str, str, str, int | None]:
        return cell.world, cell.goal, cell.countermeasure, cell.seed

    jobs: list[Job] = []
    for (world, goal, text, seed), some in itertools.groupby(cells, key=piece):
        column = columns[text]
        shown = seed == column.seeds[0]
        jobs.append(
            Job(
                row=f"{design.fingerprint} {world}/{goal}",
                site=sites[world, goal],
                measures=tuple((cell.key, column.at(cell.strength, seed), shown) for cell in some),
                samples=design.samples,
                seed=design.seed,
            )
        )
    return jobs


def _done(jobs: Sequence[Job], workers: int) -> Iterable[News]:
    if workers > 1:
        return in_processes(jobs, workers)
    return (single() for job in jobs for single in job.single())


_HELD: dict[str, Ground | Exception] = {}


def _ground(row: str, site: Site) -> Ground | Exception:
    """Return what the cells of a row share, kept; or why it cannot be had, which each of them tells."""
    ground = _HELD.pop(row, None)
    if ground is None:
        try:
            ground = Ground.of(site)
        except Exception as error:  # a world may be anybody's code
            ground = error
        while len(_HELD) >= KEPT:
            del _HELD[next(iter(_HELD))]
    _HELD[row] = ground  # the last used stays longest
    return ground
