"""The gate: every call goes through here, and nothing goes round it.

::

    call ─▶ Judge.enter (one transaction: decide, write intent | denied | asked) ─▶ tool ─▶ Judge.leave ─▶ agent
                 │ ask
                 └─▶ people: terminal, webhook, the client's user ─▶ Judge.enter once more

Whatever fails on the way, fails closed: without a store nothing is judged, and without an intent on disk no
tool is called.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, final

from corrigible.core.errors import InputError, StoreError
from corrigible.guard import once
from corrigible.guard.approvals import Request
from corrigible.guard.asking import Asker, Asking
from corrigible.guard.clock import Clock
from corrigible.guard.contract import Call, Outcome, Signal, Verdict
from corrigible.guard.flight import failure, watched
from corrigible.guard.isolation import check, held, reached
from corrigible.guard.judgement import Entry, Judge, Seen
from corrigible.guard.ledger import Ledger, Redactor, SigningKey
from corrigible.guard.manifest import Manifest, Server
from corrigible.guard.normal import shown
from corrigible.guard.once import needs_care
from corrigible.guard.oversight import Oversight
from corrigible.guard.reviewing import Reviewing
from corrigible.guard.seat import Seat
from corrigible.guard.soundness import check_call
from corrigible.guard.store import Store, Transaction, open_store

if TYPE_CHECKING:
    from corrigible.guard.ledger.anchors import Anchoring
    from corrigible.guard.monitors import Monitor, Reviewer
    from corrigible.guard.policy import Policy
    from corrigible.guard.python import Session

T = TypeVar("T")

PROBING = "probe"
"""The session of probes."""
Debt = tuple[int, Call, Outcome]
"""An outcome that is known, and not written yet."""


@final
@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to make one call: the number of its intent in the ledger, and its idempotency key."""

    number: int
    idempotency: str
    call: Call


Run = Callable[[Permit], Awaitable[Outcome]]
"""Makes a call that was permitted."""


