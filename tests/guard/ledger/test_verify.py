"""A real SQLite file, tampered with by hand, by somebody who knows how it is made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corrigible.core.errors import LedgerError, StoreError
from corrigible.guard.ledger import Checkpoint, Ledger, Verification, verify
from corrigible.guard.ledger.merkle import Frontier, leaf_hash
from corrigible.guard.ledger.sources import StoreSource

from . import sample

VKEY = sample.key().vkey


def look(path: Path, older: list[str] | None = None, vkey: str = VKEY) -> Verification:
    store = sample.store(path.parent)
    try:
        return store.read(lambda reader: verify(StoreSource(reader), [vkey], older or []))
    finally:
        store.close()


def kinds(found: Verification) -> set[str]:
    return {problem.kind for problem in found.problems}


def tamper(path: Path, *works: Callable[[sqlite3.Connection], Any]) -> None:
    """Change the file without the store: nothing in it stops somebody who owns it."""
    with closing(sqlite3.connect(path)) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        for work in works:
            work(db)
        db.commit()


def state(db: sqlite3.Connection, key: str) -> Any:
    found = db.execute("SELECT value FROM state WHERE kind = ? AND key = ?", (b"tree", key.encode()))
    return json.loads(found.fetchone()[0])


def put(db: sqlite3.Connection, key: str, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    db.execute("UPDATE state SET value = ? WHERE kind = ? AND key = ?", (text, b"tree", key.encode()))


def cover(db: sqlite3.Connection, *, sign: bool = True) -> None:
    """Make everything that can be computed fit the records again; with the real key if ``sign``."""
    bodies = [body for (body,) in db.execute("SELECT body FROM records ORDER BY number")]
    leaves = [leaf_hash(body) for body in bodies]
    for number, leaf in enumerate(leaves):
        db.execute("UPDATE records SET leaf = ? WHERE number = ?", (leaf, number))
    frontier = Frontier().extend(leaves)
    put(db, "head", {**state(db, "head"), "size": len(leaves), "frontier": frontier.hex()})
    if sign:
        told = Checkpoint(origin=sample.ORIGIN, size=len(leaves), root=frontier.root())
        put(db, "checkpoint", {"note": told.signed(sample.key()), "frontier": frontier.hex()})


def uncover(db: sqlite3.Connection) -> None:
    """Make everything fit that takes no key."""
    cover(db, sign=False)


def edit(db: sqlite3.Connection, number: int, old: str, new: str) -> None:
    (body,) = db.execute("SELECT body FROM records WHERE number = ?", (number,)).fetchone()
    changed = body.replace(old.encode(), new.encode())
    assert changed != body
    db.execute("UPDATE records SET body = ? WHERE number = ?", (changed, number))


def cut(db: sqlite3.Connection, left: int) -> None:
    db.execute("DELETE FROM records WHERE number >= ?", (left,))


def swap(db: sqlite3.Connection, one: int, other: int, columns: str = "body") -> None:
    values = [
        db.execute("SELECT body, leaf FROM records WHERE number = ?", (n,)).fetchone() for n in (one, other)
    ]
    for number, (body, leaf) in zip((other, one), values, strict=True):
        db.execute("UPDATE records SET body = ? WHERE number = ?", (body, number))
        if columns == "both":
            db.execute("UPDATE records SET leaf = ? WHERE number = ?", (leaf, number))


def remove(db: sqlite3.Connection, number: int) -> None:
    db.execute("DELETE FROM records WHERE number = ?", (number,))


def close_up(db: sqlite3.Connection, number: int) -> None:
    remove(db, number)
    rows = db.execute("SELECT number FROM records WHERE number > ? ORDER BY number", (number,)).fetchall()
    for (later,) in rows:
        db.execute("UPDATE records SET number = ? WHERE number = ?", (later - 1, later))


def test_an_untouched_ledger_holds_and_goes_on_from_every_checkpoint(
    place: Path, checkpoints: list[str]
) -> None:
    found = look(place, checkpoints)
    assert found.holds, found.problems
    assert (found.size, found.signed, found.compared) == (19, 19, 19)
    assert (found.key, found.origin) == (VKEY, sample.ORIGIN)
    assert found.open == found.unknown == ()


def test_an_edited_record_is_found_and_named(place: Path) -> None:
    tamper(place, lambda db: edit(db, 4, "eve@", "ann@"))
    found = look(place)
    assert [(p.kind, p.number) for p in found.problems] == [("edit", 4)]


def test_an_altered_leaf_hash_is_found(place: Path) -> None:
    tamper(
        place, lambda db: db.execute("UPDATE records SET leaf = ? WHERE number = 7", (bytes(32),)) and None
    )
    assert ("edit", 7) in [(p.kind, p.number) for p in look(place).problems]


def test_an_edit_with_all_hashes_made_anew_is_found_by_the_signature(place: Path) -> None:
    tamper(place, lambda db: edit(db, 4, "eve@", "ann@"), uncover)
    assert kinds(look(place)) == {"fork"}


def test_a_cut_end_is_found_where_the_head_was_left(place: Path) -> None:
    tamper(place, lambda db: cut(db, 15))
    assert kinds(look(place)) == {"truncation"}


def test_a_cut_end_is_found_where_the_head_was_rolled_back_but_not_the_checkpoint(place: Path) -> None:
    tamper(place, lambda db: cut(db, 15), uncover)
    assert kinds(look(place)) == {"truncation"}


def test_a_cut_end_with_everything_rolled_back_is_found_with_an_older_checkpoint(
    place: Path, checkpoints: list[str]
) -> None:
    tamper(place, lambda db: cut(db, 12), cover)
    assert look(place).holds, "nothing in the store can show it"
    found = look(place, checkpoints[15:16])
    assert [(p.kind, p.number) for p in found.problems] == [("truncation", 12)]
    assert look(place, checkpoints[:12]).holds


def test_a_tail_rewritten_and_signed_with_the_real_key_is_found_with_an_older_checkpoint(
    place: Path, checkpoints: list[str]
) -> None:
    tamper(place, lambda db: edit(db, 15, "look first", "it was bob"), cover)
    assert look(place).holds, "nothing in the store can show it"
    assert kinds(look(place, checkpoints[-1:])) == {"fork"}
    assert look(place, checkpoints[:15]).holds


def test_a_ledger_that_went_another_way_after_a_checkpoint_is_found(
    place: Path, checkpoints: list[str]
) -> None:
    tamper(place, lambda db: cut(db, 12), cover)
    store = sample.store(place.parent)
    again = sample.ledger(store)
    for n in range(10):
        sample.add(again, "stop", sample.START + 100 + n, instance="i2")
    store.close()
    assert look(place).holds
    assert kinds(look(place, checkpoints[-1:])) == {"fork"}


def test_records_in_another_order_are_found_without_a_checkpoint(place: Path) -> None:
    tamper(place, lambda db: swap(db, 13, 14))
    found = look(place)
    assert {("reordering", 13), ("reordering", 14)} <= {(p.kind, p.number) for p in found.problems}


def test_records_and_hashes_in_another_order_are_found(place: Path, checkpoints: list[str]) -> None:
    tamper(place, lambda db: swap(db, 13, 14, "both"))
    assert {"fork", "time"} <= kinds(look(place))
    tamper(place, cover)
    assert "time" in kinds(look(place))
    assert "fork" in kinds(look(place, checkpoints[-1:]))


def test_a_record_taken_out_of_the_middle_is_found(place: Path, checkpoints: list[str]) -> None:
    tamper(place, lambda db: remove(db, 9))
    found = look(place)
    assert ("gap", 9) in [(p.kind, p.number) for p in found.problems]


def test_a_record_taken_out_with_the_gap_closed_is_found(place: Path, checkpoints: list[str]) -> None:
    tamper(place, lambda db: close_up(db, 14))
    assert "truncation" in kinds(look(place))
    tamper(place, cover)
    assert look(place).holds, "nothing in the store can show it"
    assert kinds(look(place, checkpoints[16:17])) == {"fork"}
    assert kinds(look(place, checkpoints[-1:])) == {"truncation"}


def test_a_record_put_in_by_hand_is_found(place: Path) -> None:
    body = b'{"at":"2027-01-01T00:00:00.000000Z","instance":"i1","type":"stop","v":1}'
    tamper(
        place,
        lambda db: db.execute("INSERT INTO records VALUES (19, ?, ?)", (leaf_hash(body), body)) and None,
    )
    assert [(p.kind, p.number) for p in look(place).problems] == [("edit", 19)]


def test_an_altered_head_is_found(place: Path) -> None:
    tamper(place, lambda db: put(db, "head", {**state(db, "head"), "frontier": "00" * 32 * 3}))
    assert kinds(look(place)) == {"edit"}
    tamper(place, lambda db: put(db, "head", {"size": "x"}))
    assert kinds(look(place)) == {"format"}


def test_a_record_that_is_no_record_is_found(place: Path) -> None:
    tamper(place, lambda db: db.execute("UPDATE records SET body = ? WHERE number = 3", (b"\xff{",)))
    assert {"format", "edit"} <= kinds(look(place))


def test_a_checkpoint_of_another_key_is_not_believed(place: Path, checkpoints: list[str]) -> None:
    other = sample.key(1).vkey
    assert kinds(look(place, vkey=other)) == {"signature"}
    told = Checkpoint.read(checkpoints[5])
    assert kinds(look(place, [told.signed(sample.key(1)), "no note"])) == {"signature", "format"}


def test_a_guard_does_not_go_on_with_a_ledger_that_was_tampered_with(place: Path) -> None:
    store = sample.store(place.parent)
    running = sample.ledger(store)
    sample.add(running, "stop", sample.START + 100, instance="i1")
    tamper(place, lambda db: cut(db, 12), cover)
    with pytest.raises(LedgerError, match="no longer continues"):
        sample.add(running, "stop", sample.START + 101, instance="i1")
    store.close()


def test_a_guard_does_not_start_on_a_head_that_does_not_continue_the_checkpoint(place: Path) -> None:
    tamper(place, lambda db: cut(db, 12), uncover)
    store = sample.store(place.parent)
    with pytest.raises(LedgerError, match="do not agree"):
        sample.ledger(store)
    store.close()


def test_what_people_wrote_without_the_key_is_signed_by_the_guard(place: Path) -> None:
    store = sample.store(place.parent)
    people = Ledger.join(store)
    sample.add(people, "halted", sample.START + 100, session="*", who="ann", why="stop")
    store.close()
    found = look(place)
    assert (found.holds, found.size, found.signed) == (True, 20, 19)
    store = sample.store(place.parent)
    sample.add(sample.ledger(store), "stop", sample.START + 101, instance="i1")
    store.close()
    found = look(place)
    assert (found.holds, found.size, found.signed) == (True, 21, 21)


def test_a_ledger_of_another_origin_or_key_is_refused(place: Path) -> None:
    store = sample.store(place.parent)
    with pytest.raises(StoreError, match="holds the ledger of `shop-guard`, not of `another`"):
        Ledger(store, "another")
    with pytest.raises(StoreError, match="is signed with the key"):
        sample.ledger(store, sample.key(1))
    store.close()


@pytest.mark.parametrize(
    ("type", "fields"),
    [
        ("outcome", {"intent": 2, "kind": "done"}),
        ("outcome", {"intent": 40, "kind": "done"}),
        ("resolved", {"intent": 2, "kind": "done", "who": "ann", "why": ""}),
        ("resolved", {"intent": 7, "kind": "done", "who": "ann", "why": ""}),
        ("intent", {"reasons": [{"rule": "approval.r1"}]}),
        ("intent", {"reasons": [{"rule": "approval.r2"}]}),
        ("intent", {"reasons": [{"rule": "approval.none"}]}),
        ("intent", {"reasons": [{"rule": "grant.g1"}]}),
        ("vote", {"request": "none", "who": "ann", "decision": "deny", "why": ""}),
        ("revoked", {"grant": "g1", "who": "ann", "why": ""}),
    ],
)
def test_a_record_that_cannot_follow_is_found(place: Path, type: str, fields: dict[str, Any]) -> None:
    store = sample.store(place.parent)
    sample.add(sample.ledger(store), type, sample.START + 100, **fields)
    store.close()
    assert [(p.kind, p.number) for p in look(place).problems] == [("sense", 19)]


def test_intents_without_an_outcome_are_listed(place: Path) -> None:
    store = sample.store(place.parent)
    running = sample.ledger(store)
    sample.add(running, "intent", sample.START + 100, reasons=[{"rule": "policy.p"}])
    number = sample.add(running, "intent", sample.START + 100, reasons=[{"rule": "policy.p"}])
    sample.add(running, "outcome", sample.START + 100, intent=number, kind="unknown", why="")
    store.close()
    found = look(place)
    assert (found.holds, found.open, found.unknown) == (True, (19,), (20,))
