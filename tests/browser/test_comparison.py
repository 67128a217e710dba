"""The page on a comparison: nothing is loaded, everything reads well, and episodes play when asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from corrigible.comparison import compare
from corrigible.comparison.report import render
from tests.comparison.conftest import DESIGN
from tests.comparison.test_pages import hostile

from .conftest import Open
from .test_alone import complaints, requests

NAMES = ("comparison", "harmful")


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, result = tmp_path_factory.mktemp("compared"), compare(DESIGN, workers=1)
    for name, found in zip(NAMES, (result, hostile(result)), strict=True):
        folder.joinpath(f"{name}.html").write_text(render(found), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_no_request_leaves_the_page_and_nothing_strange_runs(
    visit: Open, compared: dict[str, Path], name: str
) -> None:
    tab = visit(compared[name])
    tab.evaluate("probe.unfold()")
    tab.evaluate("for (const button of document.querySelectorAll('.controls button')) button.click()")
    assert requests(tab) == {tab.address}
    assert complaints(tab) == []
    assert tab.evaluate("typeof ran") == "undefined"
    assert "\u202e" not in tab.evaluate("document.body.textContent")


@pytest.mark.parametrize("width", [360, 700, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_and_nothing_overlaps(
    visit: Open, compared: dict[str, Path], name: str, width: int
) -> None:
    tab = visit(compared[name], width=width)
    for unfold in ("", "probe.unfold()", "probe.unfold(true)"):
        tab.evaluate(unfold)
        assert tab.evaluate("probe.overflowing()") == {"page": 0, "texts": []}
        assert tab.evaluate("probe.overlapping()") == []


def test_every_text_and_every_mark_is_clear_in_light_and_dark(visit: Open, compared: dict[str, Path]) -> None:
    tab = visit(compared["comparison"])
    tab.evaluate("probe.unfold()")
    for dark in (False, True):
        tab.media("screen", dark=dark)
        pairs = tab.evaluate("probe.pairs()")
        assert len(pairs) >= 3
        assert [pair for pair in pairs if pair["ratio"] < 4.5 or not pair["opaque"]] == []
        marks = tab.evaluate("probe.marks()")
        assert marks
        assert [mark for mark in marks if mark["ratio"] < 3] == []


def test_an_episode_stands_still_until_it_is_played_and_stops_at_its_end(
    visit: Open, compared: dict[str, Path]
) -> None:
    tab = visit(compared["comparison"])
    at = "document.querySelector('.film [role=status]').textContent"
    first = tab.evaluate(at)
    assert first.startswith("1 of ")
    last = first.replace("1 of ", "")
    tab.evaluate(
        "new Promise(done => { document.querySelector('.film .play').click();"
        f" const see = setInterval(() => {{ if ({at}.startsWith('{last} of')) {{ clearInterval(see); done(); }} }}, 50); }})"
    )
    assert tab.evaluate("document.querySelector('.film .play').textContent") == "Play"
    tab.evaluate("document.querySelector('.film .step').click()")
    assert tab.evaluate(at) == first
    assert (
        tab.evaluate("document.querySelectorAll('.film:first-of-type .frames > li:not([hidden])').length")
        >= 1
    )


def test_on_paper_every_moment_of_every_episode_is_shown(visit: Open, compared: dict[str, Path]) -> None:
    tab = visit(compared["comparison"], width=700)
    tab.media("print")
    assert tab.evaluate("probe.unseen('nav, .skip, .controls')") == []
    assert tab.evaluate("probe.overflowing()") == {"page": 0, "texts": []}
