"""Signed notes: a text, an empty line, and signatures, readable by people and byte exact.

::

    text
    of any number of lines

    — NAME BASE64(KEY ID, SIGNATURE)

Only Ed25519 signatures (type 1) are made and believed. Signatures of keys that are not known are passed over,
as the format asks, so that witnesses may add theirs.

*Source:* C2SP, signed-note (https://c2sp.org/signed-note); RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from typing import final

from corrigible.core.errors import LedgerError, OptionError

ED25519 = 1
"""The type of signature, as the format numbers them."""
MOST = 100
"""Signatures that are read of one note."""


def name_complaint(name: str) -> str:
    """Return why ``name`` cannot name a key, in a few words; empty: it can."""
    if not name or any(c.isspace() or c == "+" or ord(c) < 0x20 for c in name):
        return "must be one word without `+`"
    return ""


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature tells its key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Verifier:
    """A public key with its name: what it takes to believe a signature."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's four bytes."""
        return key_id(self.name, self.public)

    @property
    def vkey(self) -> str:
        """The key as text: ``NAME+ID+BASE64``."""
        key = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def of(cls, vkey: str) -> Verifier:
        """Return the key that a text tells.

        Raises
        ------
        OptionError
            If it tells none.
        """
        name, identity, key = ([*vkey.strip().split("+", 2), "", ""])[:3]
        try:
            data = base64.b64decode(key, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not name_complaint(name) and len(data) == 33 and data[0] == ED25519:
            found = cls(name=name, public=data[1:])
            if found.id.hex() == identity:
                return found
        raise OptionError(
            f"`{vkey.strip()[:80]}` is no verifier key", "give NAME+ID+KEY, as the .pub file has it"
        )

    def verifies(self, text: str, signature: bytes) -> bool:
        """Return whether ``signature`` is this key's, of ``text``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature line."""

    name: str
    id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line without its end."""
        return f"— {self.name} {base64.b64encode(self.id + self.signature).decode()}"


def note(text: str, signatures: Iterable[Signature]) -> str:
    """Return the note of a text, which ends its last line, and signatures."""
    return f"{text}\n" + "".join(f"{signature.line}\n" for signature in signatures)


def parse(whole: str) -> tuple[str, tuple[Signature, ...]]:
    """Return the text and the signatures of a note, none of which is believed yet.

    Raises
    ------
    LedgerError
        If it is not a note.
    """
    text, between, tail = whole.rpartition("\n\n")
    lines = tail.split("\n")
    if not between or lines.pop() or not 1 <= len(lines) <= MOST:
        raise LedgerError("this is no signed note", "it must end in an empty line and signature lines")
    if any(ord(c) < 0x20 and c != "\n" for c in whole):
        raise LedgerError("this is no signed note", "it must not hold control characters")
    return text + "\n", tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    try:
        if len(parts) == 3 and parts[0] == "—" and not name_complaint(parts[1]):
            data = base64.b64decode(parts[2], validate=True)
            if len(data) > 4:
                return Signature(name=parts[1], id=data[:4], signature=data[4:])
    except (binascii.Error, ValueError):
        pass
    raise LedgerError(f"`{line[:80]}` is no signature line", "it must be an em dash, a name and base64")


def open_note(whole: str, verifiers: Sequence[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """Return the text of a note and those of ``verifiers`` that signed it: at least one.

    Raises
    ------
    LedgerError
        If it is no note, none of them signed it, or a signature that claims to be of one is not.
    """
    text, signatures = parse(whole)
    known = {(v.name, v.id): v for v in verifiers}
    signed = dict[bytes, Verifier]()
    for signature in signatures:
        verifier = known.get((signature.name, signature.id))
        if verifier is None:
            continue
        if not verifier.verifies(text, signature.signature):
            raise LedgerError(
                f"the signature of `{verifier.name}` is not right", "it was made for another text"
            )
        signed[verifier.id] = verifier
    if not signed:
        raise LedgerError(
            f"signed by `{signatures[0].name}+{signatures[0].id.hex()}`, which is not a key that is trusted here",
            "give the verifier key of the ledger",
        )
    return text, tuple(signed.values())
