"""Pictures of results: a map, a ranking, a sweep over discounts, preferred actions.

Each `plot_…` draws one result on Matplotlib axes that the caller owns and returns them; `figure`
chooses among them, and `save` writes PNG, SVG or PDF. Colours are from the viridis family: even
for colour-blind readers, and lighter for more in grey print.
"""

# Matplotlib's own annotations leave the types of further keywords open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.core.files import write_whole
from corrigible.power.axes import label_ends, quiet, require_matplotlib, short, span
from corrigible.power.optimality import OptimalityResult
from corrigible.power.result import PowerResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
WALL_COLOUR = "#0d0d0d"
INK = "#222222"
LINES = ("#2d5f8b", "#b5541c", "#3a8a5f", "#7a4a8f", "#8a7a1f", "#555555")
"""Dark enough for grey print; lines also differ in marker, so that colour is never all there is."""
MARKERS = ("o", "s", "^", "D", "v", "P")


class Grid(Protocol):
    """Where states lie on a map, for example `corrigible.mdp.textmap.GridMap`."""

    @property
    def cells(self) -> np.ndarray:
        """The number of each cell's state, −1 at walls; shape (rows, columns)."""
        ...


def plot_grid(result: PowerResult, grid: Grid, ax: Axes) -> Axes:
    """Draw POWER as colour on the map, walls dark, with a colour bar.

    Small maps have the number in each cell.
    """
    require_matplotlib()
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    cells = np.asarray(grid.cells)
    free = cells >= 0
    shown = np.where(free, result.power[np.where(free, cells, 0)], np.nan)
    low, high, beyond = span(result.power[cells[free]])
    # The darkest fifth is left to the walls, so that they differ from low POWER in grey print too.
    colours = ListedColormap(colormaps["viridis"](np.linspace(0.2, 1, 256)))
    image = ax.imshow(np.ma.masked_invalid(shown), cmap=colours, vmin=low, vmax=high, aspect="equal")
    ax.set_facecolor(WALL_COLOUR)
    if cells.shape[0] <= 12 and cells.shape[1] <= 14:
        for row, column in np.argwhere(free):
            value = shown[row, column]
            colour = "white" if value < low + 0.55 * (high - low) else INK
            ax.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=7, color=colour)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.025, 0, 0.04, 1)), extend=beyond)
    bar.set_label("POWER")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(_title(result), fontsize=10, loc="left", color=INK)
    return ax


def plot_ranked(result: PowerResult, ax: Axes, k: int = 12, level: float = 0.95) -> Axes:
    """Draw the states of most and least POWER as dots with intervals of ``level``, the most on top.

    Where there are more than 2 ``k`` states the middle is left out, and the picture says so.
    """
    require_matplotlib()
    n = len(result.states)
    low, high = result.interval(level)
    order = np.argsort(-result.power, kind="stable")
    cut = n > 2 * k
    chosen = np.concatenate([order[:k], order[-k:]]) if cut else order
    places = np.arange(len(chosen), dtype=float)
    if cut:
        places[k:] += 1
        ax.text(
            0.5, k, f"{n - 2 * k:,} states between", transform=ax.get_yaxis_transform(),
            ha="center", va="center", fontsize=8, style="italic", color="#666666",
        )  # fmt: skip
    power = result.power[chosen]
    reach = np.nan_to_num(np.vstack([power - low[chosen], high[chosen] - power]))
    ax.errorbar(power, places, xerr=reach, fmt="o", color=LINES[0], markersize=5, elinewidth=1.4, capsize=2.5)
    ax.set_yticks(places, [short(result.states[i]) for i in chosen], fontsize=8)
    ax.set_ylim(places[-1] + 0.7, -0.7)
    unknown = " (of unknown error)" if np.isnan(result.stderr).all() else f", {level:.0%} intervals"
    ax.set_xlabel(f"POWER{unknown}")
    quiet(ax, "x")
    ax.set_title(_title(result), fontsize=10, loc="left", color=INK)
    return ax


def plot_discounts(
    results: Sequence[PowerResult], ax: Axes, states: Sequence[Any] | None = None, level: float = 0.95
) -> Axes:
    """Draw POWER against the discount as lines with bands of ``level``.

    Parameters
    ----------
    results
        One for each discount, of the same model.
    ax
        Where to draw.
    states
        Labels of the states to draw; by default up to six: the three of most and the three of least
        POWER at the largest discount.
    level
        Of the bands.
    """
    require_matplotlib()
    results = sorted(results, key=lambda result: result.discount)
    last = results[-1]
    if states is None:
        k = len(last.states)
        picked = [*last.most(3), *reversed(last.least(3))] if k > 6 else last.most(k)
        states = [entry.state for entry in picked]
    discounts = [result.discount for result in results]
    bands = [result.interval(level) for result in results]
    number = {label: i for i, label in enumerate(last.states)}
    ends: list[tuple[float, str, str]] = []
    for k, state in enumerate(states):
        power = [result.at(state).power for result in results]
        colour, marker = LINES[k % len(LINES)], MARKERS[k % len(MARKERS)]
        i = number[state]
        ax.fill_between(
            discounts,
            [low[i] for low, _ in bands],
            [high[i] for _, high in bands],
            color=colour, alpha=0.18, linewidth=0,
        )  # fmt: skip
        ax.plot(discounts, power, color=colour, marker=marker, markersize=4.5, linewidth=1.6)
        ends.append((power[-1], short(state), colour))
    label_ends(ax, ends)
    ax.set_xlabel("discount γ")
    ax.set_ylabel(f"POWER, {level:.0%} bands")
    quiet(ax, "y")
    ax.set_title(f"{last.samples:,} goals, rewards {_rewards(last)}", fontsize=10, loc="left", color=INK)
    return ax


