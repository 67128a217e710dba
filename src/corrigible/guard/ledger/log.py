"""The ledger: what is appended, and the signed head of the tree that every commit moves.

A record is one line of canonical JSON with ``v``, ``type`` and ``at``; its number is its place in the log.
Before each commit the leaf hashes of its records are folded into the tree, and the new head is signed and
stored *in the same transaction*: records and checkpoint are durable together or not at all.

Whoever holds the key never signs what does not continue what it signed before: if the store was cut or
rewritten under a running guard, the next commit fails, and nothing more is executed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from corrigible.core.errors import LedgerError, OptionError, StoreError
from corrigible.guard.canonical import written
from corrigible.guard.clock import stamp
from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.keys import SigningKey
from corrigible.guard.ledger.merkle import Frontier, leaf_hash
from corrigible.guard.ledger.note import Verifier, note
from corrigible.guard.store import Reader, Store, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger.redact import Redactor

TYPES = (
    "start",
    "stop",
    "session",
    "intent",
    "denied",
    "asked",
    "vote",
    "expired",
    "granted",
    "revoked",
    "halted",
    "resumed",
    "outcome",
    "resolved",
    "signal",
    "listing",
    "key",
)
"""What records there are."""
VERSION = 1
TREE = "tree"
"""The kind of state that holds ``head`` (origin, size, frontier, key in force) and ``checkpoint``."""


@final
class Ledger:
    """The ledger in a store; there is one to a store, and every process that writes there has it open.

    Parameters
    ----------
    store
        Where it is; this registers what is done before each commit.
    origin
        Its name, which checkpoints carry.
    key
        What signs; None: records are appended without a signature, and the next process with the key signs
        for them.
    redactor
        What the callers of `append` pass their fields through.

    Raises
    ------
    OptionError
        If ``origin`` cannot be one, or is not the key's name.
    StoreError
        If the store holds the ledger of another origin, or of another key.
    LedgerError
        If what is there does not continue what was signed last.
    """

    def __init__(
        self, store: Store, origin: str, key: SigningKey | None = None, redactor: Redactor | None = None
    ) -> None:
        if not origin or any(ord(c) < 0x20 for c in origin):
            raise OptionError(f"the ledger cannot be called `{origin!r}`", "give one line")
        if key is not None and key.name != origin:
            raise OptionError(
                f"the key is for `{key.name}`, the ledger is `{origin}`", "name another key file"
            )
        self.store, self.origin, self.key = store, origin, key
        self._given = redactor
        self._seen: Frontier | None = None
        self._next: Frontier | None = None
        self._head: dict[str, Any] = {}
        store.transact(self._open)
        store.seal(self._seal)

    @cached_property
    def redactor(self) -> Redactor:
        """What the callers of `append` pass their fields through."""
        if self._given is not None:
            return self._given
        from corrigible.guard.ledger.redact import Redactor
        from corrigible.guard.manifest import Redaction

        return Redactor(Redaction(), self.key.secret if self.key else secrets.token_bytes(32))

    @classmethod
    def join(cls, store: Store, redactor: Redactor | None = None) -> Ledger:
        """Return the ledger that is in a store already, for people who have no key.

        Raises
        ------
        StoreError
            If there is none.
        """
        head = store.read(lambda reader: reader.get(TREE, "head"))
        if head is None:
            raise StoreError(f"there is no ledger in `{store.url}`", "start the guard first")
        return cls(store, head["origin"], None, redactor)

    def append(self, tx: Transaction, type: str, at: float, **fields: Any) -> int:
        """Append a record within a transaction, and return its number.

        Parameters
        ----------
        tx
            The transaction.
        type
            One of `TYPES`.
        at
            Seconds of the epoch.
        **fields
            The rest, redacted already.
        """
        if type not in TYPES:
            raise ValueError(f"there are no records of type {type}")
        body = written({**fields, "v": VERSION, "type": type, "at": stamp(at)})
        return tx.append(body, leaf_hash(body))

    def checkpoint(self) -> str:
        """Return the last signed checkpoint; empty: nothing is signed yet."""
        return self.store.read(checkpoint)

    def rotate(self, at: float, who: str) -> SigningKey:
        """Have a new key sign from now on, by a record that the old one vouches for.

        Every process that holds the old key takes up the new one from the key's file, before its next commit.

        Raises
        ------
        LedgerError
            If there is no key here.
        """
        if self.key is None:
            raise LedgerError("there is no key to rotate", "do it where the guard's key is")
        old = self.key
        new = old.successor()
        text = handover(self.origin, new.vkey)

        def work(tx: Transaction) -> None:
            self.append(tx, "key", at, who=who, old=old.vkey, new=new.vkey, note=note(text, [old.sign(text)]))
            tx.put(TREE, "head", {**tx.get(TREE, "head"), "key": new.vkey})

        if new.path is None:
            self.key = new
        self.store.transact(work)
        self.key = new
        new.retire()
        return new

    def _open(self, tx: Transaction) -> None:
        head = tx.get(TREE, "head")
        if head is None:
            if tx.size:
                raise StoreError(
                    f"`{self.store.url}` holds records without a ledger's head", "verify it first"
                )
            vkey = self.key.vkey if self.key else ""
            tx.put(TREE, "head", {"origin": self.origin, "size": 0, "frontier": "", "key": vkey})
            return
        if head["origin"] != self.origin:
            raise StoreError(
                f"`{self.store.url}` holds the ledger of `{head['origin']}`, not of `{self.origin}`",
                "give each guard a store of its own, or guards of one store one name",
            )
        if self.key is None:
            return
        if not head["key"]:
            tx.put(TREE, "head", {**head, "key": self.key.vkey})
            return
        self._take_up(head["key"])
        self._check_signed(tx, frontier(head))

    def _check_signed(self, tx: Transaction, now: Frontier) -> None:
        """Check that the head continues the last checkpoint."""
        stored = tx.get(TREE, "checkpoint")
        if stored is None:
            return
        signed, _ = Checkpoint.open(stored["note"], [self._signer().verifier])
        then = _frontier(signed.size, stored["frontier"])
        if then.root() != signed.root or signed.size > now.size:
            raise LedgerError("the last checkpoint and the head of the tree do not agree", VERIFY)
        if then.extend(tx.hashes(signed.size, now.size)) != now:
            raise LedgerError(f"what follows record {signed.size} is not what was appended", VERIFY)
        self._seen = now

    def _seal(self, tx: Transaction, leaves: Sequence[bytes]) -> None:
        head = tx.get(TREE, "head")
        before = self._next if self._next is not None and head == self._head else frontier(head)
        if tx.size != before.size + len(leaves):
            raise LedgerError(
                f"the store has {tx.size - len(leaves)} records, its tree {before.size}", VERIFY
            )
        if before != self._next and self._seen is not None:
            # Others wrote meanwhile, or what was sealed last was not committed.
            seen = self._seen
            if before.size < seen.size or seen.extend(tx.hashes(seen.size, before.size)) != before:
                raise LedgerError(f"the ledger no longer continues its first {seen.size} records", VERIFY)
        after = before.extend(leaves)
        nodes = after.hex()
        self._head = {**head, "size": after.size, "frontier": nodes}
        tx.put(TREE, "head", self._head)
        if self.key is not None:
            self._take_up(head["key"])
            told = Checkpoint(origin=self.origin, size=after.size, root=after.root())
            tx.put(TREE, "checkpoint", {"note": told.signed(self._signer()), "frontier": nodes})
        self._seen, self._next = before, after

    def _signer(self) -> SigningKey:
        assert self.key is not None
        return self.key

    def _take_up(self, vkey: str) -> None:
        """Use the key that is in force; another process may have rotated."""
        key = self._signer()
        if key.vkey == vkey:
            return
        if key.path is None:
            raise StoreError(f"`{self.store.url}` is signed with the key `{vkey}`", "give that key")
        try:
            self.key = SigningKey.load(key.path, vkey)
        except LedgerError as error:
            raise StoreError(
                f"`{self.store.url}` is signed with the key `{vkey}`", "give that key"
            ) from error


VERIFY = "stop, and run `corrigible ledger verify`"


def frontier(head: dict[str, Any]) -> Frontier:
    """Return the frontier that the state ``head`` tells; a broken one raises `LedgerError`."""
    return _frontier(head["size"], head["frontier"])


def _frontier(size: int, text: str) -> Frontier:
    try:
        return Frontier.of(size, text)
    except ValueError as error:
        raise LedgerError("the head of the tree is damaged", VERIFY) from error


def checkpoint(reader: Reader) -> str:
    """Return the last signed checkpoint of a store; empty: there is none."""
    stored = reader.get(TREE, "checkpoint")
    return stored["note"] if stored else ""


def handover(origin: str, vkey: str) -> str:
    """Return the text by which a key vouches for the one after it."""
    return f"corrigible key handover\n{origin}\n{Verifier.of(vkey).vkey}\n"


def record(body: bytes) -> dict[str, Any]:
    """Return what a record says.

    Raises
    ------
    LedgerError
        If it is none of this version.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LedgerError("a record is not JSON", VERIFY) from error
    if not isinstance(said, dict) or said.get("v") != VERSION or said.get("type") not in TYPES:
        raise LedgerError("a record is of no type that this version knows", "use the version that wrote it")
    return said
