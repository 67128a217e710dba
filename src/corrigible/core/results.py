"""What every result has in common: where it came from, and how it is written down."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from corrigible.core.version import VERSION

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provenance:
    """Enough to make a result again.

    Parameters
    ----------
    seed
        The seed of everything random in it; ``None`` where nothing was.
    version
        The version of Corrigible.
    input_hash
        SHA-256 of the input (a model, a design), as hexadecimal digits.
    settings
        The remaining arguments, by name.
    """

    seed: int | None
    version: str
    input_hash: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def provenance(seed: int | None, input_hash: str, **settings: Any) -> Provenance:
    """Return the provenance of a result made now, by this version."""
    return Provenance(seed=seed, version=VERSION, input_hash=input_hash, settings=settings)


def digest(*parts: bytes | str | np.ndarray) -> str:
    """Return the SHA-256 of the parts in order, each with its length (and, for arrays, its type)."""
    h = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes | str):
            head, body = b"", part.encode() if isinstance(part, str) else part
        else:
            head, body = f"{part.dtype.str}{part.shape}".encode(), part.tobytes()
        h.update(len(head).to_bytes(8, "big") + head + len(body).to_bytes(8, "big") + body)
    return h.hexdigest()


def read_only(array: np.ndarray) -> np.ndarray:
    """Return ``array`` with writing switched off (a view where it does not own its data)."""
    out = array if array.flags.owndata else array.view()
    out.flags.writeable = False
    return out


def plain(value: Any) -> Any:
    """Return ``value`` as what JSON knows: dicts, lists, strings, finite numbers, true, false, null.

    Dataclasses become objects, arrays lists, fractions ``"p/q"``; what is not a finite number
    becomes ``null``, since JSON has no word for it. Mapping keys and anything else become text.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(v) for v in value]
    if isinstance(value, set | frozenset):  # in an order of their own, the same in every process
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if tolist := getattr(
        value, "tolist", None
    ):  # of NumPy's arrays and numbers, which is not imported for this
        return plain(tolist())
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return str(value)


def to_json(value: Any) -> str:
    """Return ``value`` as indented JSON text; see `plain` for the rules."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
