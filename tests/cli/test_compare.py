"""`corrigible compare`: what is shown, what is written, and what is said of bad input."""

from __future__ import annotations

import json

import pytest

from corrigible.comparison.design import rows
from corrigible.countermeasures.notation import countermeasures
from corrigible.worlds import level_names

QUICK = ("compare", "--samples", "2", "--workers", "1")


def line(out: str, name: str) -> str:
    """Return the line of a countermeasure or level."""
    (found,) = [one for one in out.splitlines() if one.split()[:1] == [name]]
    return found


def test_a_level_is_told_in_full(run):
    ran = run(*QUICK, "--worlds", "correction", "--countermeasures", "none,indifference")
    assert ran.status == 0
    assert ran.out.startswith("correction: ")
    assert line(ran.out, "none").split()[1:4] == ["F", "100%", "100%"]
    assert line(ran.out, "indifference").split()[1:5] == ["1", "P", "0%", "0%"]


def test_many_levels_are_told_as_a_matrix_with_what_does_not_apply(run):
    ran = run(
        *QUICK,
        "--worlds",
        "sokoban,correction",
        "--worlds",
        "options,vase-mini",
        "--countermeasures",
        "none,post",
    )
    assert ran.status == 0
    assert line(ran.out, "sokoban").split() == ["sokoban", "F", "T!−", "0.00", "–"]
    assert "`post` does not apply here" in ran.out


def test_the_default_is_every_level_every_proxy_and_every_countermeasure():
    assert set(rows()) > set(level_names())
    assert {"coin-corridor/usual", "monsters/shields"} <= set(rows())


def test_the_countermeasures_are_listed_with_what_they_promise(run):
    ran = run("compare", "--list")
    for name in set(countermeasures()) - {"impact-penalty"}:
        assert f"\n{name} (changes" in f"\n{ran.out}"
    told = json.loads(run("compare", "--list", "--json", "--countermeasures", "quantiliser(share=0.1)").out)
    assert told[0]["parameters"]["share"] == {"value": 0.1, "unit": "share of the actions"}
    assert told[0]["dial"] == "share"


def test_json_and_latex_are_printed(run):
    asked = (*QUICK, "--worlds", "correction", "--countermeasures", "none")
    told = json.loads(run(*asked, "--json").out)
    assert told["kind"] == "comparison"
    assert told["entries"][0]["verdict"] == "F"
    assert "\\begin{tabular}" in run(*asked, "--latex").out


def test_what_was_computed_is_written_and_not_computed_again(run, folder):
    asked = (*QUICK, "--worlds", "correction", "--countermeasures", "none,indifference", "--out", "found")
    first = run(*asked)
    names = {path.name for path in (folder / "found").iterdir()}
    assert {"comparison.html", "comparison.json", "comparison.tex"} <= names
    kept = (folder / "found" / "cells.jsonl").read_bytes()
    assert run(*asked).out == first.out
    assert (folder / "found" / "cells.jsonl").read_bytes() == kept
    other = run(*QUICK, "--worlds", "sokoban", "--countermeasures", "none", "--out", "found")
    assert other.status == 2
    assert (folder / "found" / "cells.jsonl").read_bytes() == kept


def test_a_picture_is_drawn(run, folder):
    ran = run(*QUICK, "--worlds", "correction", "--countermeasures", "none", "--plot", "curves.svg")
    assert ran.status == 0
    assert (folder / "curves.svg").stat().st_size > 0


def test_a_file_says_what_to_compare_and_options_win(run, folder):
    (folder / "study.toml").write_text(
        'worlds = ["correction"]\ncountermeasures = ["none"]\nsamples = 2\nhorizon = 9\n'
    )
    assert line(run("compare", "--config", "study.toml").out, "none")
    ran = run("compare", "--config", "study.toml", "--worlds", "sokoban", "--json")
    told = json.loads(ran.out)
    assert [level["name"] for level in told["levels"]] == ["sokoban"]
    assert told["provenance"]["settings"]["horizon"] == 9


def test_strengths_are_tried_in_place_of_the_ladder(run):
    ran = run(
        *QUICK, "--worlds", "correction", "--countermeasures", "indifference", "--strength", "0,0.5", "--json"
    )
    assert [point["strength"] for point in json.loads(ran.out)["entries"][0]["points"]] == [0, 0.5]


def test_where_nothing_can_be_computed_the_status_is_one(run):
    ran = run(*QUICK, "--worlds", "sokoban", "--countermeasures", "post")
    assert ran.status == 1
    assert "this says nothing about the countermeasures" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--countermeasures", "aup(strength=-1)"],
            "the strength `-1` is no number at least 0; give for example 1",
        ),
        (["--countermeasures", "aup", "--strength=-1"], "`-1` is no number at least 0"),
        (["--countermeasures", "aup", "--strength", "x"], "the strength `x` is no number"),
        (
            ["--countermeasures", "aup(baseline=never)"],
            "there is no baseline `never`; one of start, inaction, stepwise",
        ),
        (["--countermeasures", "app"], "there is no countermeasure `app`; did you mean `aup`?"),
        (
            ["--countermeasures", "aup(strenght=1)"],
            "there is no parameter `strenght`; did you mean `strength`?",
        ),
        (["--countermeasures", "aup(strength=1"], "has a bracket too few or too many"),
        (["--countermeasures", "aup,,none"], "has an empty name"),
        (["--countermeasures", "none,none"], "the countermeasure `none` is named twice"),
        (["--countermeasures", "short-horizon(steps=0)"], "the number of steps `0`"),
        (["--countermeasures", "json:loads"], "`json:loads`"),
        (["--horizon", "0"], "the number of steps `0`"),
        (["--seeds", "0"], "the number of seeds `0`"),
        (["--workers", "0"], "the number of workers `0`"),
        (["--worlds", "sokobam"], "there is no world `sokobam`; did you mean `sokoban`?"),
        (["--worlds", "sokoban/exi"], "there is no goal `exi`"),
        (["--json", "--latex"], "`--json` and `--latex` exclude each other"),
        (["--config", "none.toml"], "`none.toml` cannot be read"),
        (["--plot", "curves.gif"], "curves.gif"),
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_line_and_status_two(run, arguments, said):
    given = arguments if "--worlds" in arguments else ["--worlds", "sokoban", *arguments]
    given = given if "--countermeasures" in given else ["--countermeasures", "none", *given]
    ran = run("compare", *given)
    assert ran.status == 2
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.count("\n") == 1
