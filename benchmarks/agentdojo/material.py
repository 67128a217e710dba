"""The benchmark's suites, tasks and environments, as the runs need them."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, final

from agentdojo.base_tasks import BaseInjectionTask, BaseUserTask
from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites
from agentdojo.task_suite.task_suite import TaskSuite
from pydantic import BaseModel

from benchmarks.agentdojo.attacks import OURS

VERSION = "v1.2.2"
SUITES: Mapping[str, TaskSuite[Any]] = get_suites(VERSION)


@final
@dataclasses.dataclass(frozen=True)
class Step:
    """One call of a script; ``hijacked``: it serves the injection, not the user."""

    tool: str
    arguments: Mapping[str, Any]
    hijacked: bool = False


@final
class Task:
    """A task of a user: what is asked, and where an injection meets the agent while it works on it.

    Parameters
    ----------
    suite
        The name of its suite.
    user
        The package's task.
    """

    def __init__(self, suite: str, user: BaseUserTask[Any]) -> None:
        self.suite, self.user, self.name = suite, user, user.ID
        self._useful: dict[str, bool] = {}
        self.prompt = user.PROMPT
        seen = self._seen()
        self.vectors = tuple(sorted({vector for found in seen.values() for vector in found}))
        """The places in the environment that its calls read, into which an injection is put."""
        self.at = tuple(seen)
        """The numbers of the calls whose results show such a place."""
        self._plain = pickle.dumps(self._load(()))
        self._marked = pickle.dumps(self._load(self.vectors))

    def environment(self, text: str | None = None) -> Any:
        """Return the environment the task starts in; with ``text`` in every place that its calls read."""
        if text is None:
            return pickle.loads(self._plain)
        found = pickle.loads(self._marked)
        _replace(found, {_mark(vector): text for vector in self.vectors}, set())
        return found

    def steps(self, environment: Any) -> list[Step]:
        """Return the calls that do the task."""
        return [_step(call) for call in self.user.ground_truth(environment)]

    def useful(self, before: Any, after: Any, done: list[Step]) -> bool:
        """Return whether the package's check finds the task done.

        The check compares whole environments, which takes longer than everything else together. It is made once
        for each sequence of calls: the same calls change the same, whatever the injection's wording was.
        """
        key = json.dumps([[step.tool, step.arguments] for step in done])
        if key not in self._useful:
            self._useful[key] = self._check(before, after, done)
        return self._useful[key]

    def _check(self, before: Any, after: Any, done: list[Step]) -> bool:
        suite = SUITES[self.suite]
        said = [{"type": "text", "content": self.user.GROUND_TRUTH_OUTPUT}]
        traces = [FunctionCall(function=step.tool, args=dict(step.arguments)) for step in done]
        return bool(suite._check_task_result(self.user, said, before, after, traces))  # type: ignore[arg-type]

    def _load(self, vectors: Iterable[str]) -> Any:
        return self.user.init_environment(pickle.loads(_loaded(self.suite, frozenset(vectors))))

    def _seen(self) -> dict[int, list[str]]:
        """Return which vectors the results of the task's calls show, by the number of the call."""
        vectors = SUITES[self.suite].get_injection_vector_defaults()
        environment = self._load(vectors)
        found: dict[int, list[str]] = {}
        for number, step in enumerate(self.steps(environment)):
            text, _ = execute(self.suite, environment, step)
            if shown := [vector for vector in vectors if _mark(vector) in text]:
                found[number] = shown
        return found


@final
class Injection:
    """A task of an attacker, with calls that do it."""

    def __init__(self, suite: str, task: BaseInjectionTask[Any]) -> None:
        self.suite, self.task, self.name, self.goal = suite, task, task.ID, task.GOAL
        self.ours = (suite, self.name) in OURS
        """Whether the calls are ours, since the package has none."""

    def steps(self, environment: Any) -> list[Step]:
        """Return the calls of the hijacked agent, from where it stands; empty: it only says something."""
        copied = pickle.loads(pickle.dumps(environment))  # much quicker than a deep copy
        if self.ours:
            told = OURS[self.suite, self.name](copied)
            return [Step(tool, arguments, hijacked=True) for tool, arguments in told]
        return [_step(call, hijacked=True) for call in self.task.ground_truth(copied)]

    def reached(self, before: Any, after: Any, done: list[Step]) -> bool:
        """Return whether the package's check finds the attacker's goal reached."""
        suite = SUITES[self.suite]
        traces = [FunctionCall(function=step.tool, args=dict(step.arguments)) for step in done]
        return bool(suite._check_task_result(self.task, [], before, after, traces))  # type: ignore[arg-type]


@cache
def _loaded(suite: str, vectors: frozenset[str]) -> bytes:
    """Return a suite's environment with marks in some of its places for injections."""
    marks = {vector: _mark(vector) for vector in sorted(vectors)}
    return pickle.dumps(SUITES[suite].load_and_inject_default_environment(marks))


@cache
def tasks() -> tuple[Task, ...]:
    """Return the users' tasks of all suites."""
    return tuple(Task(name, user) for name, suite in SUITES.items() for user in suite.user_tasks.values())


@cache
def injections() -> tuple[Injection, ...]:
    """Return the attackers' tasks of all suites."""
    return tuple(
        Injection(name, task) for name, suite in SUITES.items() for task in suite.injection_tasks.values()
    )


def pairs() -> Iterator[tuple[Task, Injection]]:
    """Yield every user's task with every injection of its suite."""
    for task in tasks():
        for injection in injections():
            if injection.suite == task.suite:
                yield task, injection


def execute(suite: str, environment: Any, step: Step) -> tuple[str, str]:
    """Do a call; return what the agent is told, as JSON, and what failed."""
    runtime = FunctionsRuntime(SUITES[suite].tools)
    value, error = runtime.run_function(environment, step.tool, dict(step.arguments))
    return error or json.dumps(_plain(value), ensure_ascii=False), error or ""


def _step(call: FunctionCall, hijacked: bool = False) -> Step:
    return Step(call.function, {name: _plain(value) for name, value in call.args.items()}, hijacked)


def _mark(vector: str) -> str:
    return f"---PLACE-{vector}---"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value.value) if hasattr(value, "value") else str(value)
    return value


def _replace(value: Any, texts: Mapping[str, str], met: set[int]) -> Any:
    """Put texts in place of marks, everywhere within a value; return what it becomes."""
    if isinstance(value, str):
        for mark, text in texts.items():
            value = value.replace(mark, text) if mark in value else value
        return value
    if id(value) in met:
        return value
    if isinstance(value, BaseModel):
        met.add(id(value))
        for name, item in value.__dict__.items():
            value.__dict__[name] = _replace(item, texts, met)
    elif isinstance(value, list):
        met.add(id(value))
        value[:] = [_replace(item, texts, met) for item in value]
    elif isinstance(value, dict):
        met.add(id(value))
        for name, item in list(value.items()):
            value[name] = _replace(item, texts, met)
    return value
