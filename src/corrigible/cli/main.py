"""``corrigible``: the verbs, and what every one of them does with errors and Ctrl-C."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NoReturn

import click

from corrigible import __version__
from corrigible.cli.terminal import error_line, say
from corrigible.cli.verb import Verb
from corrigible.core.errors import CorrigibleError, InputError

BAD_INPUT = 2
FAULT = 70
"""A fault of ours, or in a library; the number is that of BSD's ``sysexits.h``."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""As of any program that SIGPIPE ends: nobody may take a result that was not read for a good one."""

EXTRAS = {
    **dict.fromkeys(("numpy", "numba", "scipy", "statsmodels", "gymnasium", "networkx"), "theory"),
    **dict.fromkeys(("cedarpy", "cryptography", "aiohttp"), "guard"),
    "psycopg": "postgres",
}
"""Which of our extras brings a package that is not there."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 well; 1 a limit that does not hold, or nothing scored; 2 bad input; "
    "130 interrupted. `corrigible VERB --help` has examples.",
)
@click.version_option(__version__, prog_name="corrigible")
def verbs() -> None:
    """Measure, test and hold back instrumental convergence in capable agents."""


for _name, _file, _line in (
    ("approvals", "oversight", "List the calls that wait for a person."),
    ("approve", "oversight", "Let a call that waits be made, once."),
    ("audit", "audit", "Audit an agent over worlds and their controls."),
    ("compare", "compare", "Compare countermeasures, level by level."),
    ("deny", "oversight", "Refuse a call that waits."),
    ("grant", "oversight", "Approve a bounded set of calls in advance."),
    ("grants", "oversight", "List the grants that hold."),
    ("guard", "guard", "Run an agent's tools under controlled autonomy."),
    ("halt", "oversight", "Stop a session, or everything, before its next call."),
    ("ledger", "ledger", "Verify, show, export and prove the record."),
    ("power", "power", "Compute POWER and preferred actions of a model."),
    ("resume", "oversight", "Take a halt back."),
    ("revoke", "oversight", "Take a grant back."),
    ("worlds", "worlds", "List, tell or serve worlds."),
):
    verbs.add_command(Verb(_name, _file, _line))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status."""
    try:
        # Not `verbs.main`: that makes a closed pipe into status 1, which here is a verdict.
        given = sys.argv[1:] if arguments is None else list(arguments)
        with verbs.make_context("corrigible", given) as context:
            status = verbs.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        status = ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = BAD_INPUT
    except click.ClickException as error:
        say(error_line(_plain(error.format_message()), _help(error)))
        status = BAD_INPUT
    except CorrigibleError as error:
        say(error_line(error.message, error.hint))
        status = BAD_INPUT if isinstance(error, InputError) else 1
    except (click.exceptions.Abort, KeyboardInterrupt):
        say("corrigible: interrupted; nothing half-written is left")
        status = INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer goes nowhere, so that leaving is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = PIPE_CLOSED
    except ModuleNotFoundError as error:
        status = _missing(error)
    except MemoryError:
        say(error_line("the machine ran out of memory", "ask for fewer samples or a smaller model"))
        status = BAD_INPUT
    except Exception as error:
        status = _unexpected(error)
    sys.exit(status if isinstance(status, int) else 0)


def _missing(error: ModuleNotFoundError) -> int:
    """Say which of our extras brings the package that is not installed."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRAS:
        return _unexpected(error)
    say(error_line(f"{name} is not installed", f"pip install 'corrigible[{EXTRAS[name]}]'"))
    return BAD_INPUT


def _unexpected(error: Exception) -> int:
    """Say in one line what nobody expected; the user's own code is told apart from ours."""
    import traceback

    if os.environ.get("CORRIGIBLE_TRACEBACK"):
        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    library = (str(Path(__file__).parents[1]), *(p for p in sys.path if p.endswith("site-packages")))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_file() and not frame.filename.startswith((*library, sys.base_prefix)):
            if Path(frame.filename).name in ("corrigible", "pytest", "__main__.py"):
                break
            say(error_line(f"`{frame.filename}:{frame.lineno}` raises {what}", "mend it first"))
            return BAD_INPUT
    say(
        error_line(
            f"unexpected `{what}`",
            "this is a fault of Corrigible: please report it, with what CORRIGIBLE_TRACEBACK=1 prints",
        )
    )
    return FAULT


def _plain(message: str) -> str:
    """Return one of click's messages in our form: lower case, values in backticks, no full stop."""
    message = re.sub(r"'([^']*)'", r"`\1`", message[:1].lower() + message[1:])
    return re.sub(r"unexpected extra argument(s?) \((.*)\)", r"unexpected extra argument\1 `\2`", message)


def _help(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None and isinstance(error, click.UsageError):
        return "see `corrigible --help`"
    return f"see `{context.command_path} --help`" if context is not None else ""
