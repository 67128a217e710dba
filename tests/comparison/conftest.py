"""One comparison that several tests look at."""

from __future__ import annotations

import pytest

from corrigible.comparison import Comparison, ComparisonResult, compare
from corrigible.countermeasures.none import NoCountermeasure

from .toys import Broken, Dither, Fine

DESIGN = Comparison(
    worlds=("off-switch", "maze"),
    countermeasures=(
        NoCountermeasure(),
        Fine(),
        Dither(),
        Broken(how="only-maze"),
        Broken(),
        Broken(how="large"),
    ),
    seeds=3,
    samples=50,
)


@pytest.fixture(scope="session")
def result() -> ComparisonResult:
    return compare(DESIGN, workers=1)
