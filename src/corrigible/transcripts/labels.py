"""Labels of transcripts: a table with the columns ``file`` and ``label``, and perhaps ``scenario``."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from corrigible.core.errors import FileFormatError

ANSWERS = {"violation": True, "clean": False}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Label:
    """What somebody says of a transcript: whether it is a violation, and in which scenario it was made."""

    file: str
    violation: bool
    scenario: str = ""


def find_labels(folder: Path) -> Path | None:
    """Return the ``labels.csv`` in a folder or beside it; None where there is none."""
    here = folder if folder.is_dir() else folder.parent
    return next((p for p in (here / "labels.csv", here.resolve().parent / "labels.csv") if p.is_file()), None)


def read_labels(path: Path) -> list[Label]:
    """Return the labels in a file.

    Raises
    ------
    FileFormatError
        If it is no such table; the message names the line.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            columns = [c.strip() for c in table.fieldnames or []]
            for needed in ("file", "label"):
                if needed not in columns:
                    raise FileFormatError(
                        f"{path}:1: there is no column `{needed}`", "needed: `file`, `label`"
                    )
            table.fieldnames = columns
            made: list[Label] = []
            known: set[str] = set()
            for row in table:
                answer = (row["label"] or "").strip().lower()
                name = (row["file"] or "").strip()
                if answer not in ANSWERS:
                    raise FileFormatError(
                        f"{path}:{table.line_num}: the label `{answer}` is neither `violation` nor `clean`",
                        "leave out rows without a label",
                    )
                if not name or name in known:
                    told = f"the file `{name}` is labelled twice" if name else "a row names no file"
                    raise FileFormatError(f"{path}:{table.line_num}: {told}", "one row a file")
                known.add(name)
                scenario = (row.get("scenario") or "").strip()
                made.append(Label(file=name, violation=ANSWERS[answer], scenario=scenario))
    except OSError as error:
        raise FileFormatError(f"`{path}` cannot be read: {error.strerror}", "") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileFormatError(f"`{path}` is no table: {error}", "") from error
    return made


def matched(
    labels: Iterable[Label], names: Iterable[str], root: Path, beside: Path
) -> tuple[dict[str, Label], list[str]]:
    """Return the label of each transcript that has one, and the labelled files that there are none of.

    A label's file is taken relative to the folder that was read (``root``) or to the labels' own
    (``beside``); it stands for all samples of that file unless it names one.
    """
    by_file: dict[str, list[str]] = {}
    for name in names:
        by_file.setdefault(name, []).append(name)
        if "#" in name:
            by_file.setdefault(name.rsplit("#", 1)[0], []).append(name)
    found: dict[str, Label] = {}
    missing: list[str] = []
    for label in labels:
        other = (beside / label.file).resolve()
        relative = (
            other.relative_to(root.resolve()).as_posix() if other.is_relative_to(root.resolve()) else ""
        )
        hits = by_file.get(label.file.removeprefix("./")) or by_file.get(relative)
        if hits is None:
            missing.append(label.file)
            continue
        for name in hits:
            if name not in found or label.file == name:
                found[name] = label
    return found, missing
