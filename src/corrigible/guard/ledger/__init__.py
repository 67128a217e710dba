"""The ledger: what happened, in an order that nobody can change unseen.

`Ledger` appends to it, `Redactor` takes secrets out of what is appended, `SigningKey` signs its checkpoints;
`verify` looks whether it is still what was signed.

What only a guard with a key needs is loaded when it is first used: people append without.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from corrigible.guard.ledger.checkpoint import Checkpoint
from corrigible.guard.ledger.log import TYPES, Ledger, checkpoint, record
from corrigible.guard.ledger.note import Verifier
from corrigible.guard.ledger.verify import Problem, Verification, verify

if TYPE_CHECKING:
    from corrigible.guard.ledger.anchors import Anchoring
    from corrigible.guard.ledger.keys import SigningKey, public_path
    from corrigible.guard.ledger.redact import Redactor

__all__ = [
    "TYPES",
    "Anchoring",
    "Checkpoint",
    "Ledger",
    "Problem",
    "Redactor",
    "SigningKey",
    "Verification",
    "Verifier",
    "checkpoint",
    "public_path",
    "record",
    "verify",
]

_HOMES = {
    "Anchoring": "anchors",
    "Redactor": "redact",
    "SigningKey": "keys",
    "public_path": "keys",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"corrigible.guard.ledger.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
