"""Pictures of two sides: a difference of POWER on a map or as a ranking, a human's POWER against an agent's."""

# Matplotlib's own annotations leave the types of further keywords open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from corrigible.mdp.model import Label
from corrigible.power.axes import quiet, require_matplotlib, short
from corrigible.power.compared import PowerDifference
from corrigible.power.multiagent import MultiagentPower
from corrigible.power.plots import INK, LINES, WALL_COLOUR, Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANKED = 24
"""How many differences a ranking shows: the largest."""


def figure(
    result: PowerDifference | MultiagentPower, grid: Grid | None = None, states: Sequence[Label] = ()
) -> Figure:
    """Return the picture that suits a comparison: a map where there is a grid, a ranking, or a scatter.

    ``states`` are the labels of the first model, whose numbers the grid holds.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    if isinstance(result, MultiagentPower):
        made = Figure(figsize=(5.6, 5.2), layout="constrained")
        plot_alignment(result, made.add_subplot())
    elif grid is not None:
        rows, columns = grid.cells.shape
        made = Figure(
            figsize=(5.6, float(np.clip(4.4 * rows / columns, 1.6, 7.5)) + 0.6), layout="constrained"
        )
        plot_difference_on(result, grid, states, made.add_subplot())
    else:
        shown = min(len(result.states), RANKED)
        made = Figure(figsize=(6.4, 1.3 + 0.24 * shown), layout="constrained")
        plot_differences(result, made.add_subplot())
    return made


def plot_difference_on(result: PowerDifference, grid: Grid, states: Sequence[Label], ax: Axes) -> Axes:
    """Draw a difference of POWER as colour on the first model's map; cells that it has alone are dark.

    Red is more on the first side, blue more on the second, white the same; both darken with size, so that grey
    print shows how much, and the numbers, on small maps, which way.
    """
    require_matplotlib()
    from matplotlib import colormaps

    cells = np.asarray(grid.cells)
    value = dict(zip(result.states, result.difference.tolist(), strict=True))
    of_state = np.array([value.get(label, np.nan) for label in states])
    shown = np.where(cells >= 0, of_state[np.maximum(cells, 0)], np.nan)
    most = max(float(np.nanmax(np.abs(shown))), 1e-9)
    image = ax.imshow(np.ma.masked_invalid(shown), cmap=colormaps["RdBu_r"], vmin=-most, vmax=most)
    ax.set_facecolor(WALL_COLOUR)
    if cells.shape[0] <= 12 and cells.shape[1] <= 14:
        for row, column in np.argwhere(~np.isnan(shown)):
            number = float(shown[row, column])
            colour = "white" if abs(number) > 0.6 * most else INK
            ax.text(column, row, f"{number:+.3f}", ha="center", va="center", fontsize=7, color=colour)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.025, 0, 0.04, 1)))
    bar.set_label("POWER here minus there")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(_title(result), fontsize=10, loc="left", color=INK)
    return ax


def plot_differences(result: PowerDifference, ax: Axes, level: float = 0.95) -> Axes:
    """Draw the largest differences as dots with paired intervals of ``level``, the largest on top."""
    require_matplotlib()
    low, high = result.interval(level)
    order = np.argsort(-np.abs(result.difference), kind="stable")[:RANKED]
    order = order[np.argsort(-result.difference[order], kind="stable")]
    places = np.arange(len(order))
    middle = result.difference[order]
    reach = np.nan_to_num(np.vstack([middle - low[order], high[order] - middle]))
    ax.axvline(0, color="#888888", linewidth=1, zorder=0)
    ax.errorbar(
        middle, places, xerr=reach, fmt="o", color=LINES[0], markersize=5, elinewidth=1.4, capsize=2.5
    )
    names = [
        short(one) if one == two else f"{short(one)} − {short(two)}"
        for one, two in ((result.states[i], result.versus[i]) for i in order)
    ]
    ax.set_yticks(places, names, fontsize=8)
    ax.set_ylim(len(order) - 0.3, -0.7)
    ax.set_xlabel(f"POWER here minus there, {level:.0%} intervals")
    quiet(ax, "x")
    ax.set_title(_title(result), fontsize=10, loc="left", color=INK)
    return ax


def plot_alignment(result: MultiagentPower, ax: Axes) -> Axes:
    """Draw the human's POWER against the agent's, a dot for each joint state.

    What rises to the right empowers both; what falls, one at the other's cost.
    """
    require_matplotlib()
    ax.scatter(result.human, result.agent, s=22, color=LINES[0], alpha=0.6, edgecolors="none")
    low, high = result.alignment.interval()
    alpha = result.alignment.corrected
    said = "unknown" if np.isnan(alpha) else f"{alpha:+.2f} [{low:+.2f}, {high:+.2f}]"
    ax.set_xlabel("the human's POWER")
    ax.set_ylabel("the agent's POWER")
    quiet(ax, "y")
    gammas = f"γ = {result.discount:g}"
    if result.agent_discount != result.discount:
        gammas = f"γ = {result.discount:g}, the agent's {result.agent_discount:g}"
    ax.set_title(
        f"{len(result.states):,} joint states, {gammas}\ninstrumental alignment {said}",
        fontsize=10, loc="left", color=INK,
    )  # fmt: skip
    return ax


def _title(result: PowerDifference) -> str:
    one, two = result.discounts
    gammas = f"γ = {one:g}" if one == two else f"γ = {one:g} and {two:g}"
    return f"{gammas}, {result.samples:,} goals on both sides"
