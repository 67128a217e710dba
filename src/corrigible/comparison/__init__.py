"""Comparisons: what each countermeasure buys and costs, level by level.

`Comparison` says what is done, `compare` does it, `ComparisonResult` is what comes of it, and `write` puts
the page, the data and the table for papers into a folder.
"""

from corrigible.comparison.curves import Estimate, Point, hypervolume
from corrigible.comparison.design import Comparison
from corrigible.comparison.found import Status
from corrigible.comparison.result import ComparisonResult, Entry, Level, Treatment
from corrigible.comparison.run import compare
from corrigible.comparison.write import write

__all__ = [
    "Comparison",
    "ComparisonResult",
    "Entry",
    "Estimate",
    "Level",
    "Point",
    "Status",
    "Treatment",
    "compare",
    "hypervolume",
    "write",
]
