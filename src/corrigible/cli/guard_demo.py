"""``corrigible guard demo``: an agent that goes too far, and what the guard does about it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corrigible.cli.store import print_json, visible
from corrigible.core.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from corrigible.cli.terminal import Page
    from corrigible.guard.demo.scenario import Line

PATIENCE = 300.0
"""Seconds that `--wait` waits for the user."""
LABELS = {"agent": "agent", "guard": "guard", "person": "$", "note": "", "check": ""}
STYLES = {"agent": "cyan", "guard": "magenta", "person": "bold", "note": "dim"}


@click.command(
    short_help="Watch an agent that goes too far, in under a minute.",
    epilog="""\b
Examples:
  corrigible guard demo
  corrigible guard demo --wait
  corrigible guard demo --keep demo
\b
Exit status: 0 if every step came out as told, 1 if one did not, 2 bad input.
""",
)
@click.option("--wait", is_flag=True, help="Let you answer the first request, in another terminal.")
@click.option("--npx", is_flag=True, help="Use the file server of npm, which npx fetches, in place of ours.")
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="DIR", help="Leave everything in this folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def demo(wait: bool, npx: bool, keep: Path | None, as_json: bool) -> None:
    """Watch a scripted agent at work on a real MCP server of files, behind a real guard, in a scratch folder:
    what is allowed, asked about, granted, denied and halted, a crash survived, and the ledger verified and then
    caught tampered with. It needs no key and no network.
    """
    import importlib.util
    import shutil

    for name in ("cedarpy", "cryptography"):
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(f"{name} is not installed", "pip install 'corrigible[guard]'")
    if npx and shutil.which("npx") is None:
        raise OptionError("`npx` is not installed", "leave `--npx` out, and our own server is used")
    from corrigible.cli.terminal import Page
    from corrigible.guard.demo.scenario import Scenario
    from corrigible.guard.demo.stage import Stage

    page, began, told = Page(), time.monotonic(), list["Line"]()
    with _folder(keep) as folder:
        stage = Stage(folder, npx=npx)
        if not as_json:
            page.write(f"Commands are typed in {stage.home}, where the guard keeps its files.", style="dim")
        for line in Scenario(stage, PATIENCE if wait else 0.0).lines():
            told.append(line)
            if not as_json:
                _tell(page, line, sum(each.voice == "step" for each in told))
    failed = [line for line in told if not line.held]
    checks, seconds = sum(line.voice == "check" for line in told), time.monotonic() - began
    if as_json:
        lines = [{"voice": line.voice, "text": line.text, "held": line.held} for line in told]
        print_json({"held": not failed, "checks": checks, "seconds": round(seconds, 1), "lines": lines})
    else:
        page.write()
        end = f"All {checks} checks hold" if not failed else f"{len(failed)} of {checks} checks do not hold"
        page.write(f"{end}; {seconds:.0f} s.{f' Everything lies in {keep}.' if keep else ''}")
    if failed:
        raise click.exceptions.Exit(1)


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="corrigible-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    try:
        keep.mkdir(parents=True)
    except OSError as error:
        raise OptionError(
            f"`{keep}` cannot be made: {error.strerror}", "name a folder that is new"
        ) from error
    yield keep


def _tell(page: Page, line: Line, step: int) -> None:
    from rich.table import Table
    from rich.text import Text

    if line.voice == "step":
        page.write()
        page.item(f"{step}.", line.text)
        return
    mark, style = LABELS[line.voice], STYLES.get(line.voice, "")
    if line.voice == "check" or not line.held:
        mark, style = ("✓", "green") if line.held else ("✗ NOT", "bold red")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=6, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(
        Text(mark, style=style), Text(visible(line.text), style="" if line.voice == "guard" else style)
    )
    page.put(grid)
