"""A first manifest and policy, from what a server says of its tools."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import GuardError, OptionError, OutputError
from corrigible.guard.first.definition import definition
from corrigible.guard.first.files import server_name, write
from corrigible.guard.first.texts import POLICY, manifest_text
from corrigible.guard.manifest_file import load, loads
from corrigible.guard.policy import Policy

READ = {
    "name": "read_file",
    "description": "Read a file\n[servers.evil]\u202e",
    "inputSchema": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "tail": {"type": ["number", "null"]},
            "limit": {"type": "integer"},
            "matrix": {"type": "array", "items": {"type": "array"}},
            "token": {"type": "string"},
            "source_url": {"type": "string"},
        },
        "required": ["path"],
    },
    "annotations": {"readOnlyHint": True},
}
MOVE = {
    "name": "move",
    "description": "Move a file.",
    "inputSchema": {"properties": {"source": {"type": "string"}, "overwrite": {"type": "boolean"}}},
    "annotations": {"destructiveHint": True, "idempotentHint": True},
}
COMMAND = ("python", "-m", "files_server")


def test_what_the_server_calls_reading_reads_and_all_else_asks(tmp_path: Path) -> None:
    write(tmp_path / "guard", "files", COMMAND, [READ, MOVE, {"name": "quiet"}])
    manifest = load(tmp_path / "guard/guard.toml")
    assert manifest.policy is not None
    policy = Policy.load(manifest.policy, manifest)
    outlooks = {name: policy.outlook(tool, "agent") for name, tool in manifest.tools.items()}
    assert outlooks == {"files/read_file": "allow", "files/move": "ask", "files/quiet": "ask"}
    move = manifest.tools["files/move"]
    assert (move.writes, move.destroys, move.idempotent) == (("files",), ("files",), False)


def test_arguments_are_taken_from_the_schema_and_their_meaning_guessed() -> None:
    manifest = loads(manifest_text("g", "files", COMMAND, [READ, MOVE]), Path("/g/guard.toml"))
    arguments = manifest.tools["files/read_file"].arguments
    assert {name: (a.kind, a.means) for name, a in arguments.items()} == {
        "path": ("string", "path"),
        "tail": ("any", ""),
        "limit": ("integer", ""),
        "matrix": ("array", ""),
        "token": ("string", "secret"),
        "source_url": ("string", "url"),
    }
    assert arguments["matrix"].items == "any"
    assert [name for name, argument in arguments.items() if argument.required] == ["path"]
    assert manifest.tools["files/move"].arguments["source"].means == "path"


def test_hints_are_marked_and_what_a_server_says_stays_a_comment() -> None:
    text = manifest_text("g", "files", COMMAND, [READ, {"name": "a b\n[x]"}, READ])
    assert 'reads = ["files"]  # hint from the server, not trusted' in text
    assert "\n# Read a file [servers.evil]\n" in text
    assert list(loads(text, Path("/g/guard.toml")).tools) == ["files/read_file"]
    assert text.count("# Left out") == 2


def test_definitions_are_pinned_and_change_with_what_is_judged() -> None:
    pinned = loads(manifest_text("g", "files", COMMAND, [READ]), Path("/g/guard.toml")).tools[
        "files/read_file"
    ]
    assert (
        pinned.definition == definition(READ) == definition({**READ, "outputSchema": None, "_meta": {"x": 1}})
    )
    for part in ("name", "description", "inputSchema", "outputSchema", "annotations"):
        assert definition({**READ, part: {"changed": True}}) != pinned.definition


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    made = write(tmp_path, "files", COMMAND, [READ])
    assert [path.name for path in made] == ["guard.toml", "policy.cedar", "guard.key"]
    assert stat.S_IMODE((tmp_path / "guard.key").stat().st_mode) == 0o600
    for path in made:
        path.unlink()
    with pytest.raises(OutputError, match=r"guard\.key\.pub` is there already; nothing is overwritten"):
        write(tmp_path, "files", COMMAND, [READ])
    assert [path.name for path in tmp_path.iterdir()] == ["guard.key.pub"]


def test_a_server_that_is_given_the_guards_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match=r"the command of server `files` reaches the store .* with --folder"
    ):
        write(tmp_path / "inner", "files", (*COMMAND, str(tmp_path)), [READ])
    assert not (tmp_path / "inner").exists()


def test_a_server_without_tools_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="`files` lists no tools"):
        write(tmp_path, "files", COMMAND, [{"name": "\n"}])


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("npx -y @modelcontextprotocol/server-filesystem DIR", "filesystem"),
        ("uvx mcp-server-git --repository x", "git"),
        ("python -m mcp_server_time", "time"),
        ("npx -y some-mcp-server@1.2.3", "some"),
        ("node /srv/notes.js", "node"),
        ("-", "server"),
    ],
)
def test_servers_are_named_after_their_command(command: str, name: str) -> None:
    assert server_name(command.split()) == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
SCHEMAS = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.text(max_size=5), st.fixed_dictionaries({"type": JSON}) | JSON) | JSON}
)


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from(["a", "b/c", "d-e"]) | JSON},
            optional={"description": JSON, "inputSchema": SCHEMAS | JSON, "annotations": JSON},
        ),
        max_size=3,
    )
)
def test_whatever_a_server_lists_makes_a_manifest_that_policies_fit(listed: list[dict[str, Any]]) -> None:
    manifest = loads(manifest_text("g", "files", COMMAND, listed), Path("/g/guard.toml"))
    assert set(manifest.tools) <= {"files/a", "files/b/c", "files/d-e"} | {
        f"files/{t['name']}" for t in listed
    }
    Policy.parse(POLICY, manifest)
