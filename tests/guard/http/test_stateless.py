"""Requests of 2026-07-28, each by itself, at the door over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import ClientSession

from .standin import VERSION, Parrot, door, events, say, stateless

MODERN, HEADERS = stateless(1, "say")


def test_stateless_clients_with_the_same_ids_and_tokens_get_their_own_answers() -> None:
    async def check() -> None:
        parrot = Parrot()

        async def one(web: ClientSession, url: str, name: str) -> None:
            body, headers = stateless(1, "steps", to=3, name=name, _meta={"progressToken": "same"})
            async with web.post(url, json=body, headers=headers) as response:
                told = [message for _, message in await events(response)]
            assert [message["params"]["progressToken"] for message in told[:-1]] == ["same"] * 3
            assert (told[-1]["id"], told[-1]["result"]["params"]["name"]) == (1, name)

        async with door(parrot.serve) as url, ClientSession() as web:
            await asyncio.gather(*(one(web, url, str(number)) for number in range(20)))
        assert len(parrot.clients) == 1

    asyncio.run(check())


def test_closing_a_stateless_stream_cancels_its_request() -> None:
    async def check() -> None:
        parrot = Parrot()
        async with door(parrot.serve) as url, ClientSession() as web:
            body, headers = stateless("x", "slow")
            asking = asyncio.ensure_future(web.post(url, json=body, headers=headers))
            while not parrot.heard or parrot.heard[-1][1]["method"] != "slow":
                await asyncio.sleep(0.01)
            asking.cancel()
            while parrot.heard[-1][1]["method"] == "slow":
                await asyncio.sleep(0.01)
            slow, cancelled = (message for _, message in parrot.heard[-2:])
            assert cancelled["method"] == "notifications/cancelled"
            assert cancelled["params"]["requestId"] == slow["id"]

    asyncio.run(check())


def test_stateless_clients_of_older_servers_are_told_which_versions_there_are() -> None:
    async def check() -> None:
        parrot = Parrot(stateless=False)
        async with door(parrot.serve) as url, ClientSession() as web:
            for _ in range(2):
                async with web.post(url, json=MODERN, headers=HEADERS) as response:
                    error = (await response.json())["error"]
                    assert (response.status, error["code"]) == (400, -32022)
                    assert "2025-11-25" in error["data"]["supported"]
        assert [message["method"] for _, message in parrot.heard] == ["server/discover"]

    asyncio.run(check())


def test_an_error_goes_with_the_status_that_the_stateless_era_has_for_it() -> None:
    async def check() -> None:
        async def serve(client: Any, session: str) -> None:
            while (raw := await client.receive()) is not None:
                message = json.loads(raw)
                if message["method"] == "server/discover":
                    await say(client, id=message["id"], result={"supportedVersions": [VERSION]})
                else:
                    await say(client, id=message["id"], error={"code": -32601, "message": "what?"})

        async with (
            door(serve) as url,
            ClientSession() as web,
            web.post(url, json=MODERN, headers=HEADERS) as response,
        ):
            assert (response.status, (await response.json())["id"]) == (404, 1)

    asyncio.run(check())
