"""A language model under audit: its episodes are run by Inspect's scheduler and read back from its logs."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from corrigible.agents.contract import Evaluator
from corrigible.agents.record import Record, Row
from corrigible.core.errors import CorrigibleError, MissingExtraError, OptionError, in_short, unknown_name
from corrigible.worlds import World

RETRIES = 6
"""How often a request that fails is made again, within some three minutes; Inspect by itself never gives up,
and an audit of a server that is down would never end. ``max_retries`` among the settings changes it."""

FORM = "a model is named as in Inspect: `openai/gpt-5`, `anthropic/…`, `hf/…`, `ollama/…`"


@final
class LanguageModel(Evaluator):
    """A model of any provider that Inspect knows.

    Parameters
    ----------
    model
        ``provider/name``, as for ``inspect eval --model``.
    settings
        Further arguments of `inspect_ai.eval`: ``model_base_url``, ``temperature``, ``max_connections``,
        ``approval``, ``message_limit``, …

    Raises
    ------
    MissingExtraError
        If Inspect or the provider's own package is not installed.
    UnknownNameError
        If Inspect knows no such provider.
    OptionError
        If the provider wants something that is missing, its key for example, or a setting is unknown.
    """

    def __init__(self, model: str, settings: Mapping[str, Any] | None = None) -> None:
        self.name = model
        self.settings = dict(settings or {})
        try:
            import inspect_ai
        except ImportError as error:
            raise MissingExtraError(
                f"auditing the language model `{model}` needs Inspect, which is not installed",
                "install it with `pip install corrigible[llm]`",
            ) from error
        _check_settings(self.settings, inspect_ai.eval)
        _check_model(model, self.settings)

    def evaluate(
        self,
        rows: Sequence[Row],
        worlds: Mapping[str, World],
        heard: Callable[[Record], None],
        *,
        design: str = "",
        logs: Path | None = None,
    ) -> None:
        from inspect_ai import eval as inspect_eval

        from corrigible.agents.language.listener import listening
        from corrigible.agents.language.task import world_task

        names = list(dict.fromkeys(row.world for row in rows))
        tasks = [
            world_task([row for row in rows if row.world == name], worlds[name], design=design)
            for name in names
        ]
        # One of its own for each evaluation: Inspect would keep it, and its connections would be those of an
        # event loop that is no more.
        model = _made(self.name, self.settings)
        with tempfile.TemporaryDirectory(prefix="corrigible-") as scratch, listening(heard, model):
            settings: dict[str, Any] = {
                "display": "none",
                "log_level": "error",
                "log_realtime": logs is not None,  # nobody can look into a folder that nobody knows
                "max_tasks": min(4, len(tasks)),
                "max_retries": RETRIES,
                **self.settings,
            }
            with _unheard():
                found = inspect_eval(
                    tasks,
                    model=model,
                    log_dir=str(logs or scratch),
                    ctl_server=False,
                    score_display=False,
                    **settings,
                )
        if len(found) < len(tasks) or any(log.status == "cancelled" for log in found):
            raise KeyboardInterrupt  # Inspect took the signal, and leaves out what it cancelled
        broken = next((log for log in found if log.status == "error"), None)
        if broken is not None:
            said = broken.error.message if broken.error else "for a reason that it does not give"
            raise CorrigibleError(
                f"Inspect stopped the audit of `{self.name}` in `{broken.eval.task}`: {said.splitlines()[0]}",
                "what was played is kept; run the same command to go on",
            )


def _check_settings(settings: Mapping[str, Any], evaluate: Any) -> None:
    import inspect
    from typing import get_type_hints

    from inspect_ai.model import GenerateConfig

    taken = {"tasks", "model", "log_dir", "display", "ctl_server", "score_display", "kwargs"}
    known = (set(inspect.signature(evaluate).parameters) | set(get_type_hints(GenerateConfig))) - taken
    for name in settings:
        if name not in known:
            unknown_name("setting of `inspect_ai.eval` to be given here called", name, known)


def _check_model(model: str, settings: Mapping[str, Any]) -> None:
    """Make the model once, so that whatever it lacks is said before the first episode."""
    try:
        _made(model, settings)
    except CorrigibleError:
        raise
    except ValueError as error:
        if "not recognized" in str(error) or "should be in the format" in str(error):
            unknown_name("provider of models", model.partition("/")[0], _providers(), FORM)
        raise OptionError(f"the model `{model}` cannot be used: {in_short(error)}") from error
    except Exception as error:  # every provider has its own
        said = _plain(getattr(error, "message", error))
        raise OptionError(
            f"the model `{model}` cannot be used: {said}", "see Inspect's page on the provider"
        ) from error


def _made(model: str, settings: Mapping[str, Any]) -> Any:
    from inspect_ai.model import get_model

    with _unheard():
        return get_model(
            model,
            base_url=settings.get("model_base_url"),
            memoize=False,
            **dict(settings.get("model_args", {})),
        )


def _unheard() -> contextlib.redirect_stdout[io.StringIO]:
    """What Inspect prints to standard output, of its hooks for example, would be mixed into our JSON."""
    return contextlib.redirect_stdout(io.StringIO())


def _providers() -> list[str]:
    from inspect_ai._util.registry import registry_find

    return sorted(
        {info.name.rpartition("/")[2] for info in map(_info, registry_find(lambda i: i.type == "modelapi"))}
    )


def _info(found: Any) -> Any:
    from inspect_ai._util.registry import registry_info

    return registry_info(found)


def _plain(said: Any) -> str:
    """What a provider says, as the middle of our sentence: in one line, and what Rich would show bold in backticks."""
    text = re.sub(r"^\s*(\[[a-z ]+\])?ERROR(\[/[a-z ]+\])?:\s*", "", str(said))
    text = re.sub(r"(?:\[[a-z ]+\])+([^\[\]]+)(?:\[/[a-z ]*\])+", r"`\1`", text)
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip()]
    # The first letter is that of a sentence, unless it begins an acronym.
    lowered = [line[:1].lower() + line[1:] if line[1:2].islower() else line for line in lines]
    return "; ".join(lowered).replace(":;", ":")
