"""Asking the client's user, through the protocol itself.

In the era of 2025-11-25 the proxy sends an ``elicitation/create`` request while the call waits. In that of
2026-07-28 servers send no requests: the call is answered with ``input_required``, and made again by the client
with the user's answer and a ``requestState``. The state goes through hands that we do not trust: it is
encrypted and authenticated, bound to one request for one call of one session, expires with it, and counts
once, since the request in the store takes one answer of each person.

What is asked and answered passes through the client, which is on the agent's side. So it is one person's
answer at most, never enough for what is grave, and it is asked only where the manifest says ``ask = ["mcp"]``.

*Source:* MCP 2025-11-25, "Elicitation"; 2026-07-28, "Multi round-trip requests".
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, final

from corrigible.guard.approvals import Request, Vote
from corrigible.guard.mcp import jsonrpc
from corrigible.guard.mcp.jsonrpc import Body

if TYPE_CHECKING:
    from corrigible.guard.store import Store, Transaction

PREFIX = "corrigible.1."
"""How our states begin."""
QUESTION = "approval"
"""The name of our question among those of an answer that asks for input."""
FORM: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "approve": {"type": "boolean", "title": "Approve this call", "default": False},
        "why": {"type": "string", "title": "Why", "maxLength": 500},
    },
    "required": ["approve"],
}


def able(capabilities: Mapping[str, Any]) -> bool:
    """Return whether a client can show a form to its user."""
    found = capabilities.get("elicitation")
    return isinstance(found, dict) and ("form" in found or "url" not in found)


def question(request: Request) -> Body:
    """Return what is asked: exactly the call, and why."""
    arguments = json.dumps(dict(request.arguments), indent=2, ensure_ascii=False, default=str)
    reasons = "\n".join(f"- {reason['text']} [{reason['rule']}]" for reason in request.reasons)
    more = f"\nIt takes {request.needs} people; you are one." if request.needs > 1 else ""
    text = (
        f"The agent {_line(request.agent)} wants to call {_line(request.tool)} (session "
        f"{_line(request.session)}, request {request.id}) with\n{_plain(arguments)}\nYou are asked because\n"
        f"{_plain(reasons)}{more}"
    )
    return {"mode": "form", "message": text, "requestedSchema": dict(FORM)}


def vote(answer: Mapping[str, Any], who: str) -> Vote | None:
    """Return what the user said; None: nothing that decides."""
    content = jsonrpc.part(answer, "content")
    why = content.get("why")
    decision: Literal["approve", "deny"]
    if answer.get("action") == "accept" and content.get("approve") is True:
        decision = "approve"
    elif answer.get("action") == "decline" or (
        answer.get("action") == "accept" and content.get("approve") is False
    ):
        decision = "deny"
    else:
        return None
    return Vote(who=who, decision=decision, why=why[:500] if isinstance(why, str) else "")


@final
class States:
    """Seals and opens what the client carries from our question to the call made again.

    Parameters
    ----------
    store
        Holds the key, so that a guard that was started anew, or another on the same store, can open them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = b""

    def seal(self, request: Request, carried: Mapping[str, Any]) -> str:
        """Return a state for the answer to a request.

        Parameters
        ----------
        request
            What is asked.
        carried
            What of the call is the server's and not ours: its own state, and answers to its own questions.
        """
        told: Body = {
            "request": request.id,
            "digest": request.digest,
            "session": request.session,
            "expires": request.expires,
            "carried": dict(carried),
        }
        nonce = secrets.token_bytes(12)
        sealed = self._cipher().encrypt(nonce, jsonrpc.dump(told), PREFIX.encode())
        return PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, state: str) -> Body | None:
        """Return what a state holds; None if it is not one of ours, whole and unchanged."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(state.removeprefix(PREFIX), altchars=b"-_", validate=True)
            told = json.loads(self._cipher().decrypt(raw[:12], raw[12:], PREFIX.encode()))
        except (ValueError, InvalidTag):
            return None
        return cast(Body, told)

    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not self._key:

            def work(tx: Transaction) -> str:
                held = tx.get("secret", "mcp-state")
                if held is None:
                    held = AESGCM.generate_key(256).hex()
                    tx.put("secret", "mcp-state", held)
                return held

            self._key = bytes.fromhex(self._store.transact(work))
        return AESGCM(self._key)


def _line(text: str) -> str:
    return f"`{_plain(' '.join(text.split()))[:200]}`"


def _plain(text: str) -> str:
    """Return text without signs that a screen would act on, or that hide others."""
    return "".join(sign if sign == "\n" or sign.isprintable() else "�" for sign in text)
