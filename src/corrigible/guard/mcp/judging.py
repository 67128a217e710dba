"""Calls of tools: each is put before the guard, and made only as the guard permits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, final

from corrigible.core.errors import InputError, StoreError
from corrigible.guard.approvals import Request, Vote
from corrigible.guard.contract import Call, Outcome
from corrigible.guard.mcp import asking, calls, jsonrpc
from corrigible.guard.mcp.asking import States
from corrigible.guard.mcp.calls import Wanted
from corrigible.guard.mcp.jsonrpc import INVALID_PARAMS, Body, Malformed
from corrigible.guard.mcp.upstream import Reply, Upstream
from corrigible.guard.people import same

if TYPE_CHECKING:
    from corrigible.guard.gate import Answer, Permit
    from corrigible.guard.mcp.session import Session

BEAT = 5.0
"""Seconds between two signs of life while a call waits for people."""


@final
class Judging:
    """Has a session's calls judged.

    Parameters
    ----------
    session
        Whose calls.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._guard = session.guard
        self._states = States(session.guard.store)

    async def take(self, body: Body) -> None:
        """Have a call judged, make it if it may be made, and answer it."""
        wanted = Wanted(body)
        server, name = self._target(wanted)
        tool = f"{server.name}/{name}"
        client, capabilities = self._session.sender(wanted)
        agent = self._session.proxy.agent or client or self._guard.manifest.agent
        call = wanted.call(tool, self._session.name, agent)
        if server.gone:
            await self._session.reply(calls.error(wanted, f"Not done: {server.gone}.", {"outcome": "none"}))
            return
        known = self._guard.manifest.tool(tool)
        who = f"user of {client or 'the client'}"
        working = _Working(self._session, wanted, server, name, call)
        try:
            carried = await self._answered(wanted, call, who)
            working.carried = carried
            definition = (
                None if known is None else await server.definition(name, wanted.meta, now=known.grave)
            )
            asks = asking.able(capabilities) and self._may(who)
            async with working:
                answer = await self._guard.call(
                    call,
                    working.run,
                    definition=definition,
                    asker=self._asker(who) if asks and not wanted.modern else None,
                    wait=0.0 if asks and wanted.modern and carried is None else None,
                )
        except StoreError as error:
            await self._unrecorded(wanted, tool, working, error)
            return
        if asks and wanted.modern and carried is None and self._open(answer, who):
            assert answer.request is not None
            await self._session.reply(await self._question(wanted, answer.request))
            return
        await self._session.reply(self._told(wanted, tool, answer))

    def _target(self, wanted: Wanted) -> tuple[Upstream, str]:
        """Return the server, and its own name of the tool."""
        if not self._session.several:
            (server,) = self._session.servers.values()
            return server, wanted.name
        found = self._session.split(wanted.name)
        if found is None:
            raise Malformed(INVALID_PARAMS, f"there is no tool `{wanted.name[:200]}`", wanted.id)
        return found

    def _told(self, wanted: Wanted, tool: str, answer: Answer) -> bytes:
        outcome = answer.outcome
        if outcome is None:
            return calls.refusal(wanted, tool, answer.verdict, answer.request)
        if outcome.kind == "unknown":
            return calls.lost(wanted, tool, outcome.why, answer.number)
        if not isinstance(outcome.value, Reply):
            return calls.error(wanted, f"Not done: {outcome.why}.", {"outcome": "failed"})
        if self._session.proxy.numbered and answer.number is not None and outcome.value.result is not None:
            return calls.numbered(outcome.value, answer.number)
        return outcome.value.raw

    async def _unrecorded(self, wanted: Wanted, tool: str, working: _Working, error: StoreError) -> None:
        self._session.note(str(error))
        if working.made:
            text = f"it was made, but what came of it could not be written down ({error.message})"
            await self._session.reply(calls.lost(wanted, tool, text, None))
        else:
            text = f"Not done: the guard's store cannot be used ({error.message}). Nothing runs until it can."
            await self._session.reply(calls.error(wanted, text, {"decision": "deny", "outcome": "none"}))

    def _may(self, who: str) -> bool:
        """Return whether the manifest has the client's user asked."""
        rules = self._guard.manifest.approval
        named = not rules.approvers or any(same(who, approver) for approver in rules.approvers)
        return "mcp" in rules.ask and named

    def _asker(self, who: str) -> Any:
        async def ask(request: Request) -> Vote | None:
            if any(same(vote.who, who) for vote in request.votes):
                return None
            body = await self._session.question("elicitation/create", asking.question(request))
            return asking.vote(jsonrpc.part(body, "result"), who)

        return ask

    @staticmethod
    def _open(answer: Answer, who: str) -> bool:
        request = answer.request
        return (
            answer.outcome is None
            and answer.verdict.decision == "ask"
            and request is not None
            and request.state == "pending"
            and not any(same(vote.who, who) for vote in request.votes)
        )

    async def _question(self, wanted: Wanted, request: Request) -> bytes:
        """Return an answer that has the client ask its user, and make the call again."""
        carried = {
            name: wanted.params[name] for name in ("inputResponses", "requestState") if name in wanted.params
        }
        state = await asyncio.to_thread(self._states.seal, request, carried)
        asked = {"method": "elicitation/create", "params": asking.question(request)}
        result = {
            "resultType": "input_required",
            "inputRequests": {asking.QUESTION: asked},
            "requestState": state,
        }
        return jsonrpc.response(wanted.id, result)

    async def _answered(self, wanted: Wanted, call: Call, who: str) -> Mapping[str, Any] | None:
        """Count the user's answer that a call made again carries; return what it carries for the server.

        Raises
        ------
        Malformed
            If the state is not whole, not ours, of another call or session, too old, or was used.
        """
        state = wanted.params.get("requestState")
        if not isinstance(state, str) or not state.startswith(asking.PREFIX):
            return None
        told = await asyncio.to_thread(self._states.open, state)
        if told is None:
            raise Malformed(
                INVALID_PARAMS, "denied: the request state was not made here, or was changed", wanted.id
            )
        ours = self._guard.fingerprint(call)
        if told["digest"] != ours or told["session"] != call.session:
            raise Malformed(INVALID_PARAMS, "denied: the request state belongs to another call", wanted.id)
        answers = jsonrpc.part(wanted.params, "inputResponses")
        said = asking.vote(jsonrpc.part(answers, asking.QUESTION), who)
        oversight = self._guard.oversight
        if said is not None:
            if not self._may(who):
                raise Malformed(INVALID_PARAMS, f"denied: `{who}` may not approve", wanted.id)
            decide = oversight.approve if said.decision == "approve" else oversight.deny
            try:
                await asyncio.to_thread(decide, told["request"], said.who, said.why)
            except InputError as error:
                raise Malformed(INVALID_PARAMS, f"denied: {error.message}", wanted.id) from None
        return told["carried"]


