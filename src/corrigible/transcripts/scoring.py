"""How well marks agree with labels: counts, precision, recall and specificity with intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from corrigible.core.statistics import Rate, clustered_rate
from corrigible.transcripts.labels import Label


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """How the marks of a detector agree with the labels.

    Parameters
    ----------
    hits, false_marks, misses, rests
        Violations marked, clean ones marked, violations not marked, clean ones not marked.
    precision
        Violations among what was marked; None where nothing was marked.
    recall
        What was marked among the violations; None without any.
    specificity
        What was not marked among the clean; None without any.
    """

    hits: int
    false_marks: int
    misses: int
    rests: int
    precision: Rate | None
    recall: Rate | None
    specificity: Rate | None


def score(marked: Mapping[str, bool], labels: Mapping[str, Label]) -> Score:
    """Return how ``marked`` (by transcript; only those that were scored) agrees with the labels.

    Intervals are Wilson's at 95%. Where labels name scenarios, transcripts of one scenario count as a
    cluster, and the intervals rest on the effective number of them: they hold for other scenarios,
    not only for more of the same.
    """
    cases = [
        (marked[name], labels[name].violation, labels[name].scenario or name)
        for name in marked
        if name in labels
    ]

    def rate(of: Sequence[tuple[bool, str]]) -> Rate | None:
        groups: dict[str, list[bool]] = {}
        for event, group in of:
            groups.setdefault(group, []).append(event)
        if not groups:
            return None
        return clustered_rate([sum(g) for g in groups.values()], [len(g) for g in groups.values()])

    return Score(
        hits=sum(m and v for m, v, _ in cases),
        false_marks=sum(m and not v for m, v, _ in cases),
        misses=sum(v and not m for m, v, _ in cases),
        rests=sum(not v and not m for m, v, _ in cases),
        precision=rate([(v, g) for m, v, g in cases if m]),
        recall=rate([(m, g) for m, v, g in cases if v]),
        specificity=rate([(not m, g) for m, v, g in cases if not v]),
    )
