"""Small models drawn as graphs: POWER on the nodes, what most goals prefer on the arrows.

A node is a state, its colour and number its POWER. An arrow is where an action leads; the wider it is, the
larger the share of goals for which the action is optimal (times the chance of getting there). Actions that lead
back are loops.
"""

# Matplotlib's and NetworkX's own annotations leave types open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from corrigible.core.errors import OptionError
from corrigible.mdp.model import MDP, Label
from corrigible.power.axes import require_matplotlib, short, span
from corrigible.power.optimality import OptimalityResult
from corrigible.power.result import PowerResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_STATES = 40
"""States of a model that can still be read as a graph."""

INK, ARROW, FAINT = "#222222", "#2d5f8b", "#9a9a9a"
RADIUS = 0.085
"""Of a node, where the picture is about 2 wide."""


def plot_graph(
    mdp: MDP,
    result: PowerResult,
    ax: Axes,
    preferred: Sequence[OptimalityResult] = (),
    names: Callable[[Label], str] = short,
) -> Axes:
    """Draw a small model with POWER on its states and preferred actions on its arrows.

    Parameters
    ----------
    mdp
        The model; at most `MOST_STATES` states.
    result
        POWER of its states.
    ax
        Where to draw.
    preferred
        Optimality probabilities at some states, or all: arrows of these states are as wide as the share
        of goals that prefer them, and carry its number. Those of other states are thin and grey.
    names
        What to write for a state; default its label.

    Raises
    ------
    OptionError
        If the model has too many states, or the result is of other ones.
    """
    require_matplotlib()
    from matplotlib import colormaps
    from matplotlib.patches import Circle

    if mdp.n_states > MOST_STATES:
        raise OptionError(
            f"a graph of `{mdp.n_states}` states cannot be read", f"draw models of at most {MOST_STATES}"
        )
    if list(result.states) != list(mdp.states):
        raise OptionError("the POWER is that of other states", "give the result of this very model")
    places = _places(mdp)
    low, high, _ = span(result.power)
    colours = colormaps["viridis"]
    arrows = _arrows(mdp, preferred)
    for (source, target), share in arrows.items():
        if source != target:
            _arrow(ax, places, source, target, share, both=(target, source) in arrows)
    for number, label in enumerate(mdp.states):
        place = places[number]
        taken = [
            float(np.arctan2(*(places[b if a == number else a] - place)[::-1]))
            for a, b in arrows
            if a != b and number in (a, b)
        ]
        if (number, number) in arrows:
            taken.append(_free(taken, 0.0))
            _loop(ax, place, taken[-1], arrows[number, number])
        power = float(result.power[number])
        at = 0.2 + 0.8 * (power - low) / (high - low)
        ax.add_patch(Circle(place, RADIUS, facecolor=colours(at), edgecolor=INK, linewidth=0.9, zorder=3))
        ink = "white" if at < 0.6 else INK
        ax.text(
            place[0], place[1], f"{power:.2f}", ha="center", va="center", fontsize=7.5, color=ink, zorder=4
        )
        _name(ax, place, _free(taken, -np.pi / 2), names(label))
    ax.set_xlim(places[:, 0].min() - 0.28, places[:, 0].max() + 0.28)
    ax.set_ylim(places[:, 1].min() - 0.28, places[:, 1].max() + 0.28)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(
        f"POWER at γ = {result.discount:g}, {result.samples:,} goals", fontsize=10, loc="left", color=INK
    )
    return ax


def figure(
    mdp: MDP,
    result: PowerResult,
    preferred: Sequence[OptimalityResult] = (),
    names: Callable[[Label], str] = short,
) -> Figure:
    """Return a picture of its own of what `plot_graph` draws."""
    require_matplotlib()
    from matplotlib.figure import Figure

    made = Figure(figsize=(6.4, 5.2), layout="constrained")
    plot_graph(mdp, result, made.add_subplot(), preferred, names)
    return made