@final
@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the agent is told.

    Parameters
    ----------
    verdict
        What was decided.
    outcome
        How the call ended; None: it was not made.
    request
        What people are (still) to decide, where they are.
    number
        The number of the intent; None: there is none.
    """

    verdict: Verdict
    outcome: Outcome | None = None
    request: Request | None = None
    number: int | None = None


@final
class Guard:
    """A guard at work: one manifest, one policy, one store.

    Parameters
    ----------
    manifest, policy
        The rules.
    store, ledger
        Where everything is kept.
    monitors, reviewer
        Who watches.
    clock
        The time.
    """

    def __init__(
        self,
        manifest: Manifest,
        policy: Policy,
        store: Store,
        ledger: Ledger,
        *,
        monitors: Sequence[Monitor] = (),
        reviewer: Reviewer | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.manifest, self.policy, self.store, self.ledger = manifest, policy, store, ledger
        self.clock = clock or Clock()
        self.oversight = Oversight(store, ledger, self.clock)
        self._seat = Seat(store, ledger, self.clock, manifest, policy)
        self._judge = Judge(manifest, policy, ledger, monitors, self.clock, self._seat.instance)
        self._reviewing = Reviewing(reviewer, ledger, manifest)
        self._held = held(manifest)
        self._owed: list[Debt] = []
        self._asking = Asking(self.oversight, manifest.approval)
        self._anchoring: Anchoring | None = None

    @classmethod
    def open(
        cls,
        manifest: Manifest | Path | str,
        *,
        policy: Policy | None = None,
        store: Store | None = None,
        reviewer: Reviewer | None = None,
        clock: Clock | None = None,
    ) -> Guard:
        """Return a guard that has checked its rules, opened its store and begun its ledger.

        Parameters
        ----------
        manifest
            The manifest, or where it is.
        policy, store, reviewer
            In place of those that the manifest names.
        clock
            In place of the machine's.

        Raises
        ------
        InputError
            If the manifest or the policy is broken, or a tool could reach what holds it back.
        StoreError
            If the store cannot be reached, or a guard with other rules is at work on it.
        """
        from corrigible.guard.manifest_file import load
        from corrigible.guard.monitors import load as load_monitors
        from corrigible.guard.policy import Policy

        if not isinstance(manifest, Manifest):
            manifest = load(Path(manifest))
        check(manifest)
        if policy is None:
            if manifest.policy is None:
                raise InputError("the manifest names no policy", "without one everything would be denied")
            policy = Policy.load(manifest.policy, manifest)
        monitors = load_monitors(manifest.monitors)
        if reviewer is None and manifest.reviewer:
            from corrigible.guard.monitors.model import ModelReviewer

            reviewer = ModelReviewer(manifest.reviewer)
        key = None if manifest.key is None else SigningKey.load(manifest.key)
        own = store is None
        store = open_store(manifest.store) if store is None else store
        try:
            redactor = Redactor(manifest.redaction, key.secret if key is not None else _secret(store))
            ledger = Ledger(store, manifest.name, key, redactor)
            guard = cls(manifest, policy, store, ledger, monitors=monitors, reviewer=reviewer, clock=clock)
            guard._seat.take()
            once.sweep(store, ledger, guard.clock)
            if manifest.anchors:
                from corrigible.guard.ledger.anchors import Anchoring

                guard._anchoring = Anchoring(ledger, manifest.anchors)
        except BaseException:
            if own:
                store.close()
            raise
        return guard

    def close(self) -> None:
        """Say that we stop, and let go of the store."""
        with suppress(StoreError):
            self._seat.leave(lambda tx: self._pay(tx, tuple(self._owed)))
        if self._anchoring is not None:
            self._anchoring.close()
        self.store.close()

    def fingerprint(self, call: Call) -> str:
        """Return what an approval of a call is bound to under these rules; it is the ``digest`` of a request."""
        return self._judge.fingerprint(call, self._see(call, None, ()).shown)

    def begin(self, session: str, *, agent: str = "", task: str = "") -> None:
        """Begin a session; ``task`` is what a person asked for, in the person's words, which are trusted.

        Raises
        ------
        OptionError
            If the session has begun and a task is given.
        """
        self.store.transact(lambda tx: self._judge.begin(tx, session, agent or self.manifest.agent, task))

    def session(self, name: str, *, agent: str = "", task: str = "") -> AbstractContextManager[Session]:
        """Return a context in which wrapped functions are called by this session; see `begin`."""
        from corrigible.guard.python import session

        return session(self, name, agent, task)

    def wrap(self, function: Callable[..., T], name: str) -> Callable[..., T]:
        """Return a function in Python behind this guard, under the name that the manifest has for it."""
        from corrigible.guard.python import wrap

        return wrap(self, function, name)

    def call_sync(self, call: Call, run: Callable[[Permit], Outcome], **settings: Any) -> Answer:
        """Do as `call` does, from code that cannot await."""
        from corrigible.guard.python import in_loop

        async def soon(permit: Permit) -> Outcome:
            return run(permit)

        return in_loop(self.call(call, soon, **settings))

    async def call(
        self,
        call: Call,
        run: Run,
        *,
        definition: str | None = None,
        asker: Asker | None = None,
        wait: float | None = None,
    ) -> Answer:
        """Judge a call, ask people where it takes some, make it where it is allowed, and record all of it.

        Parameters
        ----------
        call
            What the agent wants done.
        run
            Does it. It is cancelled when the off-switch is pressed or the time is up, and then should tell
            whoever does the work.
        definition
            The digest of the tool's definition as its server lists it now.
        asker
            Asks the user in the door's own way.
        wait
            Seconds to wait for people; None: as the manifest says.

        Returns
        -------
        Answer
            Its ``outcome`` is None unless the call was made.

        Raises
        ------
        OptionError
            If it is nothing that can be judged; nothing was executed.
        StoreError
            If the store cannot be reached; nothing was executed.
        """
        check_call(call)
        signals = await self._reviewing.signals(call, self.manifest.tool(call.tool))
        entry = await self._enter(call, definition, signals)
        if any(reason.rule == "once" for reason in entry.verdict.reasons) and await self._settle(run):
            entry = await self._enter(call, definition, signals)
        if entry.request is not None:
            seconds = self.manifest.approval.wait if wait is None else wait
            if not await self._asking.answered(entry, asker, seconds):
                return Answer(verdict=entry.verdict, request=entry.request)
            entry = await self._enter(call, definition, signals)
        if entry.number is None:
            self._reviewing.remember(call, entry.verdict)
            return Answer(verdict=entry.verdict, request=entry.request)
        permit = Permit(number=entry.number, idempotency=entry.idempotency, call=call)
        outcome = await self._made(permit, run)
        self._reviewing.remember(call, entry.verdict)
        return Answer(verdict=entry.verdict, outcome=outcome, number=permit.number)

    async def reconcile(self, run: Run) -> int:
        """Find out with the manifest's probes what became of calls whose outcome is unknown.

        Returns
        -------
        int
            How many were resolved; the others wait for a person (`Oversight.unknowns`).
        """
        from corrigible.guard.reconcile import reconcile

        return await reconcile(self, run)

    async def probe(self, name: str, arguments: dict[str, Any], run: Run) -> str | None:
        """Make the call of a probe; return its text, or None where it was not made, or failed."""
        call = Call(tool=name, arguments=arguments, session=PROBING, agent=PROBING)
        entry = await _committed(self.store, lambda tx: self._judge.probe(tx, call))
        if entry.number is None:
            return None
        permit = Permit(number=entry.number, idempotency=entry.idempotency, call=call)
        outcome = await self._made(permit, run)
        return outcome.text if outcome.kind != "unknown" else None

    def _see(self, call: Call, definition: str | None, signals: tuple[Signal, ...]) -> Seen:
        """Look at a call as it is now: links may lead elsewhere than a moment ago."""
        arguments, hosts, complaint = {}, frozenset[str](), ""
        tool = self.manifest.tool(call.tool)
        if tool is not None and not tool.complaint(call.arguments):
            server = self.manifest.servers.get(tool.server) or Server(name=tool.server)
            try:
                arguments, hosts = shown(call, tool, server)
                complaint = reached(tool, arguments, self._held)
            except ValueError as error:
                complaint = str(error)
        return Seen(shown=arguments, hosts=hosts, complaint=complaint, definition=definition, signals=signals)

    async def _enter(self, call: Call, definition: str | None, signals: tuple[Signal, ...]) -> Entry:
        seen = self._see(call, definition, signals)
        owed = tuple(self._owed)

        def work(tx: Transaction) -> Entry:
            self._pay(tx, owed)
            return self._judge.enter(tx, call, seen)

        entering = self.store.submit(work, here=True)
        try:
            entry = await _settled(entering)
        except asyncio.CancelledError:
            entering.add_done_callback(lambda done: self._unused(call, done))
            raise
        self._paid(owed)
        return entry

    def _unused(self, call: Call, entering: Future[Entry]) -> None:
        """Close the intent of a call whose caller gave up before it was made."""
        if entering.cancelled() or entering.exception() is not None:
            return
        number = entering.result().number
        if number is not None:
            self._write((number, call, Outcome(kind="failed", why="the caller gave up before it was made")))

    def _pay(self, tx: Transaction, owed: Sequence[Debt]) -> None:
        """Write the outcomes that could not be written when they were known."""
        for number, call, outcome in owed:
            self._judge.leave(tx, number, call, outcome)

    def _paid(self, owed: Sequence[Debt]) -> None:
        for debt in owed:
            with suppress(ValueError):  # another call of the same moment has paid it
                self._owed.remove(debt)

    async def _settle(self, run: Run) -> bool:
        """Look whether what stands in the way is only a process that is gone, and what it left behind."""
        lost = await asyncio.to_thread(once.sweep, self.store, self.ledger, self.clock)
        return bool(await self.reconcile(run)) or lost > 0

    async def _made(self, permit: Permit, run: Run) -> Outcome:
        """Make a permitted call, and record how it ended, whatever happens."""
        tool = self.manifest.tool(permit.call.tool)
        assert tool is not None
        task = asyncio.create_task(_ran(run, permit))
        try:
            outcome = await watched(task, permit.call, tool, self.store)
        except asyncio.CancelledError:
            task.cancel()
            await self._left(permit, Outcome(kind="unknown", why="the caller gave up while it ran"))
            raise
        except Exception as error:
            task.cancel()
            outcome = failure(error, tool)
        await self._left(permit, outcome)
        return outcome

    async def _left(self, permit: Permit, outcome: Outcome) -> None:
        """Write an outcome down; where nothing was changed, the agent does not wait until it is on disk.

        A crash in that moment leaves the outcome unknown, which for what changes nothing does no harm.
        """
        writing = self._write((permit.number, permit.call, outcome))
        tool = self.manifest.tool(permit.call.tool)
        if tool is None or needs_care(tool):
            await _settled(writing)

    def _write(self, debt: Debt) -> Future[None]:
        """Have an outcome written; what cannot be written now is owed."""
        tool = self.manifest.tool(debt[1].tool)
        lazy = tool is not None and not needs_care(tool)
        writing = self.store.submit(lambda tx: self._judge.leave(tx, *debt), lazy=lazy, here=not lazy)
        writing.add_done_callback(lambda done: done.exception() and self._owed.append(debt))
        return writing


def _secret(store: Store) -> bytes:
    """Return what digests are keyed with where there is no key file: the store keeps it, and no export."""

    def work(tx: Transaction) -> str:
        kept = tx.get("secret", "digests")
        if kept is None:
            kept = secrets.token_hex(32)
            tx.put("secret", "digests", kept)
        return kept

    return bytes.fromhex(store.transact(work))


async def _ran(run: Run, permit: Permit) -> Outcome:
    """Run what makes a call, so that whatever it does wrong happens where it is caught."""
    outcome = await run(permit)
    if not isinstance(outcome, Outcome):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers' code
        raise TypeError(f"what makes the call returned {type(outcome).__name__}, which is no outcome")
    return outcome


async def _committed(store: Store, work: Callable[[Transaction], T]) -> T:
    return await asyncio.wrap_future(store.submit(work))


async def _settled(future: Future[T]) -> T:
    """Wait for what is written whether or not somebody still waits for it."""
    return future.result() if future.done() else await asyncio.shield(asyncio.wrap_future(future))