@final
class _Working:
    """One call under way: its signs of life while it waits, and the call itself."""

    def __init__(self, session: Session, wanted: Wanted, server: Upstream, name: str, call: Call) -> None:
        self._session, self._wanted, self._server, self._name, self._call = (
            session,
            wanted,
            server,
            name,
            call,
        )
        self._beat: asyncio.Task[None] | None = None
        self.carried: Mapping[str, Any] | None = None
        self.made = False

    async def __aenter__(self) -> None:
        if self._wanted.token is not None:
            self._beat = asyncio.create_task(self._beats())

    async def __aexit__(self, *_: object) -> None:
        self._still()
        self._session.executing.discard(self._wanted.id)

    async def run(self, permit: Permit) -> Outcome:
        """Make the call, or a probe in its place."""
        if permit.call is not self._call:
            return await self._probe(permit)
        self._still()
        if self._server.gone:
            return Outcome(kind="failed", why=self._server.gone, text=self._server.gone)
        self.made = True
        self._session.executing.add(self._wanted.id)
        message = self._wanted.message(self._name, permit.idempotency, self.carried)
        try:
            reply = await self._server.ask(self._wanted.id, message)
        except ConnectionError as error:
            return Outcome(kind="unknown", text=str(error), why=str(error))
        except asyncio.CancelledError:
            gone = {"requestId": self._wanted.id, "reason": "the guard stopped the call, or its client did"}
            with suppress(ConnectionError):
                await self._server.send(jsonrpc.notification("notifications/cancelled", gone))
            raise
        return calls.outcome(reply)

    async def _probe(self, permit: Permit) -> Outcome:
        """Make a call that finds out what became of an earlier one."""
        name, _, tool = permit.call.tool.partition("/")
        server = self._session.servers.get(name)
        if server is None:
            return Outcome(kind="failed", why=f"the server `{name}` is not here")
        envelope = {k: v for k, v in self._wanted.meta.items() if k.startswith("io.modelcontextprotocol/")}
        params: Body = {
            "name": tool,
            "arguments": dict(permit.call.arguments),
            "_meta": {**envelope, "corrigible/idempotency-key": permit.idempotency},
        }
        try:
            return calls.outcome(await server.request("tools/call", params))
        except (ConnectionError, TimeoutError) as error:
            return Outcome(kind="unknown", why=str(error) or "no answer in time")

    async def _beats(self) -> None:
        for number in range(1, 10**6):
            await asyncio.sleep(BEAT)
            told = {
                "progressToken": self._wanted.token,
                "progress": number / 1e6,  # less than what the server will tell of its work
                "message": "a person must approve this call first",
            }
            await self._session.reply(jsonrpc.notification("notifications/progress", told))

    def _still(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
