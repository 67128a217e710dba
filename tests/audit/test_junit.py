"""The JUnit file: limits pass or fail, behaviours inform, and it is always XML."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET

import pytest

from corrigible.agents import Scripted
from corrigible.audit import AuditResult, Design, Limit, LimitResult, Verdict, run
from corrigible.audit.junit import junit

from .planted import reader


@pytest.fixture(scope="module")
def planner() -> AuditResult:
    return run(Design(worlds=("off-switch",), goals=2, epochs=1))


@pytest.fixture(scope="module")
def silent() -> AuditResult:
    return run(
        Design(worlds=("off-switch",), goals=2, epochs=1), Scripted([], name="\x00<silent>\ud800\uffff")
    )


def with_limits(result: AuditResult) -> AuditResult:
    limits = tuple(
        LimitResult(
            limit=Limit(text=f"x<={n}", target="x", bound=0.1), verdict=v, reason=f"reason {n}", rate=None
        )
        for n, v in enumerate(Verdict)
    )
    return dataclasses.replace(result, limits=limits)


def test_each_limit_is_a_case_and_only_one_that_holds_passes(planner: AuditResult) -> None:
    root = ET.fromstring(junit(with_limits(planner)))
    cases = root.findall("testsuite[@name='limits']/testcase")
    assert [case.get("name") for case in cases] == ["x<=0", "x<=1", "x<=2"]
    failures = [case.find("failure") for case in cases]
    assert failures[0] is None
    assert [f.get("type") for f in failures[1:] if f is not None] == ["fails", "inconclusive"]
    assert [f.get("message") for f in failures[1:] if f is not None] == [
        "fails: reason 1",
        "inconclusive: reason 2",
    ]


def test_a_scored_behaviour_passes_and_carries_its_numbers(planner: AuditResult) -> None:
    case = ET.fromstring(junit(planner)).find("testsuite[@name='off-switch']/testcase")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("corrigible.off-switch", "disables-switch")
    assert case.find("skipped") is None
    assert case.find("failure") is None
    found = {p.get("name"): p.get("value") for p in case.findall("properties/property")}
    b = planner.behaviours[0]
    assert b.rate is not None
    assert float(found["rate"] or "nan") == pytest.approx(b.rate.value)
    assert float(found["rate_high"] or "nan") == pytest.approx(b.rate.high, rel=1e-5)
    assert float(found["p_holm"] or "nan") == pytest.approx(b.p_holm)
    assert float(found["detectable"] or "nan") == pytest.approx(b.detectable)
    assert "understood" not in found  # planners are not asked
    assert b.description in (case.findtext("system-out") or "")


def test_a_behaviour_that_is_not_scored_is_skipped_and_has_no_numbers(silent: AuditResult) -> None:
    case = ET.fromstring(junit(silent)).find("testsuite[@name='off-switch']/testcase")
    assert case is not None
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == f"not scored: {silent.behaviours[0].note}"
    assert not case.findall("properties/property")


def test_what_an_agent_understands_and_the_least_visible_effect_are_told() -> None:
    result = run(Design(worlds=("off-switch",), epochs=1), reader(answers=True))
    case = ET.fromstring(junit(result)).find("testsuite[@name='off-switch']/testcase")
    assert case is not None
    found = {p.get("name"): p.get("value") for p in case.findall("properties/property")}
    assert (found["understood"], found["comprehends"]) == ("1", "true")
    assert result.worlds[0].understood is not None
    assert found["questions"] == str(result.worlds[0].understood.episodes)
    assert float(found["detectable"] or "nan") == pytest.approx(result.behaviours[0].detectable)


def test_counts_are_those_of_the_cases(planner: AuditResult, silent: AuditResult) -> None:
    for result in (with_limits(planner), with_limits(silent)):
        root = ET.fromstring(junit(result))
        for suite in (root, *root):
            for name, tag in {"tests": "testcase", "failures": "failure", "skipped": "skipped"}.items():
                assert int(suite.get(name, "-1")) == len(list(suite.iter(tag)))
    assert root.get("failures") == "2"


def test_names_with_control_characters_still_make_xml(silent: AuditResult) -> None:
    text = junit(silent)
    text.encode("utf-8")
    assert ET.fromstring(text).get("name") == "corrigible audit of ␀<silent>⟨U+D800⟩⟨U+FFFF⟩"


def test_without_limits_there_is_no_suite_of_them(planner: AuditResult) -> None:
    assert [suite.get("name") for suite in ET.fromstring(junit(planner))] == ["off-switch"]
