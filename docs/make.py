"""Write the pages that are made from the code: ``python -m docs.make``."""

from __future__ import annotations

import importlib.util
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
REGISTRY = HERE.parent / "tests" / "claims" / "registry.py"

HEAD = """# What the literature says, and what shows it

*Made by `python -m docs.make` from `tests/claims/`; do not edit.*

Each claim has an id. A test that shows it names it (`@pytest.mark.claim("…")`), and the suite fails
where a claim is neither shown nor deferred, or a test names a claim that is not here. To see the
tests of one claim, search `tests/` for its id; those of the models in `power_cases.json` are in
`tests/claims/test_power_cases.py`.

"""


def claims_page() -> str:
    """Return docs/claims.md."""
    registry = _load(REGISTRY)
    claims = list(registry.claims().values())
    deferred = [claim for claim in claims if claim.deferred]
    parts = [
        HEAD,
        f"**{len(claims) - len(deferred)} claims are shown by tests; {len(deferred)} are deferred.**\n",
    ]
    by_subject: dict[str, list[Any]] = defaultdict(list)
    for claim in claims:
        if not claim.case:
            by_subject[claim.id.split("/")[0]].append(claim)
    for subject, group in sorted(by_subject.items()):
        parts.append(f"\n## {subject}\n\n| id | claim | source | shown |\n|---|---|---|---|\n")
        for claim in group:
            state = f"deferred: {claim.deferred}" if claim.deferred else "yes"
            parts.append(f"| `{claim.id}` | {claim.statement} | {claim.source} | {state} |\n")
    parts.append(
        "\n## The models of power_cases.json\n\n"
        "Rewards are independent and uniform on [0, 1]. For each model, state and discount there are "
        "three claims: `power/MODEL/STATE/DISCOUNT`, `optimality/…` and `visits/…`, the discount "
        "written `1-10`, `1-2`, `9-10`, and `0`, `1` for the limits. All are shown to the last digit, by exact "
        "fractions. The tables give POWER.\n"
    )
    for case, model in registry.cases().items():
        name = case.replace("_", "-")
        parts.append(f"\n### {name}\n\n*Source: {registry.source_of_case(case)}.*\n\n")
        parts.append("| state | γ → 0 | 1/10 | 1/2 | 9/10 | γ → 1 |\n|---|---|---|---|---|---|\n")
        for state, rows in model["expected"].items():
            values = " | ".join(rows[discount]["POWER"] for discount in registry.DISCOUNTS)
            parts.append(f"| {state} | {values} |\n")
    return "".join(parts)


def world_pages() -> dict[str, str]:
    """Return docs/worlds/ and docs/levels/: file name to text."""
    return _load(HERE / "world_pages.py").pages()


def main() -> None:
    """Write all pages, and take away those of worlds that are no more."""
    pages = {"claims.md": claims_page()} | world_pages()
    for old in (*HERE.glob("worlds/*.md"), *HERE.glob("levels/*.md")):
        if f"{old.parent.name}/{old.name}" not in pages:
            old.unlink()
    for name, text in pages.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(text, encoding="utf-8")
        print(f"wrote docs/{name}")


def _load(path: Path) -> ModuleType:
    """Import a file that is in no package on the path."""
    spec = importlib.util.spec_from_file_location(f"_made_from_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
