"""Every type of record, the checkpoint, the proof and the exports, byte for byte.

To write them anew after a change that is meant: ``CORRIGIBLE_GOLDEN=1 pytest tests/guard/ledger/test_golden.py``.
"""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from corrigible.core.errors import LedgerError, OptionError
from corrigible.guard.ledger import TYPES, Checkpoint, SigningKey, record, verify
from corrigible.guard.ledger.ai_act import PARAGRAPHS, facts, markdown, report
from corrigible.guard.ledger.export import lines, write
from corrigible.guard.ledger.otel import spans
from corrigible.guard.ledger.proofs import check, prove, prove_growth
from corrigible.guard.ledger.sources import FileSource, StoreSource
from corrigible.guard.store import Store

from . import sample

GOLDEN = Path(__file__).parent / "golden"
VKEY = sample.key().vkey
SCHEMA = json.loads((files("corrigible.guard.ledger") / "record.schema.json").read_text(encoding="utf-8"))


def same(name: str, made: bytes) -> None:
    if os.environ.get("CORRIGIBLE_GOLDEN"):
        (GOLDEN / name).write_bytes(made)
    assert made == (GOLDEN / name).read_bytes()


def records(store: Store) -> list[tuple[int, dict[str, Any]]]:
    return store.read(lambda reader: [(number, record(body)) for number, body in reader.records()])


@pytest.fixture
def rotated(store: Store) -> Store:
    """The ledger, with the key handed over, so that no type of record is missing."""
    running = sample.ledger(store)
    new, old = sample.key(1), sample.key()
    old.successor = lambda: new  # type: ignore[method-assign]
    running.key = old
    running.rotate(sample.START + 100, "ann")
    return store


def test_an_export_holds_every_type_of_record_and_is_pinned(rotated: Store) -> None:
    made = rotated.read(lambda reader: b"".join(lines(StoreSource(reader))))
    assert {said["type"] for _, said in records(rotated)} == set(TYPES)
    same("records.jsonl", made)


def test_every_record_is_as_the_schema_says(rotated: Store) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for _, said in records(rotated):
        validator.validate(said)
        for field in said:
            if field not in ("v", "at", "type", "task", "session", "definition", "expected", "tool"):
                assert not validator.is_valid({k: v for k, v in said.items() if k != field}) or field in (
                    "digest",
                    "bytes",
                ), f"{said['type']} without {field}"


def test_a_checkpoint_is_pinned(store: Store, checkpoints: list[str]) -> None:
    same("checkpoint.txt", checkpoints[-1].encode())
    assert Checkpoint.read(checkpoints[-1]).size == 19


def test_a_proof_is_pinned_and_shows_its_record(store: Store) -> None:
    made = store.read(lambda reader: prove(reader, 4))
    same("4.tlog-proof", made.encode())
    shown = check(made, [sample.key().verifier])
    assert (shown.number, shown.said) == records(store)[4]
    for broken in (
        made.replace("index 4", "index 5"),
        made.replace("extra ", "extra AA"),
        made.replace("proof@v1", "proof@v2"),
    ):
        with pytest.raises(LedgerError):
            check(broken, [sample.key().verifier])
    with pytest.raises(LedgerError, match="not a key that is trusted"):
        check(made, [sample.key(1).verifier])
    with pytest.raises(OptionError, match="no signed record `19`"):
        store.read(lambda reader: prove(reader, 19))


def test_a_proof_of_growth_is_pinned_and_shows_it(store: Store, checkpoints: list[str]) -> None:
    made = store.read(lambda reader: prove_growth(reader, checkpoints[6]))
    same("7-to-19.json", made.encode())
    shown = check(made, [sample.key().verifier])
    assert shown.older == Checkpoint.read(checkpoints[6])
    forged = Checkpoint(origin=sample.ORIGIN, size=7, root=bytes(32)).signed(sample.key())
    with pytest.raises(LedgerError, match="does not go on"):
        store.read(lambda reader: prove_growth(reader, forged))
    with pytest.raises(LedgerError, match="only grew"):
        check(json.dumps({**json.loads(made), "older": forged}), [sample.key().verifier])