def plot_actions(result: OptimalityResult, ax: Axes, level: float = 0.95) -> Axes:
    """Draw for each action the share of goals for which it is optimal, with intervals of ``level``."""
    require_matplotlib()
    low, high = result.interval(level)
    p = result.probability
    places = np.arange(len(p))
    ax.barh(places, p, color=LINES[0], height=0.62, alpha=0.85)
    ax.errorbar(
        p,
        places,
        xerr=np.clip([p - low, high - p], 0, None),
        fmt="none",
        ecolor=INK,
        elinewidth=1.3,
        capsize=3,
    )
    ax.set_yticks(places, [short(action) for action in result.actions])
    ax.set_ylim(len(p) - 0.4, -0.6)
    ax.set_xlim(0, min(1.0, max(0.05, float(high.max()) * 1.08)))
    counted = "ties split" if result.ties == "split" else "ties counted for each"
    ax.set_xlabel(f"share of goals for which it is optimal ({counted})")
    quiet(ax, "x")
    ax.set_title(
        f"at {short(result.state)}: γ = {result.discount:g}, {result.samples:,} goals",
        fontsize=10, loc="left", color=INK,
    )  # fmt: skip
    return ax


def figure(
    result: PowerResult | Sequence[PowerResult] | OptimalityResult, grid: Grid | None = None
) -> Figure:
    """Return the picture that suits what is given.

    A map where there is a grid (one beside the other for several discounts, up to six), a ranking
    for one result, lines over the discount for several, bars for preferred actions.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    if isinstance(result, OptimalityResult):
        made = Figure(figsize=(6.4, 1.2 + 0.42 * len(result.actions)), layout="constrained")
        plot_actions(result, made.add_subplot())
        return made
    results = [result] if isinstance(result, PowerResult) else list(result)
    if not results:
        raise OptionError("there is no result to draw", "give at least one")
    if grid is not None and len(results) <= 6:
        rows, columns = grid.cells.shape
        across = {1: 1, 2: 2, 4: 2}.get(len(results), 3)
        down = -(-len(results) // across)
        tall = float(np.clip(4.4 * rows / columns, 1.6, 7.5))
        made = Figure(figsize=(5.6 * across, (tall + 0.6) * down), layout="constrained")
        for k, one in enumerate(results):
            plot_grid(one, grid, made.add_subplot(down, across, k + 1))
        return made
    if len(results) > 1:
        made = Figure(figsize=(7.2, 4.6), layout="constrained")
        plot_discounts(results, made.add_subplot())
        return made
    shown = min(len(results[0].states), 25)
    made = Figure(figsize=(6.4, 1.3 + 0.24 * shown), layout="constrained")
    plot_ranked(results[0], made.add_subplot())
    return made


def save(fig: Figure, path: Path | str) -> None:
    """Write a figure as PNG, SVG or PDF, by the suffix of ``path``, entirely or not at all.

    Raises
    ------
    OptionError
        If the suffix is none of these.
    OutputError
        If the place cannot be written.
    """
    suffix = check_suffix(path)
    require_matplotlib()
    import matplotlib as mpl

    buffer = io.BytesIO()
    # Fixed dates and ids: the same result is the same file.
    metadata = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[suffix]
    with mpl.rc_context({"svg.hashsalt": "corrigible", "svg.fonttype": "none"}):
        fig.savefig(buffer, format=suffix[1:], dpi=160, metadata=metadata, bbox_inches="tight")
    write_whole(path, buffer.getvalue())


def check_suffix(path: Path | str) -> str:
    """Return the suffix of ``path`` in lower case, or raise `OptionError` if it is no picture's."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(f"cannot draw to `{path}`", "end its name in .png, .svg or .pdf")
    return suffix


def _title(result: PowerResult) -> str:
    return f"γ = {result.discount:g}, {result.samples:,} goals, rewards {_rewards(result)}"


def _rewards(result: PowerResult) -> str:
    """Return the distribution in a few words, without hashes."""
    words = str(result.provenance.settings.get("rewards", ""))
    words = words.split(" (", 1)[0] if words.startswith("table") else words.split(", except", 1)[0]
    return short(words.removeprefix("independent ").split(" per ", 1)[0])
