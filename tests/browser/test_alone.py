"""A page loads nothing, runs nothing but its own script, and an agent's text is but text."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chromium import Tab
from .conftest import Open
from .pages import LONG

PAGES = ("whole", "hostile", "crashing", "planner", "matrix")


def requests(tab: Tab) -> set[str]:
    return {said["request"]["url"] for said in tab.events("Network.requestWillBeSent")}


def complaints(tab: Tab) -> list[str]:
    """What the console of the browser shows, and what its policy has stopped."""
    methods = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded")
    return [str(said) for said in tab.events(*methods)]


def test_the_browser_tells_what_these_tests_ask_it(visit: Open, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\">"
        "<title>x</title><script>globalThis.ran = 1</script><img src='other.png'>"
    )
    tab = visit(path)
    assert requests(tab) == {tab.address, tab.address.replace("bad.html", "other.png")}
    assert any("Content Security Policy" in said for said in complaints(tab))
    assert tab.evaluate("typeof ran") == "undefined"


@pytest.mark.parametrize("name", PAGES)
def test_no_request_leaves_the_file_and_the_console_stays_empty(
    visit: Open, pages: dict[str, Path], name: str
) -> None:
    tab = visit(pages[name])
    tab.evaluate("probe.unfold()")
    tab.evaluate("for (const button of document.querySelectorAll('.controls button')) button.click()")
    tab.pdf()
    assert requests(tab) == {tab.address}
    assert complaints(tab) == []


@pytest.mark.parametrize("name", ["hostile", "crashing", "matrix"])
def test_what_an_agent_writes_is_shown_and_does_not_run(
    visit: Open, pages: dict[str, Path], name: str
) -> None:
    tab = visit(pages[name])
    assert tab.evaluate("typeof ran") == "undefined"
    assert (
        tab.evaluate(
            "document.querySelectorAll('img, base, svg[onload], body script:not(:last-child)').length"
        )
        == 0
    )
    assert tab.evaluate("document.baseURI") == tab.address
    text = tab.evaluate("document.body.textContent")
    assert "</style></script><script>globalThis.ran=1</script><img src=" in text
    assert name == "crashing" or LONG in text  # of an error the beginning is told
    assert "\u202e" not in text
    assert tab.evaluate("getComputedStyle(document.body).direction") == "ltr"


def test_text_that_runs_to_the_left_turns_nothing_around(visit: Open, pages: dict[str, Path]) -> None:
    """What stands after an agent's words stands behind or below them, and not amid or before."""
    tab = visit(pages["hostile"])
    tab.evaluate("probe.unfold()")
    for where in ("h1 code", ".steps dd.code"):
        assert tab.evaluate(f"getComputedStyle(document.querySelector('{where}')).unicodeBidi") == "isolate"
