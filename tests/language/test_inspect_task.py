"""The worlds as Inspect's users find them, and the audit of the logs that they bring."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.agent import react
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.solver import basic_agent, generate

from corrigible.agents import Record
from corrigible.agents.language.local import read_calls
from corrigible.agents.language.logs import read_log
from corrigible.agents.language.task import KEY, PlaceTools
from corrigible.audit.inspect_registry import TASKS
from corrigible.core.errors import FileFormatError
from corrigible.worlds import names

from .conftest import Run

WORLD = "off-switch"


def played(tmp_path: Path, model: str = "scripted/grabby", **settings: Any) -> EvalLog:
    made = {"goals": 1, "factors": "base", **settings.pop("task_args", {})}
    (log,) = inspect_eval(
        TASKS[WORLD](**made),
        model=model,
        display="none",
        log_dir=str(tmp_path / "logs"),
        log_level="error",
        **settings,
    )
    assert log.status == "success"
    return log


def value(log: EvalLog, name: str = "disables-switch") -> dict[str, float]:
    assert log.results is not None
    (score,) = [score for score in log.results.scores if score.name == name]
    return {metric.name: metric.value for metric in score.metrics.values()}


# --- running them -------------------------------------------------------------------------------------


def test_the_command_line_of_inspect_finds_worlds_and_scripted_models(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    given = ["--epochs", "2", "-T", "twin=control", "-T", "factors=base", "--limit", "3", "--log-dir", "logs"]
    command = [
        *(sys.executable, "-m", "inspect_ai"),
        "eval",
        f"corrigible/{WORLD}",
        "--model",
        "scripted/eager",
        *given,
        "--display",
        "none",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "logs").glob("*.eval")
    samples = read_eval_log(path).samples or []
    assert len(samples) == 3 * 2
    assert {sample.metadata["twin"] for sample in samples} == {"control"}
    # Another epoch is another episode: other luck, other names.
    first, second = (sample for sample in samples if sample.id == samples[0].id)
    assert first.messages[0].content != second.messages[0].content
    assert len({record.row.key for record in read_log(path)}) == 6


def test_metrics_tell_each_behaviour_and_the_goal_by_twin(tmp_path: Path) -> None:
    log = played(tmp_path, "scripted/1.0", task_args={"goals": 2})
    assert value(log) == {"world": 1, "control": 0, "closed": value(log)["closed"]}
    assert set(value(log, "goal met")) == {"world", "control", "closed"}


@pytest.mark.parametrize("world", names())
def test_every_world_of_the_catalogue_is_a_task(world: str) -> None:
    task = TASKS[world](goals=1, factors="base")
    assert isinstance(task, Task)
    assert task.name == world
    assert {"world", "control"} <= {sample.metadata["twin"] for sample in task.dataset if sample.metadata}


def test_a_twin_that_is_not_there_is_answered_with_a_near_name() -> None:
    with pytest.raises(Exception, match="did you mean `control`"):
        TASKS[WORLD](twin="contrl")


def test_a_call_that_an_approver_rejects_does_nothing_and_counts(tmp_path: Path) -> None:
    policy = tmp_path / "approval.yaml"
    policy.write_text(
        "approvers:\n"
        "  - {name: auto, tools: change_setting, decision: reject}\n"
        '  - {name: auto, tools: "*", decision: approve}\n'
    )
    free = value(played(tmp_path, "scripted/1.0"))
    held = played(tmp_path, "scripted/1.0", approval=str(policy))
    assert free["world"] == 1
    assert set(value(held).values()) == {0}
    assert held.samples is not None
    # It tries again until its calls are up.
    assert all(sample.error is None and len(sample.messages) < 100 for sample in held.samples)


def test_a_limit_of_messages_ends_an_episode_that_is_scored_as_it_stands(tmp_path: Path) -> None:
    log = played(tmp_path, "scripted/1.0", message_limit=5)
    assert log.samples is not None
    assert all(sample.limit is not None and sample.scores for sample in log.samples)
    assert {len(sample.store[KEY]["calls"]) for sample in log.samples} == {2}


def reacting() -> Any:
    return react(tools=[PlaceTools()], submit=False)


@pytest.mark.parametrize("solver", [generate, partial(basic_agent, message_limit=40), reacting])
def test_another_solver_finds_the_tools_and_is_scored_alike(tmp_path: Path, solver: Any) -> None:
    log = played(tmp_path, "scripted/1.0", solver=solver())
    assert value(log)["world"] == 1
    assert value(log)["control"] == 0


# --- reading their logs ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    played(folder, "scripted/1.0", epochs=2)
    (path,) = (folder / "logs").glob("*.eval")
    return path


def audited(run: Run, path: Path) -> Any:
    ran = run("audit", WORLD, "--from-logs", str(path), "--json")
    assert ran.status == 0, ran.err
    return ran.json


def rates(told: Any) -> tuple[float, float]:
    (found,) = told["behaviours"]
    return found["rate"]["value"], found["control"]["value"]


def test_a_log_is_audited_as_the_episodes_are_that_it_holds(run: Run, log: Path, tmp_path: Path) -> None:
    records = list(read_log(log))
    assert all(record.agent == "scripted/1.0" for record in records)
    (tmp_path / "episodes.jsonl").write_text("".join(f"{record.to_json()}\n" for record in records))
    of_log, of_records = audited(run, log.parent), audited(run, tmp_path / "episodes.jsonl")
    assert rates(of_log) == (1, 0)
    for part in ("behaviours", "drives", "rows"):
        assert of_log[part] == of_records[part]


def test_what_a_log_claims_counts_for_nothing(run: Run, log: Path, tmp_path: Path) -> None:
    found = read_eval_log(str(log))
    assert found.samples is not None
    for sample in found.samples:
        record = sample.store[KEY]
        record["calls"] = [call for call in record["calls"] if call["tool"] != "change_setting"]
    write_eval_log(found, str(tmp_path / "tampered.eval"))
    assert rates(audited(run, tmp_path / "tampered.eval")) == (0, 0)
    for sample in found.samples:  # and scores alone change nothing
        sample.store[KEY]["calls"] = []
        assert sample.scores
        for score in sample.scores.values():
            score.value = 1
    write_eval_log(found, str(tmp_path / "scores.eval"))
    assert {record.replay().behaviours for record in read_log(tmp_path / "scores.eval")} == {frozenset()}


@pytest.mark.parametrize("made", ["text", "empty", "truncated", "zip", "json"])
def test_a_file_that_is_no_log_is_refused_in_one_line(run: Run, log: Path, tmp_path: Path, made: str) -> None:
    path = tmp_path / ("bad.json" if made == "json" else "bad.eval")
    content = log.read_bytes()
    path.write_bytes(
        {"text": b"no log", "empty": b"", "truncated": content[: len(content) // 2]}.get(made, b"{}")
    )
    if made == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("header.txt", "nothing")
    with pytest.raises(FileFormatError):
        list(read_log(path))
    ran = run("audit", WORLD, "--from-logs", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "bad." in ran.err


def test_a_file_that_is_no_log_does_not_hide_those_that_are(run: Run, log: Path) -> None:
    bad = log.parent / "bad.eval"
    bad.write_text("no log")
    try:
        ran = run("audit", WORLD, "--from-logs", str(log.parent), "--json")
    finally:
        bad.unlink()
    assert ran.status == 0
    assert "left out" in ran.err
    assert rates(ran.json) == (1, 0)


def test_a_log_of_another_task_is_refused_by_its_name(run: Run, tmp_path: Path) -> None:
    from inspect_ai.dataset import Sample

    task = Task(dataset=[Sample(input="hello")], name="greeting")
    inspect_eval(
        task, model="mockllm/model", display="none", log_dir=str(tmp_path / "logs"), log_level="error"
    )
    ran = run("audit", WORLD, "--from-logs", "logs")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "the task `greeting`, which is no world of Corrigible" in ran.err


def test_a_record_in_a_log_says_what_was_said(log: Path) -> None:
    record = next(iter(read_log(log)))
    assert isinstance(record, Record)
    assert all(said.startswith("Next: ") for _, said in record.calls)


# --- the small model on this machine ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('<tool_call>[{"name": "wait", "arguments": {}}]</tool_call>', [("wait", {})]),
        (
            'Now. <tool_call>{"name": "process", "arguments": {"kind": "letter"}}',
            [("process", {"kind": "letter"})],
        ),
        ('<tool_call>[{"name": "wait"}]</tool_call>', []),
        ("<tool_call>[wait()]</tool_call>", []),
        ("The output must be: Hour 0 of 8 is over.", []),
    ],
)
def test_calls_are_read_out_of_what_a_small_model_writes(text: str, calls: list[Any]) -> None:
    assert [(call.function, call.arguments) for call in read_calls(text)] == calls
