"""The scratch folder of the demo, and the processes in it: real ones, as anybody would start them."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, final

from corrigible.core.errors import GuardError, MissingExtraError
from corrigible.guard.demo.client import Client
from corrigible.guard.ledger.keys import SigningKey

NAME = "corrigible-demo"
SESSION = "demo"
SLOW = "summary.md"
"""The file whose writing takes long to be answered."""
PATIENCE = 20.0
"""Seconds until something that must happen is taken not to."""

POLICY = """\
// The agent may read in its folder.
@id("reads")
permit (principal, action in Action::"read", resource)
when { context.arguments.path like "WORK*" };

// It may write there once a person has said yes.
@id("writes")
@reason("the agent writes only where a person has said yes")
permit (principal, action in Action::"write", resource)
when { context.approved && context.arguments.path like "WORK/*" };
"""

MANIFEST = """\
[guard]
name = "corrigible-demo"
agent = "demo-agent"
policy = "policy.cedar"
store = "sqlite:guard.db"
key = "guard.key"
resume-by-another = true

[approval]
wait = "5m"

[[anchors]]
to = "file:../elsewhere/checkpoints"
every = "1s"

[monitors.reaching]

[servers.files]
command = COMMAND
folder = "../work"

[servers.files.tools.list_directory]
reads = ["file:../work/**"]
arguments.path = { required = true, means = "path" }

[servers.files.tools.read_text_file]
reads = ["file:../work/**"]
arguments.path = { required = true, means = "path" }

[servers.files.tools.write_file]
writes = ["file:../work/**"]
arguments.path = { required = true, means = "path" }
arguments.content = { required = true }

# How to find out whether a file was written, if a crash leaves that open.
[servers.files.tools.write_file.probe]
tool = "files/read_text_file"
arguments = { path = "$path" }
done = "SUMMARY"
undone = "no such file|ENOENT|No such file"
"""

FILES = {
    "sales.csv": "month,sales\nSeptember,410\nOctober,395\nNovember,120\n",
    "todo.md": "Write a report on the sales of the last three months.\n",
}


class Ran(NamedTuple):
    """What a command of a person came to."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what it printed, as JSON."""
        return json.loads(self.out)


@final
class Stage:
    """The folders and processes of one performance.

    Parameters
    ----------
    folder
        Where everything goes; it must be there and empty.
    npx
        Whether the npm file server is used in place of ours.
    """

    def __init__(self, folder: Path, *, npx: bool = False) -> None:
        self.folder = folder.resolve()
        self.work, self.home = self.folder / "work", self.folder / "guard"
        self.elsewhere, self.tally = self.folder / "elsewhere", self.folder / "tally"
        self.manifest, self.store = self.home / "guard.toml", self.home / "guard.db"
        self._python = [sys.executable, "-m"]
        for each in (self.work, self.work / "drafts", self.home, self.elsewhere):
            each.mkdir()
        for name, text in FILES.items():
            (self.work / name).write_text(text, encoding="utf-8")
        server = (
            ["npx", "-y", "@modelcontextprotocol/server-filesystem", str(self.work)]
            if npx
            else [*self._python, "corrigible.guard.demo.files_server", str(self.work)]
        )
        line = [*self._python, "corrigible.guard.demo.slow_line", str(self.tally), SLOW, "3", "--", *server]
        self.manifest.write_text(MANIFEST.replace("COMMAND", json.dumps(line)), encoding="utf-8")
        SigningKey.create(self.home / "guard.key", NAME)
        (self.home / "policy.cedar").write_text(POLICY.replace("WORK", str(self.work)), encoding="utf-8")

    def agent(self) -> Client:
        """Start the guard, and be the agent that it stands in front of."""
        command = [*self._python, "corrigible", *self.words("guard", "mcp", "--session", SESSION)]
        client = Client(command, os.environ, self.folder / "guard.log")
        try:
            client.start()
        except GuardError as error:
            client.close()
            if "corrigible[" in error.message:
                raise MissingExtraError(
                    "the guard's packages are not installed", "pip install 'corrigible[guard]'"
                ) from error
            raise
        return client

    def words(self, *words: str) -> list[str]:
        """Return the words of a command about this guard."""
        split = 2 if words[0] in ("guard", "ledger") else 1
        return [*words[:split], "--manifest", str(self.manifest), *words[split:]]

    def line(self, *words: str) -> str:
        """Return a command as one would type it anywhere."""
        return shlex.join(["corrigible", *self.words(*words)])

    @staticmethod
    def short(*words: str) -> str:
        """Return a command as one would type it in the folder of the manifest."""
        return shlex.join(["corrigible", *words])

    def run(self, *words: str) -> Ran:
        """Run a command in a process of its own."""
        return self._run(self.words(*words))

    def run_on(self, store: Path, *words: str) -> Ran:
        """Run a command about a copy of the store."""
        return self._run([*words, "--store", f"sqlite:{store}"])

    def request(self, patience: float = PATIENCE) -> dict[str, Any]:
        """Wait until something waits for people, and return the oldest."""
        found = self.wait(lambda: self.run("approvals", "--json").json(), patience)
        if not found:
            raise GuardError("nothing waits for people", f"see `{self.folder / 'guard.log'}`")
        return found[0]

    def _run(self, words: list[str]) -> Ran:
        command = [*self._python, "corrigible", *words]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=self.folder)
        return Ran(done.returncode, done.stdout, done.stderr)

    def calls(self) -> list[str]:
        """Return the calls that reached the server."""
        return self.tally.read_text(encoding="utf-8").splitlines() if self.tally.exists() else []

    def copy(self, name: str) -> Path:
        """Return a copy of the store as it is now."""
        target = self.folder / name
        with closing(sqlite3.connect(self.store)) as store, closing(sqlite3.connect(target)) as other:
            store.backup(other)
        return target

    @staticmethod
    def wait(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Look until there is something to see, and return it; after a while, whatever was seen last."""
        ends = time.monotonic() + patience
        while not (seen := look()) and time.monotonic() < ends:
            time.sleep(0.1)
        return seen
