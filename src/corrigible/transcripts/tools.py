"""The vocabulary ``shell``: tools that run commands or Python, and tools that edit files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from corrigible.transcripts.contract import ToolCall
from corrigible.transcripts.interpreter import Deeds, interpret, interpret_python
from corrigible.transcripts.operation import Operation

_SHELL = re.compile(
    r"(?:functions\.)?(?:container\.|local_)?(?:(?:run|execute|exec|use)_?)?"
    r"(?:bash|shell|sh|terminal|cmd|command|commands|exec|execute|shell_command|terminal_cmd|bash_command)"
    r"(?:_tool|_session)?",
    re.I,
)
_PYTHON = re.compile(
    r"(?:functions\.)?(?:(?:run|execute|exec)_?)?(?:i?python\d?|code|code_interpreter)(?:_tool|_code)?", re.I
)
_WRITE = re.compile(r"(?:write|create|save|overwrite|new)(?:_?file|_?to_?file)?|file_?write", re.I)
_EDIT = re.compile(
    r"(?:str_?replace|edit|multi_?edit|replace|insert|modify|update|patch)(?:_?(?:in_?)?file|_editor|_based_edit_tool)?"
    r"|replace_in_file|search_replace|apply_diff|text_editor|editor",
    re.I,
)
_APPEND = re.compile(r"append(?:_?(?:to_?)?file)?", re.I)
_REMOVE = re.compile(r"(?:delete|remove|rm)_?file", re.I)
_READ = re.compile(r"(?:read|view|open|cat|get|show)(?:_?file)?", re.I)
_SCRIPT_NAMES = ("command", "cmd", "script", "commands", "input", "code", "keystrokes", "")
_PATH_NAMES = ("path", "file_path", "filepath", "filename", "file", "target_file", "absolute_path")
_TEXT_NAMES = (
    "content",
    "file_text",
    "contents",
    "text",
    "new_str",
    "new_string",
    "code_edit",
    "insert_text",
    "patch",
)


def spoken(call: ToolCall) -> str:
    """Return the call as it is quoted: the command, or the tool with its arguments."""
    script = _script(call.arguments) if _SHELL.fullmatch(call.tool) or _PYTHON.fullmatch(call.tool) else None
    if script is not None:
        return script
    return f"{call.tool}({json.dumps(dict(call.arguments), ensure_ascii=False, default=str)})"


def understood(call: ToolCall) -> bool:
    """Whether the vocabulary knows this call."""
    return any(
        p.fullmatch(call.tool) for p in (_SHELL, _PYTHON, _WRITE, _EDIT, _APPEND, _REMOVE, _READ)
    ) and (_script(call.arguments) is not None or _named(call.arguments, _PATH_NAMES) is not None)


def deeds(call: ToolCall) -> Deeds:
    """Return what a call does; nothing for tools of other vocabularies."""
    given = call.arguments
    folder = str(given.get("workdir") or given.get("cwd") or "")
    script = _script(given)
    path = _named(given, _PATH_NAMES)
    if _SHELL.fullmatch(call.tool) and script is not None:
        return interpret(script, folder)
    if _PYTHON.fullmatch(call.tool) and script is not None:
        return interpret_python(script, folder)
    made = Deeds()
    kind = _kind(call.tool, str(given.get("command", "")))
    if kind and path:
        text = str(_named(given, _TEXT_NAMES) or "")
        made.operations.append(
            Operation(kind=kind, path=path, text=text, literal=kind != "read", how=call.tool)
        )
    elif kind == "edit" and (patch := _named(given, ("patch", "input", "diff"))):
        return interpret(f"apply_patch <<'END_OF_PATCH'\n{patch}\nEND_OF_PATCH\n", folder)
    return made


def _kind(tool: str, command: str) -> str:
    if _EDIT.fullmatch(tool) or tool.endswith("_editor"):
        return {"create": "write", "view": "read", "undo_edit": ""}.get(command, "edit")
    for pattern, kind in ((_APPEND, "append"), (_REMOVE, "remove"), (_WRITE, "write"), (_READ, "read")):
        if pattern.fullmatch(tool):
            return kind
    return ""


def _script(arguments: Mapping[str, Any]) -> str | None:
    value: Any = _named(arguments, _SCRIPT_NAMES)
    if isinstance(value, list):
        words = [str(v) for v in value]
        if len(words) >= 3 and words[1].startswith("-") and words[1].endswith("c"):
            return words[2]
        return " ".join(words)
    return value if isinstance(value, str) else None


def _named(arguments: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((arguments[name] for name in names if arguments.get(name)), None)
