"""What a turn of a language model costs on our side: ours through Inspect, beside Inspect alone."""

from __future__ import annotations

import tempfile
import time
from typing import Any

SAMPLES = 60


def measured() -> dict[str, float]:
    """Return CPU milliseconds a model turn: Inspect with a bare task, and with a world; no model is run.

    Both play `SAMPLES` samples of the same number of turns, a tool call each, with a scripted model that
    answers at once, so that what is left is the framework's own work and ours.
    """
    ours, turns = _ours()
    return {"ours": ours, "bare": _bare(turns), "turns": turns}


def _ours() -> tuple[float, float]:
    from corrigible.agents import Row
    from corrigible.agents.language.model import LanguageModel
    from corrigible.audit import Design

    design = Design(worlds=("off-switch",), epochs=4, factors="base")
    rows: list[Row] = [row for row in design.rows if row.epoch > 0][:SAMPLES]
    worlds = {world.name: world for world in design.loaded}
    model = LanguageModel("scripted/cautious")
    turns: list[int] = []
    model.evaluate(rows[:2], worlds, lambda record: None)  # imports and compiles
    began = time.process_time()
    model.evaluate(rows, worlds, lambda record: turns.append(len(record.calls)))
    return (time.process_time() - began) / sum(turns) * 1e3, sum(turns) / len(turns)


def _bare(turns: float) -> float:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate, use_tools
    from inspect_ai.tool import Tool, tool

    @tool
    def wait() -> Tool:
        async def execute() -> str:
            """Let an hour pass."""
            return "An hour passes."

        return execute

    count = round(turns)

    def answer(input: list[Any], *_: Any) -> ModelOutput:
        said = sum(message.role == "assistant" for message in input)
        output = (
            ModelOutput.for_tool_call("mockllm", "wait", {})
            if said < count
            else ModelOutput.from_content("mockllm", "done")
        )
        output.usage = ModelUsage(input_tokens=0, output_tokens=0, total_tokens=0)
        return output

    def task(samples: int) -> Task:
        dataset = [Sample(input=f"sample {n}", target="done") for n in range(samples)]
        return Task(dataset=dataset, solver=[use_tools(wait()), generate()], scorer=match(), name="bare")

    model = get_model("mockllm/model", custom_outputs=answer)
    spent = 0.0
    for samples in (2, SAMPLES):
        with tempfile.TemporaryDirectory() as logs:
            began = time.process_time()
            eval(
                task(samples),
                model=model,
                log_dir=logs,
                display="none",
                ctl_server=False,
                score_display=False,
            )
            spent = time.process_time() - began
    return spent / (SAMPLES * (count + 1)) * 1e3
