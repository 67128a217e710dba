"""Pictures of the pages, to be looked at: `python -m tests.browser.screenshots FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .chromium import Tab, find, start
from .pages import write_pages

PARTS = (
    "header",
    "#limits",
    "#short",
    "#changes",
    "#pictures",
    "#behaviours",
    "#drives",
    "#wording",
    "#words",
)
LOOKS = {"wide": (1280, False), "dark": (1280, True), "phone": (360, False), "phone-dark": (360, True)}


def main(folder: Path) -> None:
    """Write a picture of each part of each page in each look, and each page as it is printed."""
    program = find()
    assert program is not None, "no Chromium"
    folder.mkdir(parents=True, exist_ok=True)
    pages = write_pages(folder)
    with tempfile.TemporaryDirectory() as place, start(program, Path(place) / "profile") as browser:
        for name, path in pages.items():
            for look, (width, dark) in LOOKS.items():
                tab = Tab(browser, path, width=width, dark=dark)
                has = "selector => document.querySelector(selector) !== null"
                worlds = [f"#world-{n}" for n in range(1, 4)] if name != "planner" else []
                for part in (*PARTS, *worlds):
                    if tab.evaluate(f"({has})({part!r})"):
                        tab.screenshot(folder / f"{name}-{look}-{part.strip('#')}.png", part)
                if look == "wide":
                    (folder / f"{name}.pdf").write_bytes(tab.pdf())
                tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
