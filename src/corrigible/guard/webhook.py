"""Telling a webhook of what waits for people, and hearing its answer.

Each request is posted as JSON, signed with a key that both sides share. The answer comes as the response,
signed with the same key; whoever cannot answer at once responds with status 202, and is asked again. Anything
else that is unsigned, late, too long or not understood is no answer, and the request goes on waiting for the
people at the terminal. Nothing here executes anything.

*Source:* Standard Webhooks 1.0.0: the headers, the signed content ``id.timestamp.body``, HMAC-SHA256 with
version ``v1``, keys as ``whsec_`` and base64, the same id for every delivery, no redirects.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlsplit

from corrigible.core.errors import OptionError, StoreError
from corrigible.guard.approvals import Request, Vote
from corrigible.guard.canonical import canonical
from corrigible.guard.clock import stamp

if TYPE_CHECKING:
    from corrigible.guard.manifest import ApprovalRules
    from corrigible.guard.store import Store, Transaction

LONGEST = 65536
"""Bytes of a response that are read."""

PATIENCE = 35.0
"""Seconds for a response: the receiver may keep it back for thirty, until a person answers."""

TOLERANCE = 300
"""Seconds by which the receiver's clock may be off."""

FIRST, LAST = 1.0, 60.0
"""Seconds before the second delivery, and the most between two."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@final
class Webhook:
    """One receiver of requests.

    Parameters
    ----------
    address
        Where to post to: https, or http on this machine.
    secret
        The shared key: ``whsec_`` and the base64 of 24 to 64 random bytes.
    note
        Told of each delivery that failed, by the id of the request and what went wrong, and with an empty
        text of one that came through after others had failed.

    Raises
    ------
    OptionError
        If the address or the key is none.
    """

    name = "webhook"

    def __init__(
        self, address: str, secret: str, note: Callable[[str, str], None] = lambda request, trouble: None
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OptionError(f"`{address}` is no address of a webhook", "give https://…")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise OptionError(f"`{address}` is read by everyone on the way", "give https://…")
        self._parts, self._key, self._note = parts, key_of(secret), note
        self._closed = threading.Event()

    @classmethod
    def of(cls, rules: ApprovalRules, store: Store) -> Webhook:
        """Return the webhook that a manifest names; what goes wrong is kept in the store, under ``webhook``.

        Raises
        ------
        OptionError
            If its address is none, or the environment holds no key for it.
        """
        secret = os.environ.get(rules.secret, "") if rules.secret else ""
        if not secret:
            what = (
                f"the variable `{rules.secret}` is not set"
                if rules.secret
                else "`approval.secret` is not set"
            )
            raise OptionError(f"the webhook has no key: {what}", "name the variable that holds `whsec_…`")

        def note(request: str, trouble: str) -> None:
            def work(tx: Transaction) -> None:
                if trouble:
                    tx.put("webhook", request, {"error": trouble, "at": time.time()})
                else:
                    tx.delete("webhook", request)

            with suppress(StoreError):  # then nothing is asked either
                store.transact(work)

        return cls(rules.webhook, secret, note)

    async def __call__(self, request: Request) -> Vote | None:
        """Do as `tell` in a thread of its own, so that nobody waits for it, at the end neither."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Vote | None] = loop.create_future()

        def settle(vote: Vote | None) -> None:
            if not told.done():
                told.set_result(vote)

        def work() -> None:
            vote = None
            try:
                vote = self.tell(request)
            finally:
                with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(settle, vote)

        threading.Thread(target=work, name=f"webhook {request.id}", daemon=True).start()
        return await told

    def tell(self, request: Request) -> Vote | None:
        """Post a request until it is answered, delivered or expired; block until then.

        Returns
        -------
        Vote | None
            The receiver's answer; None: it has none, or could not be reached.
        """
        body = payload(request)
        ends = time.monotonic() + max(0.0, request.expires - time.time())
        pause, failed = FIRST, False
        while not self._closed.is_set() and time.monotonic() < ends:
            try:
                status, headers, text = self._post(request.id, body)
            except (OSError, HTTPException, ValueError) as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if 200 <= status < 300 and failed:
                    self._note(request.id, "")
                if status == 202:
                    trouble, failed = "", False
                elif 200 <= status < 300:
                    return answer(request, self._key, headers, text, time.time())
                else:
                    trouble = f"the receiver responds with status {status}"
                if status == 410:
                    self._note(request.id, trouble)
                    return None
            if trouble:
                failed = True
                self._note(request.id, trouble)
            left = ends - time.monotonic()
            self._closed.wait(min(pause * random.uniform(0.8, 1.2), max(left, 0.0)))
            pause = min(2 * pause, LAST)
        return None

    def close(self) -> None:
        """Let whoever is telling stop at its next step."""
        self._closed.set()

    def _post(self, identifier: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        parts = self._parts
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"content-type": "application/json", "user-agent": "corrigible-guard"}
            connection.request("POST", path, body, headers | signed(identifier, body, self._key, time.time()))
            response = connection.getresponse()
            text = response.read(LONGEST + 1)
            if len(text) > LONGEST:
                raise ValueError(f"the response is longer than {LONGEST} bytes")
            return response.status, {name.lower(): value for name, value in response.getheaders()}, text
        finally:
            connection.close()


