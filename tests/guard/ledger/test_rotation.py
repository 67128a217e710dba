"""Keys that change while guards run, and the guard's own commits under load."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corrigible.core.errors import LedgerError
from corrigible.guard.ledger import Ledger, SigningKey, verify
from corrigible.guard.ledger.sources import StoreSource

from . import sample


def test_a_running_guard_takes_up_the_new_key_and_verification_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "guard.key"
    first = SigningKey.create(path, sample.ORIGIN)
    stores = [sample.store(tmp_path), sample.store(tmp_path)]
    guard, other = (Ledger(store, sample.ORIGIN, SigningKey.load(path)) for store in stores)
    sample.add(guard, "stop", sample.START, instance="i1")
    before = guard.checkpoint()
    second = other.rotate(sample.START + 1, "ann")
    sample.add(guard, "stop", sample.START + 2, instance="i1")
    third = guard.rotate(sample.START + 3, "ann")
    sample.add(other, "stop", sample.START + 4, instance="i1")
    assert SigningKey.load(path).vkey == third.vkey
    assert len({first.vkey, second.vkey, third.vkey}) == 3
    for vkey in (first.vkey, second.vkey, third.vkey):
        found = stores[0].read(lambda reader, key=vkey: verify(StoreSource(reader), [key], [before]))
        assert found.holds, found.problems
        assert (found.size, found.signed, found.key) == (5, 5, third.vkey)
    for store in stores:
        store.close()


def test_people_without_a_key_cannot_rotate_it(tmp_path: Path) -> None:
    store = sample.store(tmp_path)
    with pytest.raises(LedgerError, match="no key to rotate"):
        Ledger(store, sample.ORIGIN).rotate(sample.START, "ann")
    store.close()


def test_many_writers_in_two_stores_leave_one_ledger(tmp_path: Path) -> None:
    stores = [sample.store(tmp_path), sample.store(tmp_path)]
    ledgers = [sample.ledger(stores[0]), Ledger.join(stores[1])]
    with ThreadPoolExecutor(8) as pool:
        numbers = list(
            pool.map(lambda n: sample.add(ledgers[n % 2], "stop", sample.START, instance=f"i{n}"), range(120))
        )
    sample.add(ledgers[0], "stop", sample.START, instance="last")
    assert sorted(numbers) == list(range(120))
    found = stores[0].read(lambda reader: verify(StoreSource(reader), [sample.key().vkey]))
    assert (found.holds, found.size, found.signed) == (True, 121, 121)
    for store in stores:
        store.close()


def test_a_transaction_that_fails_leaves_nothing_and_the_next_goes_on(tmp_path: Path) -> None:
    store = sample.store(tmp_path)
    ledger = sample.ledger(store)

    def fails(tx: object) -> None:
        ledger.append(tx, "stop", sample.START, instance="i1")  # type: ignore[arg-type]
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        store.transact(fails)
    assert sample.add(ledger, "stop", sample.START, instance="i1") == 0
    with pytest.raises(ValueError, match="no records of type"):
        sample.add(ledger, "other", sample.START)
    found = store.read(lambda reader: verify(StoreSource(reader), [sample.key().vkey]))
    assert (found.holds, found.size, found.signed) == (True, 1, 1)
    store.close()
