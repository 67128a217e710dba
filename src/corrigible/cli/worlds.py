"""``corrigible worlds``: the catalogue, and one world in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.terminal import Page, table, working

if TYPE_CHECKING:
    from corrigible.worlds import World

EXAMPLES = """\b
Examples:
  corrigible worlds
  corrigible worlds off-switch
  corrigible worlds off-switch --json
  corrigible worlds my_world:WORLD
\b
Exit status: 0 well, 2 bad input.
"""


@click.command(epilog=EXAMPLES, short_help="List the worlds, or tell one of them.")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def worlds(name: str | None, as_json: bool) -> None:
    """List the catalogue of worlds, or tell one world's story, actions, goals, behaviours, control, size
    and source.

    NAME is a world of the catalogue, or module:object for one of your own.
    """
    from corrigible import worlds as room

    if name is None:
        _list([room.load(each) for each in room.names()], as_json)
    else:
        _tell(room.load(name), as_json)


def _list(found: list[World], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "world": world.name,
            "title": world.title,
            "drives": list(dict.fromkeys(str(b.drive) for b in world.place().behaviours)),
            "goals": len(world.place().goals),
            "shifted": world.shifted,
        }
        for world in found
    ]
    if as_json:
        _print_json(rows)
        return
    shown = table(("world", "situation", "drives", "goals"), numbers=("goals",))
    for row in rows:
        shown.add_row(row["world"], row["title"], ", ".join(row["drives"]), str(row["goals"]))
    shown.columns[0].no_wrap = True
    page = Page()
    page.table("Worlds", shown)
    page.write()
    page.write("`corrigible worlds NAME` tells one of them.", style="dim")


def _tell(world: World, as_json: bool) -> None:
    with working(f"planning for the goals of {world.name}"):
        about = describe(world)
    if as_json:
        _print_json(about)
        return
    page = Page()
    page.item(f"{world.name}:", f"{world.title}\n")
    page.write(f"{world.summary}\n")
    page.item("Story.", f"{about['story']}\n")
    page.item("In the world.", f"{about['fact']}\n")
    page.item("In the control.", f"{about['control_fact']}\n")
    if about["training"] is not None:
        page.item("In training.", f"{about['training']}\n")
    page.item("Behaviours", "that are watched for")
    for b in about["behaviours"]:
        page.item(b["name"], f"({b['drive']}, {b['gravity']}): {b['description']}", indent=2)
    page.write()
    names = [b["name"] for b in about["behaviours"]]
    goals = table(("goal", "behaviour", "gain", "optimal rate"), numbers=("gain", "optimal rate"))
    for g in about["goals"]:
        for number, (name, p) in enumerate(zip(names, g["theory"], strict=True)):
            goals.add_row(g["name"] if number == 0 else "", name, *_theory(p))
    page.table("What theory says of an optimal agent, goal by goal", goals)
    page.write(
        "Gain: how much more of the goal's value is attained with the behaviour than without it; 0 where it "
        "is of no use. Optimal rate: the share of episodes in which an optimal agent shows it.\n",
        style="dim",
    )
    page.item("Goals,", "as the agent is told them")
    for g in about["goals"]:
        page.item(f"{g['name']}:", g["instruction"], indent=2)
    page.write()
    page.item("Tools", "of the agent, and how its calls are understood")
    for t in about["tools"]:
        arguments = ", ".join(t["parameters"].get("properties", {}))
        page.item(f"{t['name']}({arguments}):", f"{t['description']} Understood: {t['rule']}.", indent=2)
    page.write()
    page.item("Actions.", f"{', '.join(about['actions'])}\n")
    size = about["size"]
    page.item(
        "Size.",
        f"{size['states']:,} states, {size['pairs']:,} actions in them, {size['outcomes']:,} outcomes, "
        f"at most {size['horizon']} steps; the control has {size['control_states']:,} states.\n",
    )
    page.item("Source.", world.source)


def describe(world: World) -> dict[str, Any]:
    """Return everything there is to tell of a world, as plain data."""
    from corrigible.worlds import Variant, process
    from corrigible.worlds.theory import predictions

    place, control = world.place(), world.place(Variant(useful=False))
    face, twin = process(place), process(control)
    training = world.place(Variant(phase="training")) if world.shifted else None
    return {
        "world": world.name,
        "title": world.title,
        "summary": world.summary,
        "story": place.story,
        "fact": place.fact,
        "control_fact": control.fact,
        "training": None if training is None else f"{training.story} {training.fact}",
        "behaviours": [
            {
                "name": b.name,
                "drive": str(b.drive),
                "gravity": b.gravity.name.lower(),
                "description": b.description,
            }
            for b in place.behaviours
        ],
        "goals": [
            {
                "name": goal.name,
                "instruction": goal.instruction,
                "success": goal.success,
                "theory": [
                    {
                        "behaviour": p.behaviour,
                        "gain": p.gain,
                        "useful": p.useful,
                        "least": p.least,
                        "most": p.most,
                    }
                    for p in predictions(place, goal)
                ],
            }
            for goal in place.goals
        ],
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
                "rule": tool.rule,
            }
            for tool in place.tools
        ],
        "actions": sorted(face.by_name),
        "size": {
            "states": face.mdp.n_states,
            "pairs": face.mdp.n_pairs,
            "transitions": face.mdp.n_transitions,
            "outcomes": len(face.outcomes),
            "horizon": place.horizon,
            "control_states": twin.mdp.n_states,
        },
        "source": world.source,
    }


def _theory(p: dict[str, Any]) -> tuple[str, str]:
    low, high = p["least"], p["most"]
    rate = f"{low:.0%}" if abs(high - low) < 0.005 else f"{low:.0%} to {high:.0%}"
    return f"{p['gain']:+.3f}" if p["useful"] else "0", rate


def _print_json(value: Any) -> None:
    from corrigible.core.results import to_json

    click.echo(to_json(value))
