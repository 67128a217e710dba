"""A ledger with every type of record, always the same: fixed keys, fixed times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corrigible.guard.ledger import Ledger, Redactor, SigningKey
from corrigible.guard.manifest import Argument, Redaction, Tool
from corrigible.guard.store import Store, Transaction, open_store

ORIGIN = "shop-guard"
SEEDS = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
"""Of the first key, the second, and the secret of redaction."""
START = 1_795_000_000.25
MAIL = Tool(name="mail/send", writes=("mailbox",), arguments={"password": Argument(means="secret")})
RESULT = {"digest": "sha256:" + "ab" * 32, "bytes": 12}


def key(number: int = 0) -> SigningKey:
    return SigningKey(ORIGIN, SEEDS[number], SEEDS[2])


def store(folder: Path, name: str = "guard.db") -> Store:
    return open_store(f"sqlite:{folder / name}")


def ledger(where: Store, signing: SigningKey | None = None) -> Ledger:
    signing = signing or key()
    return Ledger(where, ORIGIN, signing, Redactor(Redaction(), signing.secret))


def call(log: Ledger, rule: str, **arguments: Any) -> dict[str, Any]:
    return {
        "tool": "mail/send",
        "arguments": log.redactor.arguments(MAIL, arguments),
        "session": "main",
        "agent": "agent",
        "step": "2",
        "confidence": 0.75,
        "evidence": [],
        "key": "",
        "instance": "i1",
        "reasons": [{"rule": rule, "text": "the policy says so"}],
        "signals": [],
    }


def add(to: Ledger, type: str, at: float, **fields: Any) -> int:
    """Append one record in a transaction of its own."""

    def work(tx: Transaction) -> int:
        return to.append(tx, type, at, **fields)

    return to.store.transact(work)


def fill(to: Ledger) -> list[str]:
    """Append records of every type but ``key``; return the checkpoint after each."""
    kept: list[str] = []

    def one(type: str, **fields: Any) -> int:
        number = add(to, type, START + 0.5 * len(kept), **fields)
        kept.append(to.checkpoint())
        return number

    digest = "sha256:" + "cd" * 32
    one("start", instance="i1", name=ORIGIN, manifest=digest, policy=digest, version="0.1.0")
    one("session", session="main", agent="agent", task="send the invoice")
    told = call(to, "policy.reads", to="ann@example.com", text="Hello — ünï")
    first = one("intent", digest=digest, idempotency="k1", cost=0.0, **told)
    one("outcome", intent=first, kind="done", why="", **RESULT)
    told = call(to, "policy.default", to="eve@example.com", password="hunter2", text="token: abcdef12")
    one("denied", decision="deny", **told)
    told = call(to, "policy.writes", to="bob@example.com", text="Hi")
    one("asked", request="r1", needs=1, expires=START + 3600, **told)
    one("vote", request="r1", who="ann", decision="approve", why="it is the invoice")
    told = call(to, "approval.r1", to="bob@example.com", text="Hi")
    second = one("intent", digest=digest, idempotency="k2", cost=1.5, **told)
    one("outcome", intent=second, kind="unknown", why="the guard ended while it ran")
    one("resolved", intent=second, kind="done", who="probe", why="it is in the folder of what was sent")
    one("asked", request="r2", needs=2, expires=START + 3600, **told)
    one("expired", request="r2")
    ranges = {"to": {"like": "*@example.com"}}
    told = {"tool": "mail/send", "session": "main", "ranges": ranges, "calls": 10, "expires": START + 60}
    one("granted", grant="g1", who="ann", why="the newsletter", **told)
    one("revoked", grant="g1", who="ann", why="enough")
    one("signal", monitor="spending", raises="ask", text="twice what it spent before", session="main")
    one("halted", session="main", who="ann", why="look first")
    one("resumed", session="main", who="bob", why="looked")
    one("listing", server="mail", tool="mail/send", definition=digest, expected=digest)
    one("stop", instance="i1")
    return kept
