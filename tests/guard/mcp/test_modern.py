"""The era of 2026-07-28: stateless requests, and questions that are answered by asking again."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import types
from mcp.client.client import Client

from corrigible.guard.manifest import ApprovalRules
from tests.guard.mcp.site import META, Driver, End, answering, opened, reads, server, text, writes

HERE = Path(__file__).parent
MODERN = server(
    "it",
    *(reads(f"it/{name}") for name in ("look", "greet", "count", "sleep")),
    writes("it/put"),
    command=(sys.executable, str(HERE / "modern_server.py")),
)
IT = server("it", reads("it/look"), writes("it/put"))
ASKING = ApprovalRules(wait=0.3, ask=("mcp",))
ABLE = META | {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}


def said(result: types.CallToolResult) -> str:
    """Return the text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def test_the_protocols_own_client_and_server_speak_the_newer_era_through_the_guard(tmp_path: Path) -> None:
    asked: list[str] = []

    async def elicit(context: Any, params: Any) -> types.ElicitResult:
        asked.append(params.message)
        if "Who are you" in params.message:
            return types.ElicitResult(action="accept", content={"name": "Ada"})
        return types.ElicitResult(action="accept", content={"approve": True})

    async def run() -> None:
        async with (
            opened(tmp_path, MODERN, approval=ASKING) as site,
            Client(site.transport(), elicitation_callback=elicit) as client,
        ):
            assert client.protocol_version == "2026-07-28"
            assert client.instructions == "Be kind."
            assert {tool.name for tool in (await client.list_tools()).tools} == {
                "look",
                "greet",
                "count",
                "sleep",
                "put",
            }
            assert said(await client.call_tool("look", {"a": 3})) == "looked 3"
            assert said(await client.call_tool("greet", {})) == "Hello Ada"
            assert said(await client.call_tool("put", {"a": 1})) == "put 1"
            assert "`it/put`" in asked[-1]
            heard: list[float] = []

            async def progress(done: float, total: float | None, message: str | None) -> None:
                heard.append(done)

            await client.call_tool("count", {"to": 3}, progress_callback=progress)
            assert heard == [1, 2, 3]
            found = await client.read_resource("note://mine")
            assert "the note mine" in str(found.contents[0])
            assert "Think of tea" in str((await client.get_prompt("advice", {"topic": "tea"})).messages[0])
            async with client.listen(tools_list_changed=True):
                assert said(await client.call_tool("look", {"a": 4})) == "looked 4"
            kinds = [(one["kind"], one["why"]) for one in site.records("outcome")]
            assert kinds[1] == ("failed", "the server asks for input first")
            assert [one["who"] for one in site.records("vote")] == ["user of mcp"]

    asyncio.run(run())


def test_the_older_era_is_spoken_where_the_client_knows_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            opened(tmp_path, MODERN) as site,
            Client(site.transport(), mode="legacy") as client,
        ):
            assert client.protocol_version == "2025-11-25"
            assert said(await client.call_tool("look", {"a": 3})) == "looked 3"

    asyncio.run(run())


def test_several_servers_of_the_newer_era_are_one_and_with_an_older_one_they_speak_the_older(
    tmp_path: Path,
) -> None:
    other = server("other", reads("other/look"), command=MODERN.command)
    old = server("old", reads("old/look"))

    async def discover(*servers: Any, **settings: Any) -> str:
        async with opened(tmp_path, *servers, **settings) as site, Client(site.transport()) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert "it__look" in names
            assert said(await client.call_tool("it__look", {"a": 1})) == "looked 1"
            assert said(await client.call_tool(f"{servers[1].name}__look", {"a": 2})) == "looked 2"
            found = await client.read_resource("note://mine") if not settings else None
            assert found is None or "the note mine" in str(found.contents[0])
            if not settings:
                async with client.listen(tools_list_changed=True):
                    assert said(await client.call_tool("it__look", {"a": 1})) == "looked 1"
            return client.protocol_version

    async def run() -> None:
        assert await discover(MODERN, other) == "2026-07-28"

        def refusing(params: Any) -> Any:
            return text("looked 2")

        async def script(end: End) -> None:
            inner = answering({"look": refusing})

            class Old:
                send = end.send

                async def receive(self) -> bytes | None:
                    while (raw := await end.receive()) is not None:
                        body = json.loads(raw)
                        if body["method"] != "server/discover":
                            return raw
                        error = {"code": -32601, "message": "no such method"}
                        await end.send(
                            json.dumps({"jsonrpc": "2.0", "id": body["id"], "error": error}).encode()
                        )
                    return None

            await inner(Old())  # type: ignore[arg-type]

        assert await discover(MODERN, old, scripts={"old": script}) == "2025-11-25"

    asyncio.run(run())


