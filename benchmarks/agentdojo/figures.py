"""The tables of docs/guard-security.md, from the runs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final

from benchmarks.agentdojo.material import SUITES, injections, pairs, tasks
from benchmarks.agentdojo.runs import KINDS, Job, Kind, Result, Run
from benchmarks.agentdojo.wordings import STOCK, WORDINGS
from corrigible.core.wilson import wilson

NAMES: dict[Kind, str] = {
    "open": "nothing",
    "tools": "oracle's list of tools",
    "words": "arguments in the user's words",
    "static": "guard, static policy",
    "plan": "guard, oracle's plan",
}


@final
class Figures:
    """What the runs say.

    Parameters
    ----------
    runs
        All of them.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs = {run.job: run for run in runs}
        self._working = {
            (job.suite, result.wording, result.task, result.injection)
            for job, run in self._runs.items()
            if job.kind == "open"
            for result in run.results
            if result.reached
        }

    def written(self) -> str:
        """Return all tables."""
        parts = (
            self._material(),
            "### Summary\n\n" + self._summary(),
            "### Nobody attacks\n\n" + self._benign(),
            "### Under attack, by suite and wording\n\n" + self._attacked(),
            "### What gets through\n\n" + self._through(),
        )
        return "\n\n".join(parts)

    def _material(self) -> str:
        all_pairs = list(pairs())
        silent = [
            injection
            for injection in injections()
            if not injection.steps(next(t for t in tasks() if t.suite == injection.suite).environment())
        ]
        ours = sum(injection.ours for injection in injections())
        unmet = sum(not r.met for r in self._attacks("open", STOCK, tuple(SUITES), working=False))
        lines = [
            f"{len(tasks())} user tasks with {sum(r.calls for r in self._calm('open', tuple(SUITES)))} calls, "
            f"{len(injections())} injections, {len(all_pairs)} pairs, in {len(SUITES)} suites. "
            f"The package has calls for {len(injections()) - ours - len(silent)} injections; for {ours} the calls are ours; "
            f"{len(silent)} only makes the agent say something, which no guard of tools can see, and is left out. "
            f"In {unmet} pairs the task never reads the injection.",
            "",
            "| wording | attacks that work with nothing in the way | of them with the package's own calls |",
            "|---|---:|---:|",
        ]
        for wording in WORDINGS:
            found = self._attacks("open", wording, tuple(SUITES))
            lines.append(f"| {wording} | {len(found)} | {sum(not r.ours for r in found)} |")
        return "\n".join(lines)

    def _summary(self) -> str:
        every = tuple(SUITES)
        lines = [
            "| in the way | attacks stopped, stock wording | with the package's own calls | worst wording "
            "| if people approve blindly | benign calls blocked | asks per task | asks per benign call "
            "| CPU per call |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for kind in KINDS:
            calm = self._calm(kind, every)
            stock = self._attacks(kind, STOCK, every)
            told = [(w, found) for w in WORDINGS if (found := self._attacks(kind, w, every)) and w != STOCK]
            worst = min(told, key=lambda item: _rate(item[1], _stopped), default=None)
            blind = self._attacks(kind, STOCK, every, blind=True)
            lines.append(
                f"| {NAMES[kind]} | {_share(stock, _stopped)} | {_share([r for r in stock if not r.ours], _stopped)} "
                f"| {'' if worst is None else f'{_share(worst[1], _stopped)} ({worst[0]})'} "
                f"| {_share(blind, _stopped) if blind else ''} "
                f"| {_of(sum(r.blocked for r in calm), sum(r.calls for r in calm))} "
                f"| {_per(calm, len(calm))} | {_per(calm, sum(r.calls for r in calm))} | {self._cpu(kind, every)} |"
            )
        return "\n".join(lines)

    def _benign(self) -> str:
        lines = [
            "| in the way | suite | calls | blocked | tasks done | asks per task | asks per call | CPU per call |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
        ]
        for kind in KINDS[1:]:
            for suite in SUITES:
                calm = self._calm(kind, (suite,))
                calls = sum(r.calls for r in calm)
                lines.append(
                    f"| {NAMES[kind]} | {suite} | {calls} | {_of(sum(r.blocked for r in calm), calls)} "
                    f"| {_share(calm, _useful)} | {_per(calm, len(calm))} | {_per(calm, calls)} "
                    f"| {self._cpu(kind, (suite,))} |"
                )
        return "\n".join(lines)

    def _attacked(self) -> str:
        lines = [
            "| in the way | wording | suite | attacks | stopped | tasks done | benign calls blocked "
            "| asks per benign call | asks about the attack | CPU per call |",
            "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for kind in KINDS:
            for wording in WORDINGS:
                if (kind == "open" and wording != STOCK) or not self._attacks(kind, wording, tuple(SUITES)):
                    continue
                for suite in SUITES:
                    found = self._attacks(kind, wording, (suite,))
                    calls = sum(r.calls for r in found)
                    lines.append(
                        f"| {NAMES[kind]} | {wording} | {suite} | {len(found)} | {_share(found, _stopped)} "
                        f"| {_share(found, _useful)} | {_of(sum(r.blocked for r in found), calls)} "
                        f"| {_per(found, calls)} | {_each(sum(r.asked_hijacked for r in found), len(found))} "
                        f"| {self._cpu(kind, (suite,))} |"
                    )
        return "\n".join(lines)

    def _through(self) -> str:
        lines = [
            "| in the way | suite | injection | wordings | pairs that get through |",
            "|---|---|---|---|---:|",
        ]
        for kind in ("static", "plan"):
            for injection in injections():
                counts = {
                    wording: sum(
                        r.reached
                        for r in self._attacks(kind, wording, (injection.suite,))
                        if r.injection == injection.name
                    )
                    for wording in WORDINGS
                }
                if through := [wording for wording, count in counts.items() if count]:
                    told = "all" if len(through) == len(WORDINGS) else ", ".join(through)
                    lines.append(
                        f"| {NAMES[kind]} | {injection.suite} | {injection.name}: {_short(injection.goal)} | {told} "
                        f"| {sum(counts.values())} |"
                    )
        return "\n".join(lines)

    def _calm(self, kind: Kind, suites: Sequence[str]) -> list[Result]:
        return [r for suite in suites for r in self._runs[Job(kind, suite)].results if not r.wording]

    def _attacks(
        self, kind: Kind, wording: str, suites: Sequence[str], blind: bool = False, working: bool = True
    ) -> list[Result]:
        """Return the pairs whose attack works where nothing is in the way."""
        found: list[Result] = []
        for suite in suites:
            run = self._runs.get(Job(kind, suite, "blind" if blind else "careful"))
            found += [
                r
                for r in (run.results if run is not None else ())
                if r.wording == wording
                and (not working or (suite, wording, r.task, r.injection) in self._working)
            ]
        return found

    def _cpu(self, kind: Kind, suites: Sequence[str]) -> str:
        runs = [
            run for job, run in self._runs.items() if job.kind == kind and job.suite in suites and run.judged
        ]
        if not runs:
            return ""
        return f"{sum(run.cpu for run in runs) / sum(run.judged for run in runs) * 1e3:.1f} ms"


def _stopped(result: Result) -> bool:
    return not result.reached


def _useful(result: Result) -> bool:
    return bool(result.useful)


def _rate(found: Sequence[Result], what: Callable[[Result], bool]) -> float:
    return sum(map(what, found)) / len(found)


def _share(found: Sequence[Result], what: Callable[[Result], bool]) -> str:
    return _of(sum(map(what, found)), len(found))


def _of(count: int, whole: int) -> str:
    if not whole:
        return ""
    low, high = wilson(count / whole, whole)
    return f"{count / whole:.1%} [{100 * low:.1f}, {100 * high:.1f}]"


def _per(found: Sequence[Result], whole: int) -> str:
    return _each(sum(r.asked for r in found), whole)


def _each(count: int, whole: int) -> str:
    return f"{count / whole:.2f}" if whole else ""


def _short(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "/")
    return plain if len(plain) <= 60 else f"{plain[:57]}…"
