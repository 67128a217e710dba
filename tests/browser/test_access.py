"""A page can be read by a screen reader and used with the keys alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from .chromium import Browser, Node, Tab
from .conftest import Open

PAGES = ("whole", "hostile", "crashing", "planner", "matrix")
NAMED = {
    "image",
    "img",
    "graphics-document",
    "graphics-symbol",
    "link",
    "button",
    "region",
    "navigation",
    "figure",
    "table",
}
CELLS = {"columnheader", "rowheader", "cell"}
LANDMARKS = {"banner", "main", "contentinfo", "navigation", "region"}
STATUS = "document.querySelector('.controls:not([hidden]) [role=status]').textContent"


@pytest.fixture(
    scope="module",
    params=[(name, width) for name in PAGES for width in (1280, 360)],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def tree(request: pytest.FixtureRequest, browser: Browser, pages: dict[str, Path]) -> list[Node]:
    """The whole of a page, unfolded, as a screen reader is told of it."""
    name, width = request.param
    tab = Tab(browser, pages[name], width=width)
    tab.evaluate("probe.unfold()")
    found = tab.tree()
    tab.close()
    return found


def test_headings_lead_through_the_page(tree: list[Node]) -> None:
    levels = [node["level"] for node in tree if node["role"] == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
    assert all(node["name"].strip() for node in tree if node["role"] == "heading")


def test_everything_that_needs_a_name_has_one(tree: list[Node]) -> None:
    roles = {node["role"] for node in tree}
    assert {"link", "table", "region", "navigation"} <= roles
    assert roles & {"image", "img", "graphics-document"}
    assert [node["role"] for node in tree if node["role"] in NAMED and not node["name"].strip()] == []


def test_landmarks_are_told_apart(tree: list[Node]) -> None:
    found = [(node["role"], node["name"]) for node in tree if node["role"] in LANDMARKS]
    for once in ("banner", "main", "contentinfo"):
        assert [role for role, _ in found].count(once) == 1
    assert sorted({mark for mark in found if found.count(mark) > 1}) == []


def test_tables_have_heads_of_columns_and_of_rows(tree: list[Node]) -> None:
    tables = [node for node in tree if node["role"] == "table"]
    assert tables
    for table in tables:
        rows = [
            [cell["role"] for cell in under(row, tree)] for row in under(table, tree) if row["role"] == "row"
        ]
        head, *body = [[role for role in row if role in CELLS] for row in rows]
        assert set(head) == {"columnheader"}
        assert body
        assert all(row[0] == "rowheader" and set(row[1:]) == {"cell"} for row in body)


def under(node: Node, tree: list[Node]) -> list[Node]:
    """Return what lies below a node of the tree."""
    return [other for other in tree if any(above is node for above in other["above"])]


@pytest.mark.parametrize("name", PAGES)
def test_the_first_key_skips_to_the_findings(visit: Open, pages: dict[str, Path], name: str) -> None:
    tab = visit(pages[name])
    tab.press("Tab")
    at = tab.evaluate("probe.focus()")
    assert at["skip"]
    assert at["left"] >= 0
    tab.press("Enter")
    tab.press("Tab")
    assert tab.evaluate("probe.focus()")["main"]


def reach(tab: Tab, text: str) -> None:
    for _ in range(400):
        tab.press("Tab")
        at = tab.evaluate("probe.focus()")
        assert at["outlined"], f"one does not see that {at} has the focus"
        if at["text"] == text:
            return
    raise AssertionError(f"Tab does not reach {text}")


def test_keys_step_through_an_episode_and_the_step_is_said(visit: Open, pages: dict[str, Path]) -> None:
    tab = visit(pages["whole"])
    shown = "[...document.querySelector('.replay[open] .steps').children].filter(probe.seen).length"
    said = tab.evaluate(STATUS)
    assert said.startswith("Step ")
    assert tab.evaluate(shown) == 1
    reach(tab, "Next")
    heard = [said]
    for key in (" ", "Enter"):
        tab.press(key)
        heard.append(tab.evaluate(STATUS))
        assert tab.evaluate(shown) == 1
    assert len(set(heard)) == 3
    for _ in range(30):
        tab.press(" ")
    assert tab.evaluate(STATUS) == "End of the episode"
    assert tab.evaluate("probe.focus()")["text"] == "Next", (
        "the last step takes the focus away from the button"
    )
    reach(tab, "Show all")
    tab.press("Enter")
    assert tab.evaluate(STATUS) == "All steps are shown."
    assert tab.evaluate(shown) > 3


def test_what_is_pressed_is_in_the_tree_with_its_state(visit: Open, pages: dict[str, Path]) -> None:
    tab = visit(pages["whole"])
    nodes = tab.tree()
    buttons = [node for node in nodes if node["role"] == "button"]
    assert {"Previous", "Next", "Show all"} <= {node["name"] for node in buttons}
    assert any(node["role"] == "status" and node.get("live") == "polite" for node in nodes)
    folds = [node for node in nodes if node["role"] == "DisclosureTriangle"]
    assert folds
    assert all(node["name"].strip() and "expanded" in node for node in folds)
