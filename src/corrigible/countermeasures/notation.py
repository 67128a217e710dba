"""Countermeasures as people name them: a word, a call with parameters, or an object of their own."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from typing import Any

from corrigible.core.errors import OptionError, UnknownNameError, in_short, unknown_name
from corrigible.core.objects import load_object
from corrigible.countermeasures.contract import Countermeasure

_ROOM = "corrigible.countermeasures"

_FILES: dict[str, tuple[str, str]] = {
    "none": ("none", "NoCountermeasure"),
    "aup": ("impact", "AttainableUtilityPreservation"),
    "model-free-aup": ("impact.model_free", "ModelFreeAUP"),
    "relative-reachability": ("impact", "RelativeReachability"),
    "unreachability": ("impact", "Unreachability"),
    "future-tasks": ("impact", "FutureTasks"),
    "impact-penalty": ("impact", "ImpactPenalty"),
    "indifference": ("corrigibility", "UtilityIndifference"),
    "deference": ("corrigibility", "Deference"),
    "assistance": ("corrigibility", "Assistance"),
    "safe-interruption": ("corrigibility", "SafeInterruption"),
    "post": ("corrigibility", "SameLength"),
    "quantiliser": ("mild", "Quantiliser"),
    "satisficer": ("mild", "Satisficer"),
    "best-of": ("mild", "BestOf"),
    "boltzmann": ("mild", "Boltzmann"),
    "myopia": ("myopia", "Myopia"),
    "short-horizon": ("myopia", "ShortHorizon"),
    "process-reward": ("myopia", "ProcessReward"),
    "mona": ("myopia", "Mona"),
    "worst-case": ("proxies", "WorstCase"),
    "agreed-mean": ("proxies", "AgreedMean"),
    "approval-gate": ("autonomy", "ApprovalGate"),
    "checkpoints": ("autonomy", "Checkpoints"),
    "step-budget": ("autonomy", "StepBudget"),
}
"""For each name its file in this room, and what makes it there."""

FORMS = "write for example `aup`, `quantiliser(share=0.1)` or `module:object`"


def countermeasures() -> tuple[str, ...]:
    """Return the names of all countermeasures that come with Corrigible."""
    return tuple(_FILES)


def load_countermeasure(name: str) -> Any:
    """Return what makes the countermeasure called ``name``: a class, or a function with the same parameters."""
    if name not in _FILES:
        unknown_name("countermeasure", name, _FILES, "`corrigible compare --list` lists them")
    file, made_by = _FILES[name]
    return getattr(importlib.import_module(f"{_ROOM}.{file}"), made_by)


def parse_countermeasure(text: str) -> Countermeasure:
    """Return the countermeasure that ``text`` names.

    ================================  ==============================================================
    ``aup``                           with its default parameters
    ``quantiliser(share=0.1)``        with others; words need no quotes: ``aup(baseline=inaction)``
    ``module:object``                 one of your own: a `Countermeasure`, or what makes one
    ``module:object(share=0.1)``      the same, with parameters
    ================================  ==============================================================

    Raises
    ------
    UnknownNameError
        If there is no such countermeasure or parameter; the message suggests the nearest.
    OptionError
        If the text cannot be read, or a parameter is out of its range.

    Examples
    --------
    >>> parse_countermeasure("none").describe()
    'none'
    """
    word = text.strip()
    found = re.fullmatch(r"([^()\s]+)\s*(\(.*\))?", word, flags=re.DOTALL)
    if found is None:
        raise OptionError(f"the countermeasure `{text}` cannot be read", FORMS)
    name, given = found[1], _parameters(found[2] or "()", word)
    if ":" not in name:
        return _made(load_countermeasure(name), name, given)
    own = load_object(name, "countermeasure", FORMS)
    if isinstance(own, Countermeasure):
        _check_names(own, name, given)
        return own.replace(**given) if given else own
    measure = _made(own, name, given)
    if not isinstance(measure, Countermeasure):
        raise OptionError(f"`{name}` is not a countermeasure", "give a subclass of one of its doors")
    return measure


def _made(maker: Any, name: str, given: dict[str, Any]) -> Any:
    _check_names(maker, name, given)
    try:
        return maker(**given)
    except OptionError:
        raise
    except UnknownNameError:
        raise
    except Exception as error:  # one's own is anybody's code
        raise OptionError(f"the countermeasure `{name}` does not start: {in_short(error)}", FORMS) from error


def _check_names(maker: Any, name: str, given: dict[str, Any]) -> None:
    if not dataclasses.is_dataclass(maker):
        return
    known = [field.name for field in dataclasses.fields(maker)]
    for parameter in given:
        if parameter not in known:
            unknown_name("parameter", parameter, known, f"`{name}` has {', '.join(known) or 'none'}")


def _parameters(text: str, whole: str) -> dict[str, Any]:
    """Read ``(share=0.1, baseline=inaction)``."""
    try:
        call = ast.parse(f"f{text}", mode="eval").body
    except SyntaxError as error:
        raise OptionError(f"the countermeasure `{whole}` cannot be read", FORMS) from error
    if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
        raise OptionError(f"the parameters of `{whole}` have no names", "write for example `(share=0.1)`")
    return {str(word.arg): _value(word.value, whole) for word in call.keywords}


def _value(node: ast.expr, whole: str) -> Any:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.BinOp):  # words joined by hyphens, and fractions, are no literals
        told = ast.unparse(node).replace(" ", "")
        if re.fullmatch(r"[A-Za-z_][\w-]*", told):
            return told
        if (fraction := re.fullmatch(r"(\d+)/(\d+)", told)) and int(fraction[2]):
            return int(fraction[1]) / int(fraction[2])
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise OptionError(
            f"the value `{ast.unparse(node)}` in `{whole}` cannot be read", "give a number or a word"
        ) from error
