"""Whether a store keeps its contract; shipped, so that people who write stores can test them.

`check_guard_store` tells everything that is wrong rather than stopping at the first thing.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Any

from corrigible.core.errors import StoreError, in_short
from corrigible.guard.store import Reader, Store, Transaction

Make = Callable[[], Store]

HANDLES, THREADS, ROUNDS = 2, 8, 10
"""How many write at the same time, and how often each."""

VALUES: tuple[Any, ...] = (
    0, -1, 2**70, 0.1, 1e300, True, False, "", "ü \U0001f512 \x00 \ud800", [], [None, [1.0, "a"]], {},
    {"a": {"b": [None, False]}, "": 1, "é": "%_\\'\""},
)  # fmt: skip

KEYS = (
    "", "%", "%a", "a", "a%b", "a_b", "a\\", "aXb", "a\x00b", "a/é", "a/日本", "a/\U0001f512", "\uffff",
    "\U0010ffff", "\U0010ffffz",
)  # fmt: skip

ALONE = """
import sys
from corrigible.guard.store import open_store
store = open_store(sys.argv[1])
store.hold(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


class _Wrong(Exception):
    """What a check found."""


def check_guard_store(make: Make, url: str = "") -> None:
    """Raise `StoreError` unless stores keep the contract of `corrigible.guard.store.Store`.

    Parameters
    ----------
    make
        Opens the store, which has nothing in it at first; called again, it opens the same store once more,
        as another process would.
    url
        Where `corrigible.guard.store.open_store` finds the same store, so that another process can be asked;
        empty: that is not checked.

    Raises
    ------
    StoreError
        With everything that is wrong, one finding a line.

    Notes
    -----
    Looked at: records (numbers, order, slices, leaf hashes) and values (what JSON can say, any key, prefixes,
    order); that a transaction sees what it wrote and others do not before it is committed; that one which
    fails leaves nothing behind, alone among many; that what is committed is seen by other handles and after
    they are closed; numbers without gaps and a counter that loses nothing under many threads on two handles;
    sealing; reading that waits for no transaction and sees one moment; who is alive, also in another process
    that is killed; and that a closed store answers nothing.
    """
    findings: list[str] = []
    for check in (
        _records, _values, _keys, _own_writes, _failures, _isolation, _sealing, _many, _lasting, _closed, _presence
    ):  # fmt: skip
        _run(findings, check, make)
    if url:
        _run(findings, lambda make: _killed(make, url), make)
    if findings:
        listed = "\n".join(f"  - {finding}" for finding in findings)
        raise StoreError(f"the store breaks its contract:\n{listed}")


def _run(findings: list[str], check: Callable[[Make], None], make: Make) -> None:
    try:
        check(make)
    except _Wrong as wrong:
        findings.append(str(wrong))
    except Exception as error:
        name = check.__name__.strip("_<>")
        findings.append(f"checking `{name}` raised `{in_short(error)}`")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise _Wrong(otherwise)


@contextlib.contextmanager
def _open(make: Make, count: int = 1) -> Generator[list[Store]]:
    with contextlib.ExitStack() as stack:
        stores: list[Store] = []
        for _ in range(count):
            stores.append(make())
            stack.callback(stores[-1].close)
        yield stores


def _leaf(body: bytes) -> bytes:
    return sha256(b"\0" + body).digest()


def _append(tx: Transaction, *bodies: bytes) -> list[int]:
    return [tx.append(body, _leaf(body)) for body in bodies]


def _records(make: Make) -> None:
    with _open(make) as (store,):
        bodies = [b"", b"\0\xff", *(b"%d" % n for n in range(600))]
        _expect(store.read(lambda r: r.size) == 0, "the store has records before any was appended")
        numbers = store.transact(lambda tx: _append(tx, *bodies))
        _expect(numbers == list(range(len(bodies))), "records are not numbered 0, 1, 2, …")
        later = store.transact(lambda tx: _append(tx, b"later"))
        _expect(later == [len(bodies)], "the next transaction does not go on with the numbers")
        bodies.append(b"later")
        for start, stop in ((0, None), (0, 0), (3, 5), (599, 10**9), (10**6, None), (5, 3)):
            want = list(enumerate(bodies))[start:stop]

            def look(
                reader: Reader, start: int = start, stop: int | None = stop
            ) -> tuple[list[tuple[int, bytes]], list[bytes]]:
                return list(reader.records(start, stop)), list(reader.hashes(start, stop))

            for found, leaves in (store.read(look), store.transact(look)):
                _expect(found == want, f"records({start}, {stop}) are not those that were appended")
                _expect(leaves == [_leaf(b) for _, b in want], f"hashes({start}, {stop}) are not theirs")
        _expect(store.read(lambda r: r.size) == len(bodies), "size is not the number of records")


def _values(make: Make) -> None:
    with _open(make) as (store,):
        for value in VALUES:
            store.transact(lambda tx, value=value: tx.put("value", "key", value))
            found = store.read(lambda r: r.get("value", "key"))
            _expect(
                found == value and type(found) is type(value),
                f"the value `{value!a}` comes back as `{found!a}`",
            )
        for value in (None, float("nan"), object(), b"bytes", {1, 2}):
            try:
                store.transact(lambda tx, value=value: tx.put("value", "bad", value))
            except (TypeError, ValueError):
                continue
            raise _Wrong(f"`{value!r}` can be put, and JSON has no word for it")
        store.transact(lambda tx: (tx.delete("value", "key"), tx.delete("value", "none")))
        _expect(store.read(lambda r: r.get("value", "key")) is None, "a value is there after it was deleted")
        changing = {"a": [1]}
        store.transact(lambda tx: tx.put("value", "key", changing))
        seen = store.transact(lambda tx: (tx.get("value", "key")["a"].append(2), tx.get("value", "key"))[1])
        _expect(seen == {"a": [1]}, "a value changes without `put`")


def _keys(make: Make) -> None:
    with _open(make) as (store,):

        def scans(reader: Reader) -> dict[str, list[tuple[str, Any]]]:
            return {prefix: reader.scan("keys", prefix) for prefix in (*KEYS, "a/", "b", "\ud7ff")}

        def fill(tx: Transaction) -> dict[str, list[tuple[str, Any]]]:
            for n, key in enumerate(KEYS):
                tx.put("keys", key, n)
                tx.put("keys2", key, "another kind")
            return scans(tx)

        for told in (store.transact(fill), store.read(scans), store.transact(scans)):
            for prefix, found in told.items():
                want = sorted((key, n) for n, key in enumerate(KEYS) if key.startswith(prefix))
                _expect(found == want, f"scan with the prefix `{prefix!a}` gives {[k for k, _ in found]!a}")
        for n, key in enumerate(KEYS):
            _expect(store.read(lambda r, key=key: r.get("keys", key)) == n, f"the key `{key!a}` is not found")


def _own_writes(make: Make) -> None:
    with _open(make) as (store,):
        store.transact(lambda tx: [tx.put("own", key, 0) for key in ("a", "b", "c")])

        def work(tx: Transaction) -> list[Any]:
            size = tx.size
            _append(tx, b"own")
            tx.put("own", "b", 1)
            tx.put("own", "d", 2)
            tx.delete("own", "a")
            return [
                tx.size - size, list(tx.records(size)), list(tx.hashes(size)) == [_leaf(b"own")],
                tx.get("own", "a"), tx.get("own", "b"), tx.scan("own"), size,
            ]  # fmt: skip

        *found, size = store.transact(work)
        want = [1, [(size, b"own")], True, None, 1, [("b", 1), ("c", 0), ("d", 2)]]
        _expect(found == want, "a transaction does not see what it wrote")
        _expect(
            store.read(lambda r: r.scan("own")) == want[-1], "what a transaction wrote is not what it saw"
        )


def _failures(make: Make) -> None:
    with _open(make) as (store,):
        store.transact(lambda tx: tx.put("fail", "kept", "old"))
        size = store.read(lambda r: r.size)
        entered = threading.Event()

        def wait(tx: Transaction) -> None:
            entered.wait(1)  # so that the others queue up behind it

        def fail(tx: Transaction) -> None:
            _append(tx, b"never", b"never")
            tx.put("fail", "never", 1)
            tx.put("fail", "kept", "new")
            tx.delete("fail", "sum")
            raise LookupError("on purpose")

        def add(tx: Transaction) -> int:
            tx.put("fail", "sum", (tx.get("fail", "sum") or 0) + 1)
            return _append(tx, b"added")[0]

        futures: list[Future[Any]] = [store.submit(wait)]
        futures += [store.submit(fail if n % 3 == 1 else add) for n in range(30)]
        entered.set()
        numbers: list[int] = []
        for n, future in enumerate(futures[1:]):
            error = future.exception(30)
            _expect(
                isinstance(error, LookupError) == (n % 3 == 1), f"a transaction that fails gives {error!r}"
            )
            if error is None:
                numbers.append(future.result())
        _expect(
            numbers == [size + n for n in range(20)], "a failing transaction disturbs the numbers of others"
        )
        want = [("kept", "old"), ("sum", 20)]
        _expect(store.read(lambda r: r.scan("fail")) == want, "a failing transaction left something behind")
        left = store.read(lambda r: [body for _, body in r.records(size)])
        _expect(left == [b"added"] * 20, "a failing transaction left a record behind")


def _isolation(make: Make) -> None:
    with _open(make, 2) as (store, other):
        store.transact(lambda tx: tx.put("isolation", "x", 0))
        inside, go = threading.Event(), threading.Event()

        def slow(tx: Transaction) -> None:
            tx.put("isolation", "x", 1)
            _append(tx, b"slow")
            inside.set()
            go.wait(30)

        size = store.read(lambda r: r.size)
        future = store.submit(slow)
        inside.wait(30)
        try:
            for reader in (store, other):
                seen = reader.read(lambda r: (r.get("isolation", "x"), r.size))
                _expect(seen == (0, size), "reading sees what is not committed")
        finally:
            go.set()
            future.result(30)

        def twice(reader: Reader) -> bool:
            before = (reader.size, reader.get("isolation", "x"))
            other.transact(lambda tx: (_append(tx, b"between"), tx.put("isolation", "x", 2)))
            return (
                before == (reader.size, reader.get("isolation", "x"))
                and len(list(reader.records())) == before[0]
            )

        _expect(store.read(twice), "reading does not see one moment, or waits for transactions")
        for handle in (store, other):
            seen = handle.read(lambda r: (r.get("isolation", "x"), r.size))
            _expect(seen == (2, size + 2), "reading does not see what was committed")


def _sealing(make: Make) -> None:
    calls: list[tuple[bytes, ...]] = []

    def sealing(tx: Transaction, leaves: Sequence[bytes]) -> None:
        calls.append(tuple(leaves))
        tx.put("seal", "leaves", (tx.get("seal", "leaves") or 0) + len(leaves))
        tx.put("seal", "size", tx.size)

    with _open(make) as (store,):
        size = store.read(lambda r: r.size)
        store.seal(sealing)
        entered = threading.Event()
        futures: list[Future[Any]] = [store.submit(lambda tx: entered.wait(1))]
        bodies = [b"sealed %d" % n for n in range(20)]
        futures += [store.submit(lambda tx, body=body: _append(tx, body)) for body in bodies]
        futures.append(store.submit(lambda tx: (_append(tx, b"undone"), [][0])))
        entered.set()
        for future in futures:
            future.exception(30)
        told = [leaf for call in calls for leaf in call]
        _expect(
            told == [_leaf(body) for body in bodies],
            "sealing is not told exactly the leaves that were appended",
        )
        _expect(all(calls) or len(calls) <= len(futures), "sealing is called more than once a commit")
        seen = store.read(lambda r: (r.get("seal", "leaves"), r.get("seal", "size")))
        _expect(seen == (20, size + 20), "what sealing puts is not committed with what it seals")
    with _open(make) as (store,):
        store.seal(_failing)
        size = store.read(lambda r: r.size)
        error = store.submit(lambda tx: _append(tx, b"not sealed")).exception(30)
        _expect(error is not None, "a transaction whose sealing fails counts as done")
        _expect(store.read(lambda r: r.size) == size, "a record is there though its sealing failed")


def _failing(tx: Transaction, leaves: Sequence[bytes]) -> None:
    raise StoreError("on purpose")


def _many(make: Make) -> None:
    with _open(make, HANDLES) as stores:
        size = stores[0].read(lambda r: r.size)
        got: list[list[tuple[int, int]]] = [[] for _ in range(HANDLES * THREADS)]

        def count(tx: Transaction) -> tuple[int, int]:
            value = (tx.get("many", "counter") or 0) + 1
            tx.put("many", "counter", value)
            return value, _append(tx, b"%d" % value)[0]

        def run(store: Store, mine: list[tuple[int, int]]) -> None:
            for _ in range(ROUNDS):
                mine.append(store.transact(count))

        threads = [
            threading.Thread(target=run, args=(stores[n % HANDLES], mine), daemon=True)
            for n, mine in enumerate(got)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        total = HANDLES * THREADS * ROUNDS
        found = sorted(pair for mine in got for pair in mine)
        want = [(n + 1, size + n) for n in range(total)]
        _expect(found == want, f"{THREADS} threads on {HANDLES} handles lose transactions, or leave gaps")
        _expect(all(mine == sorted(mine) for mine in got), "transactions of a thread are not in its order")
        bodies = stores[1].read(lambda r: [(int(body), number) for number, body in r.records(size)])
        _expect(bodies == want, "records do not lie in the order in which they were committed")


def _lasting(make: Make) -> None:
    with _open(make) as (store,):
        future = store.submit(lambda tx: (tx.put("last", "x", 1), _append(tx, b"last"))[1][0])
    _expect(future.done(), "closing does not finish what was submitted")
    with _open(make) as (store,):
        seen = store.read(
            lambda r: (r.get("last", "x"), dict(r.records(future.result())).get(future.result()))
        )
        _expect(seen == (1, b"last"), "what was committed is gone after the store was closed")


def _closed(make: Make) -> None:
    store = make()
    store.close()
    store.close()
    for asked in (
        lambda: store.transact(lambda tx: 1),
        lambda: store.read(lambda r: 1),
        lambda: store.alive("x"),
    ):
        try:
            asked()
        except StoreError:
            continue
        raise _Wrong("a closed store answers")


def _presence(make: Make) -> None:
    name = f"check {uuid.uuid4().hex} /%é"
    with _open(make) as (other,):
        _expect(not other.alive(name), "a name counts as alive that nobody holds")
        with _open(make) as (store,):
            store.hold(name)
            store.hold(name)
            _expect(other.alive(name) and store.alive(name), "a name that is held does not count as alive")
            _expect(not other.alive(f"{name}2"), "a name counts as alive for another that is held")
        _expect(not other.alive(name), "a name counts as alive after the store was closed")
        other.hold(name)
        _expect(other.alive(name), "a name cannot be held again")


def _killed(make: Make, url: str) -> None:
    name = f"check {uuid.uuid4().hex}"
    with (
        _open(make) as (store,),
        subprocess.Popen(
            [sys.executable, "-c", ALONE, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child,
    ):
        try:
            assert child.stdout is not None
            _expect(
                child.stdout.readline() == "held\n",
                f"another process cannot open `{store.url}` and hold a name",
            )
            _expect(store.alive(name), "a name that another process holds does not count as alive")
        finally:
            child.kill()
        child.wait()
        for _ in range(200):
            if not store.alive(name):
                return
            threading.Event().wait(0.01)
        raise _Wrong("a name counts as alive after its process was killed")
