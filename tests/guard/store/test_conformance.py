"""Both stores keep the contract, and the check that says so finds what breaks it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from corrigible.core.errors import StoreError
from corrigible.guard.store import open_store
from corrigible.testing import check_guard_store


def test_a_store_keeps_its_contract(url: str):
    check_guard_store(lambda: open_store(url), url)


class Proxy:
    """A store that does as another, except for what a subclass changes."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Dirty(Proxy):
    """Commits what a failing transaction wrote."""

    def submit(self, work: Any) -> Any:
        raised: list[BaseException] = []
        told: Future[Any] = Future()

        def swallow(tx: Any) -> Any:
            try:
                return work(tx)
            except BaseException as error:
                raised.append(error)

        def tell(done: Future[Any]) -> None:
            if raised:
                told.set_exception(raised[0])
            else:
                told.set_result(done.result())

        self._store.submit(swallow).add_done_callback(tell)
        return told

    def transact(self, work: Any) -> Any:
        return self.submit(work).result()


class Undead(Proxy):
    """Takes everybody for alive."""

    def alive(self, name: str) -> bool:
        return True


class Unsealed(Proxy):
    """Does not call what seals."""

    def seal(self, sealing: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (Dirty, "a failing transaction"),
        (Undead, "a name counts as alive that nobody holds"),
        (Unsealed, "sealing is not told exactly"),
    ],
)
def test_the_check_finds_a_store_that_breaks_the_contract(tmp_path: Any, broken: type, finding: str):
    with pytest.raises(StoreError, match=finding):
        check_guard_store(lambda: broken(open_store(f"sqlite:{tmp_path / 'guard.db'}")))
