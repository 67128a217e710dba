"""Checkpoints: the head of the tree at one size, as a signed note.

::

    ORIGIN
    SIZE
    BASE64 OF THE ROOT

    — NAME BASE64

*Source:* C2SP, tlog-checkpoint (https://c2sp.org/tlog-checkpoint).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from corrigible.core.errors import LedgerError
from corrigible.guard.ledger.note import Verifier, note, open_note, parse

if TYPE_CHECKING:
    from corrigible.guard.ledger.keys import SigningKey


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says, whoever signed it.

    Parameters
    ----------
    origin
        The ledger's name.
    size
        How many records it had.
    root
        The head of the tree over them.
    extensions
        Further lines; this ledger writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is signed."""
        head = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), head, *self.extensions))

    def signed(self, key: SigningKey) -> str:
        """Return the note that ``key`` signs."""
        return note(self.text, [key.sign(self.text)])

    @classmethod
    def of(cls, text: str) -> Checkpoint:
        """Return what the text of a note says.

        Raises
        ------
        LedgerError
            If it is no checkpoint.
        """
        lines = text.split("\n")
        if len(lines) >= 4 and not lines[-1] and all(lines[:-1]):
            origin, size, head, *extensions = lines[:-1]
            try:
                root = base64.b64decode(head, validate=True)
            except (binascii.Error, ValueError):
                root = b""
            exact = size.isascii() and size.isdigit() and str(int(size)) == size
            if exact and len(root) == 32 and base64.b64encode(root).decode() == head:
                return cls(origin=origin, size=int(size), root=root, extensions=tuple(extensions))
        raise LedgerError("this is no checkpoint", "it must be an origin, a size and a root, a line each")

    @classmethod
    def read(cls, whole: str) -> Checkpoint:
        """Return what a note says, without asking who signed it."""
        return cls.of(parse(whole)[0])

    @classmethod
    def open(cls, whole: str, verifiers: Sequence[Verifier]) -> tuple[Checkpoint, tuple[Verifier, ...]]:
        """Return what a note says and which of ``verifiers`` signed it (`note.open_note`)."""
        text, signers = open_note(whole, verifiers)
        return cls.of(text), signers
