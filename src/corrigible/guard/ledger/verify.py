"""Whether a ledger is still what was signed, and if not, where it was touched.

Everything is computed from the records themselves; what the store says of them (leaf hashes, the head of the
tree, the checkpoint) is compared with that. Against the one who holds the store *and* the key nothing within it
helps: only a checkpoint that lies elsewhere shows what was there before. With one in hand, a cut end, a rewritten
tail, another order and an edit are all found, whoever signed them anew.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Literal, final

from corrigible.core.errors import LedgerError
from corrigible.core.progress import SILENT, Progress
from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.keychain import Keychain
from corrigible.guard.ledger.log import record
from corrigible.guard.ledger.merkle import Frontier, leaf_hash
from corrigible.guard.ledger.note import Verifier
from corrigible.guard.ledger.sense import Sense
from corrigible.guard.ledger.sources import Source

Kind = Literal["edit", "truncation", "fork", "reordering", "gap", "signature", "time", "format", "sense"]
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MOST = 100
"""Problems that are told; of a ledger that is wholly wrong the first are enough."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is not as it was signed, or cannot be.

    Parameters
    ----------
    kind
        ``edit``, ``truncation`` (its end is gone), ``fork`` (another history than one that was signed),
        ``reordering``, ``gap``, ``signature``, ``time`` (it went back), ``format``, ``sense`` (a record that
        cannot follow those before it).
    number
        The record it is about; None: it is about none in particular.
    text
        One sentence.
    """

    kind: Kind
    number: int | None
    text: str


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found.

    Parameters
    ----------
    origin
        The ledger's name, as the last checkpoint has it.
    size
        How many records there are.
    signed
        How many of them a checkpoint covers whose signature is right.
    root
        The head of the tree over all of them, in hexadecimal.
    key
        The public key that signed the last checkpoint; empty: none that is trusted.
    compared
        With how many older checkpoints it was compared.
    open
        Intents without an outcome: under way, or cut off.
    unknown
        Intents whose outcome nobody knows yet.
    problems
        What is wrong.
    """

    origin: str
    size: int
    signed: int
    root: str
    key: str
    compared: int
    open: tuple[int, ...]
    unknown: tuple[int, ...]
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(
    source: Source, vkeys: Sequence[str], older: Sequence[str] = (), progress: Progress = SILENT
) -> Verification:
    """Return what is wrong with a ledger.

    Parameters
    ----------
    source
        The ledger.
    vkeys
        The public keys that are trusted; those that they handed over to are, too.
    older
        Checkpoints (signed notes) that were kept elsewhere.
    progress
        Told record by record.
    """
    return _Verifier(source, [Verifier.of(vkey) for vkey in vkeys], older).run(progress)


