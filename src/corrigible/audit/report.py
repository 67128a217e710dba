"""The report: one self-contained HTML page made of an audit's result.

The page is Jinja2 templates with inline SVG, one style sheet and a few lines of script, all inside the
file. A content security policy with the hashes of exactly that style and that script forbids
everything else, so that nothing an agent wrote can load or run. The same result gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from corrigible.audit.design import TWINS, Design
from corrigible.audit.limits import LimitResult, matches
from corrigible.audit.result import AuditResult, BehaviourResult, GoalResult, Replay

if TYPE_CHECKING:
    import jinja2

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)
"""Characters that a page or an XML file cannot hold, that do not show, or that turn text around."""


def render(result: AuditResult) -> str:
    """Return the report on ``result`` as HTML."""
    return _environment().get_template("report.html").render(_context(result))


def summary(result: AuditResult) -> tuple[str, ...]:
    """Return what was found in at most four sentences of plain language."""
    scored = [b for b in result.behaviours if b.scored and b.rate is not None]
    shown = sum(b.rate is not None and b.rate.events > 0 for b in scored)
    with_score = sum(r.scored for r in result.rows)
    every = {len(result.rows): "all", 0: "none"}.get(with_score, str(with_score))
    crashed, silent = (sum(getattr(world, key) for world in result.worlds) for key in ("crashed", "silent"))
    lost = f" ({crashed} crashed, {silent} without any act)" if crashed or silent else ""
    opening = (
        f"The agent {printable(result.agent)} played {count(len(result.rows), 'episode')} in "
        f"{count(len(result.worlds), 'world')} and {'its' if len(result.worlds) == 1 else 'their'} twins, "
        f"{every} of them with a score{lost}"
    )
    if not scored:
        said = [f"{opening}; no behaviour could be scored."]
    elif len(scored) == 1:
        said = [f"{opening}, and {'showed' if shown else 'did not show'} the one behaviour that is scored."]
    else:
        said = [
            f"{opening}, and showed {shown or 'none'} of the {len(scored)} scored behaviours at least once."
        ]
    if scored:
        said += [_most_clearly(scored), _against_optimal(scored)]
    return (*said, *_cautions(result))


def _most_clearly(scored: list[BehaviourResult]) -> str:
    found = [(b.effect.value, b) for b in scored if b.effect is not None and b.effect.low > 0]
    if not found:
        return (
            "None is shown clearly more often than in its control, where it gains the agent nothing: no "
            "interval of an effect lies above zero."
        )
    _, most = max(found, key=lambda pair: pair[0])
    assert most.rate is not None, "an effect has both rates"
    assert most.control is not None, "an effect has both rates"
    text = (
        f"Of these, {len(found)} {'occurs' if len(found) == 1 else 'occur'} clearly more often than in the control, "
        f"where it gains the agent nothing; most of all {most.behaviour} in {most.world}: "
        f"{percent(most.rate.value)} against {percent(most.control.value)}"
    )
    if most.convergence is not None:
        share = most.convergence.share
        text += f", with an effect above zero for {share.events} of {count(share.episodes, 'final goal')}"
    return f"{text}."


def _against_optimal(scored: list[BehaviourResult]) -> str:
    found = [against_theory(b) for b in scored]
    if len(found) == 1:
        return f"Its rate, with its interval, is {found[0]} what theory predicts for optimal agents."
    within, above, below = (found.count(word) for word in ("within", "above", "below"))
    some = "all" if within == len(found) else f"{within or 'none'} of"
    parts = [f"{some} {len(found)} rates agree with what theory predicts for optimal agents"]
    parts += [f"{above} {'lies' if above == 1 else 'lie'} above it"] if above else []
    parts += [f"{below} {'lies' if below == 1 else 'lie'} below it"] if below else []
    return f"Within their intervals, {' and '.join(', '.join(parts).rsplit(', ', 1))}."


def _cautions(result: AuditResult) -> list[str]:
    parts: list[str] = []
    unscored = [b for b in result.behaviours if not b.scored]
    if unscored:
        named = ", ".join(f"{b.behaviour} in {b.world}" for b in unscored[:3])
        more = f" and {len(unscored) - 3} more" if len(unscored) > 3 else ""
        parts.append(f"not scored, which is no evidence of safety: {named}{more}")
    unable = [world.world for world in result.worlds if not world.competent and world.success.get("control")]
    if unable:
        named = ", ".join(unable[:4]) + (f" and {len(unable) - 4} more" if len(unable) > 4 else "")
        parts.append(
            f"the agent cannot do the task in {named}, so that what it does not do there says little"
        )
    text = "; ".join(parts)
    return [f"{text[0].upper()}{text[1:]}."] if text else []


def against_theory(b: BehaviourResult) -> Literal["above", "below", "within"]:
    """Return where an observed rate, with its interval, lies to the range theory predicts."""
    assert b.rate is not None, "only a scored behaviour is compared"
    if b.rate.low > b.predicted.most + 1e-9:
        return "above"
    return "below" if b.rate.high < b.predicted.least - 1e-9 else "within"


def command(design: Design, replay: Replay, agent: str) -> str:
    """Return the command that plays an episode again."""
    row = replay.row
    named = {w.name: text for w, text in zip(design.loaded, design.worlds, strict=True)}
    given_as_object = ":" not in design.agent and design.agent != agent
    words = ["corrigible", "audit", named[row.world], "--agent"]
    words += ["MODULE:OBJECT" if given_as_object else design.agent, "--seed", str(design.seed)]
    if row.epoch >= Design.epochs:
        words += ["--epochs", str(row.epoch + 1)]
    return shlex.join([*words, "--only", f"{row.goal}/{row.twin}/{row.epoch}"])


# --- words and numbers ------------------------------------------------------------------------


def percent(value: float, *, sign: bool = False) -> str:
    """Return a share as people read it; what is not quite 0% or 100% never looks like it."""
    size = abs(value) * 100
    if 0 < size < 0.05:
        text = "<0.1%"
    elif 99.95 <= size < 100:
        text = ">99.9%"
    elif size == 0 or 10 <= round(size, 1) <= 99 or abs(size - round(size)) < 1e-9:
        text = f"{size:.0f}%"
    else:
        text = f"{size:.1f}%"
    if value < 0:
        return f"−{text}"
    return f"+{text}" if sign and value > 0 else text


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def interval(found: Any, *, sign: bool = False) -> str:
    """Return the 95% interval of a rate or difference in brackets."""
    return f"[{percent(found.low, sign=sign)}, {percent(found.high, sign=sign)}]"


def share_range(low: float, high: float) -> str:
    """Return two shares as one range, or as one number where they are equal."""
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def printable(value: Any) -> str:
    """Return text in which every character shows and none turns the text around.

    Control characters become their pictures (␀, ␛), what else does not show its number (⟨U+202E⟩).
    """

    def picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"

    return UNSEEN.sub(picture, str(value).replace("\r\n", "\n"))


def call_text(step: Any) -> str:
    """Return a tool call as one line."""
    shown = ", ".join(f"{name}={json.dumps(v, ensure_ascii=False)}" for name, v in step.arguments.items())
    return f"{step.tool}({shown})"


# --- the page ---------------------------------------------------------------------------------


def _context(result: AuditResult) -> Mapping[str, Any]:
    style, script = _source("report.css"), _source("report.js")
    goals = {
        world: len({r.row.goal for r in result.rows if r.row.world == world}) for world in _worlds(result)
    }
    twins = [twin for twin in TWINS if any(r.row.twin == twin for r in result.rows)]
    return {
        "result": result,
        "policy": f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)}; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "sentences": summary(result),
        "goals": share_of_goals(goals),
        "twins": twins,
        "anchors": {world: f"world-{number}" for number, world in enumerate(_worlds(result), start=1)},
        "of_world": {w: [b for b in result.behaviours if b.world == w] for w in _worlds(result)},
        "task_done": {w.world: w.success.get("world") for w in result.worlds},
        "unscored_limits": [limit.limit.text for limit in result.limits if not _on_scored(limit, result)],
        "commands": {w.world: command(result.design, w.replay, result.agent) for w in result.worlds},
        "counted": _counts(result),
    }


def _on_scored(found: LimitResult, result: AuditResult) -> bool:
    """Whether a limit was tested on a rate that says something."""
    meant = [b for b in result.behaviours if matches(found.limit, b.world, b.behaviour, b.drive)]
    return found.rate is not None and any(b.scored for b in meant)


def share_of_goals(goals: Mapping[str, int]) -> str:
    """Return how many goals the worlds have: one number, or from the least to the most."""
    least, most = min(goals.values()), max(goals.values())
    return count(most, "goal") if least == most else f"{least} to {count(most, 'goal')}"


def _worlds(result: AuditResult) -> list[str]:
    return [world.world for world in result.worlds]


def _counts(result: AuditResult) -> Any:
    """Return a function that tells in how many of its scored episodes a goal showed a behaviour."""
    rows: dict[tuple[str, str, str], list[tuple[str, ...]]] = {}
    for r in result.rows:
        if r.scored:
            rows.setdefault((r.row.world, r.row.goal, r.row.twin), []).append(r.behaviours)

    def counted(b: BehaviourResult, goal: GoalResult, twin: str) -> str:
        found = rows.get((b.world, goal.goal, twin), [])
        return f"{sum(b.behaviour in shown for shown in found)} of {len(found)}"

    return counted


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("corrigible.audit", "templates"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Any = environment.filters
    filters |= {
        "percent": percent,
        "interval": _unbroken,
        "call_text": call_text,
        "at": _at,
        "is_prose": _is_prose,
    }
    known: Any = environment.globals
    known |= {"share_range": share_range, "count": count, "against_theory": against_theory}
    return environment


def _shown(value: Any) -> Any:
    """Everything put into the page passes here, before it is escaped."""
    return value if hasattr(value, "__html__") else printable(value)


def _unbroken(found: Any, *, sign: bool = False) -> str:
    return interval(found, sign=sign).replace(" ", "\N{NO-BREAK SPACE}")


def _is_prose(line: str) -> bool:
    """Whether a line is words, which may be wrapped, and not a row of a map."""
    return re.search(r"[^\W\d_]{3}.* .*[^\W\d_]{3}", line) is not None


def _at(value: float, *, signed: bool = False) -> str:
    """Where a share lies on its axis, as SVG wants it."""
    place = (value + 1) / 2 if signed else value
    return f"{100 * min(max(place, 0.0), 1.0):.2f}%"


def _source(name: str) -> Any:
    from importlib.resources import files

    from markupsafe import Markup

    return Markup(files("corrigible.audit").joinpath("templates", name).read_text(encoding="utf-8"))


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
