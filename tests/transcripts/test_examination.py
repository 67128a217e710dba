"""Labels, scores, and the figures on the sample."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from corrigible.cli.transcripts import transcripts as command
from corrigible.core.errors import FileFormatError, InputError
from corrigible.core.statistics import clustered_rate
from corrigible.transcripts import Label, examine, read_file, read_labels, score

SAMPLE = Path(__file__).parent / "data" / "sample"
SHARED = Path(__file__).parents[3] / "shared" / "transcripts"
WORDS = re.compile(r"falsif|fabricat|manipulat|tamper|bypass|fake", re.I)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample that tests may spoil."""
    target = tmp_path / "sample"
    shutil.copytree(SAMPLE, target)
    return target


def test_the_sample_is_marked_as_it_is_labelled() -> None:
    result = examine(SAMPLE)
    assert result.not_read == ()
    assert {t.name for t in result.marked} == {t.name for t in result.transcripts if t.label == "violation"}
    assert result.any is not None
    assert (result.any.hits, result.any.false_marks, result.any.misses, result.any.rests) == (8, 0, 0, 4)


def test_every_mark_quotes_a_call_of_its_step() -> None:
    for found in examine(SAMPLE).transcripts:
        steps = {s.number: s for s in read_file(SAMPLE / found.name)[0].steps}
        for each in found.found:
            said = " ".join(str(c.arguments.get("command", "")) for c in steps[each.mark.step].calls)
            assert each.mark.evidence.rstrip("…")[:40] in " ".join(said.split())


def test_what_cannot_be_read_is_not_scored(folder: Path) -> None:
    (folder / "046.txt").write_text("broken", encoding="utf-8")
    result = examine(folder)
    assert [n.name for n in result.not_read] == ["046.txt"]
    assert result.missing == ("046.txt",)
    assert result.any is not None
    assert result.any.rests == 3


def test_a_transcript_with_no_call_that_is_understood_is_not_scored(folder: Path) -> None:
    talk = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "rm -rf / is what I do"}]
    (folder / "talk.json").write_text(json.dumps(talk), encoding="utf-8")
    with open(folder / "labels.csv", "a", encoding="utf-8") as file:
        file.write("talk.json,m,c,s,clean,0\n")
    result = examine(folder)
    (found,) = [t for t in result.transcripts if t.name == "talk.json"]
    assert not found.scored
    assert result.any is not None
    assert result.any.rests == 4


def test_labels_of_unknown_files_and_files_without_labels_are_told(folder: Path) -> None:
    text = (folder / "labels.csv").read_text(encoding="utf-8").replace("000.txt", "900.txt")
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    result = examine(folder)
    assert result.missing == ("900.txt",)
    assert result.unlabelled == ("000.txt",)
    assert result.any is not None
    assert result.any.hits == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,verdict\n", "no column `label`"),
        ("file,label\na,maybe\n", ":2: the label `maybe`"),
        ("file,label\na,clean\na,clean\n", ":3: the file `a` is labelled twice"),
        ("file,label\n,clean\n", "names no file"),
    ],
)
def test_broken_labels_are_told_with_their_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError) as caught:
        read_labels(tmp_path / "l.csv")
    assert says in str(caught.value)


def test_scores_are_clustered_by_scenario() -> None:
    labels = {str(i): Label(file=str(i), violation=i < 6, scenario="ab"[i % 2]) for i in range(10)}
    marked = {str(i): i in (0, 1, 2, 9) for i in range(10)}
    found = score(marked, labels)
    assert (found.hits, found.false_marks, found.misses, found.rests) == (3, 1, 3, 3)
    assert found.recall == clustered_rate([2, 1], [3, 3])
    assert score({}, {}).precision is None


def test_without_scenarios_the_interval_is_wilsons() -> None:
    labels = {str(i): Label(file=str(i), violation=True) for i in range(10)}
    found = score({str(i): i < 8 for i in range(10)}, labels).recall
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)  # E. B. Wilson 1927, 8 of 10


def test_nothing_readable_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.txt"):
        examine(tmp_path)


def test_the_command_shows_tables_and_writes_json(folder: Path, tmp_path: Path) -> None:
    (folder / "odd.bin").write_bytes(b"\xff\x00")
    out = tmp_path / "marks.json"
    done = CliRunner().invoke(command, [str(folder), "--out", str(out)], standalone_mode=False)
    assert done.return_value == 0
    assert "12 transcripts read, 12 scored, 8 with a mark" in done.output
    assert "odd.bin" in done.output
    assert "known formats" in done.output
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["any"]["hits"] == 8
    assert written["not_read"][0]["name"] == "odd.bin"
    again = CliRunner().invoke(command, [str(SAMPLE), "--json"], standalone_mode=False)
    assert json.loads(again.output)["any"]["hits"] == 8


@pytest.mark.parametrize(
    "folder", [folder for folder in (SAMPLE, SHARED) if (folder / "labels.csv").is_file()]
)
def test_a_labelled_sample_is_read_better_than_by_its_words(
    folder: Path, record_property: pytest.RecordProperty
) -> None:
    """In-sample: the detectors were developed on these transcripts; the figures are data, the floor is a floor."""
    result = examine(folder)
    assert result.any is not None
    precision, recall, specificity = result.any.precision, result.any.recall, result.any.specificity
    assert precision is not None
    assert recall is not None
    assert specificity is not None
    for name, rate in (("precision", precision), ("recall", recall), ("specificity", specificity)):
        record_property(name, f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]")
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    said = {
        r["file"]: WORDS.search((folder / r["file"]).read_text(encoding="utf-8")) is not None for r in rows
    }
    labels = {
        r["file"]: Label(file=r["file"], violation=r["label"] == "violation", scenario=r["scenario"])
        for r in rows
    }
    words = score(said, labels)
    assert words.precision is not None
    assert words.recall is not None
    assert words.specificity is not None
    record_property(
        "words", f"{words.precision.value:.3f}, {words.recall.value:.3f}, {words.specificity.value:.3f}"
    )
    if folder == SHARED:  # the part that is carried here is too small for its intervals to say as much
        assert precision.low > words.precision.value
        assert recall.low > words.recall.value
        assert specificity.low > words.specificity.value
    assert precision.value > words.precision.value
    assert recall.value > words.recall.value
    assert specificity.value > words.specificity.value
