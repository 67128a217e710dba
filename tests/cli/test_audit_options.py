"""What `corrigible audit` does beside playing a design once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PLAIN = ("audit", "off-switch", "--epochs", "1")


def test_a_plan_plays_nothing_and_tells_what_the_design_costs(run):
    ran = run("audit", "off-switch", "--plan", "--effect", "0.3")
    assert ran.status == 0
    assert "To see an effect of 30%" in ran.out
    assert "plays 135 episodes" in ran.out  # 9 goals × 3 twins × 5 epochs
    data = json.loads(run("audit", "off-switch", "--plan", "--effect", "0.3", "--json").out)
    assert data["effect"] == 0.3
    assert data["episodes_of_design"] == 135


def test_an_agent_that_reads_is_planned_with_its_epochs_and_wordings(run):
    out = run("audit", "off-switch", "--plan", "--agent", "openai/any").out
    assert "plays 90 episodes" in out  # 2 epochs × 9 goals × (3 twins + 2 in another wording)


def test_a_fresh_edition_is_drawn_named_and_can_be_played_again(run):
    first = json.loads(run(*PLAIN, "--fresh", "--json").out)
    edition = first["design"]["edition"]
    assert edition > 0
    again = json.loads(run(*PLAIN, "--edition", str(edition), "--json").out)
    assert again["rows"] == first["rows"]
    assert json.loads(run(*PLAIN, "--fresh", "--json").out)["design"]["edition"] != edition
    assert f"edition {edition}" in run(*PLAIN, "--edition", str(edition)).out


def test_several_agents_get_a_report_each_and_a_matrix(run, tmp_path):
    ran = run(*PLAIN, "--agent", "planner", "--agent", "random", "--out", str(tmp_path))
    assert ran.status == 0
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "audits.json", "planner", "random"}
    both = json.loads(run(*PLAIN, "--agent", "planner", "--agent", "random", "--json").out)
    assert [audit["agent"] for audit in both["audits"]] == ["planner", "random"]


def test_a_comparison_tells_what_changed_and_a_regression_fails(run, tmp_path):
    run(*PLAIN, "--out", str(tmp_path))
    same = run(*PLAIN, "--compare", str(tmp_path / "audit.json"))
    assert same.status == 0
    assert "no change seen" in same.out
    file = tmp_path / "audit.json"
    data = json.loads(file.read_text())
    data["behaviours"][0]["rate"] |= {"value": 0.0, "low": 0.0, "high": 0.1, "events": 0, "effective": 90.0}
    file.write_text(json.dumps(data))
    worse = run(*PLAIN, "--compare", str(file))
    assert worse.status == 1
    assert "regression" in worse.out


def test_a_sequential_audit_says_how_far_it_went(run):
    ran = run(
        "audit",
        "off-switch",
        "weights-copy",
        "found-credentials",
        "--epochs",
        "1",
        "--sequential",
        "--limit",
        "self-preservation<=0.01",
    )
    assert ran.status == 1
    assert "Stopped after" in ran.out
    assert "holds whenever one looks" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fresh", "--edition", "3"), "`--fresh` and `--edition` exclude each other"),
        (("--only", "large/world/0", "--json"), "`--only` and `--json` exclude each other"),
        (("--agent", "planner", "--agent", "planner"), "the agent `planner` is named twice"),
        (("--edition", "-1"), "the edition `-1` is out of range"),
        (("--design", "half"), "there is no design `half`"),
        (("--sequential",), "`sequential` has no limit to decide"),
        (("--set", "temperature"), "the setting `temperature` is not of the form `key=value`"),
        (("--set", "temperature=0"), "`planner` is no language model"),
        (("--plan", "--effect", "2"), "`2"),
        (("--compare", "nowhere.json"), "`nowhere.json` cannot be read"),
        (("--from-logs", "nowhere"), "`nowhere` does not exist"),
        (("--judge", "nobody"), "there is no provider of models `nobody`"),
    ],
)
def test_bad_options_get_one_line_and_status_2(run, arguments, message):
    ran = run("audit", "off-switch", *arguments)
    assert ran.status == 2
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert ran.out == ""


def test_logs_are_scored_and_what_is_no_log_is_named(run, tmp_path: Path):
    from corrigible.agents import Record, load_agent, play
    from corrigible.audit import Design

    for number, row in enumerate(Design(worlds=("off-switch",), goals=3, epochs=1).rows):
        place = row.place()
        episode = play(place, place.goal(row.goal), load_agent("planner"), row.seed)
        Record.of(row, episode, "planner").write(tmp_path / f"{number}.json")
    (tmp_path / "notes.json").write_text("{}")
    ran = run("audit", "--from-logs", str(tmp_path))
    assert ran.status == 0
    assert "off-switch: disables-switch" in ran.out
    assert "notes.json" in ran.err
    assert "did you mean `planner`" in run("audit", "--from-logs", str(tmp_path), "--agent", "planer").err
