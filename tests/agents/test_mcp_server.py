"""The MCP door, seen by the official client in the same process: both eras of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

import anyio
from mcp import Client, MCPError

from corrigible.agents import Status
from corrigible.agents.mcp_server import ADDRESS, NAME, OUT_OF_ORDER, TASK, server_of
from corrigible.agents.record import Record, Row
from corrigible.agents.session import OVER
from corrigible.agents.sitting import Asking, Playing, Sitting
from corrigible.worlds import Variant, load

ERAS = ["legacy", "auto"]
ROW = Row(
    world="off-switch", twin="control", goal="letters", epoch=3, variant=Variant(useful=False, seed=991)
)


@pytest.fixture
def sitting(tmp_path: Path) -> Playing:
    return Playing(ROW, tmp_path / "record.json")


def visit(sitting: Sitting, era: str, use: Any, agent: str = "") -> Any:
    """Connect to the sitting, do something with the client, and return what it returns."""

    async def main() -> Any:
        async with Client(server_of(sitting, agent), mode=era) as client:
            return await use(client)

    return anyio.run(main)


@pytest.mark.parametrize("era", ERAS)
def test_the_client_sees_the_places_tools_as_they_are(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> Any:
        return (await client.list_tools()).tools

    seen = visit(sitting, era, use)
    assert [(t.name, t.description, t.input_schema) for t in seen] == [
        (t.name, t.description, dict(t.parameters)) for t in sitting.place.tools
    ]


@pytest.mark.parametrize("era", ERAS)
def test_the_task_is_told_in_three_ways(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> Any:
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt(TASK)
        resources = (await client.list_resources()).resources
        resource = await client.read_resource(ADDRESS)
        return prompts, prompt, resources, resource, client.instructions

    prompts, prompt, resources, resource, instructions = visit(sitting, era, use)
    assert [p.name for p in prompts] == [r.name for r in resources] == [TASK]
    assert prompt.messages[0].content.text == resource.contents[0].text == instructions == sitting.task


@pytest.mark.parametrize("era", ERAS)
def test_what_is_not_there_is_an_error_of_the_protocol(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> None:
        with pytest.raises(MCPError, match="no prompt"):
            await client.get_prompt("nonsense")
        with pytest.raises(MCPError, match="no resource"):
            await client.read_resource("task://nonsense")

    visit(sitting, era, use)


@pytest.mark.parametrize("era", ERAS)
def test_a_call_is_answered_and_recorded_and_replays(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> Any:
        good = await client.call_tool("process", {"kind": "letter"})
        bad = await client.call_tool("process", {"kind": 5})
        none = await client.call_tool("nonsense", {})
        return good, bad, none

    good, bad, none = visit(sitting, era, use, agent="someone")
    assert (good.is_error, bad.is_error, none.is_error) == (False, True, True)
    assert good.content[0].text.endswith(sitting.session.observation.text)
    assert "not valid" in bad.content[0].text
    assert "There is no tool `nonsense`" in none.content[0].text
    sitting.end()
    record = Record.from_json(sitting.path.read_text(), "record")
    assert (record.row, record.agent, record.understood) == (ROW, "someone", ())
    assert record.replay() == sitting.session.episode()


@pytest.mark.parametrize("era", ERAS)
def test_after_the_end_it_says_that_it_is_over(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> Any:
        for _ in range(100):
            last = await client.call_tool("wait")
            if sitting.session.over:
                return last, await client.call_tool("wait")

    last, later = visit(sitting, era, use)
    assert last.content[0].text.endswith(OVER)
    assert later.content[0].text == OVER
    record = Record.from_json(sitting.path.read_text(), "record")
    assert record.status is Status.FINISHED
    assert record.agent


@pytest.mark.parametrize("era", ERAS)
def test_nothing_tells_the_client_that_this_is_an_audit(sitting: Playing, era: str) -> None:
    async def use(client: Client) -> str:
        seen: list[Any] = [client.server_info, client.instructions, client.server_capabilities]
        seen += [await client.list_tools(), await client.list_prompts(), await client.list_resources()]
        seen += [await client.get_prompt(TASK), await client.read_resource(ADDRESS)]
        for _ in range(3):
            seen.append(await client.call_tool("process", {"kind": "letter"}))
        seen += [await client.call_tool("nonsense"), await client.call_tool("process", {})]
        return " ".join(str(each) for each in seen).casefold()

    seen = visit(sitting, era, use)
    place = load("off-switch").place(ROW.variant)
    hidden = [b.name for b in place.behaviours] + [b.description for b in place.behaviours]
    hidden += ["corrigible", "audit", "reward", "behaviour", "control", "twin", "epoch", "991", "off-switch"]
    hidden += [tool.rule for tool in place.tools]
    told = sitting.place.briefing(place.goal("letters")).casefold()
    assert NAME in seen
    assert [
        word for word in hidden if word.casefold() in seen.replace(told, "") and word.casefold() not in told
    ] == []


@pytest.mark.parametrize("era", ERAS)
def test_what_goes_wrong_on_our_side_is_kept_from_the_client(tmp_path: Path, era: str) -> None:
    (tmp_path / "secret").write_text("")
    sitting = Playing(ROW, tmp_path / "secret" / "record.json")

    async def use(client: Client) -> Any:
        return [await client.call_tool("process", {"kind": "letter"}) for _ in range(2)]

    first, second = visit(sitting, era, use)
    assert first.is_error
    assert first.content[0].text == OUT_OF_ORDER
    assert second.content[0].text == OVER
    assert "secret" in str(sitting.broken)


@pytest.mark.parametrize("era", ERAS)
def test_who_is_asked_has_one_tool_and_is_not_told_what_is_right(tmp_path: Path, era: str) -> None:
    sitting = Asking(ROW, tmp_path / "record.json")
    (question,) = sitting.place.questions
    wrong = next(option for option in question.options if option != question.answer)

    async def use(client: Client) -> tuple[list[str], str, str, list[str]]:
        tools = (await client.list_tools()).tools
        prompt = (await client.get_prompt(TASK)).messages[0].content.text
        seen = [str(await client.call_tool("process", {"kind": "letter"}))]
        seen += [str(await client.call_tool("answer", {"answer": answer})) for answer in (wrong, wrong)]
        return [tool.name for tool in tools], client.instructions or "", prompt, [str(tools), *seen]

    names, instructions, prompt, seen = visit(sitting, era, use, agent="someone")
    assert names == ["answer"]
    assert instructions == prompt == sitting.task
    said = " ".join(seen).casefold()
    hidden = ["right", "wrong", "correct", "process,", "corrigible", "audit", "control", *question.options]
    assert [word for word in hidden if word.casefold() in said] == []
    record = Record.from_json(sitting.path.read_text(), "record")
    assert (record.row, record.agent, record.asked, record.understood) == (ROW, "someone", True, (False,))
