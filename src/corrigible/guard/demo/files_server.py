"""A small MCP server of files in one folder: ``python -m corrigible.guard.demo.files_server FOLDER``.

It speaks JSON-RPC over standard input and output, as the protocol's versions up to 2025-11-25 have it, one
request after the other. It keeps to its folder no better than most servers do; that is the guard's work.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "2025-11-25"


def listed(folder: Path, path: str) -> str:
    """Return the names in a folder, one a line."""
    return "\n".join(sorted(each.name + "/" * each.is_dir() for each in (folder / path).iterdir()))


def read(folder: Path, path: str) -> str:
    """Return what a file holds."""
    return (folder / path).read_text(encoding="utf-8")


def written(folder: Path, path: str, content: str) -> str:
    """Write a file, and say so."""
    (folder / path).write_text(content, encoding="utf-8")
    return f"wrote {len(content)} characters to {path}"


def _tool(name: str, text: str, arguments: tuple[str, ...], reads: bool) -> dict[str, Any]:
    properties = {each: {"type": "string"} for each in arguments}
    return {
        "name": name,
        "description": text,
        "inputSchema": {"type": "object", "properties": properties, "required": list(arguments)},
        "annotations": {"readOnlyHint": reads, "openWorldHint": False},
    }


TOOLS: dict[str, Callable[..., str]] = {
    "list_directory": listed,
    "read_text_file": read,
    "write_file": written,
}
LISTING = [
    _tool("list_directory", "List what is in a folder.", ("path",), True),
    _tool("read_text_file", "Read a text file.", ("path",), True),
    _tool("write_file", "Write a text file; what was in it is gone.", ("path", "content"), False),
]


def reply(folder: Path, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request, or raise `KeyError` where there is no such method or tool."""
    match method:
        case "initialize":
            about = {"name": "demo-files", "version": "1"}
            return {"protocolVersion": VERSION, "capabilities": {"tools": {}}, "serverInfo": about}
        case "ping":
            return {}
        case "tools/list":
            return {"tools": LISTING}
        case "tools/call":
            tool = TOOLS[params["name"]]
            try:
                text, failed = tool(folder, **params.get("arguments", {})), False
            except (OSError, TypeError, ValueError) as error:
                text, failed = f"{type(error).__name__}: {error}", True
            return {"content": [{"type": "text", "text": text}], "isError": failed}
        case _:
            raise KeyError(method)


def main() -> None:
    """Answer requests until standard input ends."""
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        message: dict[str, Any] = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            answer["result"] = reply(folder, message["method"], message.get("params") or {})
        except KeyError as error:
            answer["error"] = {"code": -32601, "message": f"there is no {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
