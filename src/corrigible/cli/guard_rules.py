"""``corrigible guard init``, ``check`` and ``test``: writing, checking and testing the rules of a guard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.store import json_option, print_json, visible
from corrigible.cli.terminal import Page, say, table, working
from corrigible.core.errors import OptionError, unknown_name

if TYPE_CHECKING:
    from corrigible.guard.contract import Verdict
    from corrigible.guard.manifest import Manifest
    from corrigible.guard.policy import Policy

_manifest = click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    default=Path("guard.toml"),
    metavar="FILE",
    help="The guard's settings; default guard.toml.",
)

INIT_EXAMPLES = """\b
Examples:
  corrigible guard init --folder guard -- \\
      npx -y @modelcontextprotocol/server-filesystem work
  corrigible guard init --folder guard --server time -- uvx mcp-server-time
\b
Exit status: 0 written, 2 bad input.
"""

CHECK_EXAMPLES = """\b
Examples:
  corrigible guard check
  corrigible guard check --call files/write_file \\
      --arguments '{"path": "notes.txt"}'
  corrigible guard check --call files/write_file --approved \\
      --arguments '{"path": "notes.txt"}'
  corrigible guard check --json
\b
Exit status: 0 whatever the verdict on a sample call, 2 if manifest or policy
are broken.
"""

TEST_EXAMPLES = """\b
Examples:
  corrigible guard test cases.toml
  corrigible guard test cases.toml --manifest guard.toml --json
