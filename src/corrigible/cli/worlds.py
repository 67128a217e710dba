"""``corrigible worlds``: the catalogue, and one world in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.beside import WithOthers
from corrigible.cli.serve import serve
from corrigible.cli.terminal import Page, table, working
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from corrigible.worlds import World

EXAMPLES = """\b
Examples:
  corrigible worlds
  corrigible worlds off-switch
  corrigible worlds off-switch --json
  corrigible worlds off-switch --edition 7
  corrigible worlds my_world:WORLD
  corrigible worlds serve off-switch --http
\b
Exit status: 0 well, 2 bad input.
"""


@click.command(cls=WithOthers, epilog=EXAMPLES, short_help="List, tell or serve worlds.")
@click.argument("name", required=False, metavar="[NAME]")
@click.option(
    "--edition", type=int, metavar="E", help="Tell this edition of the world; default 0, the published one."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def worlds(name: str | None, edition: int | None, as_json: bool) -> None:
    """List the catalogue of worlds, or tell one world's story, actions, goals, behaviours, control, size
    and source, and what theory says of it: which goals have a use for each behaviour, how often optimal
    agents show it, and POWER before and after it.

    NAME is a world of the catalogue or a level of the literature, or module:object for one of your own.
    """
    from corrigible import worlds as room

    if name is not None:
        _tell(room.load(name), edition or 0, as_json)
        return
    if edition is not None:
        raise OptionError(f"the edition `{edition}` is given without a world", "name the world to tell")
    shelves = {"Worlds": room.names(), "Levels of the literature": room.level_names()}
    found = {shelf: [_row(room.load(each)) for each in listed] for shelf, listed in shelves.items()}
    if as_json:
        level = "Levels of the literature"
        _print_json([row | {"level": shelf == level} for shelf, rows in found.items() for row in rows])
        return
    _list(found)


worlds.add(serve)


def _row(world: World) -> dict[str, Any]:
    place = world.place()
    return {
        "world": world.name,
        "title": world.title,
        "drives": list(dict.fromkeys(str(b.drive) for b in place.behaviours)),
        "goals": len(place.goals),
        "shifted": world.shifted,
        "closable": world.closable,
    }


def _list(shelves: dict[str, list[dict[str, Any]]]) -> None:
    page = Page()
    for shelf, rows in shelves.items():
        shown = table(("world", "situation", "drives", "goals"), numbers=("goals",))
        for row in rows:
            shown.add_row(row["world"], row["title"], ", ".join(row["drives"]), str(row["goals"]))
        shown.columns[0].no_wrap = True
        page.table(shelf, shown)
        page.write()
    page.write("`corrigible worlds NAME` tells one of them.", style="dim")


def _tell(world: World, edition: int, as_json: bool) -> None:
    from corrigible.audit.description import (
        SAME_WORDS,
        describe,
        gain_words,
        power_note,
        power_rows,
        rate_words,
    )

    with working(f"planning for the goals of {world.name}"):
        about = describe(world, edition)
    if as_json:
        _print_json(about)
        return
    page = Page()
    named = f"{world.name}:" if edition == 0 else f"{world.name}, edition {edition}:"
    page.item(named, f"{world.title}\n")
    page.write(world.summary)
    page.write()
    page.item("Story.", f"{about['story']}\n")
    page.item("In the world.", f"{about['fact']}\n")
    page.item("In the control.", f"{about['control_fact']}\n")
    for head, twin in (("In training.", "training"), ("With the honest path closed.", "closed")):
        if about[twin] is not None:
            page.item(head, f"{about[twin] or SAME_WORDS}\n")
    page.item("Behaviours", "that are watched for")
    for b in about["behaviours"]:
        page.item(b["name"], f"({b['drive']}, {b['gravity']}): {b['description']}", indent=2)
    page.write()
    names = [b["name"] for b in about["behaviours"]]
    goals = table(("goal", "behaviour", "gain", "optimal rate"), numbers=("gain", "optimal rate"))
    for g in about["goals"]:
        for number, (name, p) in enumerate(zip(names, g["theory"], strict=True)):
            rate = rate_words(p["least"], p["most"])
            goals.add_row(g["name"] if number == 0 else "", name, gain_words(p), rate)
    page.table("What theory says of an optimal agent, goal by goal", goals)
    page.write(
        "Gain: how much more of the goal's value is attained with the behaviour than without it; 0 where it "
        "is of no use. Optimal rate: the share of episodes in which an optimal agent shows it.",
        style="dim",
    )
    page.write()
    rates = table(
        (
            "behaviour",
            "useful",
            "every optimal agent",
            "some optimal agent",
            "optimal rate",
            "in the control",
        ),
        numbers=("useful", "every optimal agent", "some optimal agent", "optimal rate", "in the control"),
    )
    for t in about["theory"]:
        here, there, n = t["optimal"], t["optimal_control"], t["goals"]
        shares = (f"{here[key] * n:.0f} of {n}" for key in ("useful", "every", "some"))
        there = rate_words(there["least"], there["most"])
        rates.add_row(t["behaviour"], *shares, rate_words(here["least"], here["most"]), there)
    page.table("Over all these goals", rates)
    page.write(
        "For how many goals the behaviour is useful, every optimal agent shows it, some optimal agent shows it; and "
        "the optimal rate, on average over the goals, here and in the control.",
        style="dim",
    )
    page.write()
    numbers = ("at the choice", "after nothing", "after it", "gained", "in the control")
    power = table(("behaviour", "goals", *numbers), numbers=numbers)
    for t in about["theory"]:
        for number, row in enumerate(power_rows(t)):
            power.add_row(t["behaviour"] if number == 0 else "", *row)
    page.table("POWER before and after the behaviour", power)
    page.write(power_note(about), style="dim")
    page.write()
    page.item("Goals,", "as the agent is told them")
    for g in about["goals"]:
        page.item(f"{g['name']}:", g["instruction"], indent=2)
    page.write()
    page.item("Tools", "of the agent, and how its calls are understood")
    for t in about["tools"]:
        arguments = ", ".join(t["parameters"].get("properties", {}))
        page.item(f"{t['name']}({arguments}):", f"{t['description']} Understood: {t['rule']}.", indent=2)
    page.write()
    page.item("Questions,", "asked in a conversation of their own")
    for q in about["questions"]:
        told = f"Here: {q['answer']} In the control: {q['control_answer']}"
        page.item(q["text"], told, indent=2)
    page.write()
    page.item("Actions.", f"{', '.join(about['actions'])}\n")
    size = about["size"]
    page.item(
        "Size.",
        f"{size['states']:,} states, {size['pairs']:,} actions in them, {size['outcomes']:,} outcomes, "
        f"at most {size['horizon']} steps; the control has {size['control_states']:,} states.\n",
    )
    page.item("Source.", world.source)


def _print_json(value: Any) -> None:
    from corrigible.core.results import to_json

    click.echo(to_json(value))
