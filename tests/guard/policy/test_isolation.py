"""Tools that could reach what holds the agent back."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import corrigible
from corrigible.core.errors import OptionError
from corrigible.guard.isolation import check, held, reached
from corrigible.guard.manifest import Anchor, Argument, Manifest, Server, Tool
from corrigible.guard.resources import reaches_file, reaches_net

BASE = Manifest(
    name="acme",
    path=Path("/guard/guard.toml"),
    policy=Path("/rules/policy.cedar"),
    key=Path("/keys/guard.key"),
    store="sqlite:/data/guard.db",
    anchors=(Anchor(to="file:/mirror/log"), Anchor(to="git:/repo"), Anchor(to="https://Log.example/a")),
)


def _with(
    command: tuple[str, ...] = ("x",), environment: dict[str, str] | None = None, **effects: object
) -> Manifest:
    tools = {"s/t": Tool(name="s/t", **effects)} if effects else {}  # pyright: ignore[reportArgumentType]
    server = Server(name="s", command=command, folder="/work", environment=environment or {}, tools=tools)
    return dataclasses.replace(BASE, servers={"s": server})


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        ("*", "the store `/data/guard.db`"),
        ("file:/**", "the store `/data/guard.db`"),
        ("file:/data/guard.db", "the store `/data/guard.db`"),
        ("file:/data/*-wal", "the store `/data/guard.db-wal`"),
        ("file:/data/*.alive", "the store `/data/guard.db.alive`"),
        ("file:/data/guard.db.alive/x", "the store `/data/guard.db.alive`"),
        ("file:/data", "the store `/data/guard.db`"),
        ("file:/da?a/**", "the store `/data/guard.db`"),
        ("file:/guard/*", "the manifest `/guard/guard.toml`"),
        ("file:/rules/**", "the policy `/rules/policy.cedar`"),
        ("file:/keys/**", "the signing key `/keys/guard.key`"),
        ("file:/mirror/**", "the anchor `/mirror/log`"),
        ("file:/repo/.git/**", "the anchor `/repo`"),
        ("file:/repo/*", "the anchor `/repo`"),
        ("file:/re*/**", "the anchor `/repo`"),
        ("file:/repos/**", None),
        ("file:/repo", "the anchor `/repo`"),
        ("net:log.example", "the anchor `log.example:443`"),
        ("net:*.example:443", "the anchor `log.example:443`"),
        ("net:log.example:80", None),
        ("file:/desk/**", None),
        ("mailbox", None),
    ],
)
@pytest.mark.parametrize("effect", ["reads", "writes", "grants", "destroys"])
def test_a_grant_that_covers_what_holds_back_is_refused(effect: str, resource: str, what: str | None) -> None:
    manifest = _with(**{effect: (resource,)})
    if what is None:
        check(manifest)
        return
    with pytest.raises(OptionError, match=re.escape(f"`s/t` {effect} `{resource}`, which covers {what}")):
        check(manifest)


def test_the_guards_own_code_may_be_read_but_not_written() -> None:
    code = f"file:{Path(corrigible.__file__).parent}/**"
    check(_with(reads=(code,)))
    for grant in (code, code.replace("**", "*.py"), code.replace("**", "guard/policy.py")):
        with pytest.raises(OptionError, match="covers the guard's own code"):
            check(_with(writes=(grant,)))


def test_links_hide_nothing_on_either_side(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/link").symlink_to(tmp_path / "data")
    (tmp_path / "alias").symlink_to(tmp_path / "data")
    real = dataclasses.replace(BASE, store=f"sqlite:{tmp_path}/data/guard.db")
    linked = dataclasses.replace(BASE, store=f"sqlite:{tmp_path}/alias/guard.db")
    for base, grant in ((real, "work/link/**"), (real, "alias/*"), (linked, "data/**"), (linked, "alias/**")):
        tool = Tool(name="s/t", writes=(f"file:{tmp_path}/{grant}",))
        with pytest.raises(OptionError, match="covers the store"):
            check(dataclasses.replace(base, servers={"s": Server(name="s", tools={"s/t": tool})}))


@pytest.mark.parametrize(
    ("store", "resource", "covered"),
    [
        ("postgresql://u@db.example/guard", "net:db.example:5432", True),
        ("postgresql://u@db.example/guard", "net:db.example:80", False),
        ("postgresql://u@db.example:6000/guard", "net:*.example", True),
        ("postgresql://u@a.example:1,b.example:2/guard", "net:b.example:2", True),
        ("postgresql:///guard", "net:127.0.0.1", True),
        ("postgresql:///guard?host=/run/pg", "file:/run/**", True),
        ("postgresql://%2Frun%2Fpg/guard", "file:/run/**", True),
        ("postgresql://u@db.example/guard", "net:other.example", False),
    ],
)
def test_a_postgres_store_is_a_port_of_a_host(store: str, resource: str, covered: bool) -> None:
    manifest = dataclasses.replace(_with(reads=(resource,)), store=store)
    if covered:
        with pytest.raises(OptionError, match="covers the store"):
            check(manifest)
    else:
        check(manifest)


def test_a_server_that_is_started_with_what_holds_back_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    base = dataclasses.replace(BASE, store=f"sqlite:{home}/guard.db")
    monkeypatch.setenv("OURS", str(home))
    for command, environment in (
        (("server", str(tmp_path)), {}),
        (("server", f"--allow={home}"), {}),
        (("server", "../home"), {}),
        (("server", f"{home}/guard.db?mode=rw"), {}),
        (("server",), {"PLACES": f"/etc:{home}"}),
        (("server",), {"PLACES": "env:OURS"}),
        (("server", "--key", "/keys/guard.key"), {}),
        (("server", "--db", "postgresql://log.example:443/x"), {}),
    ):
        server = Server(name="s", command=command, folder=str(home), environment=environment)
        with pytest.raises(OptionError, match="of server `s` reaches the "):
            check(dataclasses.replace(base, servers={"s": server}))
    (tmp_path / "work").mkdir()
    fine = Server(name="s", command=("server", str(tmp_path / "work"), "--log.example"), folder=str(home))
    check(dataclasses.replace(base, servers={"s": fine}))


def test_many_faults_are_told_in_one_line_with_their_number() -> None:
    tools = {f"s/t{n}": Tool(name=f"s/t{n}", writes=("*",)) for n in range(5)}
    with pytest.raises(OptionError, match=r"`s/t0`.*; `s/t1`.*; `s/t2`.*; and 2 more; narrow what"):
        check(dataclasses.replace(BASE, servers={"s": Server(name="s", tools=tools)}))


def test_a_path_that_a_call_names_is_held_against_what_holds_back() -> None:
    paths = {
        "path": Argument(means="path"),
        "paths": Argument(kind="array", means="path"),
        "text": Argument(),
    }
    reads = Tool(name="s/r", reads=("file:/work/**",), arguments=paths)
    writes = Tool(name="s/w", writes=("file:/work/**",), arguments=paths)
    ours = held(BASE)
    assert "names the store `/data/guard.db-wal`" in reached(reads, {"path": "/data/guard.db-wal"}, ours)
    assert "names the anchor `/repo`" in reached(reads, {"paths": ["/work/a", "/repo/.git/config"]}, ours)
    assert reached(reads, {"path": "/data"}, ours) == ""
    assert "names the store" in reached(writes, {"path": "/data"}, ours)
    assert reached(writes, {"path": "/work/a", "text": "/data/guard.db"}, ours) == ""


def test_patterns_and_hosts_cover_what_they_say() -> None:
    assert reaches_file("file:/a/*", "/a/b")
    assert not reaches_file("file:/a/*.txt", "/a/b/c.txt")
    assert reaches_file("file:/a/*", "/a/b/c")  # whoever can write /a/b can move it, with all it holds
    assert not reaches_file("file:/a/b", "/a/bc")
    assert not reaches_file("file:/a.b", "/aXb")
    assert reaches_net("net:*", "x", 1)
    assert not reaches_net("net:*.x.y", "x.y", 1)
    assert reaches_net("net:[::1]:5", "localhost", 5)
    assert not reaches_net("word", "x", 1)
