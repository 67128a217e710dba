"""Reading manifests, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import FileFormatError
from corrigible.guard.manifest import Argument, Limits, Manifest, Server, Tool
from corrigible.guard.manifest_file import load, loads
from corrigible.guard.manifest_text import text, value
from corrigible.guard.settings import lines_of, parse
from tests.guard.policy.parts import MANIFEST, TEXT

FILE = Path("/guard/guard.toml")
HEAD = '[guard]\nname = "acme"\n'
TOOL = "[servers.s.tools.t]\n"


def test_paths_are_read_from_the_manifests_folder(tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    file.write_text(
        HEAD + 'policy = "../p.cedar"\n[servers.s]\n' + TOOL + 'reads = ["file:docs/**", "file:/etc/x"]\n'
    )
    made = load(file)
    assert made.policy == tmp_path.parent / "p.cedar"
    assert (made.store, made.key) == (f"sqlite:{tmp_path}/guard.db", tmp_path / "guard.key")
    assert made.tools["s/t"].reads == ("file:/etc/x", f"file:{tmp_path}/docs/**")
    assert made.servers["s"].folder == str(tmp_path)


def test_durations_and_rates_are_read() -> None:
    made = loads(
        HEAD + '[limits]\nrate = "60/1m"\ntime = "1.5h"\n[approval]\nwait = "0s"\nexpires = "250ms"', FILE
    )
    assert made.limits == Limits(rate=(60, 60.0), time=5400.0)
    assert (made.approval.wait, made.approval.expires) == (0.0, 0.25)


def test_the_version_is_the_same_whatever_the_order_of_the_file() -> None:
    one = HEAD + TOOL + 'reads = ["a", "b"]\ngrave = true\n[servers.s.tools.u]\n'
    other = "[servers.s.tools.u]\n" + TOOL + 'grave = true\nreads = ["b", "a"]\n' + HEAD
    assert loads(one, FILE).version == loads(other, FILE).version
    assert loads(one, FILE).version != loads(one.replace("true", "false"), FILE).version


def test_the_store_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARD_STORE", "postgresql://u:secret@host/db")
    assert loads(HEAD + 'store = "env:GUARD_STORE"', FILE).store == "postgresql://u:secret@host/db"
    monkeypatch.delenv("GUARD_STORE")
    with pytest.raises(FileFormatError, match="names the variable `GUARD_STORE`, which is not set"):
        loads(HEAD + 'store = "env:GUARD_STORE"', FILE)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "/guard/guard.toml:1: `guard` needs `name`"),
        ("[guard]\nname = ", "/guard/guard.toml:2: no TOML: invalid value"),
        ('[guard]\n\nname = "a b"', ":3: `guard.name` is `a b`"),
        (HEAD + "agnt = 'x'", ":3: `guard.agnt` is unknown; did you mean `agent`?"),
        (HEAD + "[limits]\n# many\ncalls = -1", ":5: `limits.calls` must be a whole number from 0, not `-1`"),
        (HEAD + "[limits]\ncalls = true", ":4: `limits.calls` must be a whole number"),
        (HEAD + 'limits.rate = "60"', ":3: `guard.limits` is unknown"),
        (HEAD + '[limits]\nrate = "0/1m"', ":4: `limits.rate` must be a rate"),
        (HEAD + "[limits]\ncost = nan", ":4: `limits.cost` must be a number from 0"),
        (
            HEAD + '[limits]\ntime = "1 h"',
            ":4: `limits.time` must be a duration, not `1 h`; write for example",
        ),
        (
            HEAD + "[servers.s.tools.t]\nread = []",
            ":4: `servers.s.tools.t.read` is unknown; did you mean `reads`?",
        ),
        (
            HEAD + TOOL + 'reads = ["disk:/x"]',
            ":4: `servers.s.tools.t.reads` names `disk:/x`, which is no resource",
        ),
        (
            HEAD + TOOL + 'writes = ["net:Example.com"]',
            "must be `net:HOST` or `net:HOST:PORT`, in lower case",
        ),
        (HEAD + TOOL + "timeout = 30", ":4: `servers.s.tools.t.timeout` must be a duration"),
        (
            HEAD + TOOL + 'arguments.a = { kind = "text" }',
            ":4: `servers.s.tools.t.arguments.a.kind` is `text`",
        ),
        (HEAD + TOOL + 'arguments.a = { kind = "integer", means = "path" }', "which a integer cannot be"),
        (HEAD + '[servers."a/b"]', ":3: `servers.a/b` is no name of a server"),
        (HEAD + '[servers.s.tools."a b"]', ":3: `servers.s.tools.a b` is no name of a tool"),
        (
            HEAD + '[servers.s]\ncommand = ["x"]\nurl = "http://x"',
            ":3: `servers.s` has both `command` and `url`",
        ),
        (HEAD + '[servers.s]\nurl = "http://u:p@x"', ":4: `servers.s.url` holds a name or password"),
        (
            HEAD + 'store = "postgresql://u:p@h/d"',
            ":3: `guard.store` holds a password; set it in the environment",
        ),
        (HEAD + 'store = "postgresql://h/d?password=p"', ":3: `guard.store` holds a password"),
        (HEAD + 'store = "guard.db"', ":3: `guard.store` is no store: `guard.db`"),
        (HEAD + '[[anchors]]\nto = "file:a"\n[[anchors]]\nto = "ftp://x"', ":6: `anchors.1.to` is `ftp://x`"),
        (HEAD + '[redact]\npatterns = ["("]', ":4: `redact.patterns` holds no regular expression"),
        (HEAD + '[approval]\nask = ["webhook"]', ":4: `approval.ask` and `approval.webhook` go together"),
        (
            HEAD + '[approval]\napprovers = ["a"]\n' + TOOL + "grave = true",
            ":4: `approval.approvers` names fewer",
        ),
        (HEAD + "[monitors.nobody]", ":3: `monitors.nobody` does not fit: there is no monitor `nobody`"),
        (HEAD + "[monitors.denials]\nsince = 2020-01-01", ":3: `monitors.denials` holds a date"),
        (
            HEAD + TOOL + '[servers.s.tools.t.probe]\ntool = "s/u"\ndone = "x"',
            "names `s/u`, which the manifest does not",
        ),
        (
            HEAD + TOOL + 'writes = ["a"]\n[servers.s.tools.t.probe]\ntool = "s/t"\ndone = "x"',
            ":6: `servers.s.tools.t.probe.tool` names `s/t`, which does not only read",
        ),
        (
            HEAD
            + TOOL
            + 'probe = { tool = "s/r", done = "x", arguments = { a = "$b" } }\n[servers.s.tools.r]\n'
            'reads = ["x"]\narguments.a = {}',
            ":4: `servers.s.tools.t.probe.arguments` holds `$b`, but `s/t` takes no argument `b`",
        ),
        (
            HEAD + TOOL + 'probe = { tool = "s/r", done = "x" }\n[servers.s.tools.r]\nreads = ["x"]\n'
            "arguments.a = { required = true }",
            ":4: `servers.s.tools.t.probe.arguments` does not fit: `s/r` needs the argument `a`",
        ),
    ],
)
def test_a_broken_manifest_names_file_line_and_rule(toml: str, said: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        loads(toml, FILE)
    assert str(caught.value).startswith("/guard/guard.toml:")
    assert said in str(caught.value)


def test_lines_are_found_in_every_way_of_writing_toml() -> None:
    toml = "\n".join(
        [
            "# [no]",  # 1
            'a.b = "x # [y]"',  # 2
            'long = """',  # 3
            "[no]",  # 4
            'k = 1"""',  # 5
            "list = [ # one",  # 6
            "  { c = 1 },",  # 7
            "]",  # 8
            "[ t . 'q.r' ] # head",  # 9
            '"\\u0064" = { e = [1, 2], f = "}" }',  # 10
            "[[many]]",  # 11
            "g = '''a'b'''",  # 12
            "[many.sub]",  # 13
            "h = 1",  # 14
            "[[many]]",  # 15
            "i = 1",  # 16
        ]
    )
    lines = lines_of(toml)
    assert {keys: lines.get(keys) for keys in lines} == {
        ("a",): 2,
        ("a", "b"): 2,
        ("long",): 3,
        ("list",): 6,
        ("t",): 9,
        ("t", "q.r"): 9,
        ("t", "q.r", "d"): 10,
        ("many",): 11,
        ("many", 0): 11,
        ("many", 0, "g"): 12,
        ("many", 0, "sub"): 13,
        ("many", 0, "sub", "h"): 14,
        ("many", 1): 15,
        ("many", 1, "i"): 16,
    }
    parse(toml, FILE)