def key_of(secret: str) -> bytes:
    """Return the key that ``whsec_…`` stands for.

    Raises
    ------
    OptionError
        If it stands for none. What is wrong is told without the secret.
    """
    advice = "make one: echo whsec_$(head -c 32 /dev/urandom | base64)"
    if not secret.startswith("whsec_"):
        raise OptionError("the key of the webhook does not begin with `whsec_`", advice)
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise OptionError("the key of the webhook is no base64 after `whsec_`", advice) from error
    if not 24 <= len(key) <= 64:
        raise OptionError(f"the key of the webhook has `{len(key)}` bytes, not 24 to 64", advice)
    return key


def payload(request: Request) -> bytes:
    """Return what is posted of a request; secrets in its arguments are left out already."""
    data = {
        "id": request.id,
        "digest": request.digest,
        "tool": request.tool,
        "arguments": request.arguments,
        "session": request.session,
        "agent": request.agent,
        "needs": request.needs,
        "missing": request.missing,
        "asked": stamp(request.asked),
        "expires": stamp(request.expires),
        "reasons": [dict(reason) for reason in request.reasons],
        "signals": [dict(signal) for signal in request.signals],
    }
    return canonical({"type": "approval.asked", "timestamp": stamp(request.asked), "data": data})


def signed(identifier: str, body: bytes, key: bytes, now: float) -> dict[str, str]:
    """Return the three headers that sign a body."""
    at = str(int(now))
    return {
        "webhook-id": identifier,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{_mac(identifier, at, body, key)}",
    }


def answer(request: Request, key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> Vote | None:
    """Return the vote that a response carries, or None where it carries none that can be trusted.

    Parameters
    ----------
    request
        What was asked.
    key
        The shared key.
    headers
        Of the response, in lower case.
    body
        ``{"type": "approval.answered", "data": {"request": ID, "digest": DIGEST, "decision": "approve" or
        "deny", "by": NAME, "why": TEXT}}``.
    now
        Seconds of the epoch.
    """
    at, signatures = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    if headers.get("webhook-id") != request.id or not (at.isascii() and at.isdigit() and len(at) < 16):
        return None
    if abs(now - int(at)) > TOLERANCE:
        return None
    right = f"v1,{_mac(request.id, at, body, key)}".encode()
    if not any(hmac.compare_digest(each.encode(), right) for each in signatures.split(" ")):
        return None
    try:
        told: Any = json.loads(body)
        data: Any = told["data"] if told["type"] == "approval.answered" else {}
        same = data["request"] == request.id and data["digest"] == request.digest
        decision, by, why = data["decision"], data["by"], data.get("why", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not same or decision not in ("approve", "deny"):
        return None
    if not isinstance(by, str) or not by.strip() or not isinstance(why, str):
        return None
    return Vote(who=by, decision=decision, why=why, at=now)


def _mac(identifier: str, at: str, body: bytes, key: bytes) -> str:
    content = f"{identifier}.{at}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
