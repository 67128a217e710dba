"""Proofs about single records, for people who have no access to the ledger.

That a record is in the ledger is shown by a *tlog-proof*: the record itself (as extra data), its place, the
hashes from it up to the head, and the checkpoint. That a ledger only grew between two checkpoints is shown by a
*consistency proof*, for which there is no agreed format: here it is JSON with both checkpoints and the hashes.

*Source:* C2SP, tlog-proof (https://c2sp.org/tlog-proof); RFC 9162, sections 2.1.3 and 2.1.4.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from collections.abc import Sequence
from typing import Any, final

from corrigible.core.errors import LedgerError, OptionError
from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.log import checkpoint, record
from corrigible.guard.ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from corrigible.guard.ledger.note import Verifier
from corrigible.guard.store import Reader

INCLUSION = "c2sp.org/tlog-proof@v1"
CONSISTENCY = "corrigible/consistency-proof@v1"
RUN_VERIFY = "run `corrigible ledger verify`"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Proven:
    """What a proof shows.

    Parameters
    ----------
    checkpoint
        The (newer) checkpoint that it ends in.
    number, said
        The record; None: it is a consistency proof.
    older
        The older checkpoint of a consistency proof.
    """

    checkpoint: Checkpoint
    number: int | None = None
    said: dict[str, Any] | None = None
    older: Checkpoint | None = None


def prove(reader: Reader, number: int) -> str:
    """Return the proof that a record is in the ledger.

    Raises
    ------
    OptionError
        If there is no such record, or none signed it yet.
    LedgerError
        If the ledger is not what was signed.
    """
    note, signed, leaves = _signed(reader)
    if not 0 <= number < signed.size:
        raise OptionError(
            f"there is no signed record `{number}`", f"{signed.size} are signed; the first is 0"
        )
    body = next((bytes(body) for _, body in reader.records(number, number + 1)), b"")
    if leaf_hash(body) != leaves[number]:
        raise LedgerError(f"record {number} is not the one that was appended there", RUN_VERIFY)
    lines = [
        INCLUSION,
        f"extra {_text(body)}",
        f"index {number}",
        *map(_text, inclusion_proof(leaves, number)),
    ]
    return "".join(f"{line}\n" for line in lines) + f"\n{note}"


def prove_growth(reader: Reader, older: str) -> str:
    """Return the proof that the ledger goes on from an older checkpoint.

    Raises
    ------
    LedgerError
        If it does not, or that is no checkpoint of it.
    """
    note, signed, leaves = _signed(reader)
    old = Checkpoint.read(older)
    if old.origin != signed.origin:
        raise OptionError(
            f"the checkpoint is of `{old.origin}`, the ledger is `{signed.origin}`", "give its own"
        )
    if old.size > signed.size or root(leaves[: old.size]) != old.root:
        raise LedgerError(f"the ledger does not go on from the checkpoint at {old.size}", RUN_VERIFY)
    hashes = consistency_proof(leaves, old.size) if old.size else []
    said = {"format": CONSISTENCY, "older": older, "newer": note, "hashes": list(map(_text, hashes))}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def check(proof: str, verifiers: Sequence[Verifier]) -> Proven:
    """Return what a proof shows.

    Raises
    ------
    LedgerError
        If it shows nothing.
    """
    return _check_growth(proof, verifiers) if proof.startswith("{") else _check_inclusion(proof, verifiers)


def _check_inclusion(proof: str, verifiers: Sequence[Verifier]) -> Proven:
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    if len(lines) < 3 or lines[0] != INCLUSION or not lines[1].startswith("extra "):
        raise LedgerError(
            "this is no proof", f"its first line must be {INCLUSION}, its second hold the record"
        )
    word, _, index = lines[2].partition(" ")
    if word != "index" or not (index.isascii() and index.isdigit() and str(int(index)) == index):
        raise LedgerError("the proof does not say which record it is about", "ask for it anew")
    body, hashes = _bytes(lines[1].removeprefix("extra ")), [_bytes(line) for line in lines[3:]]
    signed, _ = Checkpoint.open(note, verifiers)
    if not verify_inclusion(leaf_hash(body), int(index), signed.size, hashes, signed.root):
        raise LedgerError(f"the proof does not show that record {index} is in the ledger", "it was altered")
    return Proven(checkpoint=signed, number=int(index), said=record(body))


def _check_growth(proof: str, verifiers: Sequence[Verifier]) -> Proven:
    try:
        said = json.loads(proof)
        kind, older, newer, hashes = (said[k] for k in ("format", "older", "newer", "hashes"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LedgerError("this is no proof", "ask for it anew") from error
    if kind != CONSISTENCY or not isinstance(hashes, list):
        raise LedgerError("this is no consistency proof", f"its format must be {CONSISTENCY}")
    old, _ = Checkpoint.open(str(older), verifiers)
    new, _ = Checkpoint.open(str(newer), verifiers)
    nodes = [_bytes(str(node)) for node in hashes]
    grown = not old.size or verify_consistency(old.size, new.size, nodes, old.root, new.root)
    if old.origin != new.origin or not grown:
        raise LedgerError(
            "the proof does not show that the ledger only grew", "it was altered, or the ledger was"
        )
    return Proven(checkpoint=new, older=old)


def _signed(reader: Reader) -> tuple[str, Checkpoint, Sequence[bytes]]:
    note = checkpoint(reader)
    if not note:
        raise OptionError("no checkpoint was signed yet", "start the guard with its key")
    signed = Checkpoint.read(note)
    leaves = list(reader.hashes(0, signed.size))
    if len(leaves) != signed.size or root(leaves) != signed.root:
        raise LedgerError("the ledger is not what was signed", RUN_VERIFY)
    return note, signed, leaves


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LedgerError("a line of the proof is not base64", "ask for it anew") from error
