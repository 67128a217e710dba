"""``corrigible guard``: the guard itself, its rules, and what it is doing."""

from __future__ import annotations

import click

from corrigible.cli.verb import Verb

EXAMPLES = """\b
Examples:
  corrigible guard demo
  corrigible guard init -- npx -y @modelcontextprotocol/server-filesystem DIR
  corrigible guard check
  corrigible guard mcp --manifest guard.toml
  corrigible guard status
\b
What people decide has verbs of its own: approvals, approve, deny, grant,
grants, revoke, halt, resume.
\b
Exit status: 0 well; 1 a test or the demo that does not come out as it should;
2 bad input.
"""


@click.group(epilog=EXAMPLES, short_help="Run an agent's tools under controlled autonomy.")
def guard() -> None:
    """Put a guard in front of the tools of an agent: limited permissions, approvals, an off-switch, and a
    record that proves what happened.
    """


for _name, _file, _line in (
    ("calibration", "guard_calibration", "Tell whether the agent is as sure as it is right."),
    ("check", "guard_rules", "Check manifest and policy, and judge a sample call."),
    ("demo", "guard_demo", "Watch an agent that goes too far, in under a minute."),
    ("init", "guard_rules", "Write a first manifest and policy for a server."),
    ("mcp", "guard_mcp", "Stand between an MCP client and its servers."),
    ("status", "guard_status", "Tell what is going on: sessions, halts, budgets, guards."),
    ("test", "guard_rules", "Run a table of calls and the verdicts they should get."),
    ("unknown", "guard_status", "List calls of unknown outcome, or say what became of one."),
):
    guard.add_command(Verb(_name, _file, _line))
