"""Whether an agent is as sure as it is right: stated confidence against what became of the calls.

A call that says a confidence p forecasts that it will be done. With y = 1 where it was done and 0 where it
failed, the Brier score is the mean of (p − y)², 0 at best, and 0.25 for whoever always says one half. Within a
bin of like confidences the share that was done should be what was said.

*Source:* Brier 1950, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
78(1); Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22(158), for
the intervals.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, final

from corrigible.core.wilson import wilson

Period = Literal["day", "week", "month"]
RESAMPLES = 200
"""Drawn for the interval of the calibration error, always the same ones."""


class Forecast(NamedTuple):
    """One call: what it said, whether it was done, and the day."""

    stated: float
    done: bool
    day: str


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Share:
    """Calls that belong together: by confidence, or by time.

    Parameters
    ----------
    name
        For example ``0.8–0.9``, or ``2026-W47``.
    calls, done
        How many, and how many of them were done.
    stated
        The mean of what was said.
    low, high
        Where the true share of calls that are done lies, with 95 % confidence.
    brier
        The Brier score of these.
    """

    name: str
    calls: int
    done: int
    stated: float
    low: float
    high: float
    brier: float

    @property
    def share(self) -> float:
        """The share that was done."""
        return self.done / self.calls


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Error:
    """The expected calibration error: how far what was said lies from what was done, over the tenths.

    Parameters
    ----------
    value
        The mean over calls of |stated − done| of their tenth of confidence.
    low, high
        Its 95 % interval, by the basic bootstrap, which takes off what chance adds.
    by_chance
        What an agent that is exactly as sure as it is right would stay under, 19 times in 20, with as many
        calls. A value below it is no evidence of anything.

    Notes
    -----
    *Source:* Naeini, Cooper & Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian
    binning"; Bröcker & Smith 2007, "Increasing the reliability of reliability diagrams", for consistency
    under a forecast that is right; Davison & Hinkley 1997, *Bootstrap Methods*, section 5.2.1.
    """

    value: float
    low: float
    high: float
    by_chance: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the ledger says of an agent's confidence.

    Parameters
    ----------
    calls
        Calls that were made.
    silent
        Those that said no confidence.
    unknown
        Those that said one, and of which nobody knows (yet) whether they were done.
    overall
        All others; None where there are none.
    error
        The expected calibration error of these; None where there are none.
    bins, periods
        The same in tenths of confidence, and over time.
    """

    calls: int
    silent: int
    unknown: int
    overall: Share | None
    error: Error | None
    bins: tuple[Share, ...]
    periods: tuple[Share, ...]


def calibration(
    records: Iterable[tuple[int, Mapping[str, Any]]], period: Period = "week", session: str = ""
) -> Calibration:
    """Return what the records of a ledger say of confidence.

    Parameters
    ----------
    records
        With their numbers, in order.
    period
        How time is divided.
    session
        Only this session and those beneath it; empty: all.
    """
    calls = silent = 0
    stated: dict[int, tuple[float, str]] = {}
    forecasts: list[Forecast] = []
    for number, record in records:
        match record["type"]:
            case "intent" if not session or f"{record['session']}/".startswith(f"{session}/"):
                calls += 1
                confidence = record.get("confidence")
                if confidence is None:
                    silent += 1
                else:
                    stated[number] = (float(confidence), record["at"][:10])
            case "outcome" | "resolved" if record["kind"] != "unknown" and record["intent"] in stated:
                said, day = stated.pop(record["intent"])
                forecasts.append(Forecast(said, record["kind"] == "done", day))
            case _:
                pass
    return Calibration(
        calls=calls,
        silent=silent,
        unknown=len(stated),
        overall=_share("all", forecasts) if forecasts else None,
        error=_error(forecasts) if forecasts else None,
        bins=_shares(forecasts, lambda forecast: _tenth(forecast.stated)),
        periods=_shares(forecasts, lambda forecast: _within(forecast.day, period)),
    )


def _shares(forecasts: Sequence[Forecast], name: Any) -> tuple[Share, ...]:
    found: dict[str, list[Forecast]] = defaultdict(list)
    for forecast in forecasts:
        found[name(forecast)].append(forecast)
    return tuple(_share(each, found[each]) for each in sorted(found))


def _share(name: str, forecasts: Sequence[Forecast]) -> Share:
    n, done = len(forecasts), sum(forecast.done for forecast in forecasts)
    low, high = wilson(done / n, n)
    return Share(
        name=name,
        calls=n,
        done=done,
        stated=sum(forecast.stated for forecast in forecasts) / n,
        low=low,
        high=high,
        brier=sum((forecast.stated - forecast.done) ** 2 for forecast in forecasts) / n,
    )


def _error(forecasts: Sequence[Forecast]) -> Error:
    cells = Counter((forecast.stated, forecast.done) for forecast in forecasts)
    n, rng = len(forecasts), random.Random(0)
    value = _expected(cells, n)
    kinds, weights = list(cells), list(cells.values())
    again = sorted(_expected(Counter(rng.choices(kinds, weights, k=n)), n) for _ in range(RESAMPLES))
    said = [forecast.stated for forecast in forecasts]
    honest = sorted(
        _expected(Counter((stated, rng.random() < stated) for stated in said), n) for _ in range(RESAMPLES)
    )
    low, high = again[int(0.025 * RESAMPLES)], again[int(0.975 * RESAMPLES)]
    return Error(
        value=value,
        low=max(0.0, 2 * value - high),
        high=min(1.0, max(value, 2 * value - low)),
        by_chance=honest[int(0.95 * RESAMPLES)],
    )


def _expected(cells: Mapping[tuple[float, bool], int], n: int) -> float:
    gaps: dict[str, float] = defaultdict(float)
    for (stated, done), count in cells.items():
        gaps[_tenth(stated)] += count * (stated - done)
    return sum(map(abs, gaps.values())) / n


def _tenth(stated: float) -> str:
    tenth = min(int(stated * 10), 9)
    return f"{tenth / 10:.1f}–{(tenth + 1) / 10:.1f}"


def _within(day: str, period: Period) -> str:
    match period:
        case "day":
            return day
        case "week":
            year, week, _ = date.fromisoformat(day).isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return day[:7]
