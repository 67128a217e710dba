"""``corrigible worlds``: the catalogue, and one world in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from corrigible.cli.terminal import console, table

if TYPE_CHECKING:
    from corrigible.worlds import World

EXAMPLES = """\b
Examples:
  corrigible worlds
  corrigible worlds off-switch
  corrigible worlds off-switch --json
  corrigible worlds my_module:MY_WORLD
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
    shown = table("Worlds", ("world", "situation", "drives", "goals"), numbers=("goals",))
    for row in rows:
        shown.add_row(row["world"], row["title"], ", ".join(row["drives"]), str(row["goals"]))
    console().print(shown)


def _tell(world: World, as_json: bool) -> None:
    about = describe(world)
    if as_json:
        _print_json(about)
        return
    out = console()
    out.print(f"[bold]{world.name}[/bold]: {world.title}\n")
    out.print(world.summary + "\n")
    out.print(f"[bold]Story.[/bold] {about['story']}\n")
    out.print(f"[bold]In the world:[/bold] {about['fact']}")
    out.print(f"[bold]In the control:[/bold] {about['control_fact']}\n")
    if about["training"] is not None:
        out.print(f"[bold]In training:[/bold] {about['training']}\n")
    behaviours = table("Behaviours", ("behaviour", "drive", "gravity", "what is seen"))
    for b in about["behaviours"]:
        behaviours.add_row(b["name"], b["drive"], b["gravity"], b["description"])
    out.print(behaviours)
    goals = table(
        "Goals, and what theory says of an optimal agent",
        ("goal", "instruction", *(f"{b['name']}: gain" for b in about["behaviours"])),
    )
    for g in about["goals"]:
        goals.add_row(g["name"], g["instruction"], *(_gain(p) for p in g["theory"]))
    out.print(goals)
    tools = table("Tools", ("tool", "arguments", "what it does", "how calls are understood"))
    for t in about["tools"]:
        tools.add_row(
            t["name"], ", ".join(t["parameters"].get("properties", {})), t["description"], t["rule"]
        )
    out.print(tools)
    out.print(f"[bold]Actions.[/bold] {', '.join(about['actions'])}\n")
    size = about["size"]
    out.print(
        f"[bold]Size.[/bold] {size['states']} states, {size['pairs']} actions in them, "
        f"{size['outcomes']} outcomes, at most {size['horizon']} steps; "
        f"the control has {size['control_states']} states.\n"
    )
    out.print(f"[bold]Source.[/bold] {world.source}")


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


def _gain(theory: dict[str, Any]) -> str:
    if not theory["useful"]:
        return "of no use"
    low, high = theory["least"], theory["most"]
    shown = f"{low:.0%}" if abs(high - low) < 0.005 else f"{low:.0%}–{high:.0%}"
    return f"{theory['gain']:+.3f} (optimal: {shown})"


def _print_json(value: Any) -> None:
    from corrigible.core.results import to_json

    click.echo(to_json(value))
