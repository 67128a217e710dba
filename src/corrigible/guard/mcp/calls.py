"""A call of a tool as MCP says it: from the request to what is judged, and from the answer to what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, final

from corrigible.guard.contract import Call, Outcome, Verdict
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.jsonrpc import INVALID_PARAMS, Body, Id, Malformed

if TYPE_CHECKING:
    from corrigible.guard.approvals import Request
    from corrigible.guard.mcp.upstream import Reply

VERSION = "io.modelcontextprotocol/protocolVersion"
CLIENT = "io.modelcontextprotocol/clientInfo"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
SAID = ("confidence", "evidence", "step", "key")
"""What an agent may say of a call, in its ``_meta``, as ``corrigible/…``."""
KNOWN = ("name", "arguments", "_meta", "task", "inputResponses", "requestState")
HEARD = 200_000
"""Characters of a result that monitors read."""
UNDONE = "It was not done. Do not look for a way around this: choose another, or ask the person you work for."


@final
class Wanted:
    """A ``tools/call`` request, checked.

    Raises
    ------
    Malformed
        If it is not what the protocol says.
    """

    def __init__(self, body: Body) -> None:
        self.id = cast(Id, body["id"])
        params = jsonrpc.part(body, "params")
        if odd := jsonrpc.ambiguous(params, KNOWN):
            raise self._wrong(f"the parameter `{odd}` can be taken for another")
        name, arguments = params.get("name"), params.get("arguments", {})
        if not isinstance(name, str) or not name:
            raise self._wrong("the parameter `name` must be text")
        if not isinstance(arguments, dict):
            raise self._wrong("the parameter `arguments` must be an object")
        if not isinstance(params.get("_meta", {}), dict):
            raise self._wrong("the parameter `_meta` must be an object")
        if "task" in params:
            raise self._wrong("calls as tasks are not passed on, since nobody waits for their outcome")
        self.name, self.params = name, params
        self.arguments = cast(Mapping[str, Any], arguments)
        self.meta = jsonrpc.meta(body)
        self.token = self.meta.get("progressToken")

    @property
    def modern(self) -> bool:
        """Whether it is of 2026-07-28 or later, where each request says who sends it and what that can do."""
        return VERSION in self.meta

    def call(self, tool: str, session: str, agent: str) -> Call:
        """Return what is to be judged."""
        said = {name: self.meta[f"corrigible/{name}"] for name in SAID if f"corrigible/{name}" in self.meta}
        confidence, evidence = said.get("confidence"), said.get("evidence", [])
        if confidence is not None and not (
            isinstance(confidence, int | float) and not isinstance(confidence, bool) and 0 <= confidence <= 1
        ):
            raise self._wrong("`corrigible/confidence` must be a number from 0 to 1")
        if not isinstance(evidence, list) or any(
            not isinstance(number, int) or isinstance(number, bool) for number in cast(list[Any], evidence)
        ):
            raise self._wrong("`corrigible/evidence` must be a list of numbers of calls")
        for name in ("step", "key"):
            if not isinstance(said.get(name, ""), str):
                raise self._wrong(f"`corrigible/{name}` must be text")
        return Call(
            tool=tool,
            arguments=self.arguments,
            session=session,
            agent=agent,
            step=said.get("step", ""),
            confidence=confidence,
            evidence=tuple(cast(list[int], evidence)),
            key=said.get("key", ""),
        )

    def message(self, name: str, idempotency: str, carried: Mapping[str, Any] | None) -> bytes:
        """Return the request for the server: what was judged, written anew, so that it can be read in one way.

        Parameters
        ----------
        name
            The server's name of the tool.
        idempotency
            The key that goes with it.
        carried
            What the client answered the server before it was asked by us (`Sealed`); None: as the request has it.
        """
        params = dict(self.params) | {
            "name": name,
            "_meta": {**self.meta, "corrigible/idempotency-key": idempotency},
        }
        if carried is not None:
            for field in ("inputResponses", "requestState"):
                params.pop(field, None)
            params |= carried
        return jsonrpc.request(self.id, "tools/call", params)

    def _wrong(self, text: str) -> Malformed:
        return Malformed(INVALID_PARAMS, text, self.id)


def outcome(reply: Reply) -> Outcome:
    """Return how a call ended, from the server's response."""
    result = reply.result
    if result is None:
        error = jsonrpc.part(reply.body, "error")
        said = error.get("message")
        if jsonrpc.part(error, "data").get("outcome") == "unknown":  # the connection broke on the way
            return Outcome(kind="unknown", text=str(said)[:300], why=str(said)[:300])
        why = f"the server answers with an error: {str(said)[:300]}"
        # Any other error may come from the middle of the work.
        kind = "failed" if error.get("code") in jsonrpc.NOT_DONE else "unknown"
        return Outcome(kind=kind, text=why, value=reply, why=why)
    if result.get("resultType") == "input_required":
        return Outcome(kind="failed", text="", value=reply, why="the server asks for input first")
    if result.get("isError"):
        return Outcome(kind="failed", text=words(result), value=reply, why="the tool says that it failed")
    return Outcome(kind="done", text=words(result), value=reply)


