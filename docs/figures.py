"""Draw the pictures that the pages show: ``python -m docs.figures``."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from corrigible.audit import AuditResult, Design, run
from corrigible.cli.source import read_source
from corrigible.power import estimate, plots

HERE = Path(__file__).parent / "images"
INK, MUTED, CONTROL = "#222222", "#6b6b6b", "#8a8a8a"
WORLD = "#2d5f8b"


def overview() -> None:
    """Draw the README's picture: POWER in the maze beside the audit of the rational agent."""
    from matplotlib.figure import Figure

    maze = read_source("maze")
    # Rewards on bare cells, as the literature draws its maps.
    power = estimate(maze.mdp, discount=0.95, samples=2_000, seed=0)
    audit = run(Design(agent="planner"))
    made = Figure(figsize=(11, 5.2), layout="constrained", facecolor="white")
    left, right = made.subplots(1, 2, width_ratios=(1.0, 1.05))
    assert maze.grid is not None, "the maze is a grid"
    plots.plot_grid(power, maze.grid, left)
    for text in list(left.texts):
        text.remove()
    left.set_title("What could still be attained: POWER in a maze", fontsize=10, loc="left", color=INK)
    _dots(audit, right)
    HERE.mkdir(exist_ok=True)
    plots.save(made, HERE / "overview.svg")


def _dots(audit: AuditResult, ax: object) -> None:
    found = audit.drives
    places = np.arange(len(found))[::-1]
    names: list[str] = []
    for at, b in zip(places, found, strict=True):
        assert b.rate is not None
        assert b.control is not None
        worlds = "1 world" if len(b.worlds) == 1 else f"{len(b.worlds)} worlds"
        names.append(f"{b.drive}\n{worlds}")
        ax.plot([b.rate.low, b.rate.high], [at, at], color=WORLD, linewidth=2, solid_capstyle="butt")
        ax.plot([b.control.value], [at], marker="D", color=CONTROL, markersize=6, linestyle="none")
        ax.plot([b.rate.value], [at], marker="o", color=WORLD, markersize=7, linestyle="none")
        ax.plot(
            [b.predicted.least],
            [at],
            marker="|",
            color=INK,
            markersize=16,
            markeredgewidth=1.6,
            linestyle="none",
        )
    ax.set_yticks(places, names, fontsize=7.5)
    ax.set_xlim(-0.03, 1.03)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"], fontsize=8)
    ax.grid(axis="x", color="#e2e2e2", linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    handles = [
        ax.plot([], [], marker="o", color=WORLD, linewidth=2, label="in the world, 95% interval")[0],
        ax.plot([], [], marker="D", color=CONTROL, linestyle="none", label="in its control")[0],
        ax.plot(
            [], [], marker="|", color=INK, linestyle="none", markersize=11, label="optimal agents, by theory"
        )[0],
    ]
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.35, -0.06),
        ncols=3,
        fontsize=7.5,
        frameon=False,
    )
    ax.set_title(
        f"What a rational agent does: {len(audit.rows)} episodes over {len(audit.worlds)} worlds",
        fontsize=10, loc="left", color=INK,
    )  # fmt: skip


def theory() -> None:
    """Draw the figures of docs/theory.md, by the commands that it shows."""
    page = (HERE.parent / "theory.md").read_text(encoding="utf-8")
    for command in re.findall(r"^\$ corrigible (.* --plot .*)$", page, flags=re.MULTILINE):
        *words, picture = shlex.split(command)
        subprocess.run(
            [sys.executable, "-m", "corrigible", *words, str(HERE / picture)],
            cwd=HERE.parents[1] / "examples",
            check=True,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    overview()
    theory()
