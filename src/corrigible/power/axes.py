"""Small things that all pictures share: labels, colour scales, quiet axes."""

# Matplotlib's own annotations leave the types of further keywords open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corrigible.core.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_LABEL = 48


def require_matplotlib() -> None:
    """Raise `MissingExtraError` unless Matplotlib can be imported."""
    try:
        import matplotlib  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise MissingExtraError("matplotlib is not installed", "pip install 'corrigible[plot]'") from error


def short(label: Any) -> str:
    """Return a label as text, its middle cut out where it is too long for an axis."""
    text = label if isinstance(label, str) else str(label)
    if len(text) <= LONGEST_LABEL:
        return text
    half = (LONGEST_LABEL - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def span(values: np.ndarray) -> tuple[float, float, Literal["neither", "min", "max", "both"]]:
    """Return the ends of the colour scale, and beyond which of them values lie.

    On large maps the most extreme hundredth at either end is left off the scale where it would
    take more than half of it (single walled-in cells do).
    """
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9 * max(1.0, abs(high)):
        return low - 0.01, high + 0.01, "neither"
    if len(values) >= 200:
        inner_low, inner_high = (float(x) for x in np.quantile(values, [0.01, 0.99]))
        cut_low = inner_low - low > 0.5 * (high - low)
        cut_high = high - inner_high > 0.5 * (high - low)
        if cut_low or cut_high:
            low, high = (inner_low if cut_low else low), (inner_high if cut_high else high)
            return low, high, "min" if cut_low else "max"
    return low, high, "neither"


def quiet(ax: Axes, grid_axis: Literal["x", "y"]) -> None:
    """Keep a light grid along one axis, and no frame on the right and top."""
    ax.grid(axis=grid_axis, color="#dddddd", linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def label_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name beside its right end, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    gap = (high - low) * 0.05
    ends = sorted(ends)
    places = [y for y, _, _ in ends]
    for _ in range(100):
        for k in range(len(places) - 1):
            short_by = gap - (places[k + 1] - places[k])
            if short_by > 0:
                places[k] -= short_by / 2
                places[k + 1] += short_by / 2
    for place, (_, name, colour) in zip(places, ends, strict=True):
        ax.text(
            1.015, place, name, transform=ax.get_yaxis_transform(),
            va="center", fontsize=8, color=colour,
        )  # fmt: skip
