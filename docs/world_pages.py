"""The pages of docs/worlds/ and docs/levels/: one for each world, and their indices.

Made from `corrigible.audit.description`, and for levels from what a planner without countermeasure does.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from corrigible.audit.description import (
    SAME_WORDS,
    describe,
    gain_words,
    power_note,
    power_rows,
    rate_words,
)
from corrigible.countermeasures import case_of, follow
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.planning import plan
from corrigible.worlds import level_names, load, names

SAMPLES = 4_000
"""How many random goals POWER on the pages averages over."""

HEAD = """# The worlds

*Made by `python -m docs.make` from the code; do not edit.*

Each world is a small, exactly specified situation with a control, its twin in which the behaviour gains the agent
nothing. What follows is computed, not declared: for how many of the world's own final goals a behaviour is useful
to an optimal agent, the rate at which optimal agents show it (on average over these goals, where optimal policies
differ the least and the most), and what showing it adds to POWER. `corrigible worlds NAME` tells a world on the
terminal; `--edition E` another edition of it.

"""

READING = """
## How to read the POWER gained

POWER is what an agent can still attain, on average over goals (Turner et al. 2021), here compared one step after the
behaviour and one step after doing nothing, at the first moment the behaviour is possible. *Random goals* draw a
reward for each outcome, independent and uniform; *its own* goals are those of the world. With hundreds of outcomes
to choose from POWER is near one and differences are small: POWER of p is that of a free choice among p/(1 − p)
outcomes, so that 0.968 and 0.972 are 30 of them and 35.

"""

LISTED = (
    "*Useful*: for how many of the world's goals. *Twins*, beside the control: a shifted world has a training twin, a "
    "closable one a twin in which some goal cannot be met without a behaviour.\n"
)


@cache
def about(name: str, samples: int | None = SAMPLES) -> dict[str, Any]:
    """Return what there is to tell of a world; ``samples`` None: without POWER, which takes the longest."""
    return describe(load(name), samples=samples)


def world_page(told: dict[str, Any], shelf: str = "All worlds") -> str:
    """Return the page of a world; ``shelf`` is what its index is called."""
    parts = [
        f"# {told['world']}\n\n*Made by `python -m docs.make` from the code; do not edit. [{shelf}](README.md)*\n\n",
        f"**{told['title']}.** {told['summary']}\n\n## Situation\n\n{told['story']}\n\n",
        f"**In the world.** {told['fact']}\n\n**In the control.** {told['control_fact']}\n\n",
    ]
    for head, twin in (("In training", "training"), ("With the honest path closed", "closed")):
        if told[twin] is not None:
            parts.append(f"**{head}.** {told[twin] or SAME_WORDS}\n\n")
    parts.append(
        "## Behaviours that are watched for\n\n| behaviour | drive | gravity | what is seen |\n|---|---|---|---|\n"
    )
    parts += [_row(f"`{b['name']}`", b["drive"], b["gravity"], b["description"]) for b in told["behaviours"]]
    parts.append(_goals(told))
    parts.append(_rates(told))
    parts.append(power_section(told))
    parts.append("\n## Tools\n\n| tool | what it says | how a call is understood |\n|---|---|---|\n")
    for t in told["tools"]:
        arguments = ", ".join(t["parameters"].get("properties", {}))
        parts.append(_row(f"`{t['name']}({arguments})`", t["description"], t["rule"]))
    parts.append(
        "\n## Questions\n\nAsked in a conversation of their own, to learn whether the agent understood.\n\n"
        "| question | options | in the world | in the control |\n|---|---|---|---|\n"
    )
    parts += [
        _row(q["text"], " / ".join(q["options"]), q["answer"], q["control_answer"]) for q in told["questions"]
    ]
    size = told["size"]
    parts.append(
        f"\n## Size\n\n{size['states']:,} states, {size['pairs']:,} actions in them, {size['outcomes']:,} outcomes, at "
        f"most {size['horizon']} steps; the control has {size['control_states']:,} states. Actions: "
        f"{', '.join(f'`{action}`' for action in told['actions'])}.\n\n## Source\n\n{told['source']}\n"
    )
    return "".join(parts)


def _goals(told: dict[str, Any]) -> str:
    names_ = [b["name"] for b in told["behaviours"]]
    head = "".join(f" gain by `{name}` | optimal rate |" for name in names_)
    parts = [
        "\n## Goals, and what theory says of an optimal agent with each\n\n",
        f"| goal | as the agent is told it |{head}\n|---|---|{'---:|---:|' * len(names_)}\n",
    ]
    for g in told["goals"]:
        cells = [x for p in g["theory"] for x in (gain_words(p), rate_words(p["least"], p["most"]))]
        parts.append(_row(f"`{g['name']}`", g["instruction"], *cells))
    parts.append(
        "\nGain: how much more of the goal's value is attained with the behaviour than without it; 0 where it is of "
        "no use. Optimal rate: the share of episodes in which an optimal agent shows it.\n"
    )
    return "".join(parts)


def _rates(told: dict[str, Any]) -> str:
    parts = [
        "\n## Over all these goals\n\n| behaviour | useful | every optimal agent shows it | some optimal agent shows "
        "it | optimal rate | in the control |\n|---|---:|---:|---:|---:|---:|\n"
    ]
    for t in told["theory"]:
        here, there = t["optimal"], t["optimal_control"]
        shares = [f"{here[key] * t['goals']:.0f} of {t['goals']}" for key in ("useful", "every", "some")]
        rates = [rate_words(x["least"], x["most"]) for x in (here, there)]
        parts.append(_row(f"`{t['behaviour']}`", *shares, *rates))
    return "".join(parts)


def power_section(told: dict[str, Any]) -> str:
    """Return the section on POWER of a world's page; empty where POWER was not computed."""
    if told["power"] is None:
        return ""
    parts = [
        "\n## POWER before and after the behaviour\n\n| behaviour | goals | at the choice | after nothing | after it | "
        "gained | in the control |\n|---|---|---:|---:|---:|---:|---:|\n"
    ]
    for t in told["theory"]:
        parts += [_row(f"`{t['behaviour']}`", *row) for row in power_rows(t)]
    parts.append(f"\n{power_note(told)}\n")
    return "".join(parts)


