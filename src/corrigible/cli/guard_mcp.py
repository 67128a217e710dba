"""``corrigible guard mcp``: between an MCP client and its servers."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corrigible.cli.terminal import say
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from corrigible.guard.manifest import Manifest

EXAMPLES = """\b
Examples:
  corrigible guard mcp -- npx -y @modelcontextprotocol/server-filesystem DIR
  corrigible guard mcp --manifest guard.toml
  corrigible guard mcp --manifest guard.toml --session nightly
  corrigible guard mcp --manifest guard.toml --http 127.0.0.1:8000
\b
An MCP client starts this command as it would start the server. Over HTTP it
is reached at http://HOST:PORT/mcp, and a session of its own at /mcp/NAME.
\b
Exit status: 0 when the client leaves or the guard is stopped; 1 a server or
the store that cannot be reached; 2 bad input.
"""


@click.command("mcp", epilog=EXAMPLES, short_help="Stand between an MCP client and its servers.")
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("guard.toml"),
    metavar="FILE",
    help="The rules; default `guard.toml`.",
)
@click.option("--server", metavar="NAME", help="This server of the manifest only.")
@click.option(
    "--session",
    metavar="NAME",
    help="What the calls count to; default a new name each time, over HTTP `main`.",
)
@click.option("--agent", metavar="NAME", help="What the agent is called; default as its client calls itself.")
@click.option("--store", metavar="URL", help="The store, in place of the manifest's.")
@click.option(
    "--number-results", is_flag=True, help="Tell the agent each call's number, to name it as evidence."
)
@click.option("--http", metavar="HOST:PORT", help="Serve streamable HTTP here instead of stdio.")
@click.option(
    "--token-env", metavar="VARIABLE", help="With --http: clients must show the token in this variable."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
def mcp(
    manifest: Path,
    server: str | None,
    session: str | None,
    agent: str | None,
    store: str | None,
    number_results: bool,
    http: str | None,
    token_env: str | None,
    command: tuple[str, ...],
) -> None:
    """Pass messages between an agent's MCP client and its servers, and have every call of a tool judged.

    With COMMAND that server is started, in place of the one command that the manifest has; its tools keep
    their names. Without, all servers of the manifest are reached, and where there are several their tools
    are called SERVER__TOOL.
    """
    from corrigible.guard.gate import Guard
    from corrigible.guard.manifest_file import load
    from corrigible.guard.mcp.proxy import Proxy
    from corrigible.guard.mcp.reach import connects, serve_stdio

    where, token = (None, "") if http is None else (address(http), token_of(token_env))
    if http is None and token_env is not None:
        raise OptionError("`--token-env` is for `--http`", "add `--http`, or leave it out")
    rules = chosen(load(manifest), server, command)
    if store is not None:
        rules = dataclasses.replace(rules, store=store)
    guard = Guard.open(rules)
    try:
        proxy = Proxy(guard, connects(rules), agent=agent, numbered=number_results, note=note)
        if where is None:
            asyncio.run(serve_stdio(proxy, session or f"mcp-{secrets.token_hex(4)}"))
        else:
            from corrigible.guard.mcp.http_listen import serve_http

            asyncio.run(
                serve_http(
                    proxy.serve,
                    *where,
                    started=lambda url: say(f"Guarding {', '.join(rules.servers)} at {url}"),
                    token=token,
                    session=session or "main",
                )
            )
    finally:
        guard.close()


def note(line: str) -> None:
    """Say a line to whoever runs the guard; standard output belongs to the client."""
    say(f"corrigible: {line}")


def chosen(manifest: Manifest, name: str | None, command: tuple[str, ...]) -> Manifest:
    """Return the manifest with the one server that is asked for, or all.

    Raises
    ------
    OptionError
        If there is none of that name, or a command is given and it is not said whose it is.
    """
    servers = dict(manifest.servers)
    if name is not None:
        if name not in servers:
            known = ", ".join(f"`{known}`" for known in servers)
            raise OptionError(f"the manifest has no server `{name}`", f"it has {known}")
        servers = {name: servers[name]}
    if not servers:
        raise OptionError("the manifest has no server", "add [servers.NAME], or see `corrigible guard init`")
    if command:
        if len(servers) > 1:
            raise OptionError(
                f"the manifest has {len(servers)} servers", "say with --server which one the command starts"
            )
        ((only, server),) = servers.items()
        servers = {only: dataclasses.replace(server, command=command, url="")}
    return dataclasses.replace(manifest, servers=servers)


def address(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise OptionError(f"`{text}` is no address", "give HOST:PORT, like 127.0.0.1:8000")
    return host.removeprefix("[").removesuffix("]"), int(port)


def token_of(variable: str | None) -> str:
    """Return the token that a variable of the environment holds; empty where none is named."""
    if variable is None:
        return ""
    token = os.environ.get(variable, "")
    if not token:
        raise OptionError(f"the variable `{variable}` is not set", "set it to the token that clients show")
    return token
