"""The literature as requirements: every claim, its source, and why it is deferred if it is.

Claims written by hand are in the ``*.toml`` files beside this one, a file a room. Those of
``data/power_cases.json`` are made from it: one for each model, state, discount and quantity. A test
shows a claim by naming it: ``@pytest.mark.claim("power/maximal")``. ``test_coverage.py`` checks both
ways, and ``python -m docs.make`` writes docs/claims.md. Standard library only: docs/make.py reads it.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASES = HERE / "data" / "power_cases.json"
DISCOUNTS = ("0", "1/10", "1/2", "9/10", "1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """Something the literature says, and that the product must show.

    Parameters
    ----------
    id
        Words parted by slashes, the first the subject.
    source
        Where it is said.
    statement
        What is said.
    deferred
        Why no test shows it yet; empty where one does.
    case
        The model of a claim made from ``power_cases.json``.
    """

    id: str
    source: str
    statement: str
    deferred: str = ""
    case: str = ""


def claims() -> dict[str, Claim]:
    """Return all claims by id, in their order.

    Raises
    ------
    ValueError
        If an id occurs twice, or a claim lacks a source or statement.
    """
    found: dict[str, Claim] = {}
    for claim in [*_written(), *_of_cases()]:
        if claim.id in found:
            raise ValueError(f"the claim `{claim.id}` occurs twice")
        if not (claim.source and claim.statement):
            raise ValueError(f"the claim `{claim.id}` lacks a source or a statement")
        found[claim.id] = claim
    return found


def cases() -> dict[str, Any]:
    """Return the models of ``power_cases.json``, by name."""
    return json.loads(CASES.read_text(encoding="utf-8"))["cases"]


def case_id(quantity: str, case: str, state: str, discount: str) -> str:
    """Return for example ``power/turner-fig1/star/1-2``."""
    return f"{quantity}/{case.replace('_', '-')}/{state}/{discount.replace('/', '-')}"


def source_of_case(case: str) -> str:
    """Return where a model comes from."""
    paper = "Turner et al. 2021"
    return {
        "turner_fig1": f"{paper}, figure 1",
        "turner_fig10_reconstruction": f"{paper}, figure 10 (a graph that gives its four numbers)",
        "turner_fig11_appC": f"{paper}, appendix C",
        "complete3": f"{paper}, proposition 5.4, on three states",
    }.get(case, f"exact integration of definition 5.2 of {paper}")


def _written() -> Iterator[Claim]:
    for path in sorted(HERE.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["claim"]:
            yield Claim(**entry)


def _of_cases() -> Iterator[Claim]:
    for case, model in cases().items():
        for state, rows in model["expected"].items():
            for discount in DISCOUNTS:
                row = rows[discount]
                source, at = source_of_case(case), f"at {state}, γ {_limit(discount)}"
                yield Claim(
                    id=case_id("power", case, state, discount),
                    source=source,
                    statement=f"{case} {at}: POWER is {row['POWER']}",
                    case=case,
                )
                shares = ", ".join(f"{action} {share}" for action, share in row["opt_prob"].items())
                yield Claim(
                    id=case_id("optimality", case, state, discount),
                    source=source,
                    statement=f"{case} {at}: the optimality probabilities are {shares}",
                    case=case,
                )
                yield Claim(
                    id=case_id("visits", case, state, discount),
                    source=source,
                    statement=f"{case} {at}: of {row['n_visit_distributions']} visit distributions "
                    f"{row['n_nondominated']} are non-dominated",
                    case=case,
                )


def _limit(discount: str) -> str:
    return {"0": "→ 0", "1": "→ 1"}.get(discount, f"= {discount}")
