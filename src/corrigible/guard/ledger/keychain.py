"""Which keys are trusted: those that were given, and those that they handed over to.

A handover is a record of type ``key`` with a note in which the old key vouches for the new one. What the old
key signs about a tree that holds that record is not believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from corrigible.core.errors import LedgerError, OptionError
from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.log import handover
from corrigible.guard.ledger.note import Verifier, open_note, parse


@final
class Keychain:
    """The keys of one ledger.

    Parameters
    ----------
    trusted
        Those that were given.
    """

    def __init__(self, trusted: Sequence[Verifier]) -> None:
        self._trusted = {verifier.vkey: verifier for verifier in trusted}
        self._earlier: dict[str, Verifier] = {}
        self._retired: dict[str, int] = {}
        self._links: list[tuple[int, Verifier, Verifier]] = []

    def follow(self, number: int, said: Mapping[str, Any]) -> str:
        """Take in a record of type ``key``; return what is wrong with it, or nothing."""
        try:
            old, new = Verifier.of(str(said.get("old"))), Verifier.of(str(said.get("new")))
            if parse(str(said.get("note")))[0] != handover(old.name, new.vkey):
                return f"record {number} hands over to another key than it says"
            open_note(str(said.get("note")), [old])
        except (LedgerError, OptionError) as error:
            return f"record {number} does not hand over the key: {error.message}"
        self._links.append((number, old, new))
        return ""

    def settle(self) -> list[tuple[int, str]]:
        """Find out, after the last record, who is trusted; return the handovers that lead nowhere."""
        for number, old, new in self._links:
            if old.vkey in self._trusted:
                self._trusted[new.vkey] = new
            self._retired[old.vkey] = number
        # Before a key that was given there were others. They are believed where that one vouches for them.
        for _, old, new in reversed(self._links):
            if new.vkey in self._trusted or new.vkey in self._earlier:
                self._earlier[old.vkey] = old
        known = {*self._trusted, *self._earlier}
        return [
            (number, f"record {number} hands over between keys that are not trusted here")
            for number, old, _ in self._links
            if old.vkey not in known
        ]

    def open(self, note: str, *, earlier: bool = False) -> tuple[Checkpoint, str]:
        """Return a checkpoint and the public key that signed it.

        Parameters
        ----------
        note
            The checkpoint as a signed note.
        earlier
            Whether keys before those that were given are believed: of an older checkpoint, once the ledger
            itself is signed by a trusted one.

        Raises
        ------
        LedgerError
            If none that is trusted, and was in force at its size, signed it.
        """
        keys = {**self._trusted, **(self._earlier if earlier else {})}
        if not keys:
            raise LedgerError("no public key was given to check it with", "give --vkey")
        checkpoint, signers = Checkpoint.open(note, list(keys.values()))
        for signer in signers:
            if checkpoint.size <= self._retired.get(signer.vkey, checkpoint.size):
                return checkpoint, signer.vkey
        number = self._retired[signers[0].vkey]
        raise LedgerError(f"signed by a key that record {number} replaced", "find out who still has it")
