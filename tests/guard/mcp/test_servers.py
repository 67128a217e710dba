"""Servers that other people made, and the protocol's own client, with the guard between them."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

from mcp import types
from mcp.client.client import Client

from corrigible.guard.manifest import ApprovalRules, Argument, Server, Tool
from tests.guard import servers
from tests.guard.mcp.site import opened, reads, server, writes

LOOK = ("echo", "get-sum", "get-env", "trigger-long-running-operation", "get-structured-content")
ASK = ("trigger-sampling-request", "trigger-elicitation-request", "get-roots-list", "gzip-file-as-resource")
PATH = {"path": Argument(required=True, means="path")}


def files(folder: Path) -> Server:
    """The filesystem server, for one folder."""
    return server(
        "files",
        *(
            Tool(name=f"files/{name}", reads=(f"file:{folder}/**",), open=True)
            for name in ("read_text_file", "list_directory", "read_multiple_files")
        ),
        Tool(name="files/write_file", writes=(f"file:{folder}/**",), arguments=PATH, open=True),
        Tool(name="files/move_file", destroys=(f"file:{folder}/**",), open=True),
        command=servers.filesystem(folder),
        folder=str(folder),
    )


def everything() -> Server:
    """The server that has one of everything."""
    tools = (reads(f"every/{name}") for name in (*LOOK, *ASK))
    return server("every", *tools, command=servers.everything())


def said(result: types.CallToolResult) -> str:
    """Return the text of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def test_an_agent_reads_files_is_asked_about_writing_and_may_not_destroy(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear all")

    async def approve(site: Any) -> None:
        while not (found := site.guard.oversight.pending()):
            await asyncio.sleep(0.02)
        site.guard.oversight.approve(found[0].id, "Ada")

    async def run() -> None:
        async with opened(tmp_path, files(folder)) as site, Client(site.transport()) as client:
            listed = {tool.name for tool in (await client.list_tools()).tools}
            assert listed == {
                "read_text_file",
                "list_directory",
                "read_multiple_files",
                "write_file",
                "move_file",
            }
            read = await client.call_tool("read_text_file", {"path": str(folder / "letter.txt")})
            assert said(read) == "Dear all"
            asking = asyncio.create_task(approve(site))
            note = {"path": str(folder / "note.txt"), "content": "noted"}
            assert not (await client.call_tool("write_file", note)).is_error
            await asking
            assert (folder / "note.txt").read_text() == "noted"
            moved = {"source": note["path"], "destination": str(folder / "gone.txt")}
            denied = await client.call_tool("move_file", moved)
            assert denied.is_error
            assert "policy.no-deleting" in said(denied)
            assert not (folder / "gone.txt").exists()
            unknown = await client.call_tool("edit_file", {"path": note["path"], "edits": []})
            assert "manifest.unknown-tool" in said(unknown)
            failed = await client.call_tool("read_text_file", {"path": str(folder / "none.txt")})
            assert failed.is_error
            kinds = [told["kind"] for told in site.records("outcome")]
            assert kinds == ["done", "done", "failed"]
            assert [told["tool"] for told in site.records("denied")] == ["files/move_file", "files/edit_file"]

    asyncio.run(run())


def test_ten_megabytes_pass_as_they_are_and_fifty_calls_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    large = "0123456789abcde\n" * (10 * 2**20 // 16)
    (folder / "large.txt").write_text(large)
    for number in range(50):
        (folder / f"{number}.txt").write_text(f"file {number}")

    async def run() -> None:
        async with opened(tmp_path, files(folder)) as site, site.driver() as client:
            await client.hello()
            result = await client.call("read_text_file", path=str(folder / "large.txt"))
            assert result["content"][0]["text"] == large
            found = await asyncio.gather(
                *(client.call("read_text_file", path=str(folder / f"{n}.txt")) for n in range(50))
            )
            assert [each["content"][0]["text"] for each in found] == [f"file {n}" for n in range(50)]
            assert len(site.records("outcome")) == 51

    asyncio.run(run())


def test_prompts_resources_completion_progress_and_logging_pass_through(tmp_path: Path) -> None:
    async def run() -> None:
        heard: list[str] = []
        updated = asyncio.Event()

        async def hear(message: Any) -> None:
            if isinstance(message, types.ResourceUpdatedNotification):
                updated.set()

        async with (
            opened(tmp_path, everything()) as site,
            Client(site.transport(), message_handler=hear) as client,
        ):
            assert client.server_info is not None
            assert client.server_info.name == "mcp-servers/everything"
            prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
            assert "simple-prompt" in prompts
            prompt = await client.get_prompt("args-prompt", {"city": "Bern", "state": "BE"})
            assert "Bern" in str(prompt.messages[0].content)
            resources = (await client.list_resources()).resources
            read = await client.read_resource(resources[0].uri)
            assert read.contents
            templates = (await client.list_resource_templates()).resource_templates
            assert templates
            ref = types.PromptReference(type="ref/prompt", name="completable-prompt")
            completed = await client.complete(ref, {"name": "department", "value": "E"})
            assert completed.completion.values

            async def progress(done: float, total: float | None, message: str | None) -> None:
                heard.append(f"{done:g}/{total:g}")

            await client.call_tool(
                "trigger-long-running-operation", {"duration": 0.4, "steps": 4}, progress_callback=progress
            )
            assert heard == ["1/4", "2/4", "3/4", "4/4"]
            structured = await client.call_tool("get-structured-content", {"location": "New York"})
            assert structured.structured_content is not None

    asyncio.run(run())


def test_a_server_may_ask_the_client_for_samples_forms_and_roots(tmp_path: Path) -> None:
    async def sample(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        return types.CreateMessageResult(
            role="assistant", content=types.TextContent(type="text", text="sampled!"), model="none"
        )

    async def elicit(context: Any, params: Any) -> types.ElicitResult:
        return types.ElicitResult(action="decline")

    async def roots(context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///somewhere")])

    async def run() -> None:
        async with (
            opened(tmp_path, everything()) as site,
            Client(
                site.transport(),
                sampling_callback=sample,
                elicitation_callback=elicit,
                list_roots_callback=roots,
            ) as client,
        ):
            await asyncio.sleep(0.4)  # the server offers these tools once it knows its client
            sampled = await client.call_tool("trigger-sampling-request", {"prompt": "x", "maxTokens": 5})
            assert "sampled!" in said(sampled)
            declined = await client.call_tool("trigger-elicitation-request", {})
            assert "declined" in said(declined).lower()
            assert "file:///somewhere" in said(await client.call_tool("get-roots-list", {}))

    asyncio.run(run())


def test_several_servers_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.txt").write_text("a file")
    for command in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    notes = server(
        "memory",
        writes("memory/create_entities"),
        reads("memory/read_graph"),
        command=servers.memory(),
        environment={"MEMORY_FILE_PATH": str(tmp_path / "memory.jsonl")},
    )
    commits = server("git", reads("git/git_log"), command=servers.git(folder))
    clock = server("time", reads("time/get_current_time"), command=servers.time())

    async def run() -> None:
        async with (
            opened(
                tmp_path, files(folder), everything(), notes, commits, clock, approval=ApprovalRules(wait=0.2)
            ) as site,
            Client(site.transport()) as client,
        ):
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {
                "files__read_text_file",
                "every__echo",
                "memory__read_graph",
                "git__git_log",
                "time__get_current_time",
            } <= names
            assert "files__edit_file" not in names
            results = await asyncio.gather(
                client.call_tool("files__read_text_file", {"path": str(folder / "a.txt")}),
                client.call_tool("every__echo", {"message": "hi"}),
                client.call_tool("memory__read_graph", {}),
                client.call_tool("git__git_log", {"repo_path": str(folder)}),
                client.call_tool("time__get_current_time", {"timezone": "UTC"}),
            )
            for result, expected in zip(
                results, ("a file", "Echo: hi", "entities", "first", "UTC"), strict=True
            ):
                assert not result.is_error, said(result)
                assert expected in said(result)
            assert (await client.call_tool("memory__create_entities", {"entities": []})).is_error
            resources = (await client.list_resources()).resources
            assert (await client.read_resource(resources[0].uri)).contents
            prompt = await client.get_prompt("every__simple-prompt")
            assert prompt.messages
            ref = types.PromptReference(type="ref/prompt", name="every__completable-prompt")
            assert (await client.complete(ref, {"name": "department", "value": "E"})).completion.values

    asyncio.run(run())
