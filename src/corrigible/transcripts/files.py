"""Reading a folder of transcripts: the format is recognised from the content, never from the name alone."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

from corrigible.core.errors import CorrigibleError, FileFormatError, in_short
from corrigible.core.progress import SILENT, Progress
from corrigible.transcripts import anthropic, blocks, calllog, chat, inspect_logs
from corrigible.transcripts.contract import Transcript

FORMATS = {m.NAME: m.FORM for m in (inspect_logs, chat, anthropic, calllog, blocks)}
"""The known formats, and how each looks."""
LARGEST = 512 * 2**20
"""Bytes of the largest file that is read."""
_OTHER = {"labels.csv", "license", "license.txt", "license.md", "readme", "readme.md", "readme.txt", "notice"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class NotRead:
    """A file that is no transcript we can read, and why, in one line."""

    name: str
    reason: str


def read_file(path: Path, name: str = "") -> list[Transcript]:
    """Return the transcripts in a file.

    Raises
    ------
    FileFormatError
        If it is of none of the known formats, or broken; the message begins with the path.
    MissingExtraError
        If it needs a library that is not installed.
    """
    name = name or path.name
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
        if zipfile.is_zipfile(path):
            return inspect_logs.read(name, path)
        text = path.read_bytes().decode("utf-8-sig")
        found = _parsed(name, path, text)
    except CorrigibleError:
        raise
    except UnicodeDecodeError as error:
        raise FileFormatError(f"`{path}` is not text in UTF-8", _known()) from error
    except OSError as error:
        raise FileFormatError(f"`{path}` cannot be read: {error.strerror}", "") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        told = str(error) if type(error) is ValueError else in_short(error)
        raise FileFormatError(f"`{path}` is broken: {' '.join(told.split())[:200]}", _known()) from error
    if not any(t.steps for t in found):
        raise FileFormatError(f"`{path}` has no steps", _known())
    return found


def _known() -> str:
    return f"known formats: {'; '.join(FORMATS.values())}"


def _parsed(name: str, path: Path, text: str) -> list[Transcript]:
    if blocks.recognises(text):
        return blocks.read(name, text)
    try:
        value: Any = json.loads(text)
    except ValueError:
        lines = _lines(text)
        if lines is None:
            raise FileFormatError(f"`{path}` is no transcript of a known format", _known()) from None
        value = lines
    if inspect_logs.recognises(value):
        return inspect_logs.read(name, path)
    listed = value if isinstance(value, list) else [value]
    if all(isinstance(v, dict) and isinstance(v.get("messages"), list) for v in listed) and len(listed) > 1:
        return [
            dataclasses.replace(t, name=f"{name}#{number}")
            for number, v in enumerate(listed, start=1)
            for t in _chat(name, path, v)
        ]
    if calllog.recognises(listed):
        return calllog.read(name, listed)
    return _chat(name, path, value)


def _chat(name: str, path: Path, value: Any) -> list[Transcript]:
    if anthropic.recognises(value):
        return anthropic.read(name, value)
    if chat.recognises(value):
        return chat.read(name, value)
    raise FileFormatError(f"`{path}` is JSON, but no transcript of a known format", _known())


def _lines(text: str) -> list[Any] | None:
    """Return the lines of a file read as JSON each; None where one is not."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()] or None
    except ValueError:
        return None


def read_folder(folder: Path, progress: Progress = SILENT) -> tuple[list[Transcript], list[NotRead]]:
    """Return the transcripts below ``folder`` (or in one file), and what could not be read.

    Hidden files, ``labels.csv``, licences and read-me files are passed over.

    Raises
    ------
    FileFormatError
        If there is no such folder, or no file in it.
    """
    if folder.is_file():
        files, root = [folder], folder.parent
    elif folder.is_dir():
        root = folder
        files = sorted(
            p for p in folder.rglob("*")
            if p.is_file() and p.name.lower() not in _OTHER
            and not any(part.startswith(".") for part in p.relative_to(folder).parts)
        )  # fmt: skip
    else:
        raise FileFormatError(f"there is no file or folder `{folder}`", "give a folder of transcripts")
    if not files:
        raise FileFormatError(f"the folder `{folder}` has no files", "give a folder of transcripts")
    found: list[Transcript] = []
    not_read: list[NotRead] = []
    progress.start("reading", len(files))
    for path in files:
        name = path.relative_to(root).as_posix()
        try:
            found += read_file(path, name)
        except CorrigibleError as error:
            not_read.append(NotRead(name=name, reason=str(error)))
        progress.advance()
    progress.finish()
    return found, not_read
