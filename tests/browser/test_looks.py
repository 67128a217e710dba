"""A page reads well on a phone, in the dark and on paper."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader

from .conftest import Open

PAGES = ("whole", "hostile", "crashing", "planner", "matrix")


@pytest.mark.parametrize("width", [360, 700, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_and_nothing_overlaps(
    visit: Open, pages: dict[str, Path], name: str, width: int
) -> None:
    tab = visit(pages[name], width=width)
    for unfold in ("", "probe.unfold()", "probe.unfold(true)"):
        tab.evaluate(unfold)
        assert tab.evaluate("probe.overflowing()") == {"page": 0, "texts": []}
        assert tab.evaluate("probe.overlapping()") == []


def test_wide_tables_scroll_in_a_region_of_their_own(visit: Open, pages: dict[str, Path]) -> None:
    tab = visit(pages["hostile"], width=360)
    tab.evaluate("probe.unfold()")
    wider = (
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth + 1"
        " && !t.closest('.scroll[tabindex]')).length"
    )
    assert tab.evaluate(wider) == 0


@pytest.mark.parametrize("name", PAGES)
def test_every_text_and_every_mark_is_clear_in_light_and_dark(
    visit: Open, pages: dict[str, Path], name: str
) -> None:
    tab = visit(pages[name])
    tab.evaluate("probe.unfold()")
    backgrounds = set[str]()
    for dark in (False, True):
        tab.media("screen", dark=dark)
        backgrounds.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        pairs = tab.evaluate("probe.pairs()")
        assert len(pairs) >= 3
        assert [pair for pair in pairs if pair["ratio"] < 4.5 or not pair["opaque"]] == []
        marks = tab.evaluate("probe.marks()")
        assert marks
        assert [mark for mark in marks if mark["ratio"] < 3] == []
    assert len(backgrounds) == 2


@pytest.mark.parametrize("dark", [False, True])
def test_paper_is_white_and_its_ink_clear(visit: Open, pages: dict[str, Path], dark: bool) -> None:
    tab = visit(pages["whole"])
    tab.media("print", dark=dark)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert [pair for pair in tab.evaluate("probe.pairs()") if pair["ratio"] < 4.5] == []


@pytest.mark.parametrize("name", PAGES)
def test_print_style_shows_all_that_is_there(visit: Open, pages: dict[str, Path], name: str) -> None:
    """Folded parts and steps that the screen shows one at a time; only what one presses is left out."""
    tab = visit(pages[name], width=700)
    tab.media("print")
    assert tab.evaluate("probe.unseen('nav, .skip, .controls, .after')") == []
    assert tab.evaluate("probe.overflowing()") == {"page": 0, "texts": []}
    assert tab.evaluate("probe.overlapping()") == []


def test_the_printed_file_has_every_step_of_every_episode(visit: Open, pages: dict[str, Path]) -> None:
    tab = visit(pages["whole"])
    folded = "document.querySelectorAll('details:not([open])').length"
    closed = tab.evaluate(folded)
    assert closed > 0
    found = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(tab.pdf())).pages)
    text = unicodedata.normalize("NFKC", found)  # without ligatures
    printed = re.findall(r"Step (\d+) of (\d+)", text)
    assert sorted(printed) == sorted(
        re.findall(
            r"Step (\d+) of (\d+)",
            tab.evaluate("[...document.querySelectorAll('.steps .at')].map(at => at.textContent).join(' ')"),
        )
    )
    assert len(printed) > 20
    assert "Show all" not in text
    said = tab.evaluate("[...document.querySelectorAll('summary')].map(s => s.textContent)")
    plain = "".join(text.split())
    assert [s for s in said if "".join(s.split()) not in plain] == []
    assert tab.evaluate(folded) == closed, "after printing the page is as it was"
