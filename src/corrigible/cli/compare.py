"""``corrigible compare``: what does each countermeasure buy and cost, world by world?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corrigible.cli.terminal import progress, say
from corrigible.core.config import NUMBERS, WORDS, read_config
from corrigible.core.errors import OptionError

if TYPE_CHECKING:
    from corrigible.countermeasures import Countermeasure

EXAMPLES = """\b
Examples:
  corrigible compare --worlds sokoban
  corrigible compare --worlds sokoban,correction --countermeasures none,aup
  corrigible compare --worlds maze --countermeasures "quantiliser(share=0.1)"
  corrigible compare --countermeasures aup --strength 0.1,1,10 --seeds 5
  corrigible compare --config study.toml --out reports/study
  corrigible compare --out reports/all
  corrigible compare --worlds my_level:WORLD --countermeasures my_toll:Toll
  corrigible compare --list
\b
Exit status: 0 well; 1 if nothing could be computed; 2 bad input; 130
interrupted (with --out, run the same command again to go on).
"""

KINDS = {
    "worlds": WORDS,
    "countermeasures": WORDS,
    "strengths": NUMBERS,
    "seeds": int,
    "horizon": int,
    "samples": int,
    "seed": int,
}
"""What a file of `--config` may say."""

GENERAL = "impact-penalty"
"""Any cell of the design matrix, and no column unless asked for: the published cells have names of their own."""


@click.command(epilog=EXAMPLES, short_help="Compare countermeasures, level by level.")
@click.option(
    "--worlds",
    "worlds",
    multiple=True,
    metavar="NAME,…",
    help="Levels of the literature, worlds of the catalogue, or module:object; `off-switch/letters` takes another "
    "task than the first. Default: all levels.",
)
@click.option(
    "--countermeasures",
    "measures",
    multiple=True,
    metavar="NAME,…",
    help="As `aup`, `quantiliser(share=0.1)` or module:object; `none` holds nothing back. Default: all that come "
    "with Corrigible.",
)
@click.option(
    "--strength",
    "strengths",
    multiple=True,
    metavar="X,…",
    help="Try every countermeasure that has a strength at these; default each one's own ladder.",
)
@click.option("--seeds", type=int, metavar="N", help="Draws of what is drawn or learnt; default 1.")
@click.option("--horizon", type=int, metavar="N", help="Steps of an episode; default each level's own.")
@click.option(
    "--samples", type=int, metavar="N", help="Reward functions over which POWER is averaged; default 200."
)
@click.option("--seed", type=int, metavar="S", help="Seed of POWER's rewards; default 0.")
@click.option("--workers", type=int, metavar="N", help="Processes; default one for each core.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A TOML file with worlds, countermeasures, strengths, seeds, horizon, samples, seed; options win.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write page, JSON and LaTeX here, and keep what is computed so that the same command goes on after an "
    "interruption.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw the curves (.png, .svg or .pdf)."
)
@click.option("--latex", "as_latex", is_flag=True, help="Print the table for a paper.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="Tell the countermeasures, their parameters, promises and failures.",
)
def compare(
    worlds: tuple[str, ...],
    measures: tuple[str, ...],
    strengths: tuple[str, ...],
    seeds: int | None,
    horizon: int | None,
    samples: int | None,
    seed: int | None,
    workers: int | None,
    config: Path | None,
    out: Path | None,
    plot: Path | None,
    as_latex: bool,
    as_json: bool,
    listed: bool,
) -> int:
    """Compare countermeasures: one row a level, one column a countermeasure.

    Each cell says whether the task was done, whether an unauthorised side effect or convergent behaviour
    happened, how much POWER was gained, and whether the agent can still be switched off and corrected; over the
    whole range of the countermeasure's strength, with the area under the curve of task against safety as one
    number.
    """
    from corrigible.cli import compared
    from corrigible.comparison import Comparison
    from corrigible.comparison import compare as run
    from corrigible.comparison.design import rows
    from corrigible.countermeasures.notation import countermeasures, parse_countermeasure

    if as_json and as_latex:
        raise OptionError("`--json` and `--latex` exclude each other", "leave out one of them")
    told = {} if config is None else read_config(config, KINDS)
    names = (
        _split("--countermeasures", measures)
        or told.get("countermeasures")
        or [name for name in countermeasures() if name != GENERAL]
    )
    found: list[Countermeasure] = [parse_countermeasure(name) for name in names]
    if listed:
        compared.tell(found, as_json)
        return 0
    numbers = {"seeds": seeds, "horizon": horizon, "samples": samples, "seed": seed}
    given = {key: told[key] for key in numbers if key in told}
    given |= {key: value for key, value in numbers.items() if value is not None}
    design = Comparison(
        worlds=_split("--worlds", worlds) or told.get("worlds") or rows(),
        countermeasures=found,
        strengths=_numbers(strengths) or told.get("strengths"),
        out=out,
        **given,
    )
    if plot is not None:
        from corrigible.core.files import check_file
        from corrigible.power.axes import require_matplotlib
        from corrigible.power.plots import check_suffix

        check_suffix(plot)
        check_file(plot)
        require_matplotlib()
    with progress() as listens:
        result = run(design, progress=listens, workers=workers)
    files: tuple[Path, ...] = ()
    if out is not None:
        from corrigible.comparison import write

        # Before anything is shown: a closed pipe must not cost the report.
        files = write(result, out)
    if plot is not None:
        from corrigible.comparison.plots import draw
        from corrigible.power.plots import save

        save(draw(result), plot)
        say(f"Picture: {plot}")
    if as_json:
        click.echo(result.to_json())
    elif as_latex:
        from corrigible.comparison.latex import latex

        click.echo(latex(result))
    else:
        compared.show(result)
    if files:
        click.echo(f"Report: {files[0].resolve().as_uri()}", err=as_json or as_latex)
        click.echo(f"Beside it: {', '.join(file.name for file in files[1:])}", err=as_json or as_latex)
    if not any(entry.at_best for entry in result.entries):
        say("corrigible: nothing could be computed; this says nothing about the countermeasures")
        return 1
    return 0


def _split(option: str, given: tuple[str, ...]) -> list[str]:
    """Return what is between the commas that are in no brackets."""
    found: list[str] = []
    for text in given:
        depth, part = 0, ""
        for letter in text + ",":
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                found.append(part.strip())
                part = ""
            else:
                part += letter
        if depth:
            raise OptionError(f"`{option} {text}` has a bracket too few or too many", "close what you open")
    if not all(found):
        raise OptionError(f"`{option} {','.join(given)}` has an empty name", "leave out the comma")
    return found


def _numbers(given: tuple[str, ...]) -> list[float] | None:
    """Return strengths as whole numbers where they are written so."""
    found: list[float] = []
    for text in _split("--strength", given):
        try:
            found.append(json.loads(text) if text.lstrip("-").isdigit() else float(text))
        except ValueError:
            raise OptionError(
                f"the strength `{text}` is no number", "for example `--strength 0.1,1,10`"
            ) from None
    return found or None