def test_spans_are_pinned(store: Store) -> None:
    made = spans(records(store), sample.ORIGIN, {"mail"})
    made["resourceSpans"][0]["scopeSpans"][0]["scope"]["version"] = "of this release"
    same("spans.json", json.dumps(made, indent=1, ensure_ascii=False).encode() + b"\n")
    told = made["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [span["name"] for span in told] == ["tools/call send"] * 5
    assert len({span["spanId"] for span in told}) == 5
    assert (
        spans(records(store), sample.ORIGIN)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]
        == "execute_tool send"
    )


def test_the_report_of_the_ai_act_is_pinned(store: Store) -> None:
    found = store.read(lambda reader: verify(StoreSource(reader), [VKEY]))
    counted = facts((said for _, said in records(store)), found)
    same("ai-act.md", markdown(counted).encode())
    told = report(counted)
    assert [each["article"] for each in told["paragraphs"]] == [each.name for each in PARAGRAPHS]
    assert all(kind in TYPES for each in PARAGRAPHS for kind in each.records)


def test_an_export_verifies_by_itself(rotated: Store, tmp_path: Path, checkpoints: list[str]) -> None:
    path = tmp_path / "ledger.jsonl"
    rotated.read(lambda reader: write(path, lines(StoreSource(reader))))
    for vkey in (VKEY, sample.key(1).vkey):
        found = verify(FileSource(path), [vkey], checkpoints)
        assert found.holds, found.problems
        assert (found.size, found.signed, found.key) == (20, 20, sample.key(1).vkey)


def test_an_export_with_a_torn_end_says_so(tmp_path: Path) -> None:
    whole = (GOLDEN / "records.jsonl").read_bytes()
    path = tmp_path / "ledger.jsonl"
    torn = whole[: whole.index(b'{"number":12') + 40]
    path.write_bytes(torn)
    found = verify(FileSource(path), [VKEY])
    assert [p.kind for p in found.problems] == ["truncation"]
    assert "ends in the middle of line 13; the 12 records before it were checked" in found.problems[0].text
    path.write_bytes(whole[: whole.index(b'{"number":12')])
    assert "ends after 12 records without its checkpoint" in verify(FileSource(path), [VKEY]).problems[0].text
    path.write_bytes(whole[:-20])
    assert [p.kind for p in verify(FileSource(path), [VKEY]).problems] == ["truncation"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b"eve@", b"ann@", "edit"),
        (b'"number":9', b'"number":8', "gap"),
        (b'"size":20', b'"size":24', "truncation"),
    ],
)
def test_an_export_that_was_edited_is_found(tmp_path: Path, old: bytes, new: bytes, kind: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes((GOLDEN / "records.jsonl").read_bytes().replace(old, new))
    assert kind in {p.kind for p in verify(FileSource(path), [VKEY]).problems}


def test_a_handover_that_the_old_key_did_not_make_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes((GOLDEN / "records.jsonl").read_bytes())
    stranger = SigningKey(sample.ORIGIN, bytes(32), bytes(32))
    found = verify(FileSource(path), [stranger.vkey])
    assert {p.kind for p in found.problems} == {"signature"}
    assert found.signed == 0


def test_what_the_old_key_signs_after_the_handover_is_not_believed(rotated: Store) -> None:
    found = rotated.read(lambda reader: verify(StoreSource(reader), [VKEY]))
    late = Checkpoint(origin=sample.ORIGIN, size=20, root=bytes.fromhex(found.root)).signed(sample.key())
    found = rotated.read(lambda reader: verify(StoreSource(reader), [VKEY], [late]))
    assert [p.kind for p in found.problems] == ["signature"]
    assert "a key that record 19 replaced" in found.problems[0].text
