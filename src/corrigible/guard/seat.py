"""A guard's place on its store: any number of guards may share one, if they have the same rules."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, final

from corrigible.core.errors import StoreError
from corrigible.core.version import VERSION
from corrigible.guard.clock import Clock
from corrigible.guard.manifest import Manifest
from corrigible.guard.store import Store, Transaction

if TYPE_CHECKING:
    from corrigible.guard.ledger import Ledger
    from corrigible.guard.policy import Policy


@final
class Seat:
    """The place of one process.

    Parameters
    ----------
    store, ledger, clock
        Where it is, and is told.
    manifest, policy
        The rules.
    """

    def __init__(
        self, store: Store, ledger: Ledger, clock: Clock, manifest: Manifest, policy: Policy
    ) -> None:
        self.instance = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._store, self._ledger, self._clock, self._manifest = store, ledger, clock, manifest
        self._rules = {"name": manifest.name, "manifest": manifest.version, "policy": policy.version}

    def take(self) -> None:
        """Take the place, and leave in the store what the manifest says of people.

        Of two that come at the same time with different rules, the one that the ledger has first stays.

        Raises
        ------
        StoreError
            If a guard with other rules is at work.
        """
        self._store.hold(self.instance)
        number = self._store.transact(self._start)
        for instance, theirs in self._store.read(lambda reader: reader.scan("guard")):
            if instance == self.instance:
                continue
            if not self._store.alive(instance):
                self._store.transact(lambda tx, gone=instance: tx.delete("guard", gone))
            elif theirs["start"] < number and any(theirs[what] != ours for what, ours in self._rules.items()):
                self.leave()
                raise StoreError(
                    f"the guard `{theirs['name']}` ({instance}) is at work on the store with other rules",
                    "stop it first, or give each guard a store of its own",
                )
        self._store.transact(self._tell)

    def leave(self, last: Callable[[Transaction], None] = lambda tx: None) -> None:
        """Give the place up, after doing ``last`` in the same transaction."""

        def work(tx: Transaction) -> None:
            last(tx)
            tx.delete("guard", self.instance)
            self._ledger.append(tx, "stop", self._clock.tick(tx), instance=self.instance)

        self._store.transact(work)

    def _start(self, tx: Transaction) -> int:
        now = self._clock.tick(tx)
        number = self._ledger.append(tx, "start", now, instance=self.instance, version=VERSION, **self._rules)
        tx.put("guard", self.instance, {**self._rules, "start": number})
        return number

    def _tell(self, tx: Transaction) -> None:
        manifest = self._manifest
        people = {
            "agent": manifest.agent,
            "approvers": list(manifest.approval.approvers),
            "resume_by_another": manifest.resume_by_another,
            "tools": sorted(manifest.tools),
            "grave": sorted(name for name, tool in manifest.tools.items() if tool.grave),
        }
        tx.put("rules", "rules", people)
