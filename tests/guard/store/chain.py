"""A process that appends as fast as it can, each record with what it changes, and tells what is acknowledged.

Each record carries a number and the sum so far; the state holds the same sum: so the state is what the
records add up to, or something was lost, or done by halves.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from hashlib import sha256

from corrigible.guard.store import Reader, Store, Transaction, open_store


def add(tx: Transaction, number: int) -> tuple[int, int]:
    """Append a record that adds ``number`` to the sum; return its number and the sum."""
    total = (tx.get("chain", "sum") or 0) + number
    body = json.dumps({"add": number, "sum": total}).encode()
    tx.put("chain", "sum", total)
    return tx.append(body, sha256(b"\0" + body).digest()), total


def broken(store: Store, acknowledged: dict[int, int]) -> str:
    """Return what is wrong with the store, given the records that were acknowledged and their sums."""

    def look(reader: Reader) -> str:
        total = 0
        for count, (number, body) in enumerate(reader.records()):
            record = json.loads(body)
            total += record["add"]
            if number != count or record["sum"] != total:
                return f"record {number} does not follow"
            if acknowledged.pop(number, total) != total:
                return f"record {number} is not what was acknowledged"
        if acknowledged:
            return f"records {sorted(acknowledged)} are gone"
        if (reader.get("chain", "sum") or 0) != total:
            return "the state is not what the records say"
        return ""

    return store.read(look)


def main(url: str, name: str) -> None:
    """Append in three threads until killed."""
    store = open_store(url)
    store.hold(name)

    def run(number: int) -> None:
        while True:
            at, total = store.transact(lambda tx: add(tx, number))
            os.write(1, f"{at} {total}\n".encode())  # at once, so that lines of threads do not mix

    for number in (1, 10, 100):
        threading.Thread(target=run, args=(number,)).start()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
