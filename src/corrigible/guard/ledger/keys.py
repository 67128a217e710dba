"""The ledger's signing key, in one file that nobody but its owner may read.

::

    PRIVATE+KEY+NAME+ID+BASE64
    REDACTION+BASE64

The first line is the key as signed notes write it; while keys are rotated there are two such lines. The last
is the secret from which digests of what was redacted are keyed: it stays when keys change, so that equal
secrets have equal digests as long as the ledger lives. Beside the file lies the public key, with ``.pub``
at its end: whoever verifies needs that alone.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, final

from corrigible.core.errors import FileFormatError, LedgerError, OptionError, OutputError
from corrigible.guard.ledger.note import ED25519, Signature, Verifier, key_id, name_complaint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE = "PRIVATE+KEY+"
REDACTION = "REDACTION+"
PURPOSE = b"corrigible guard redaction v1"


@final
class SigningKey:
    """A key that signs checkpoints, and the secret that digests are keyed with.

    Parameters
    ----------
    name
        The key's name: the origin of the ledger that it signs.
    seed
        The 32 bytes of the private key (RFC 8032).
    stable
        The 32 bytes that outlive it.
    path
        The file it lies in; None: in none.
    """

    def __init__(self, name: str, seed: bytes, stable: bytes, path: Path | None = None) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if complaint := name_complaint(name):
            raise OptionError(
                f"the name of a key {complaint}, not `{name}`", "name the guard so in its manifest"
            )
        self._key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed, self._stable = seed, stable
        self.path = path
        self.verifier = Verifier(name=name, public=self._key.public_key().public_bytes_raw())
        self._id = self.verifier.id

    @property
    def name(self) -> str:
        """The key's name."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public key as text."""
        return self.verifier.vkey

    @property
    def secret(self) -> bytes:
        """The secret of redaction, from the stable one by HKDF (RFC 5869); it survives rotation."""
        extracted = hmac.digest(bytes(32), self._stable, "sha256")
        return hmac.digest(extracted, PURPOSE + b"\x01", "sha256")

    def sign(self, text: str) -> Signature:
        """Return the signature of ``text`` as a note carries it."""
        return Signature(name=self.name, id=self._id, signature=self._key.sign(text.encode()))

    @classmethod
    def create(cls, path: Path, name: str) -> SigningKey:
        """Make a key in a new file, with its public key beside it.

        Raises
        ------
        OutputError
            If the file is there already, or cannot be written.
        OptionError
            If ``name`` cannot name a key.
        """
        made = cls(name, secrets.token_bytes(32), secrets.token_bytes(32), path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_new(path, made._lines(made))
            _write_public(path, made.vkey)
        except FileExistsError as error:
            raise OutputError(f"the key `{path}` is there already", "a ledger's key is made once") from error
        except OSError as error:
            raise OutputError(f"`{path}` cannot be written: {error.strerror}") from error
        return made

    @classmethod
    def load(cls, path: Path, vkey: str = "") -> SigningKey:
        """Return the key in a file: the one whose public key is ``vkey``, or else the first.

        Raises
        ------
        FileFormatError
            If it cannot be read, others may read it, or it holds no key.
        LedgerError
            If the key ``vkey`` is not in it.
        """
        keys = cls._all(path)
        if not vkey:
            return keys[0]
        for key in keys:
            if key.vkey == vkey:
                return key
        raise LedgerError(
            f"`{path}` does not hold the key `{vkey}`", "the ledger's keys were rotated elsewhere"
        )

    def successor(self) -> SigningKey:
        """Return the key that comes next, which lies in the file beside this one until `retire`.

        One that a broken rotation left in the file is taken up again.
        """
        if self.path is None:
            return SigningKey(self.name, secrets.token_bytes(32), self._stable)
        for key in self._all(self.path):
            if key.vkey != self.vkey:
                return key
        made = SigningKey(self.name, secrets.token_bytes(32), self._stable, self.path)
        _write_over(self.path, self._lines(self, made))
        return made

    def retire(self) -> None:
        """Leave this key alone in its file."""
        if self.path is not None:
            _write_over(self.path, self._lines(self))
            _write_public(self.path, self.vkey)

    @staticmethod
    def _all(path: Path) -> list[SigningKey]:
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(10_000).decode("utf-8", "replace")
        except OSError as error:
            raise FileFormatError(
                f"{path}: cannot be read: {error.strerror}", "give the ledger's key"
            ) from error
        if mode & 0o077 and os.name == "posix":
            raise FileFormatError(f"{path}: others may read this key", f"chmod 600 {path}")
        stable, found = b"", list[tuple[str, str, bytes]]()
        for number, line in enumerate(text.splitlines(), 1):
            try:
                if line.startswith(REDACTION):
                    stable = base64.b64decode(line.removeprefix(REDACTION), validate=True)
                    continue
                name, identity, data = line.removeprefix(PRIVATE).split("+", 2)
                seed = base64.b64decode(data, validate=True)
                if not line.startswith(PRIVATE) or len(seed) != 33 or seed[0] != ED25519:
                    raise ValueError
                found.append((name, identity, seed[1:]))
            except (binascii.Error, ValueError) as error:
                raise FileFormatError(f"{path}:{number}: no line of a key", "restore the file") from error
        if not found or len(stable) != 32:
            raise FileFormatError(f"{path}: holds no key", "restore the file, or name one that is not there")
        keys = [SigningKey(name, seed, stable, path) for name, _, seed in found]
        for key, (name, identity, _) in zip(keys, found, strict=True):
            if key_id(name, key.verifier.public).hex() != identity:
                raise FileFormatError(f"{path}: the key is damaged", "restore the file")
        return keys

    def _lines(self, *keys: SigningKey) -> str:
        lines = [
            f"{PRIVATE}{key.name}+{key._id.hex()}+{base64.b64encode(bytes([ED25519]) + key._seed).decode()}"
            for key in keys
        ]
        lines.append(f"{REDACTION}{base64.b64encode(self._stable).decode()}")
        return "".join(f"{line}\n" for line in lines)


def public_path(path: Path) -> Path:
    """Return where the public key of the key at ``path`` lies."""
    return path.with_name(f"{path.name}.pub")


def _write_new(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _write_over(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_new(beside, text)
        os.replace(beside, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OutputError(f"`{path}` cannot be written: {error.strerror}") from error


def _write_public(path: Path, vkey: str) -> None:
    public_path(path).write_text(f"{vkey}\n", encoding="utf-8")
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
