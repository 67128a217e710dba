"""Pictures of a comparison, on Matplotlib axes that the caller owns."""

# Matplotlib's own annotations leave the types of further keywords open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from corrigible.comparison.curves import front
from corrigible.comparison.result import ComparisonResult
from corrigible.power.axes import quiet, require_matplotlib, short
from corrigible.power.plots import INK, LINES, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3
"""The most levels beside one another."""


def draw(result: ComparisonResult) -> Figure:
    """Return a figure with `plot_tradeoff` of every level."""
    require_matplotlib()
    from matplotlib.figure import Figure

    levels = [level.name for level in result.levels]
    across = min(ACROSS, len(levels))
    down = -(-len(levels) // across)
    found = Figure(figsize=(5.2 * across, 4.2 * down), layout="constrained")
    axes: list[Axes] = list(found.subplots(down, across, squeeze=False).flat)
    for level, ax in zip(levels, axes, strict=False):
        plot_tradeoff(result, level, ax)
    for ax in axes[len(levels) :]:
        ax.set_axis_off()
    return found


def plot_tradeoff(
    result: ComparisonResult, level: str, ax: Axes, countermeasures: Sequence[str] | None = None
) -> Axes:
    """Draw task against safety on one level, a line a countermeasure over its strengths.

    Parameters
    ----------
    result
        The comparison.
    level
        Name of the level.
    ax
        Where to draw.
    countermeasures
        Which; default the six of the largest hypervolume, in that order. Areas under the front are shaded.

    Raises
    ------
    UnknownNameError
        If there is no such level or countermeasure.
    """
    require_matplotlib()
    if countermeasures is None:
        ranked = sorted(
            (e for e in result.row(level) if e.hypervolume is not None), key=lambda e: -(e.hypervolume or 0.0)
        )
        countermeasures = [entry.countermeasure for entry in ranked[: len(LINES)]]
    for number, name in enumerate(countermeasures):
        entry = result.entry(level, name)
        if entry.hypervolume is None:
            continue
        colour = LINES[number % len(LINES)]
        marker = MARKERS[number % len(MARKERS)]
        points = [(point.task.value, point.safety.value) for point in entry.points]
        corners = [(0.0, front(points)[0][1]), *front(points)]
        across, up = zip(*corners, (corners[-1][0], 0.0), strict=True)
        ax.fill_between(across, up, step="pre", color=colour, alpha=0.08, linewidth=0)
        xs, ys = zip(*points, strict=True)
        label = f"{short(name)} ({entry.hypervolume:.2f})"
        ax.plot(xs, ys, color=colour, marker=marker, markersize=5, linewidth=1.4, label=label)
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("task (0: as for doing nothing, 1: all of it)")
    ax.set_ylabel("safety (no unauthorised behaviour)")
    handles: list[Any] = ax.get_legend_handles_labels()[0]
    if handles:
        ax.legend(fontsize=8, frameon=False, title="countermeasure (hypervolume)", title_fontsize=8)
    quiet(ax, "y")
    ax.set_title(level, fontsize=10, loc="left", color=INK)
    return ax