def _places(mdp: MDP) -> np.ndarray:
    """Return where the nodes lie, about 2 wide: in layers by distance from the start, then untangled."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(range(mdp.n_states))
    graph.add_edges_from(zip(mdp.origin.tolist(), mdp.successor.tolist(), strict=True))
    start = int(np.argmax(mdp.initial)) if mdp.initial is not None else 0
    ahead = nx.single_source_shortest_path_length(graph, start)
    beyond = max(ahead.values()) + 1
    layers: dict[int, list[int]] = {}
    for node in graph:
        layers.setdefault(ahead.get(node, beyond), []).append(node)
    first = {
        node: np.array([depth, (len(layer) - 1) / 2 - k])
        for depth, layer in layers.items()
        for k, node in enumerate(layer)
    }
    if mdp.n_states == 1:
        return np.zeros((1, 2))
    found = nx.kamada_kawai_layout(graph.to_undirected(), pos=first)
    places = np.array([found[node] for node in range(mdp.n_states)])
    # The start on the left, and the nearest two always as far apart.
    if places[start, 0] > places[:, 0].mean():
        places[:, 0] *= -1
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return places * (5 * RADIUS / max(float(apart.min()), 0.02))


def _arrows(mdp: MDP, preferred: Sequence[OptimalityResult]) -> dict[tuple[int, int], float | None]:
    """Return for each pair of states joined by an action the share of goals that go there; None: not asked."""
    asked = {mdp.index(one.state): one.probability for one in preferred}
    found: dict[tuple[int, int], float | None] = {}
    for state in range(mdp.n_states):
        for k, pair in enumerate(mdp.pairs(state)):
            for chance, target in mdp.row(pair):
                key = (state, target)
                if state in asked:
                    found[key] = (found.get(key) or 0.0) + chance * float(asked[state][k])
                else:
                    found.setdefault(key, None)
    return found


def _free(taken: Sequence[float], wanted: float) -> float:
    """Return the middle of the widest gap between directions; ``wanted`` where there are none."""
    if not taken:
        return wanted
    angles = np.sort(np.mod(taken, 2 * np.pi))
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    widest = int(np.argmax(np.round(gaps, 6)))
    return float(angles[widest] + gaps[widest] / 2)


def _name(ax: Axes, place: np.ndarray, turn: float, name: str) -> None:
    """Write a state's name beside its node, in a direction where there is room."""
    x, y = np.cos(turn), np.sin(turn)
    side = "center" if abs(x) < 0.5 else "left" if x > 0 else "right"
    level = "center" if abs(y) < 0.5 else "bottom" if y > 0 else "top"
    beside = place + (RADIUS + 0.02) * np.array([x, y])
    ax.text(beside[0], beside[1], name, ha=side, va=level, fontsize=8, color=INK, zorder=6)


def _style(share: float | None) -> dict[str, Any]:
    width = 0.8 if share is None else 0.6 + 3.4 * share
    return {
        "arrowstyle": f"-|>,head_length={4 + 0.8 * width},head_width={2 + width / 2}",
        "linewidth": width,
        "color": ARROW if share else FAINT,
        "zorder": 2,
    }


def _share(ax: Axes, where: np.ndarray, share: float | None) -> None:
    if share is not None:
        ax.text(
            where[0], where[1], f"{share:.0%}", ha="center", va="center", fontsize=7, color=INK, zorder=5,
            bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )  # fmt: skip


def _loop(ax: Axes, place: np.ndarray, turn: float, share: float | None) -> None:
    """Draw an action that leads back."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    def at(by: float, far: float) -> tuple[float, float]:
        return (place[0] + far * np.cos(turn + by), place[1] + far * np.sin(turn + by))

    bow = Path(
        [at(-0.5, RADIUS), at(-0.75, 3.0 * RADIUS), at(0.75, 3.0 * RADIUS), at(0.5, 1.08 * RADIUS)],
        [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
    )
    ax.add_patch(FancyArrowPatch(path=bow, **_style(share)))
    _share(ax, np.array(at(0.0, 2.75 * RADIUS)), share)


def _arrow(
    ax: Axes, places: np.ndarray, source: int, target: int, share: float | None, *, both: bool
) -> None:
    """Draw one arrow; ``both``: there is one the other way too, so that they bend apart."""
    from matplotlib.patches import FancyArrowPatch

    begin, end = places[source], places[target]
    along = (end - begin) / np.linalg.norm(end - begin)
    bend = 0.18 if both else 0.0
    ax.add_patch(
        FancyArrowPatch(
            tuple(begin + along * RADIUS),
            tuple(end - along * RADIUS),
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=1,
            **_style(share),
        )
    )
    aside = np.array([along[1], -along[0]])
    _share(ax, (begin + end) / 2 + aside * bend * np.linalg.norm(end - begin) / 2, share)


def fits(mdp: MDP) -> bool:
    """Return whether a model is small enough to be read as a graph: few states, few arrows."""
    joined: Any = np.unique(mdp.origin * mdp.n_states + mdp.successor)
    return mdp.n_states <= 16 and len(joined) <= 4 * mdp.n_states