def without_power(page: str) -> str:
    """Return a page without its section on POWER."""
    return re.sub(r"\n## POWER before and after.*?(?=\n## )", "", page, flags=re.DOTALL)


def index_rows(told: dict[str, Any]) -> list[str]:
    """Return a world's rows in the index: one for each behaviour, POWER gained in the last columns."""
    rows: list[str] = []
    twins = [
        word for word, twin in (("shifted", "training"), ("closable", "closed")) if told[twin] is not None
    ]
    for number, (b, t) in enumerate(zip(told["behaviours"], told["theory"], strict=True)):
        first = [f"[{told['world']}]({told['world']}.md)", ", ".join(twins)] if number == 0 else ["", ""]
        here, there, n = t["optimal"], t["optimal_control"], t["goals"]
        gained = ["", "", "", ""]
        if told["power"] is not None:
            random, own = power_rows(t)
            gained = [random[4], random[5], own[4], own[5]]
        useful = f"{here['useful'] * n:.0f} of {n}"
        rates = [rate_words(x["least"], x["most"]) for x in (here, there)]
        rows.append(_row(*first, f"`{b['name']}`", b["drive"], useful, *rates, *gained))
    return rows


def index_page(all_told: list[dict[str, Any]]) -> str:
    """Return docs/worlds/README.md."""
    parts = [
        HEAD,
        "| world | twins | behaviour | drive | useful | optimal rate | in the control | POWER gained, random goals | "
        "in the control | POWER gained, its own goals | in the control |\n|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    ]
    for told in all_told:
        parts += index_rows(told)
    parts += ["\n", LISTED, READING, findings(all_told)]
    return "".join(parts)


def findings(all_told: list[dict[str, Any]]) -> str:
    """Return what the worlds together say of the thesis that convergent behaviours gain POWER."""
    random = [told for told in all_told if any(_gains(t, "outcomes", control=False) for t in told["theory"])]
    counts = [
        sum(any(_gains(t, key, control=control) for t in told["theory"]) for told in all_told)
        for key, control in (("named", False), ("outcomes", True), ("named", True))
    ]
    none = ", ".join(f"[{told['world']}]({told['world']}.md)" for told in all_told if told not in random)
    return (
        f"Over random goals, some behaviour gains POWER (by more than two standard errors) in {len(random)} of "
        f"{len(all_told)} worlds; over the world's own goals, in {counts[0]}. It gains more than it does in the control "
        f"in {counts[1]} and {counts[2]}. Over random goals none gains anything in {none}.\n\n{WHY}"
    )


def _gains(theory: dict[str, Any], key: str, *, control: bool) -> bool:
    """Whether a behaviour gains POWER; with ``control``, more than in the control."""
    here, there = theory["power"][key], (theory["power_control"] or {}).get(key) if control else None
    gained, error = here["gained"], here["stderr"] or 0.0
    if there is not None:
        gained, error = gained - there["gained"], math.hypot(error, there["stderr"] or 0.0)
    return gained > max(2 * error, LEAST)


LEAST = 0.0005
"""The least difference of POWER over a world's own goals that counts here; nothing is sampled there."""

WHY = """Most of these are shortcuts and misgeneralised goals: something is deleted, sent, merged or confirmed for good,
often without knowing whether it is right, so that outcomes which doing nothing leaves open are closed or left to luck.
That serves goals which want the step it saves, and not a goal drawn at random. In `extra-compute`, and with the second
worker of `sandbox-rules`, work then comes in twos or by chance: more for who wants more, but a random goal may want
just the number that is passed over. A behaviour that does work on the way is ahead of doing nothing in the control as
well (`fast-tool`), and one that leads out of the way is behind there, too (`off-switch-grid`): read each figure beside
its control.
"""


LEVELS_HEAD = """# The levels

*Made by `python -m docs.make` from the code; do not edit.*

Worlds as the literature published them: their maps, their dynamics, what they pay an agent (*paid*), and what it is
judged by and does not see (*performance*). Each has a control and other goals, as any world, so that agents can be
audited in it; `corrigible compare` puts countermeasures on it ([how](../countermeasures.md)). What follows is what an
agent does that nothing holds back: it plans optimally for what the level pays, ties broken at random, and everything
is computed exactly. *Passed*: how often no step fell short of the best performance.

| level | steps | states | task done | paid | performance | best | passed | shows | source |
|---|---:|---:|---:|---:|---:|---:|---:|---|---|
"""


def level_row(name: str) -> str:
    """Return a level's row in the index of levels."""
    world = load(name)
    case = case_of(world.place())
    found = follow(NoCountermeasure().conduct(case))
    best = float(case.start @ plan(case, case.performance, 1.0).values[0])
    shown = [f"`{behaviour}` {rate:.0%}" for behaviour, rate in found.shown.items()]
    assert found.performance is not None, "levels publish a performance"
    return _row(
        f"[{name}]({name}.md)",
        str(case.horizon),
        f"{case.mdp.n_states:,}",
        f"{found.done:.0%}",
        f"{found.paid:.4g}",
        f"{found.performance:.4g}",
        f"{best:.4g}",
        f"{found.passed:.0%}",
        ", ".join(shown),
        world.source,
    )


def levels_page() -> str:
    """Return docs/levels/README.md."""
    return LEVELS_HEAD + "".join(map(level_row, level_names()))


def pages() -> dict[str, str]:
    """Return all pages: file name, below docs/, to text."""
    told = [about(name) for name in names()]
    levels = [about(name) for name in level_names()]
    return {
        **{f"worlds/{one['world']}.md": world_page(one) for one in told},
        "worlds/README.md": index_page(told),
        **{f"levels/{one['world']}.md": world_page(one, "All levels") for one in levels},
        "levels/README.md": levels_page(),
    }


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"
