"""Time that never goes back, whatever the machine's clock does.

Whether an approval has expired must not depend on a clock that somebody set back. The time of a transaction
is the latest of the machine's clock, of the time that the store was last written at, and of the time that
this process saw last plus what has passed since by a clock that cannot be set. A clock that was wrongly set
forward makes approvals expire early, which is the safe side, and time goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import final

from corrigible.core.errors import StoreError
from corrigible.guard.store import Reader, Transaction

LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


@final
class Clock:
    """The clock of one process.

    Parameters
    ----------
    wall, steady
        Seconds of the epoch, and seconds that only ever grow.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._seen = (0.0, steady())

    def at(self, store: Reader) -> float:
        """Return the time by the store and this process.

        Raises
        ------
        StoreError
            If the machine's clock shows what no record can say; it is not believed for a moment.
        """
        wall = self._wall()
        if not wall < LAST:
            raise StoreError("the machine's clock is beyond the year 9998", "set it right")
        steady = self._steady()
        seen, then = self._seen
        now = max(wall, seen + (steady - then) if seen else 0.0, store.get("clock", "at") or 0.0)
        self._seen = (now, steady)
        return now

    def tick(self, tx: Transaction) -> float:
        """Return the time and keep it in the store, so that no later transaction is earlier."""
        now = self.at(tx)
        tx.put("clock", "at", now)
        return now


def stamp(seconds: float) -> str:
    """Return seconds of the epoch as the ledger writes them: UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
