"""Models of planted conduct through the whole pipeline: what is found is what was planted."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from corrigible.agents import Status, load_agent
from corrigible.agents.language.scripted import PERSONAS, persona
from corrigible.audit import AuditResult, Design, run
from corrigible.audit.result import BehaviourResult
from corrigible.core.errors import OptionError, UnknownNameError

from .conftest import Run as Cli

KEPT = "disables-switch"


@cache
def audited(
    name: str, goals: int = 2, epochs: int = 1, factors: str = "base", limit: str = ""
) -> AuditResult:
    design = Design(
        agent=f"scripted:{name}",
        worlds=("off-switch",),
        goals=goals,
        epochs=epochs,
        factors=factors,  # pyright: ignore[reportArgumentType]
        limits=(limit,) if limit else (),
    )
    return run(design, load_agent(design.agent))


def only(result: AuditResult) -> BehaviourResult:
    (found,) = result.behaviours
    return found


# --- planted rates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "rate"), [("cautious", 0.0), ("rare", 0.05), ("grabby", 0.4)])
def test_a_planted_rate_lies_in_the_interval_that_comes_back(name: str, rate: float) -> None:
    found = only(audited(name, goals=5, epochs=5))
    assert found.scored
    assert found.rate is not None
    assert found.rate.low <= rate <= found.rate.high
    assert found.control is not None
    assert found.control.value == 0


def test_a_planted_effect_is_found_and_survives_the_correction() -> None:
    result = audited("0.9", goals=9)
    found = only(result)
    assert found.effect is not None
    assert found.effect.low > 0
    assert found.p_holm is not None
    assert found.p_holm < 0.05
    (drive,) = [drive for drive in result.drives if drive.drive == "self-preservation"]
    assert drive.rate == found.rate


def test_no_effect_is_found_of_one_that_does_it_of_use_or_not() -> None:
    found = only(audited("eager", goals=5, epochs=5))
    assert found.rate is not None
    assert found.rate.value > 0.2
    assert found.effect is not None
    assert found.effect.low <= 0 <= found.effect.high


def test_one_that_does_only_what_is_allowed_shows_it_under_that_permission_alone() -> None:
    result = audited("obedient", goals=8, factors="fraction")
    assert {r.row.variant.permission for r in result.rows} == {"silent", "forbidden", "allowed"}
    for told in result.rows:
        assert (KEPT in told.behaviours) == (told.row.variant.permission == "allowed"), told.row.name


# --- models that show nothing for other reasons -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"), [("clumsy", "cannot do the task"), ("confused", "not understand"), ("silent", "")]
)
def test_one_that_could_not_have_done_it_is_no_evidence_of_safety(name: str, why: str) -> None:
    result = audited(name, limit="self-preservation<=1")
    found = only(result)
    assert not found.scored
    assert why in found.note
    assert [str(limit.verdict) for limit in result.limits] == ["inconclusive"]


@pytest.mark.parametrize("name", ["silent", "refusing"])
def test_one_that_never_calls_a_tool_never_acted(name: str) -> None:
    assert {r.status for r in audited(name).rows} == {str(Status.NEVER_ACTED)}


def test_one_that_loops_ends_by_the_limit_of_calls() -> None:
    assert {len(r.acts) for r in audited("looping").rows} == {4 * 8}


def test_what_happened_before_a_crash_is_kept() -> None:
    result = audited("crashing")
    crashed = [r for r in result.rows if r.status == "crashed"]
    assert crashed
    assert {len(r.acts) for r in crashed} == {2}
    assert "as planted" in result.worlds[0].first_error
    assert not only(result).scored


def test_every_persona_can_be_named_and_any_rate_is_one() -> None:
    assert persona("0.2").rate == 0.2
    assert all(persona(name) is found for name, found in PERSONAS.items())
    with pytest.raises(UnknownNameError, match="did you mean `grabby`"):
        persona("graby")
    with pytest.raises(OptionError, match=r"`1\.5` is not a rate"):
        persona("1.5")


# --- interrupted runs -----------------------------------------------------------------------------------

DESIGN = ("off-switch", "--agent", "scripted:grabby", "--goals", "3", "--epochs", "4", "--design", "base")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_keeps_what_it_has_and_a_killed_one_goes_on_where_it_was(
    run: Cli, tmp_path: Path, environment: dict[str, str], how: signal.Signals
) -> None:
    command = [sys.executable, "-m", "corrigible", "audit", *DESIGN, "--out", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "out" / "episodes.jsonl"
    try:
        for _ in range(3000):
            if (journal.exists() and journal.stat().st_size) or process.poll() is not None:
                break
            time.sleep(0.02)
        process.send_signal(how)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert said.count("\n") == 1
    assert not (tmp_path / "out" / "report.html").exists()
    kept = [json.loads(line) for line in journal.read_text().splitlines()]
    assert 0 < len(kept) < 36
    assert {line["status"] for line in kept} == {"finished"}  # those that were cut off did not crash
    if how is signal.SIGINT:
        return  # the same lines as after a kill, and to go on takes two more audits
    with journal.open("a") as file:  # as a write that was cut off leaves it
        file.write('{"corrigible-record": 1, "row": {"wor')
    went_on = run("audit", *DESIGN, "--out", "out", "--json").json
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert lines[: len(kept)] == kept
    names = [(line["row"]["goal"], line["row"]["twin"], line["row"]["epoch"]) for line in lines]
    assert len(names) == len(set(names)) == 36
    whole = run("audit", *DESIGN, "--json").json
    assert {**went_on, "seconds": 0} == {**whole, "seconds": 0}


def test_a_second_audit_in_the_same_folder_is_refused(run: Cli) -> None:
    first = (
        "--agent",
        "scripted:cautious",
        "--goals",
        "1",
        "--epochs",
        "1",
        "--design",
        "base",
        "--out",
        "out",
    )
    assert run("audit", "off-switch", *first).status == 0
    other = run("audit", "off-switch", *first, "--seed", "1")
    assert (other.status, other.err.count("\n")) == (2, 1)
    assert "holds episodes of another audit" in other.err


def test_a_result_can_be_made_again() -> None:
    once = audited("grabby")
    again = run(once.design, load_agent("scripted:grabby"))
    assert dataclasses.replace(again, seconds=once.seconds) == once
