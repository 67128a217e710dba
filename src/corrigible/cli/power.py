"""``corrigible power``: how much could an agent still attain from here, over many goals?"""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from corrigible.cli import power_page
from corrigible.cli.terminal import progress, say, working

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Executor

    from matplotlib.figure import Figure

    from corrigible.cli.source import Source

EXAMPLES = """\b
Examples:
  corrigible power off-switch
  corrigible power off-switch --versus control --rewards goals
  corrigible power maze.txt --discount 0.9 --discount 0.99 --plot maze.svg
  corrigible power turner-figure-1.toml --exact --discount 1/2 --discount 1
  corrigible power maze.txt --agent "boltzmann(0.1)" --design sobol
  corrigible power room.txt --human -0.5 --plot alignment.svg
  corrigible power gym:FrozenLake-v1 --samples 10000 --seed 1
  corrigible power model.tra --rewards "beta(2, 5)" --state x=1,y=0
  corrigible power model.npz --target-stderr 0.001 --csv > power.csv
\b
Text maps: `#` is a wall, any other character a free cell, `S` the start;
one may stay or move up, down, left, right.
\b
Exit status: 0 well, 2 bad input, 130 interrupted.
"""


class _Discount(click.ParamType[Fraction, Any]):
    """A number from 0 to 1, as a fraction: ``0.99``, ``9/10``."""

    name = "γ"

    def convert(self, value: Any, param: Any, ctx: Any) -> Fraction:
        """Return it exactly as it was typed."""
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"`{value}` is no number; write for example 0.99 or 9/10", param, ctx)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for on the command line, of a source that was read."""

    source: Source
    rewards: Any
    discounts: tuple[Fraction, ...]
    samples: int | None
    target_stderr: float | None
    seed: int
    design: Any
    agent: Any
    state: Any
    why: str
    workers: int | None
    scheduler: str | None

    @property
    def gammas(self) -> list[float]:
        """The discounts as floats."""
        return [float(discount) for discount in self.discounts]

    @property
    def drawing(self) -> dict[str, Any]:
        """How goals are drawn, as `estimate` takes it."""
        return {
            "samples": self.samples,
            "seed": self.seed,
            "target_stderr": self.target_stderr,
            "design": self.design,
            "workers": self.workers,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answered:
    """What came of it, in each form that may be wanted."""

    show: Callable[[], None]
    told: Callable[[], dict[str, Any]]
    rows: Callable[[], tuple[Sequence[str], list[Sequence[Any]]]]
    picture: Callable[[], Figure]


@click.command(epilog=EXAMPLES, short_help="Compute POWER and preferred actions of a model.")
@click.argument("source")
@click.option(
    "--discount",
    "discounts",
    type=_Discount(),
    multiple=True,
    help="From 0 to 1, which mean the limits; repeatable; default 0.9. Discounts share their reward samples.",
)
@click.option(
    "--rewards",
    metavar="NAME",
    help="uniform (default), one-hot, any SciPy distribution as in `beta(2, 5)`, sparse(3), smooth(2), "
    "factors, features:FILE, table:FILE, empirical:FILE; for worlds also `goals`, the named goals.",
)
@click.option("--samples", type=int, metavar="N", help="Reward functions to draw; default 1000.")
@click.option(
    "--target-stderr", type=float, metavar="E", help="Draw until every standard error is at most E."
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Seed of the rewards.")
@click.option(
    "--design",
    type=click.Choice(["independent", "antithetic", "stratified", "sobol"]),
    default="independent",
    show_default=True,
    help="How rewards are drawn; the others have smaller errors for the same work.",
)
@click.option("--state", metavar="LABEL", help="Ask for preferred actions here instead of at the start.")
@click.option(
    "--agent",
    metavar="KIND",
    help="POWER of an agent that is not optimal: boltzmann(T), epsilon-greedy(E), limited-horizon(N), "
    "noisy-model(E).",
)
@click.option("--exact", is_flag=True, help="Fractions instead of samples, for small models.")
@click.option(
    "--versus",
    metavar="SOURCE",
    help="How much more POWER than in another model, goal by goal; for worlds also `control` or `training`.",
)
@click.option(
    "--human",
    type=float,
    metavar="C",
    help="Put a human on the map beside the agent, whose rewards correlate with the agent's by C, −1 to 1.",
)
@click.option(
    "--twin",
    type=click.Choice(["world", "control", "training"]),
    help="For worlds: which twin; default world.",
)
@click.option(
    "--on",
    type=click.Choice(["outcomes", "states"]),
    help="For worlds: draw rewards on outcomes (default), or on bare states.",
)
@click.option("--workers", type=int, metavar="N", help="Threads; default one for each core.")
@click.option(
    "--dask",
    "scheduler",
    metavar="ADDRESS",
    help="Work on the machines of a Dask cluster, for example tcp://host:8786; the numbers stay the same.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: state, power, stderr, discount.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw into a .png, .svg or .pdf file."
)
def power(
    source: str,
    discounts: tuple[Fraction, ...],
    rewards: str | None,
    samples: int | None,
    target_stderr: float | None,
    seed: int,
    design: str,
    state: str | None,
    agent: str | None,
    exact: bool,
    versus: str | None,
    human: float | None,
    twin: str | None,
    on: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    as_csv: bool,
    plot: Path | None,
) -> None:
    """Compute POWER of every state of SOURCE with standard errors, and which actions most goals prefer at
    the start.

    SOURCE is a world of the catalogue, a text map (maze.txt), a .toml file of edges, gym:ID for a Gymnasium
    environment with a transition table, a PRISM explicit-state model (model.tra, with .sta and .lab beside
    it if there), or an .npz file with a transition tensor.
    """
    from corrigible.cli.source import read_source
    from corrigible.core.seeds import check_seed

    given = click.get_current_context().get_parameter_source
    _check_together(
        [
            name
            for name, on_ in (("--exact", exact), ("--versus", versus), ("--human", human is not None))
            if on_
        ],
        {
            "--exact": [
                f"--{name.replace('_', '-')}"
                for name in ("samples", "target_stderr", "seed", "design", "agent", "workers", "scheduler")
                if given(name) is click.core.ParameterSource.COMMANDLINE
            ],
            "--human": [
                f"--{name.replace('_', '-')}"
                for name in ("target_stderr", "design", "agent", "state", "rewards", "scheduler")
                if given(name) is click.core.ParameterSource.COMMANDLINE
            ],
            "--versus": ["--state"] if state is not None else [],
            "": ["--json", "--csv"] if as_json and as_csv else [],
        },
    )
    if plot is not None:
        _check_plot(plot, exact)
    chosen = discounts or (Fraction(9, 10),)
    check_seed(seed)
    _check_rewards(rewards)
    acts = None
    if agent is not None:
        from corrigible.power.bounded import parse_agent

        acts = parse_agent(agent)
    with working(f"reading {source}"):
        found = read_source(source, twin, on)
        other = None if versus is None else _other(source, versus, twin, on)
        label, why = found.start()
        if state is not None:
            label, why = found.names.find(state, found.mdp.states), "asked for"
    asked = Asked(
        source=found,
        rewards=_rewards(found, rewards, on),
        discounts=chosen,
        samples=samples,
        target_stderr=target_stderr,
        seed=seed,
        design=design,
        agent=acts,
        state=label,
        why=why,
        workers=workers,
        scheduler=scheduler,
    )
    answered = _answered(asked, other, human, exact)
    if plot is not None:
        from corrigible.power.plots import save

        with working(f"drawing {plot}"):
            save(answered.picture(), plot)
    if as_json:
        from corrigible.core.results import to_json

        click.echo(to_json(answered.told()))
    elif as_csv:
        power_page.print_csv(*answered.rows())
    else:
        answered.show()
    if plot is not None:
        say(f"Picture: {plot}")


def _answered(asked: Asked, other: Source | None, human: float | None, exact: bool) -> Answered:
    """Compute what was asked for, each kind in a file of its own."""
    if exact:
        from corrigible.cli.power_exact import exactly

        return exactly(asked)
    if human is not None:
        from corrigible.cli.power_human import beside

        with progress() as listens:
            return beside(asked, human, listens)
    with _elsewhere(asked.scheduler) as executor, progress() as listens:
        if other is not None:
            from corrigible.cli.power_versus import compared

            return compared(asked, other, executor, listens)
        from corrigible.cli.power_sampled import sampled

        return sampled(asked, executor, listens)


def _check_together(kinds: list[str], refused: dict[str, list[str]]) -> None:
    """Refuse options that say nothing, or different things, together."""
    from corrigible.core.errors import OptionError

    for pair in (kinds, refused[""], *([kind, *refused[kind]] for kind in kinds)):
        if len(pair) > 1:
            raise OptionError(f"`{pair[0]}` and `{pair[1]}` exclude each other", "leave out one of them")


@contextmanager
def _elsewhere(scheduler: str | None) -> Generator[Executor | None]:
    """Yield the workers of a Dask scheduler, if there is one."""
    if scheduler is None:
        yield None
        return
    from corrigible.power.cluster import dask

    with ExitStack() as stack:
        with working(f"asking the Dask scheduler at {scheduler}"):
            executor = stack.enter_context(dask(scheduler))
        yield executor


def _check_plot(path: Path, exact: bool) -> None:
    """Find out before the work whether there can be a picture."""
    from corrigible.core.errors import OptionError
    from corrigible.core.files import check_file
    from corrigible.power.axes import require_matplotlib
    from corrigible.power.plots import check_suffix

    if exact:
        raise OptionError(
            "`--exact` and `--plot` exclude each other", "samples are drawn, fractions are read"
        )
    check_suffix(path)
    check_file(path)
    require_matplotlib()


def _other(source: str, versus: str, twin: str | None, on: str | None) -> Source:
    """Read what to compare with: a source, or another twin of the same world."""
    from corrigible.cli.source import read_source

    if versus in ("control", "training", "world"):
        return read_source(source, versus, on)
    return read_source(versus, twin, on)


def _check_rewards(text: str | None) -> None:
    """Refuse, before the source is read, what cannot be drawn anywhere."""
    from corrigible.power import parse_rewards

    if text is not None and not _named_goals(text):
        parse_rewards(text)


def _named_goals(text: str) -> bool:
    return text.strip().casefold() == "goals"


def _rewards(source: Source, text: str | None, on: str | None) -> Any:
    """Return the rewards that were asked for: on outcomes for worlds, on states otherwise."""
    from corrigible.core.errors import OptionError
    from corrigible.power import Table, parse_rewards

    if text is not None and _named_goals(text):
        if source.goals is None:
            raise OptionError("`--rewards goals` needs a world", f"`{source.name}` has no named goals")
        if on is not None:
            raise OptionError(
                f"`--rewards goals` and `--on {on}` exclude each other", "leave out one of them"
            )
        return source.goals
    distribution = parse_rewards(text or "uniform")
    if source.outcomes is None or on == "states" or isinstance(distribution, Table):
        return distribution
    return dataclasses.replace(cast("Any", distribution), groups=source.outcomes)
