"""Mean and standard error of a stream, one block after the other, without keeping the stream.

Blocks are merged in a fixed order, so that the last bit of the result does not depend on who
computed which block.

*Source:* T. F. Chan, G. H. Golub & R. J. LeVeque, Updating formulae and a pairwise algorithm for
computing sample variances (1979), equation 2.1.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """What one block of samples adds.

    Parameters
    ----------
    count
        Number of samples.
    mean
        Their mean; shape (columns,).
    squares
        Sum of squared distances from it; shape (columns,).
    """

    count: int
    mean: np.ndarray
    squares: np.ndarray


def block(samples: np.ndarray) -> Block:
    """Return the moments of ``samples``, shape (samples, columns); they are overwritten."""
    mean = samples.mean(axis=0)
    samples -= mean
    return Block(count=len(samples), mean=mean, squares=np.einsum("ij,ij->j", samples, samples))


class Moments:
    """Mean and standard error of all blocks added so far.

    With n samples before and m new ones, of means x̄ and ȳ and sums of squares S and T::

        mean  ←  x̄ + (ȳ − x̄) · m / (n + m)
        S     ←  S + T + (ȳ − x̄)² · n · m / (n + m)
    """

    def __init__(self, columns: int) -> None:
        self.count = 0
        self.mean = np.zeros(columns)
        self.squares = np.zeros(columns)

    def add(self, new: Block) -> None:
        """Take one more block in."""
        total = self.count + new.count
        step = new.mean - self.mean
        self.mean += step * (new.count / total)
        self.squares += new.squares + step**2 * (self.count * new.count / total)
        self.count = total

    def stderr(self) -> np.ndarray:
        """Return the standard error of the mean; NaN while there are fewer than two samples."""
        if self.count < 2:
            return np.full(len(self.mean), np.nan)
        return np.sqrt(self.squares / (self.count - 1) / self.count)
