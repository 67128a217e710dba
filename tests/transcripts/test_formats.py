"""Every format is recognised by what is in the file, and what is none of them is told apart in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from corrigible.core.errors import FileFormatError, MissingExtraError
from corrigible.transcripts import FORMATS, read_file, read_folder

COMMAND = "sed -i s/1/2/ /data/a.csv"
OPENAI: Any = [
    {"role": "system", "content": "You keep records."},
    {"role": "user", "content": [{"type": "text", "text": "Read /data/a.csv"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "bash", "arguments": json.dumps({"command": COMMAND})},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "done"},
]
RESPONSES: Any = {
    "instructions": "You keep records.",
    "input": [
        {"role": "user", "content": "Read /data/a.csv"},
        {"type": "reasoning", "summary": []},
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "bash",
            "arguments": json.dumps({"command": COMMAND}),
        },
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
    ],
}
ANTHROPIC: Any = {
    "system": "You keep records.",
    "messages": [
        {"role": "user", "content": "Read /data/a.csv"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I shall."},
                {"type": "tool_use", "id": "c1", "name": "bash", "input": {"command": COMMAND}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "done"}]}
            ],
        },
    ],
}
CALLS = [{"tool": "bash", "arguments": {"command": COMMAND}, "result": "done"}]
BLOCKS = f"""== Step 1 ==
role: user
content: Read /data/a.csv

== Step 2 ==
role: assistant
content: I could write call: [1] here.
reason: because
call: [{{'id': 'c1', 'type': 'function', 'function': {{'name': 'bash', 'arguments': '{{"command":"{COMMAND}"}}'}}}}]

== Step 3 ==
role: tool
content: {{"stdout": "done", "stderr": "", "returncode": 0}}
"""


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.json", json.dumps(OPENAI), "openai"),
        ("b.json", json.dumps({"messages": OPENAI}), "openai"),
        ("c.dat", json.dumps(RESPONSES), "openai"),
        ("d.json", json.dumps(ANTHROPIC), "anthropic"),
        ("e.json", json.dumps(ANTHROPIC["messages"]), "anthropic"),
        ("f.jsonl", "\n".join(json.dumps(line) for line in CALLS), "calls"),
        ("g.jsonl", "\n".join(json.dumps(m) for m in OPENAI), "openai"),
        ("h", BLOCKS, "blocks"),
        ("i.txt", BLOCKS.replace("\n", "\r\n"), "blocks"),
    ],
)
def test_a_format_is_recognised_and_the_call_meets_its_result(
    tmp_path: Path, name: str, content: str, form: str
) -> None:
    (tmp_path / name).write_bytes(content.encode())
    (transcript,) = read_file(tmp_path / name)
    assert transcript.format == form
    ((_, call, result),) = transcript.exchanges()
    assert (call.tool, call.arguments["command"]) == ("bash", COMMAND)
    assert result is not None
    assert result.text == "done"
    if form != "calls":
        assert "Read /data/a.csv" in transcript.task


def test_calls_of_one_message_meet_their_results_in_order(tmp_path: Path) -> None:
    two = BLOCKS.replace("}}]", "}}, {'function': {'name': 'bash', 'arguments': '{}'}}]") + (
        '\n== Step 4 ==\nrole: tool\ncontent: {"stdout": "second", "stderr": "oh", "returncode": 2}\n'
    )
    (tmp_path / "x").write_text(two, encoding="utf-8")
    (transcript,) = read_file(tmp_path / "x")
    results = [r for _, _, r in transcript.exchanges()]
    assert [(r.text, r.error, r.status) for r in results if r] == [("done", "", 0), ("second", "oh", 2)]


def test_several_transcripts_in_one_file(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"messages": OPENAI}) for _ in range(2))
    (tmp_path / "many.jsonl").write_text(lines, encoding="utf-8")
    assert [t.name for t in read_file(tmp_path / "many.jsonl")] == ["many.jsonl#1", "many.jsonl#2"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"{}",
        b"[]",
        b"[1, 2]",
        b'{"messages": "none"}',
        b'{"a": {"b": 1}}',
        b"PK\x03\x04 no zip",
        b"== Step 1 ==\nnothing",
        b"== Step 1 ==\nrole: assistant\ncontent:\ncall: [__import__('os').system('x')]\n",
        b'[{"role": "assistant", "tool_calls": [{"function": {}}]}]',
        b"[" * 100_000,
    ],
)
def test_what_is_no_transcript_is_told_in_one_line_that_names_the_file(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        read_file(path)
    assert "odd.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "known formats" in str(caught.value)


def test_a_call_is_never_run(tmp_path: Path) -> None:
    evil = BLOCKS.replace("call: [{", f"call: [open({str(tmp_path / 'made')!r}, 'w'), {{")
    (tmp_path / "x").write_text(evil, encoding="utf-8")
    with pytest.raises(FileFormatError, match="no Python literal"):
        read_file(tmp_path / "x")
    assert not (tmp_path / "made").exists()


def test_a_folder_gives_what_can_be_read_and_names_the_rest(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "good.txt").write_text(BLOCKS, encoding="utf-8")
    (tmp_path / "bad.txt").write_text("words", encoding="utf-8")
    for passed_over in ("labels.csv", "README.md", "LICENSE", ".hidden"):
        (tmp_path / passed_over).write_text("x", encoding="utf-8")
    found, not_read = read_folder(tmp_path)
    assert [t.name for t in found] == ["sub/good.txt"]
    assert [n.name for n in not_read] == ["bad.txt"]
    with pytest.raises(FileFormatError, match="no file or folder"):
        read_folder(tmp_path / "nowhere")


def test_an_inspect_log_without_inspect_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.json").write_text('{"version": 2, "status": "success", "eval": {}, "samples": []}')
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(MissingExtraError, match="not installed"):
        read_file(tmp_path / "log.json")


def test_an_inspect_log_is_read_sample_by_sample(tmp_path: Path) -> None:
    logs = pytest.importorskip("inspect_ai.log")
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec  # pyright: ignore
    from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, ChatMessageUser  # pyright: ignore
    from inspect_ai.tool import ToolCall  # pyright: ignore

    messages = [
        ChatMessageUser(content="Read /data/a.csv"),
        ChatMessageAssistant(
            content="", tool_calls=[ToolCall(id="c1", function="bash", arguments={"command": COMMAND})]
        ),
        ChatMessageTool(content="done", tool_call_id="c1", function="bash"),
    ]
    log = EvalLog(
        eval=EvalSpec(
            created="2026-11-21T00:00:00+00:00",
            task="t",
            dataset=EvalDataset(),
            model="m",
            config=EvalConfig(),
        ),
        status="success",
        samples=[EvalSample(id="one", epoch=1, input="Read", target="", messages=messages)],
    )
    for name in ("log.json", "log.eval"):
        logs.write_eval_log(log, str(tmp_path / name))
        (transcript,) = read_file(tmp_path / name)
        assert (transcript.name, transcript.format) == (f"{name}#one", "inspect")
        ((_, call, result),) = transcript.exchanges()
        assert call.arguments == {"command": COMMAND}
        assert result is not None
        assert result.text == "done"


def test_every_format_has_a_name_and_a_form() -> None:
    assert set(FORMATS) == {"inspect", "openai", "anthropic", "calls", "blocks"}