\b
Exit status: 0 if every case comes out as it should, 1 if one does not, 2 bad
input.
"""


@click.command(epilog=INIT_EXAMPLES, short_help="Write a first manifest and policy for a server.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("."),
    metavar="DIR",
    help="Where to write them: a folder that the server's tools do not reach; default the current one.",
)
@click.option("--server", metavar="NAME", help="What to call the server; default from its command.")
@click.option(
    "--name", metavar="NAME", help="What to call the guard, in its ledger; default the folder's name."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    metavar="S",
    help="Seconds to list its tools.",
)
@click.argument("command", nargs=-1, required=True, metavar="-- COMMAND...")
def init(
    folder: Path, server: str | None, name: str | None, timeout: float, command: tuple[str, ...]
) -> None:
    """Start the server once, list its tools, and write a first manifest, policy and signing key.

    What the server says of its tools is taken as a hint only: whatever it does not call reading must be
    approved, call by call. Nothing is overwritten.
    """
    import asyncio

    from corrigible.guard.first import files
    from corrigible.guard.mcp.listing import list_tools

    files.refuse_existing(folder)
    called = server or files.server_name(command)
    with working("asking the server for its tools"):
        listed = asyncio.run(list_tools(command, ".", timeout))
    written = files.write(folder, called, command, listed, name or "")
    page = Page()
    page.item("Written:", f"{', '.join(str(path) for path in written)} ({len(listed)} tools)\n")
    page.write("Next:")
    at = "" if folder == Path(".") else f" --manifest {written[0]}"
    page.verbatim(
        [
            f"  read {written[0]} tool by tool, and say what each really touches",
            f"  corrigible guard check{at}",
            f"  corrigible guard mcp --manifest {written[0]}   (in your client's settings, in place of the server)",
            f"  corrigible approvals{at}                       (what waits for you)",
        ]
    )


@click.command(epilog=CHECK_EXAMPLES, short_help="Check manifest and policy, and judge a sample call.")
@_manifest
@click.option("--call", "tool", metavar="SERVER/TOOL", help="Judge a call of this tool.")
@click.option("--arguments", metavar="JSON", help="Its arguments; default {}.")
@click.option("--session", metavar="NAME", help="Its session; default main.")
@click.option("--agent", metavar="NAME", help="Its agent; default the manifest's.")
@click.option("--approved", is_flag=True, help="As if a person had approved it.")
@json_option
def check(
    manifest: Path,
    tool: str | None,
    arguments: str | None,
    session: str | None,
    agent: str | None,
    approved: bool,
    as_json: bool,
) -> None:
    """Check everything that a start would: the manifest, the policy, the monitors' settings, and whether a tool
    could reach what holds it back. Then tell what the policies make of each tool, or of one sample call.

    No store is opened, no server is started, and nothing is called.
    """
    if tool is None and (arguments, session, agent, approved) != (None, None, None, False):
        raise OptionError("a sample is described, but no call is named", "name it: --call SERVER/TOOL")
    rules, policy = _rules(manifest)
    if tool is None:
        _tell(rules, policy, as_json)
        return
    from corrigible.guard.cases import judge
    from corrigible.guard.contract import Approved, Call

    if rules.tool(tool) is None:
        unknown_name("tool", tool, rules.tools, "the manifest lists none")
    call = Call(
        tool=tool, arguments=_object(arguments), session=session or "main", agent=agent or rules.agent
    )
    yes = Approved(rule="approval.sample", by=("you",)) if approved else None
    _tell_verdict(judge(call, rules, policy, approved=yes), as_json)


@click.command(epilog=TEST_EXAMPLES, short_help="Run a table of calls and the verdicts they should get.")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@_manifest
@json_option
def test(file: Path, manifest: Path, as_json: bool) -> None:
    """Judge each case of FILE by manifest and policy, and compare the verdict with the one it should get.

    FILE is TOML: under each [[case]] a tool, its arguments, what is known (session, agent, step, approved,
    confidence, evidence, evidence-missing, calls, spent, signals, tainted), what to expect (allow, ask, deny,
    halt), and, if it matters, because of which rule.
    """
    from corrigible.guard import cases

    rules, policy = _rules(manifest)
    rows: list[dict[str, Any]] = []
    for case in cases.load(file, rules):
        verdict, complaint = cases.run(case, rules, policy)
        rows.append(
            {
                "line": case.line,
                "tool": case.call.tool,
                "expected": case.expect,
                "verdict": verdict.decision,
                "reasons": [{"rule": reason.rule, "text": reason.text} for reason in verdict.reasons],
                "passed": not complaint,
                "complaint": complaint,
            }
        )
    failed = [row for row in rows if not row["passed"]]
    if as_json:
        print_json(rows)
    else:
        for row in failed:
            click.echo(visible(f"{file}:{row['line']}: {row['tool']}: {row['complaint']}"))
        click.echo(f"{len(rows) - len(failed)} of {len(rows)} cases come out as they should")
    if failed:
        raise click.exceptions.Exit(1)


def _rules(path: Path) -> tuple[Manifest, Policy]:
    """Return manifest and policy, checked as a start would check them."""
    from corrigible.guard import isolation, manifest_file
    from corrigible.guard.policy import Policy

    manifest = manifest_file.load(path)
    isolation.check(manifest)
    assert manifest.policy, "a manifest from a file names one"
    return manifest, Policy.load(manifest.policy, manifest)


def _tell(manifest: Manifest, policy: Policy, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "tool": tool.name,
            "effects": [
                effect for effect in ("reads", "writes", "grants", "destroys") if getattr(tool, effect)
            ],
            "grave": tool.grave,
            "pinned": bool(tool.definition),
            "outlook": policy.outlook(tool, manifest.agent),
            "policies": [statement.id for statement in policy.applying(tool, manifest.agent)],
        }
        for tool in manifest.tools.values()
    ]
    remarks = _remarks(manifest, policy)
    if as_json:
        ours = {"manifest": manifest.version, "policy": policy.version}
        print_json({**ours, "agent": manifest.agent, "tools": rows, "remarks": remarks})
        return
    shown = table(("tool", "it", "every call", "policies that can apply"))
    for row in rows:
        name = f"{row['tool']} (grave)" if row["grave"] else row["tool"]
        does = ", ".join(row["effects"]) or "says nothing of what it does"
        shown.add_row(name, does, row["outlook"], ", ".join(row["policies"]) or "none")
    page = Page()
    page.table(f"What the policies make of calls by `{manifest.agent}`", shown)
    page.write(
        "depends: on the call, and on what is known then; `--call SERVER/TOOL --arguments JSON` judges one. Limits, "
        "halts and monitors can stop what the policies allow.",
        style="dim",
    )
    for remark in remarks:
        say(f"remark: {visible(remark)}")


def _remarks(manifest: Manifest, policy: Policy) -> list[str]:
    made: list[str] = []
    if not policy.statements:
        made.append("the policy is empty, so everything is denied")
    for statement in policy.idle:
        made.append(f"policy `{statement.id}` (line {statement.line}) fits no tool of the manifest")
    for name, server in manifest.servers.items():
        if not server.tools:
            made.append(f"the manifest says nothing of the tools of `{name}`, so all are denied")
        loose = [tool.name for tool in server.tools.values() if not tool.definition]
        if loose and (server.command or server.url):
            made.append(
                f"no `definition` pins {', '.join(f'`{each}`' for each in loose[:3])}{' …' * (len(loose) > 3)}"
            )
    return made


def _tell_verdict(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        reasons = [{"rule": reason.rule, "text": reason.text} for reason in verdict.reasons]
        print_json({"verdict": verdict.decision, "needs": verdict.needs, "reasons": reasons})
        return
    people = f" ({verdict.needs} people must approve)" if verdict.needs > 1 else ""
    click.echo(f"{verdict.decision}{people}")
    for reason in verdict.reasons:
        click.echo(visible(f"  {reason.text} [{reason.rule}]"))


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (json.JSONDecodeError, RecursionError) as error:
        raise OptionError(
            f"the arguments are no JSON: `{text}`", """write for example '{"path": "a.txt"}'"""
        ) from error
    if not isinstance(found, dict):
        raise OptionError(
            f"the arguments are no JSON object: `{text}`", """write for example '{"path": "a.txt"}'"""
        )
    return found