def test_a_manifest_written_and_read_is_the_same() -> None:
    assert loads(text(MANIFEST), FILE) == MANIFEST
    assert loads(TEXT, FILE).version == loads(text(MANIFEST), FILE).version


def test_a_password_is_written_into_no_file() -> None:
    with pytest.raises(ValueError, match="password"):
        text(Manifest(name="a", store="postgresql://u:p@h/d"))


NAMES = st.text("ab_-", min_size=1, max_size=4).map(lambda name: f"x{name}")
WORDS = st.text(min_size=1, max_size=8).filter(lambda word: word.strip() and "\0" not in word)
ARGUMENTS = st.builds(
    Argument,
    kind=st.sampled_from(["string", "integer", "number", "boolean", "object", "any"]),
    required=st.booleans(),
    means=st.sampled_from(["", "secret"]),
)


@st.composite
def servers(draw: st.DrawFn) -> Server:
    name = draw(NAMES)
    tools = [
        Tool(
            name=f"{name}/{each}",
            reads=draw(st.sampled_from([(), ("*",), ("file:/a b/**", "net:x.y:80", "word")])),
            cost=draw(st.floats(0, 1e9)),
            timeout=draw(st.floats(0.001, 1e6)),
            limits=Limits(
                calls=draw(st.none() | st.integers(0, 99)), rate=draw(st.none() | st.just((3, 0.5)))
            ),
            arguments=draw(st.dictionaries(WORDS.filter(str.isprintable), ARGUMENTS, max_size=2)),
        )
        for each in draw(st.lists(NAMES, max_size=2, unique=True))
    ]
    return Server(
        name=name,
        command=tuple(draw(st.lists(WORDS, max_size=2))),
        folder="/w",
        environment=dict(sorted(draw(st.dictionaries(NAMES, WORDS, max_size=2)).items())),
        tools={tool.name: tool for tool in tools},
    )


@settings(max_examples=30)
@given(st.lists(servers(), max_size=2, unique_by=lambda server: server.name))
def test_any_manifest_survives_writing_and_reading(made: list[Server]) -> None:
    manifest = Manifest(
        name="n",
        path=FILE,
        policy=Path("/p"),
        key=Path("/k"),
        store="sqlite:/s",
        servers={server.name: server for server in made},
    )
    assert loads(text(manifest), FILE) == manifest


@settings(max_examples=50)
@given(st.recursive(st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(), st.lists, max_leaves=4))
def test_values_survive_writing_and_reading(given: Any) -> None:
    assert parse(f"a = {value(given)}", FILE).values == {"a": given}
