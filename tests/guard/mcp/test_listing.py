"""A server's tools, asked for a first manifest."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from corrigible.core.errors import GuardError
from corrigible.guard.mcp.listing import list_tools, tools_of
from tests.guard import servers
from tests.guard.mcp.site import ends

MODERN = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said["method"] == "initialize":
        reply = {"error": {"code": -32022, "message": "no", "data": {"supported": ["2026-07-28"]}}}
    elif said["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28":
        page = said["params"].get("cursor")
        tools = [{"name": "second"}] if page else [{"name": "first"}]
        reply = {"result": {"resultType": "complete", "tools": tools} | ({} if page else {"nextCursor": "2"})}
    print(json.dumps({"jsonrpc": "2.0", "id": said["id"]} | reply), flush=True)
"""


def test_the_tools_of_a_server_are_listed_with_what_it_says_of_them(tmp_path: Path) -> None:
    tools = asyncio.run(list_tools(servers.filesystem(tmp_path), tmp_path))
    found = {tool["name"]: tool for tool in tools}
    assert found["read_text_file"]["annotations"]["readOnlyHint"]
    assert "path" in found["write_file"]["inputSchema"]["properties"]


def test_a_server_that_knows_only_the_newer_era_is_asked_in_it_page_by_page() -> None:
    tools = asyncio.run(list_tools((sys.executable, "-c", MODERN)))
    assert [tool["name"] for tool in tools] == ["first", "second"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("", "it closed the connection"),
        ("import time; time.sleep(60)", "no answer within 0.2 s"),
        ('print(\'{"id":"corrigible:0","error":{"code":1,"message":"go away"}}\', flush=True)', "go away"),
    ],
    ids=["ends", "hangs", "refuses"],
)
def test_a_server_that_does_not_say_is_told_of(
    program: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corrigible.guard.mcp import stdio

    monkeypatch.setattr(stdio, "PATIENCE", 0.1)
    with pytest.raises(GuardError, match=said):
        asyncio.run(list_tools((sys.executable, "-c", program), timeout=0.2 if "time" in program else 20))


def test_any_connection_will_do() -> None:
    async def run() -> None:
        ours, theirs = ends()
        await theirs.close()
        with pytest.raises(GuardError, match="does not list its tools"):
            await tools_of(ours, "https://example.com/mcp")

    asyncio.run(run())
