"""Examining transcripts: every detector over every one, and the scores where there are labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from corrigible.core.errors import FileFormatError, OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.core.results import Provenance, digest, provenance, to_json
from corrigible.transcripts.contract import Detector, Mark, Transcript
from corrigible.transcripts.detectors import SHELL
from corrigible.transcripts.files import NotRead, read_folder
from corrigible.transcripts.labels import Label, find_labels, matched, read_labels
from corrigible.transcripts.scoring import Score, score


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A mark with the detector that made it."""

    detector: str
    mark: Mark


@dataclasses.dataclass(frozen=True, kw_only=True)
class Examined:
    """What was found in one transcript.

    Parameters
    ----------
    name, format
        The transcript.
    calls
        How many calls it has.
    scored
        Whether any detector understands any of them; if not, no marks say nothing.
    label
        ``violation`` or ``clean``; None where there is no label.
    scenario
        As the labels say; empty where they do not.
    found
        The marks, by step.
    """

    name: str
    format: str
    calls: int
    scored: bool
    label: str | None
    scenario: str
    found: tuple[Found, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DetectorResult:
    """What a detector found in all: it, its counts, and its score where there are labels."""

    name: str
    drive: str
    vocabulary: str
    description: str
    transcripts: int
    marks: int
    scored: int
    score: Score | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScenarioResult:
    """How marks of any detector agree with the labels in one scenario."""

    scenario: str
    hits: int
    false_marks: int
    misses: int
    rests: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Examination:
    """What was found in a folder of transcripts.

    Parameters
    ----------
    folder
        What was read.
    transcripts
        Those that could be read.
    not_read
        Those that could not; never counted as clean.
    detectors
        Each detector.
    any
        The score of all detectors together: a transcript is marked if any of them marks it.
    scenarios
        The same by scenario; empty without labels that name scenarios.
    labels
        The file of labels, or None.
    unlabelled
        Scored transcripts without a label.
    missing
        Labelled files that were not found or not read.
    provenance
        Version and hash of the input.
    """

    folder: str
    transcripts: tuple[Examined, ...]
    not_read: tuple[NotRead, ...]
    detectors: tuple[DetectorResult, ...]
    any: Score | None
    scenarios: tuple[ScenarioResult, ...]
    labels: str | None
    unlabelled: tuple[str, ...]
    missing: tuple[str, ...]
    provenance: Provenance

    @property
    def marked(self) -> tuple[Examined, ...]:
        """The transcripts with a mark."""
        return tuple(t for t in self.transcripts if t.found)

    def to_json(self) -> str:
        """Return everything as JSON text."""
        return to_json(self)


def examine(
    folder: Path | str,
    *,
    labels: Path | str | None = None,
    detectors: Sequence[Detector] = (),
    progress: Progress = SILENT,
) -> Examination:
    """Read the transcripts in ``folder`` and mark what was done in them.

    Parameters
    ----------
    folder
        A folder, or one file.
    labels
        A table of labels; by default ``labels.csv`` in the folder or beside it, if there is one.
    detectors
        Further ones beside those for the vocabulary ``shell``.
    progress
        Who listens.

    Raises
    ------
    FileFormatError
        If there is nothing to read, nothing can be read, or the labels are broken.
    OptionError
        If two detectors have one name.
    """
    folder = Path(folder)
    every = (*SHELL, *detectors)
    names = [d.name for d in every]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise OptionError(f"there are two detectors `{twice}`", "give yours another name")
    table = Path(labels) if labels is not None else find_labels(folder)
    told = read_labels(table) if table is not None else []
    transcripts, not_read = read_folder(folder, progress)
    if not transcripts:
        first = f"; the first: {not_read[0].reason}" if not_read else ""
        raise FileFormatError(f"nothing in `{folder}` could be read, of {len(not_read)} files{first}", "")
    root = folder if folder.is_dir() else folder.parent
    known: dict[str, Label] = {}
    missing: list[str] = []
    if table is not None:
        known, missing = matched(told, [t.name for t in transcripts], root, table.parent)
    progress.start("examining", len(transcripts))
    examined: list[Examined] = []
    applies: dict[str, set[str]] = {d.name: set() for d in every}
    for transcript in transcripts:
        examined.append(_examined(transcript, every, known.get(transcript.name), applies))
        progress.advance()
    progress.finish()
    scored = {t.name: bool(t.found) for t in examined if t.scored}
    content = digest(*(f"{t.name}{t.steps}" for t in transcripts))
    return Examination(
        folder=str(folder),
        transcripts=tuple(examined),
        not_read=tuple(not_read),
        detectors=tuple(_result(d, examined, applies[d.name], known) for d in every),
        any=score(scored, known) if known else None,
        scenarios=_scenarios(scored, known),
        labels=None if table is None else str(table),
        unlabelled=tuple(name for name in scored if name not in known) if table is not None else (),
        missing=tuple(missing),
        provenance=provenance(None, content, detectors=names),
    )


def _examined(
    transcript: Transcript, detectors: Sequence[Detector], label: Label | None, applies: dict[str, set[str]]
) -> Examined:
    calls = [call for step in transcript.steps for call in step.calls]
    found: list[Found] = []
    scored = False
    for detector in detectors:
        if not any(detector.understands(call) for call in calls):
            continue
        scored = True
        applies[detector.name].add(transcript.name)
        found += [Found(detector=detector.name, mark=mark) for mark in detector.find(transcript)]
    return Examined(
        name=transcript.name,
        format=transcript.format,
        calls=len(calls),
        scored=scored,
        label=None if label is None else "violation" if label.violation else "clean",
        scenario="" if label is None else label.scenario,
        found=tuple(sorted(found, key=lambda f: f.mark.step)),
    )


def _result(
    detector: Detector, examined: Sequence[Examined], applies: set[str], known: dict[str, Label]
) -> DetectorResult:
    own = {t.name: sum(f.detector == detector.name for f in t.found) for t in examined if t.name in applies}
    return DetectorResult(
        name=detector.name,
        drive=str(detector.drive),
        vocabulary=detector.vocabulary,
        description=detector.description,
        transcripts=sum(n > 0 for n in own.values()),
        marks=sum(own.values()),
        scored=len(own),
        score=score({name: n > 0 for name, n in own.items()}, known) if known else None,
    )


def _scenarios(scored: dict[str, bool], known: dict[str, Label]) -> tuple[ScenarioResult, ...]:
    names = sorted({label.scenario for label in known.values() if label.scenario})
    made: list[ScenarioResult] = []
    for name in names:
        part = score({k: v for k, v in scored.items() if k in known and known[k].scenario == name}, known)
        made.append(
            ScenarioResult(
                scenario=name,
                hits=part.hits,
                false_marks=part.false_marks,
                misses=part.misses,
                rests=part.rests,
            )
        )
    return tuple(made)
