"""One Chromium for all tests of this folder, and the pages that it opens; `make test-browser` runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .chromium import Browser, Tab, find, start
from .pages import write_pages

Open = Callable[..., Tab]


def pytest_configure(config: pytest.Config) -> None:
    if find() is None:
        raise pytest.UsageError(
            "the browser tests need Chromium: `apt-get install chromium`, or set CHROMIUM=/path/to/chromium"
        )


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find()
    assert program is not None
    with start(program, tmp_path_factory.mktemp("chromium") / "profile") as started:
        yield started


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open a file; its tab is closed when the test is over."""
    opened: list[Tab] = []

    def visit(path: Path, *, width: int = 1280, dark: bool = False) -> Tab:
        opened.append(Tab(browser, path, width=width, dark=dark))
        return opened[-1]

    yield visit
    for tab in opened:
        tab.close()
    browser.events.clear()
