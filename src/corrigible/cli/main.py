"""``corrigible``: the verbs, and what every one of them does with errors and Ctrl-C."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from corrigible import __version__
from corrigible.cli.audit import audit
from corrigible.cli.power import power
from corrigible.cli.terminal import error_line, say
from corrigible.cli.worlds import worlds
from corrigible.core.errors import CorrigibleError, InputError

BAD_INPUT = 2
INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 well, 1 a limit that does not hold, 2 bad input. "
    "`corrigible VERB --help` has examples.",
)
@click.version_option(__version__, prog_name="corrigible")
def verbs() -> None:
    """Measure, test and hold back instrumental convergence in capable agents."""


verbs.add_command(power)
verbs.add_command(audit)
verbs.add_command(worlds)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status."""
    try:
        status = verbs.main(args=arguments, prog_name="corrigible", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = BAD_INPUT
    except click.ClickException as error:
        say(error_line(_lower(error.format_message()), _help(error)))
        status = BAD_INPUT
    except CorrigibleError as error:
        say(error_line(error.message, error.hint))
        status = BAD_INPUT if isinstance(error, InputError) else 1
    except (click.exceptions.Abort, KeyboardInterrupt):
        say("corrigible: interrupted; nothing half-written is left")
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except MemoryError:
        say(error_line("the machine ran out of memory", "ask for fewer samples or a smaller model"))
        status = BAD_INPUT
    sys.exit(status if isinstance(status, int) else 0)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _help(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see `{context.command_path} --help`" if context is not None else ""
