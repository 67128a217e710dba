"""Signed notes, checkpoints and keys, byte for byte."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from corrigible.core.errors import FileFormatError, LedgerError, OptionError, OutputError
from corrigible.guard.ledger import Checkpoint, SigningKey, Verifier, public_path
from corrigible.guard.ledger.note import note, open_note, parse

# The example of the Go package golang.org/x/mod/sumdb/note.
NAME, SEED = "PeterNeumann", base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
KEY = SigningKey(NAME, SEED, bytes(32))


def test_a_note_is_that_of_the_reference() -> None:
    assert KEY.vkey == VKEY
    made = note(TEXT, [KEY.sign(TEXT)])
    assert made == f"{TEXT}\n{LINE}\n"
    assert open_note(made, [Verifier.of(VKEY)]) == (TEXT, (Verifier.of(VKEY),))


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    witness = SigningKey("witness.example/w1", bytes(range(32)), bytes(32))
    made = note(TEXT, [witness.sign(TEXT), KEY.sign(TEXT)])
    assert open_note(made, [KEY.verifier])[1] == (KEY.verifier,)
    with pytest.raises(LedgerError, match="not a key that is trusted"):
        open_note(note(TEXT, [witness.sign(TEXT)]), [KEY.verifier])


def test_a_wrong_signature_of_a_known_key_is_refused() -> None:
    with pytest.raises(LedgerError, match="is not right"):
        open_note(note(TEXT.replace("cryptography", "policy"), [KEY.sign(TEXT)]), [KEY.verifier])


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a\n",
        f"{TEXT}\n{LINE}",
        f"{TEXT}\t\n\n{LINE}\n",
        f"{TEXT}\n{LINE}\nx\n",
        f"{TEXT}\n- a b=\n",
    ],
)
def test_what_is_no_note_is_refused(whole: str) -> None:
    with pytest.raises(LedgerError):
        parse(whole)


@pytest.mark.parametrize(
    "vkey",
    ["", "a", VKEY[:-1], VKEY.replace("c74f", "c740"), VKEY.replace("Peter", "Paul"), "a b+00000000+AA=="],
)
def test_what_is_no_public_key_is_refused(vkey: str) -> None:
    with pytest.raises(OptionError, match="no verifier key"):
        Verifier.of(vkey)


def test_a_checkpoint_is_three_lines_and_its_signature() -> None:
    told = Checkpoint(origin=NAME, size=20852163, root=bytes(32))
    assert told.text == f"{NAME}\n20852163\n{'A' * 43}=\n"
    whole = told.signed(KEY)
    assert Checkpoint.read(whole) == told
    assert Checkpoint.open(whole, [KEY.verifier]) == (told, (KEY.verifier,))


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\nAA==\n",
        f"a\n-1\n{'A' * 43}=\n",
        f"a\n1\n{'A' * 42}==\n",
        f"\n1\n{'A' * 43}=\n",
        f"a\n1\n{'A' * 43}=\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="no checkpoint"):
        Checkpoint.of(text)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys/guard.key"
    made = SigningKey.create(path, "shop-guard")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_path(path).read_text() == f"{made.vkey}\n"
    again = SigningKey.load(path)
    assert (again.vkey, again.secret) == (made.vkey, made.secret)
    with pytest.raises(OutputError, match="there already"):
        SigningKey.create(path, "shop-guard")
    os.chmod(path, 0o640)
    with pytest.raises(FileFormatError, match="others may read"):
        SigningKey.load(path)


def test_a_damaged_key_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "guard.key"
    SigningKey.create(path, "shop-guard")
    whole = path.read_text()
    for broken, match in (
        (whole.splitlines()[0], "holds no key"),
        ("x\n" + whole, "guard.key:1:"),
        (whole.replace("shop", "ship"), "damaged"),
    ):
        path.write_text(broken)
        with pytest.raises(FileFormatError, match=match):
            SigningKey.load(path)
    with pytest.raises(FileFormatError, match="cannot be read"):
        SigningKey.load(tmp_path / "none")
    with pytest.raises(OptionError, match="one word"):
        SigningKey.create(tmp_path / "other", "two words")


def test_the_secret_of_redaction_survives_rotation(tmp_path: Path) -> None:
    made = SigningKey.create(tmp_path / "guard.key", "shop-guard")
    new = made.successor()
    assert new.vkey != made.vkey
    assert made.successor().vkey == new.vkey, "a rotation that broke off is taken up again"
    new.retire()
    kept = SigningKey.load(tmp_path / "guard.key")
    assert (kept.vkey, kept.secret) == (new.vkey, made.secret)
    with pytest.raises(LedgerError, match="does not hold the key"):
        SigningKey.load(tmp_path / "guard.key", made.vkey)
