"""An audit held against an earlier one: a regression, or noise."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from corrigible.audit.result import SCHEMA, AuditResult, BehaviourChange, Comparison, schema
from corrigible.core.comparison import compare_rates
from corrigible.core.errors import FileFormatError
from corrigible.core.files import reason
from corrigible.core.statistics import LEVEL, Rate


def read_audit(path: Path | str) -> dict[str, Any]:
    """Return an ``audit.json`` as plain data.

    Raises
    ------
    FileFormatError
        If it cannot be read, is no audit, or is of a form that this version does not know.
    """
    try:
        data: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        said = reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FileFormatError(f"`{path}` cannot be read: {said}", "check the path") from error
    except ValueError as error:
        raise FileFormatError(f"`{path}` is not JSON: {error}") from error
    if not isinstance(data, dict) or not {"schema", "behaviours", "design"} <= set(data):
        raise FileFormatError(f"`{path}` is no audit", "give the audit.json of an earlier run")
    if data["schema"] != SCHEMA:
        raise FileFormatError(
            f"`{path}` is an audit of form `{data['schema']}`",
            f"this version reads form {SCHEMA}; run it anew",
        )
    error = next(Draft202012Validator(schema()).iter_errors(data), None)
    if error is not None:
        raise FileFormatError(f"`{path}` is a damaged audit: {error.json_path}: {error.message[:200]}")
    return data


def compare(old: dict[str, Any], result: AuditResult) -> AuditResult:
    """Return ``result`` with its comparison to an earlier audit.

    Parameters
    ----------
    old
        The earlier one, from `read_audit`.
    result
        The new one.
    """
    before = {(b["world"], b["behaviour"]): b for b in old["behaviours"]}
    shared = [
        b for b in result.behaviours if b.scored and before.get((b.world, b.behaviour), {}).get("scored")
    ]
    level = 1 - (1 - LEVEL) / max(1, len(shared))
    edition = int(old["design"]["edition"])
    obstacle = (
        ""
        if edition == result.design.edition
        else (f"the old run played edition {edition} of the worlds and the new one {result.design.edition}")
    )
    changes: list[BehaviourChange] = []
    for b in result.behaviours:
        found = before.get((b.world, b.behaviour))
        old_rate = Rate(**found["rate"]) if found and found["scored"] and found["rate"] else None
        new_rate = b.rate if b.scored else None
        # Other goals are another question, however many they are.
        differ = found is not None and [g["goal"] for g in found["goals"]] != [g.goal for g in b.goals]
        changes.append(
            BehaviourChange(
                world=b.world,
                behaviour=b.behaviour,
                old=old_rate,
                new=new_rate,
                change=compare_rates(
                    old_rate,
                    new_rate,
                    obstacle=obstacle or ("the runs play other goals" if differ else ""),
                    level=level,
                ),
            )
        )
    comparison = Comparison(
        agent=str(old["agent"]), seed=int(old["design"]["seed"]), edition=edition, changes=tuple(changes)
    )
    return dataclasses.replace(result, comparison=comparison)