async def asked_for(client: Driver, **arguments: Any) -> dict[str, Any]:
    """Make a call that is asked about, and return the answer that asks for input."""
    result = await client.call("put", ABLE, **arguments)
    assert result["resultType"] == "input_required"
    return result


async def again(client: Driver, state: str, answer: Any, **arguments: Any) -> dict[str, Any]:
    """Make a call again with an answer."""
    params = {
        "name": "put",
        "arguments": arguments,
        "_meta": ABLE,
        "requestState": state,
        "inputResponses": {"approval": answer},
    }
    found = await client.ask("tools/call", params)
    return found.get("result") or found["error"]


YES = {"action": "accept", "content": {"approve": True}}


def test_a_state_is_good_for_its_call_once(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def put(params: dict[str, Any]) -> dict[str, Any]:
        seen.append(params)
        return text("put", resultType="complete")

    async def run() -> None:
        scripts = {"it": answering({"put": put})}
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            first = await asked_for(client, a=1)
            question = first["inputRequests"]["approval"]
            assert question["method"] == "elicitation/create"
            assert '"a": 1' in question["params"]["message"]
            state = first["requestState"]
            tampered = state[:-8] + ("A" if state[-8] != "A" else "B") + state[-7:]
            for wrong in (
                tampered,
                state[:-4],
                "corrigible.1.",
                "corrigible.1.!",
                "corrigible.1." + "A" * 40,
            ):
                assert "was changed" in (await again(client, wrong, YES, a=1))["message"]
            assert "another call" in (await again(client, state, YES, a=2))["message"]
            async with site.driver("other") as other:
                assert "another call" in (await again(other, state, YES, a=1))["message"]
            assert not seen
            assert (await again(client, state, YES, a=1))["content"][0]["text"] == "put"
            (params,) = seen
            assert "requestState" not in params
            assert "inputResponses" not in params
            assert "used already" in (await again(client, state, YES, a=1))["message"]
            assert len(seen) == 1
            assert [one["who"] for one in site.records("vote")] == ["user of tester"]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ({"action": "decline"}, "deny"),
        ({"action": "accept", "content": {"approve": False}}, "deny"),
        ({"action": "cancel"}, "ask"),
        ("yes", "ask"),
        (None, "ask"),
    ],
    ids=str,
)
def test_an_answer_that_is_no_yes_executes_nothing(tmp_path: Path, answer: Any, decision: str) -> None:
    async def run() -> None:
        called: list[Any] = []
        scripts = {"it": answering({"put": called.append})}
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            first = await asked_for(client, a=1)
            result = await again(client, first["requestState"], answer, a=1)
            assert result["_meta"]["corrigible/verdict"]["decision"] == decision
            assert result["resultType"] == "complete"
            assert not called

    asyncio.run(run())


def test_a_state_expires_with_its_request_and_outlives_the_guard(tmp_path: Path) -> None:
    soon = ApprovalRules(wait=0.1, ask=("mcp",), expires=0.2)
    scripts = {"it": answering({"put": lambda params: text("put")})}

    async def run() -> None:
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            state = (await asked_for(client, a=1))["requestState"]
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            assert (await again(client, state, YES, a=1))["content"][0]["text"] == "put"
        async with opened(tmp_path, IT, scripts=scripts, approval=soon) as site, site.driver() as client:
            state = (await asked_for(client, a=2))["requestState"]
            await asyncio.sleep(0.25)
            assert "has expired" in (await again(client, state, YES, a=2))["message"]

    asyncio.run(run())


def test_what_the_client_told_the_server_is_not_lost_when_we_ask_in_between(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def put(params: dict[str, Any]) -> dict[str, Any]:
        seen.append(params)
        return text("put")

    async def run() -> None:
        scripts = {"it": answering({"put": put})}
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            theirs = {"requestState": "theirs", "inputResponses": {"name": {"action": "accept"}}}
            first = await client.ask(
                "tools/call", {"name": "put", "arguments": {"a": 1}, "_meta": ABLE, **theirs}
            )
            state = first["result"]["requestState"]
            assert "theirs" not in state
            await again(client, state, YES, a=1)
            assert {name: seen[0][name] for name in theirs} == theirs

    asyncio.run(run())


def test_a_client_that_cannot_ask_its_user_is_told_to_come_back(tmp_path: Path) -> None:
    async def run() -> None:
        scripts = {"it": answering({"put": lambda params: text("put")})}
        async with opened(tmp_path, IT, scripts=scripts, approval=ASKING) as site, site.driver() as client:
            result = await client.call("put", META, a=1)
            assert result["_meta"]["corrigible/verdict"]["decision"] == "ask"
            assert result["resultType"] == "complete"

    asyncio.run(run())
