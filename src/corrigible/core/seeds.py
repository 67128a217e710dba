"""Randomness that can be named: one seed, and a path of words and numbers to each stream.

Two streams with different paths are independent; the same path always gives the same stream,
whatever was drawn before, in whichever process. That is what makes a single row of an audit, or a
single block of reward samples, repeatable on its own.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np

from corrigible.core.errors import OptionError

Seed: TypeAlias = int
LARGEST_SEED = 2**63 - 1


def check_seed(seed: object, name: str = "seed") -> int:
    """Return ``seed`` as an ``int`` in [0, 2⁶³), or raise `OptionError`, which calls it by ``name``."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise OptionError(f"the {name} `{seed}` is not a whole number", "give 0 or a positive integer")
    if not 0 <= int(seed) <= LARGEST_SEED:
        raise OptionError(f"the {name} `{seed}` is out of range", f"give 0 to {LARGEST_SEED}")
    return int(seed)


def stream(seed: Seed, *path: str | int) -> np.random.Generator:
    """Return the generator at ``path`` under ``seed``.

    Parameters
    ----------
    seed
        The run's seed.
    path
        Words and whole numbers that name the stream, for example ``("rewards", 3)``.

    Notes
    -----
    Words, and numbers that do not fit into 32 bits, are hashed (SHA-256, first 8 bytes), and the whole
    path becomes the spawn key of a NumPy ``SeedSequence``; the bit generator is PCG64.
    """
    key = [_number(part) for part in path]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(check_seed(seed), spawn_key=key)))


def derive(seed: Seed, *path: str | int) -> Seed:
    """Return a new seed that stands for ``path`` under ``seed``, to be written into a record."""
    return int(stream(seed, *path).integers(0, LARGEST_SEED))


def _number(part: str | int) -> int:
    # NumPy cuts a key into words of 32 bits, so that a larger number would be the same as two of them.
    if not isinstance(part, str):
        if 0 <= part < 2**32:
            return int(part)
        part = f"\0{int(part)}"
    return int.from_bytes(hashlib.sha256(part.encode()).digest()[:8], "big")