def words(result: Mapping[str, Any]) -> str:
    """Return the text of a result, as monitors read it."""
    content = result.get("content")
    found: list[str] = []
    for block in cast(list[Any], content) if isinstance(content, list) else ():
        if isinstance(block, dict):
            held = cast(Body, block)
            resource = jsonrpc.part(held, "resource")
            found += [
                str(text)[:HEARD]
                for text in (held.get("text"), resource.get("text"), held.get("description"))
                if isinstance(text, str)
            ]
    structured = result.get("structuredContent")
    if structured is not None and not found:
        found.append(json.dumps(structured, ensure_ascii=False)[:HEARD])
    return "\n".join(found)[:HEARD].encode(errors="replace").decode()


def numbered(reply: Reply, number: int) -> bytes:
    """Return a response that tells the agent the call's number in the ledger, to name it as evidence."""
    result = dict(reply.result or {})
    result["_meta"] = {**jsonrpc.part(result, "_meta"), "corrigible/call": number}
    return jsonrpc.dump(reply.body | {"result": result})


def refusal(wanted: Wanted, tool: str, verdict: Verdict, request: Request | None) -> bytes:
    """Return what the agent is told of a call that was not made."""
    because = "; ".join(f"{reason.text} [{reason.rule}]" for reason in verdict.reasons)
    if verdict.decision == "halt":
        text = (
            f"Halted: {because}. `{tool}` was not done, and nothing runs until a person resumes the session."
        )
    elif request is not None and verdict.decision == "ask":
        text = (
            f"Not done yet: a person must approve `{tool}` first: {because}. The request is `{request.id}`. "
            "Go on with something else, or wait, and then make exactly the same call again; with other "
            "arguments it is another request."
        )
    else:
        text = f"Denied: {because}. {UNDONE}"
    told: Body = {
        "decision": verdict.decision,
        "reasons": [{"rule": reason.rule, "text": reason.text} for reason in verdict.reasons],
    }
    if request is not None:
        told["request"] = request.id
    return error(wanted, text, told)


def lost(wanted: Wanted, tool: str, why: str, number: int | None) -> bytes:
    """Return what the agent is told of a call of which nobody knows whether it was done."""
    text = (
        f"It is not known whether `{tool}` was done: {why}. Do not make the call again: find out by reading, "
        "or ask the person you work for."
    )
    return error(wanted, text, {"decision": "allow", "outcome": "unknown", "call": number, "why": why})


def error(wanted: Wanted, text: str, told: Mapping[str, Any]) -> bytes:
    """Return a result that says in words that the call was not done, so that a model reads it."""
    result: Body = {"content": [{"type": "text", "text": text}], "isError": True}
    if wanted.modern:
        result["resultType"] = "complete"
    return jsonrpc.response(wanted.id, result | {"_meta": {"corrigible/verdict": told}})
