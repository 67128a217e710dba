"""``corrigible power --exact``: fractions in place of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from corrigible.cli.power import Answered, Asked
from corrigible.cli.power_page import text
from corrigible.cli.states import START
from corrigible.cli.terminal import Page, table, working

if TYPE_CHECKING:
    from fractions import Fraction

    from matplotlib.figure import Figure

LONGEST = 60
"""Characters of a fraction that are still shown; JSON has it whole."""


def exactly(asked: Asked) -> Answered:
    """Compute POWER of every state, and optimality probabilities at one, as fractions."""
    from corrigible.power import exact, exact_optimality

    mdp, powers, shares = asked.source.mdp, list[list["Fraction"]](), list[dict[Any, "Fraction"]]()
    for discount in asked.discounts:
        with working(f"POWER at γ = {discount}, exactly"):
            powers.append([exact(mdp, state, discount, asked.rewards) for state in mdp.states])
            shares.append(exact_optimality(mdp, asked.state, discount, asked.rewards))
    names = [asked.source.names.short(state) for state in mdp.states]
    full = [asked.source.names.full(state) for state in mdp.states]

    def show() -> None:
        page = Page()
        page.write(f"{asked.source.name}: {mdp.n_states:,} states, {mdp.n_pairs:,} actions in them.")
        page.write("Exact, by enumeration of visit distributions and integration over all goals.")
        for discount, power, share in zip(asked.discounts, powers, shares, strict=True):
            shown = table(("state", "POWER", "as a fraction"), numbers=("POWER",))
            for name, value in sorted(zip(names, power, strict=True), key=lambda row: -row[1]):
                shown.add_row(text(name), f"{float(value):.6f}", _short(value))
            page.write()
            page.table(f"POWER at γ {_limit(discount)}", shown)
            shown = table(("action", "share of goals", "as a fraction"), numbers=("share of goals",))
            for action, value in sorted(share.items(), key=lambda row: -row[1]):
                shown.add_row(text(action), f"{float(value):.6f}", _short(value))
            page.write()
            name = asked.source.names.short(asked.state)
            where = f"{name}, {asked.why}" if name != START else "the start"
            page.table(f"Which action is optimal at {where}", shown)
            if sum(share.values()) > 1:
                page.write("Ties count for each of the tied actions.", style="dim")

    def told() -> dict[str, Any]:
        return {
            "kind": "power-exact",
            "source": asked.source.name,
            "states": full,
            "rewards": _described(asked),
            "results": [
                {
                    "discount": str(discount),
                    "power": [str(value) for value in power],
                    "state": asked.source.names.full(asked.state),
                    "optimal": {str(action): str(value) for action, value in share.items()},
                }
                for discount, power, share in zip(asked.discounts, powers, shares, strict=True)
            ],
        }

    def rows() -> tuple[tuple[str, ...], list[Any]]:
        return ("state", "power", "fraction", "discount"), [
            (name, float(value), str(value), str(discount))
            for discount, power in zip(asked.discounts, powers, strict=True)
            for name, value in zip(full, power, strict=True)
        ]

    return Answered(show=show, told=told, rows=rows, picture=cast("Any", _no_picture))


def _no_picture() -> Figure:
    raise AssertionError("options that ask for one are refused")


def _described(asked: Asked) -> str:
    from corrigible.power.rewards.notation import as_distribution

    return as_distribution(asked.rewards).describe()


def _limit(discount: Fraction) -> str:
    return f"→ {discount}" if discount in (0, 1) else f"= {discount}"


def _short(value: Fraction) -> str:
    shown = str(value)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}… ({len(shown)} characters)"
