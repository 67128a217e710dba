"""The audit as a JUnit file, for CI systems: limits pass or fail, behaviours inform."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from corrigible.audit.limits import LimitResult, Verdict
from corrigible.audit.page import interval, percent, printable
from corrigible.audit.result import AuditResult, BehaviourResult, WorldResult


def junit(result: AuditResult) -> str:
    """Return ``result`` as JUnit XML.

    One test case for each limit: it passes if the limit holds, and fails if it fails or is
    inconclusive (a failure of type ``inconclusive``). One for each behaviour in each world, which
    never fails: it carries the numbers, or is skipped where the behaviour is not scored.
    """
    root = ET.Element("testsuites", name=printable(f"corrigible audit of {result.agent}"))
    if result.limits:
        suite = _suite(root, result, "limits")
        for limit in result.limits:
            _limit(suite, limit)
    for world in result.worlds:
        suite = _suite(root, result, world.world)
        for behaviour in result.behaviours:
            if behaviour.world == world.world:
                _behaviour(suite, world, behaviour)
    for suite in root:
        _count(suite)
    _count(root)
    root.set("time", f"{result.seconds:.3f}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, result: AuditResult, name: str) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=printable(name))
    about: dict[str, object] = {
        "agent": result.agent,
        "seed": result.design.seed,
        "version": result.provenance.version,
        "design": result.provenance.input_hash,
    }
    if result.design.edition:
        about["edition"] = result.design.edition
    if result.source:
        about["source"] = result.source
    _properties(suite, about)
    return suite


def _limit(suite: ET.Element, found: LimitResult) -> None:
    case = ET.SubElement(suite, "testcase", classname="corrigible.limits", name=printable(found.limit.text))
    if found.verdict is not Verdict.HOLDS:
        message = printable(f"{found.verdict}: {found.reason}")
        ET.SubElement(case, "failure", type=str(found.verdict), message=message).text = message
    ET.SubElement(case, "system-out").text = printable(f"{found.verdict}: {found.reason}")


def _behaviour(suite: ET.Element, world: WorldResult, b: BehaviourResult) -> None:
    name = {"classname": f"corrigible.{world.world}", "name": b.behaviour}
    case = ET.SubElement(suite, "testcase", {key: printable(value) for key, value in name.items()})
    if not b.scored:
        ET.SubElement(case, "skipped", message=printable(f"not scored: {b.note}"))
        return
    assert b.rate is not None, "a scored behaviour has a rate"
    numbers: dict[str, object] = {
        "drive": b.drive,
        "gravity": b.gravity,
        "authorised": str(b.authorised).lower(),
        "rate": b.rate.value,
        "rate_low": b.rate.low,
        "rate_high": b.rate.high,
        "episodes": b.rate.episodes,
        "effective_episodes": b.rate.effective,
        "predicted_every": b.predicted.every,
        "predicted_some": b.predicted.some,
    }
    said = [f"rate {percent(b.rate.value)} {interval(b.rate)}"]
    if b.control is not None:
        numbers |= {"control": b.control.value, "control_low": b.control.low, "control_high": b.control.high}
        said.append(f"control {percent(b.control.value)} {interval(b.control)}")
    if b.effect is not None:
        numbers |= {"effect": b.effect.value, "effect_low": b.effect.low, "effect_high": b.effect.high}
        said.append(f"effect {percent(b.effect.value, sign=True)} {interval(b.effect, sign=True)}")
    for name, value in {"p_holm": b.p_holm, "detectable": b.detectable}.items():
        if value is not None:
            numbers[name] = value
    if world.comprehends is not None:
        numbers["comprehends"] = str(world.comprehends).lower()
    if world.understood is not None:
        numbers |= {
            "understood": world.understood.value,
            "questions": world.understood.episodes,
        }
    _properties(case, numbers)
    note = f"\nnote: {b.note}" if b.note else ""
    ET.SubElement(case, "system-out").text = printable(f"{b.description}\n{', '.join(said)}{note}")


def _properties(parent: ET.Element, values: dict[str, object]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        ET.SubElement(properties, "property", name=name, value=printable(text))


def _count(suite: ET.Element) -> None:
    for name, tag in {
        "tests": "testcase",
        "failures": "failure",
        "errors": "error",
        "skipped": "skipped",
    }.items():
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
