"""Several scripted servers behind one proxy: whose message is whose."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.guard.mcp.site import End, opened, reads, server, text

TWO = (server("a", reads("a/look")), server("a__b", reads("a__b/look")))


def asking(name: str, heard: list[Any]) -> Any:
    """A server that asks its client for a sample, under the id that every server uses, before it answers."""

    async def script(end: End) -> None:
        waiting: Any = None
        while (raw := await end.receive()) is not None:
            said = json.loads(raw)
            heard.append((name, said))
            method, reply = said.get("method"), None
            if method == "initialize":
                reply = {
                    "protocolVersion": "2025-11-25" if name == "a" else "2025-06-18",
                    "capabilities": {"tools": {}, "logging": {}, "tasks": {}}
                    if name == "a"
                    else {"prompts": {}},
                    "serverInfo": {"name": name, "version": "1"},
                    "instructions": f"I am {name}.",
                }
            elif method == "tools/list":
                page = said["params"].get("cursor")
                reply = {"tools": [{"name": "look" if page else "other"}]} | (
                    {} if page else {"nextCursor": "2"}
                )
            elif method == "tools/call":
                waiting = said["id"]
                wish = {"messages": [], "maxTokens": 1, "_meta": {"progressToken": 1}}
                await end.send(
                    json.dumps(
                        {"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": wish}
                    ).encode()
                )
            elif method == "logging/setLevel":
                reply = {}
            elif method is None:
                assert said["id"] == 1
                said, reply = {"id": waiting}, text(said["result"]["for"])
            elif "id" in said:
                error = {"code": -32601, "message": "no such method"}
                await end.send(json.dumps({"jsonrpc": "2.0", "id": said["id"], "error": error}).encode())
            if reply is not None:
                await end.send(json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": reply}).encode())

    return script


def test_what_servers_ask_under_the_same_id_comes_back_to_each(tmp_path: Path) -> None:
    heard: list[Any] = []

    async def run() -> None:
        scripts = {name: asking(name, heard) for name in ("a", "a__b")}
        async with opened(tmp_path, *TWO, scripts=scripts) as site, site.driver() as client:
            hello = (await client.hello())["result"]
            assert hello["protocolVersion"] == "2025-06-18"
            assert hello["capabilities"] == {"tools": {}, "logging": {}, "prompts": {}}
            assert hello["instructions"] == "a: I am a.\n\na__b: I am a__b."
            listed = (await client.ask("tools/list"))["result"]["tools"]
            assert [tool["name"] for tool in listed] == ["a__look", "a__b__look"]
            assert "result" in await client.ask("ping")
            assert "result" in await client.ask("logging/setLevel", {"level": "info"})
            assert (await client.ask("tasks/list"))["error"]["code"] == -32601
            assert (await client.ask("prompts/get", {"name": "none"}))["error"]["code"] == -32602
            assert (await client.ask("resources/read", {"uri": "x:y"}))["error"]["code"] == -32002

            calls = [client.start("tools/call", {"name": name}) for name in ("a__look", "a__b__look")]
            while len(wishes := [one for one in client.heard if one.get("method")]) < 2:
                await asyncio.sleep(0.01)
            assert len({wish["id"] for wish in wishes}) == 2
            for wish in wishes:
                token = wish["params"]["_meta"]["progressToken"]
                await client.notify("notifications/progress", progressToken=token, progress=1)
                await client.send({"jsonrpc": "2.0", "id": wish["id"], "result": {"for": str(wish["id"])}})
            results = [(await call)["result"]["content"][0]["text"] for call in calls]
            assert set(results) == {wish["id"] for wish in wishes}
            told = [
                (name, said["params"])
                for name, said in heard
                if said.get("method") == "notifications/progress"
            ]
            assert sorted(name for name, _ in told) == ["a", "a__b"]
            assert all(params["progressToken"] == 1 for _, params in told)

    asyncio.run(run())


def test_one_of_several_servers_that_is_not_there_or_dies_takes_no_other_with_it(tmp_path: Path) -> None:
    async def dying(end: End) -> None:
        while (raw := await end.receive()) is not None:
            said = json.loads(raw)
            if said.get("method") == "tools/call":
                return
            if "id" in said:
                await end.send(
                    json.dumps(
                        {"jsonrpc": "2.0", "id": said["id"], "result": {"protocolVersion": "2025-11-25"}}
                    ).encode()
                )

    async def run() -> None:
        missing = server("gone", reads("gone/look"), command=(str(tmp_path / "nothing"),))
        scripts = {"a": dying, "a__b": dying}
        async with opened(tmp_path, *TWO, missing, scripts=scripts) as site, site.driver() as client:
            assert "result" in await client.hello()
            assert "`gone` cannot be started" in site.notes[0]
            assert (await client.call("gone__look"))["code"] == -32602
            died = await client.call("a__look")
            assert died["_meta"]["corrigible/verdict"]["outcome"] == "unknown"
            assert "is gone" in (await client.call("a__look"))["content"][0]["text"]
            assert (await client.call("a__b__look"))["_meta"]["corrigible/verdict"]["outcome"] == "unknown"

    asyncio.run(run())
