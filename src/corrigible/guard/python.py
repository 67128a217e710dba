"""Tools in Python behind the guard: functions that are judged before they run, sync and async.

::

    guard = Guard.open("guard.toml")
    pay = guard.wrap(pay, "payments/pay")
    with guard.session("invoices", task="Pay the three open invoices."):
        pay(to="ACME", amount=120)      # raises RefusedError unless it is allowed

The session is that of the `with` around the call, in this thread and in the tasks it starts; a session opened
within another is its sub-agent.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, final

from corrigible.core.errors import OptionError, RefusedError, UnknownOutcomeError
from corrigible.guard.canonical import canonical
from corrigible.guard.contract import Call, Outcome

if TYPE_CHECKING:
    from corrigible.guard.gate import Answer, Guard, Permit

T = TypeVar("T")
READ = 200_000
"""Characters of a result that monitors read."""


@final
@dataclass
class Session:
    """Who is at work, what it said of its next calls, and the number of its last one.

    Parameters
    ----------
    name, agent
        As in `Call`.
    step, confidence, evidence
        What it says of its calls; set with `saying`.
    last
        The number of the last call that was made, to be named as evidence; None: none was.
    """

    name: str
    agent: str
    step: str = ""
    confidence: float | None = None
    evidence: tuple[int, ...] = ()
    last: int | None = None

    @contextmanager
    def saying(
        self, *, step: str = "", confidence: float | None = None, evidence: tuple[int, ...] = ()
    ) -> Generator[Session]:
        """Say the same of every call within: the step of the plan, how sure, and on what evidence."""
        before = self.step, self.confidence, self.evidence
        self.step, self.confidence, self.evidence = step, confidence, evidence
        try:
            yield self
        finally:
            self.step, self.confidence, self.evidence = before


_current: ContextVar[Session | None] = ContextVar("corrigible_session", default=None)


@contextmanager
def session(guard: Guard, name: str, agent: str, task: str) -> Generator[Session]:
    """Make a session the current one; within another it becomes its sub-agent."""
    around = _current.get()
    whole = name if around is None else f"{around.name}/{name}"
    made = Session(name=whole, agent=agent or guard.manifest.agent)
    guard.begin(whole, agent=made.agent, task=task)
    token: Token[Session | None] = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


def wrap(guard: Guard, function: Callable[..., T], name: str) -> Callable[..., T]:
    """Return the function behind the guard, with the same signature; a coroutine function stays one.

    Raises
    ------
    OptionError
        If the manifest knows no such tool, or, when it is called, an argument is nothing that JSON can say.
    """
    if guard.manifest.tool(name) is None:
        known = ", ".join(f"`{tool}`" for tool in guard.manifest.tools) or "none"
        raise OptionError(f"the manifest knows no tool `{name}`", f"it knows {known}")
    signature = inspect.signature(function)

    def call_of(arguments: tuple[Any, ...], named: dict[str, Any]) -> Call:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        given = dict(bound.arguments)
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                given |= given.pop(parameter.name)
        try:
            canonical(given)
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"an argument of `{name}` cannot be judged: {error}", "give what JSON can say"
            ) from error
        now = _current.get() or Session(name="main", agent=guard.manifest.agent)
        return Call(
            tool=name,
            arguments=given,
            session=now.name,
            agent=now.agent,
            step=now.step,
            confidence=now.confidence,
            evidence=now.evidence,
        )

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*arguments: Any, **named: Any) -> Any:
            async def run(permit: Permit) -> Outcome:
                return _done(await function(*arguments, **named))

            return _result(await guard.call(call_of(arguments, named), run))

        return awaited  # pyright: ignore[reportReturnType]  # it is what was given: a coroutine function

    @functools.wraps(function)
    def called(*arguments: Any, **named: Any) -> T:
        async def run(permit: Permit) -> Outcome:
            return _done(function(*arguments, **named))

        return _result(in_loop(guard.call(call_of(arguments, named), run)))

    return called


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from code that cannot await, in this thread where it has no loop yet."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(asyncio.run(work))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _done(value: Any) -> Outcome:
    return Outcome(kind="done", text=str(value)[:READ], value=value)


def _result(answer: Answer) -> Any:
    """Return what the tool returned, or raise what kept it from returning."""
    now = _current.get()
    if answer.outcome is None:
        hint = (
            f"approve it with `corrigible approve {answer.request.id}`, then call again"
            if answer.request is not None
            else ""
        )
        raise RefusedError(
            f"{answer.verdict.decision}: {answer.verdict.because()}", hint, verdict=answer.verdict
        )
    if now is not None:
        now.last = answer.number
    if isinstance(answer.outcome.value, Exception):
        raise answer.outcome.value
    if answer.outcome.kind == "unknown":
        raise UnknownOutcomeError(
            f"nobody knows whether call `{answer.number}` was done: {answer.outcome.why}",
            "see `corrigible guard unknown`",
        )
    return answer.outcome.value