class _Verifier:
    def __init__(self, source: Source, trusted: Sequence[Verifier], older: Sequence[str]) -> None:
        self.source = source
        self.keys = Keychain(trusted)
        self.sense = Sense()
        self.problems: list[Problem] = []
        self.older = [checkpoint for note in dict.fromkeys(older) if (checkpoint := self._told(note))]
        self.stored = source.checkpoint()
        self.count = 0
        self.heads: dict[int, bytes] = {}
        """The head of the tree at the sizes that are compared."""
        self.altered: dict[int, tuple[bytes, bytes]] = {}
        """Records whose leaf hash is not theirs: the true one and the stored one."""
        self.leaves = Frontier()
        """The tree over the stored leaf hashes."""
        self.last = ""

    def run(self, progress: Progress) -> Verification:
        bodies = self._walk(progress)
        if (damage := self.source.damage()) is not None:
            self._found("truncation", *damage)
        for number, text in self.keys.settle():
            self._found("signature", number, text)
        checkpoint, key = self._signed()
        for note, told in self.older:
            self._compare(note, told)
        self._alterations()
        self._head(bodies)
        for number, text in self.sense.problems:
            self._found("sense", number, text)
        running, unknown = self.sense.left()
        return Verification(
            origin=checkpoint.origin if checkpoint else "",
            size=self.count,
            signed=checkpoint.size if checkpoint and key else 0,
            root=bodies.root().hex(),
            key=key,
            compared=len(self.older),
            open=running,
            unknown=unknown,
            problems=tuple(self.problems[:MOST]),
        )

    def _found(self, kind: Kind, number: int | None, text: str) -> None:
        self.problems.append(Problem(kind=kind, number=number, text=text))

    def _told(self, note: str) -> tuple[str, Checkpoint] | None:
        try:
            return note, Checkpoint.read(note)
        except LedgerError as error:
            self._found("format", None, f"an older checkpoint cannot be read: {error.message}")
            return None

    def _walk(self, progress: Progress) -> Frontier:
        """Read every record once; return the tree over them."""
        sizes = {told.size for _, told in self.older}
        if self.stored and (stored := self._told(self.stored)):
            sizes.add(stored[1].size)
        bodies = Frontier()
        self.heads[0] = bodies.root()
        missing = False
        progress.start("verifying the ledger", self.source.size)
        for number, body, leaf in self.source.rows():
            if number != self.count and not missing:
                missing = True
                self._found("gap", self.count, f"record {self.count} is missing, record {number} comes next")
            true = leaf_hash(body)
            if true != leaf:
                self.altered[number] = true, leaf
            bodies, self.leaves = bodies.extend([true]), self.leaves.extend([leaf])
            self.count += 1
            if self.count in sizes:
                self.heads[self.count] = bodies.root()
            self._read(number, body)
            progress.advance()
        progress.finish()
        return bodies

    def _read(self, number: int, body: bytes) -> None:
        try:
            said = record(body)
        except LedgerError as error:
            self._found("format", number, f"record {number} cannot be read: {error.message}")
            return
        at = said.get("at")
        if not isinstance(at, str) or not AT.fullmatch(at):
            self._found("format", number, f"record {number} does not say when it was written")
        elif at < self.last:
            self._found("time", number, f"record {number} is of {at}, the one before it of {self.last}")
        else:
            self.last = at
        if said["type"] == "key" and (wrong := self.keys.follow(number, said)):
            self._found("signature", number, wrong)
        self.sense.follow(number, said)

    def _signed(self) -> tuple[Checkpoint | None, str]:
        """Check the ledger's own checkpoint; return it and the key that signed it."""
        if not self.stored:
            if self.count and not self.source.damage():
                self._found("signature", None, "no checkpoint was ever signed")
            return None, ""
        try:
            checkpoint, key = self.keys.open(self.stored)
        except LedgerError as error:
            self._found("signature", None, f"the last checkpoint is not to be believed: {error.message}")
            return None, ""
        self._agree(checkpoint, "the last checkpoint")
        return checkpoint, key

    def _compare(self, note: str, told: Checkpoint) -> None:
        """Compare with a checkpoint that was kept elsewhere."""
        try:
            self.keys.open(note, earlier=True)
        except LedgerError as error:
            self._found(
                "signature", None, f"the checkpoint at {told.size} is not to be believed: {error.message}"
            )
            return
        self._agree(told, f"the older checkpoint at {told.size}")

    def _agree(self, told: Checkpoint, what: str) -> None:
        if told.size > self.count:
            gone = told.size - self.count
            self._found(
                "truncation",
                self.count,
                f"{what} covers {told.size} records, {self.count} are here: {gone} are gone",
            )
        elif self.heads[told.size] != told.root and not self._explained(told):
            self._found(
                "fork", None, f"{what} was signed for another history of its first {told.size} records"
            )

    def _explained(self, told: Checkpoint) -> bool:
        """Return whether the stored leaf hashes are what was signed, so that `_alterations` says where."""
        return bool(self.altered) and told.size == self.count and self.leaves.root() == told.root

    def _alterations(self) -> None:
        """Say which records have leaf hashes that are not theirs."""
        true = {right: number for number, (right, _) in self.altered.items()}
        for number, (_, stored) in self.altered.items():
            if stored in true:
                text = f"record {true[stored]} stands where record {number} is, and should stand at {number}"
                self._found("reordering", number, text)
            else:
                text = f"record {number} is not the one that was appended there: its leaf hash is another"
                self._found("edit", number, text)

    def _head(self, bodies: Frontier) -> None:
        """Compare the stored head of the tree with the records."""
        head = self.source.head()
        if head is None and self.source.damage():
            return
        try:
            size, frontier = (head["size"], head["frontier"]) if isinstance(head, dict) else (-1, "")
            stored = Frontier.of(size, frontier)
        except (TypeError, KeyError, ValueError):
            self._found("format", None, "the stored head of the tree cannot be read")
            return
        if size > self.count:
            self._found("truncation", self.count, f"the tree has {size} records, {self.count} are here")
        elif size < self.count:
            text = f"the tree has {size} records, {self.count} are here: what follows was not appended by a guard"
            self._found("edit", size, text)
        elif stored not in (bodies, self.leaves):
            self._found("edit", None, "the stored head of the tree is not that of the records")
