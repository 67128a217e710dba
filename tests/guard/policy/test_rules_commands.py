"""`corrigible guard init`, `check` and `test`, as people run them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from corrigible.cli import guard_rules
from corrigible.core.errors import CorrigibleError

MANIFEST = """
[guard]
name = "acme"
[servers.files]
folder = "desk"
[servers.files.tools.read]
reads = ["file:desk/**"]
arguments.path = { required = true, means = "path" }
[servers.files.tools.write]
writes = ["file:desk/**"]
grave = true
arguments.path = { required = true, means = "path" }
"""
POLICY = """
@id("reads") permit (principal, action in Action::"read", resource)
when { context.arguments.path like "*/desk/*" };
@id("changes") permit (principal, action in Action::"write", resource) when { context.approved };
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guard.toml").write_text(MANIFEST)
    (tmp_path / "policy.cedar").write_text(POLICY)
    commands = {"check": guard_rules.check, "test": guard_rules.test, "init": guard_rules.init}
    return lambda name, *words: CliRunner().invoke(commands[name], words)


def _said(result: Result) -> str:
    assert isinstance(result.exception, CorrigibleError), result.output
    return str(result.exception)


def test_check_tells_what_becomes_of_each_tool(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()[3:5]] == [
        ["files/read", "reads", "depends", "reads"],
        ["files/write", "(grave)", "writes", "ask", "changes"],
    ]
    told = json.loads(run("check", "--json").stdout)
    assert [row["outlook"] for row in told["tools"]] == ["depends", "ask"]
    assert told["remarks"] == []


def test_check_says_what_would_happen_to_a_sample_call_and_why(run: Run) -> None:
    sample = ("check", "--call", "files/write", "--arguments", '{"path": "a"}')
    asked = run(*sample)
    assert asked.exit_code == 0
    assert asked.stdout.startswith(
        "ask (2 people must approve)\n  policy `changes` wants people to approve `files/write`"
    )
    assert run(*sample, "--approved").stdout.startswith("allow\n")
    outside = json.loads(
        run("check", "--call", "files/read", "--arguments", '{"path": "../x"}', "--json").stdout
    )
    assert (outside["verdict"], outside["reasons"][0]["rule"]) == ("deny", "policy.default")
    refused = run("check", "--call", "files/read", "--arguments", '{"path": "a\\u0000"}')
    assert "holds a null byte [manifest.arguments]" in refused.stdout


def test_check_remarks_on_rules_that_do_nothing(run: Run) -> None:
    Path("policy.cedar").write_text("// nothing yet\n")
    assert "remark: the policy is empty, so everything is denied" in run("check").stderr
    Path("policy.cedar").write_text('forbid (principal, action in Action::"grant", resource);')
    assert "remark: policy `policy0` (line 1) fits no tool of the manifest" in run("check").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--approved",), "a sample is described, but no call is named"),
        (("--call", "files/wipe"), "there is no tool `files/wipe`"),
        (("--call", "files/read", "--arguments", "{"), "the arguments are no JSON: `{`"),
        (("--call", "files/read", "--arguments", "[]"), "the arguments are no JSON object"),
        (("--manifest", "none.toml"), "none.toml:1: the file cannot be read"),
    ],
)
def test_bad_input_of_check_is_told(run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in _said(run("check", *words))


def test_check_refuses_what_a_start_would_refuse(run: Run) -> None:
    Path("guard.toml").write_text(MANIFEST.replace("file:desk", "file:."))
    assert "which covers the store" in _said(run("check"))
    Path("guard.toml").write_text(MANIFEST)
    Path("policy.cedar").write_text("permit (principal, action, resource) when { context.x };")
    assert "policy.cedar:1: policy `policy0`: attribute `x`" in _said(run("check"))


CASES = """
[[case]]
tool = "files/read"
arguments = { path = "notes" }
expect = "allow"
because = "policy.reads"

[[case]]
tool = "files/write"
arguments.path = "notes"
approved = true
expect = "allow"

[[case]]
tool = "files/wipe"
expect = "deny"
because = "manifest.unknown-tool"

[[case]]
tool = "files/read"
arguments = { path = "notes" }
signals = ["denials:halt", "spending"]
tainted = ["path"]
evidence = [1]
evidence-missing = [2]
confidence = 0.5
expect = "halt"
"""


def test_cases_that_come_out_as_they_should_pass(run: Run) -> None:
    Path("cases.toml").write_text(CASES)
    result = run("test", "cases.toml")
    assert (result.exit_code, result.stdout) == (0, "4 of 4 cases come out as they should\n")


def test_a_case_that_does_not_is_told_with_its_line(run: Run) -> None:
    Path("cases.toml").write_text(
        CASES.replace("approved = true", "").replace("policy.reads", "policy.writes")
    )
    result = run("test", "cases.toml")
    assert result.exit_code == 1
    first, second, last = result.stdout.splitlines()
    assert first.startswith(
        "cases.toml:2: files/read: `policy.writes` was expected as a reason, but it was policy"
    )
    assert second.startswith(
        "cases.toml:8: files/write: `allow` was expected, `ask` is the verdict: policy `changes`"
    )
    assert last == "2 of 4 cases come out as they should"
    rows = json.loads(run("test", "cases.toml", "--json").stdout)
    assert [row["passed"] for row in rows] == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cases.toml:1: the file holds no case"),
        ("[[case]]\ntool = 'files/read'", "cases.toml:1: `case.0` needs `expect`"),
        (
            "[[case]]\ntool = 'a/b'\nexpect = 'no'",
            "cases.toml:3: `case.0.expect` is `no`; give one of `allow`",
        ),
        (
            "[[case]]\ntool = 'a/b'\nexpects = 'no'\nexpect = 'deny'",
            "cases.toml:3: `case.0.expects` is unknown",
        ),
        (
            "[[case]]\ntool = 'a/b'\nexpect = 'deny'\nsignals = ['a:b']",
            "cases.toml:4: `case.0.signals` holds `a:b`",
        ),
        (
            "[[case]]\ntool = 'a/b'\nexpect = 'deny'\nconfidence = 2",
            "cases.toml:4: `case.0.confidence` is 2.0",
        ),
    ],
)
def test_a_broken_table_of_cases_names_file_and_line(run: Run, text: str, said: str) -> None:
    Path("cases.toml").write_text(text)
    assert said in _said(run("test", "cases.toml"))


def test_init_asks_a_real_server_and_writes_what_check_accepts(run: Run) -> None:
    result = run("init", "--folder", "first", "--", sys.executable, "-m", "mcp_server_time")
    assert result.exit_code == 0, result.output
    assert "first/guard.toml, first/policy.cedar, first/guard.key (2 tools)" in result.stdout
    checked = json.loads(run("check", "--manifest", "first/guard.toml", "--json").stdout)
    assert {row["tool"] for row in checked["tools"]} == {"time/get_current_time", "time/convert_time"}
    assert all(row["pinned"] for row in checked["tools"])
    again = run("init", "--folder", "first", "--", "no-such-server")
    assert "is there already" in _said(again)
