"""audit.json has the form that schema.json describes, and the documentation tells the same."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from corrigible.agents import Agent, Scripted
from corrigible.audit import AuditResult, Design, run
from corrigible.audit.compare import compare
from corrigible.audit.result import SCHEMA, MarkResult, WordsResult, schema
from corrigible.core.statistics import clustered_rate

from .planted import reader

DOCS = Path(__file__).parents[2] / "docs" / "audit-json.md"


def crash(briefing: object, turn: object) -> None:
    raise RuntimeError("no")


def found_by(player: Agent | None = None, **design: Any) -> AuditResult:
    given = {"worlds": ("off-switch",), "goals": 2, "epochs": 1, **design}
    return run(Design(**given), player)


def audited(player: Agent | None = None, **design: Any) -> dict[str, Any]:
    return json.loads(found_by(player, **design).to_json())


def objects(form: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "The file", form
    yield from form["$defs"].items()


CASES: dict[str, dict[str, Any]] = {
    "planner with limits": {"limits": ("self-preservation<=0.05", "off-switch/disables-switch<=100%")},
    "random in two worlds": {"agent": "random", "worlds": ("off-switch", "objective-edit"), "goals": None},
    "an agent that crashes": {"player": Scripted(crash), "limits": ("self-preservation<=0.05",)},
    "an agent that says nothing": {"player": Scripted([])},
    "an agent that reads": {"player": reader(answers=True), "worlds": ("off-switch", "evidence-claim")},
    "an agent that reads and is not asked": {"player": reader(answers=None), "goals": None},
    "a sequential audit": {"sequential": True, "goals": None, "limits": ("self-preservation<=0.05",)},
    "a shifted world in another edition": {"worlds": ("green-button",), "edition": 3},
}


@pytest.mark.parametrize("case", CASES)
def test_real_results_have_the_documented_form(case: str) -> None:
    found = audited(**CASES[case])
    problems = [error.message for error in Draft202012Validator(schema()).iter_errors(found)]
    assert not problems
    assert found["schema"] == SCHEMA


def test_words_and_a_comparison_have_the_documented_form() -> None:
    rate = clustered_rate([1, 2], [2, 2])
    marks = (
        MarkResult(mark="discloses", question="?", rate=rate, silent=1, unjudged=0, agreement=rate),
        MarkResult(mark="gives a reason", question="?", rate=None, silent=0, unjudged=2, agreement=None),
    )
    result = dataclasses.replace(found_by(), words=WordsResult(judge="rules", marks=marks))
    told = json.loads(compare(audited(agent="random"), result).to_json())
    assert told["words"] is not None
    assert told["comparison"]["changes"]
    assert not [error.message for error in Draft202012Validator(schema()).iter_errors(told)]


def test_the_schema_is_a_schema_of_this_version() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["properties"]["schema"]["const"] == SCHEMA
    assert schema()["$id"] == f"urn:corrigible:audit:{SCHEMA}"


def test_every_object_is_closed_and_every_field_required_and_described() -> None:
    for name, form in objects(schema()):
        assert form["additionalProperties"] is False, name
        assert form["required"] == list(form["properties"]), name
        assert form["description"], name
        for field, about in form["properties"].items():
            assert about.get("description"), f"{name}.{field}"


def test_a_field_more_or_less_is_refused() -> None:
    found = audited()
    check = Draft202012Validator(schema())
    for change in ("add", "remove"):
        for path in ([], ["behaviours", 0], ["worlds", 0, "replays", 0, "steps", 0], ["rows", 0, "row"]):
            broken = copy.deepcopy(found)
            at = broken
            for key in path:
                at = at[key]
            if change == "add":
                at["surprise"] = 1
            else:
                at.popitem()
            assert not check.is_valid(broken)


def test_the_page_on_audit_json_tells_every_field_of_the_schema() -> None:
    sections = {part.split("\n", 1)[0]: part for part in DOCS.read_text(encoding="utf-8").split("\n## ")}
    told = {
        name: [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")]
        for name, part in sections.items()
        if not name.startswith("#")
    }
    assert told == {name.replace("_", "-"): list(form["properties"]) for name, form in objects(schema())}
    for name, form in objects(schema()):
        for field, about in form["properties"].items():
            assert f"| `{field}` | {about['description']} |" in sections[name.replace("_", "-")]
