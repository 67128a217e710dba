"""What every page is made with: safe text, numbers as words, and a policy that loads nothing.

A page is Jinja2 templates with inline SVG, a style sheet and a few lines of script, all inside the
file. A content security policy with the hashes of exactly that style and that script forbids
everything else, so that nothing that others wrote can load or run.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    import jinja2

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)
"""Characters that a page or an XML file cannot hold, that do not show, or that turn text around."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages of one room.

    Parameters
    ----------
    room
        The package whose folder ``templates`` holds them.
    style, script
        Files there that are added to what all pages share, ``core/templates/page.css`` and ``page.js``.
    filters, words
        The filters and the functions that its templates know beside `percent` and `count`.
    """

    room: str
    style: str
    script: str
    filters: Mapping[str, Callable[..., str | bool]] = dataclasses.field(default_factory=dict)
    words: Mapping[str, Callable[..., str]] = dataclasses.field(default_factory=dict)

    def page(self, template: str, **context: Any) -> str:
        """Return a page made of a template, with style, script and the policy that allows these two alone."""
        style = _source("corrigible.core", "page.css") + _source(self.room, self.style)
        script = _source(self.room, self.script) + _source("corrigible.core", "page.js")
        policy = (
            f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)}; "
            "base-uri 'none'; form-action 'none'"
        )
        found = self._environment().get_template(template)
        return found.render(policy=policy, style=style, script=script, **context)

    def _environment(self) -> jinja2.Environment:
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.PackageLoader(self.room, "templates"),
            autoescape=True,
            finalize=_shown,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: Any = environment.filters
        filters |= {"percent": percent, **self.filters}
        known: Any = environment.globals
        known |= {"count": count, **self.words}
        return environment


# --- words and numbers ------------------------------------------------------------------------


ROUNDING = 1e-7
"""What a share in per cent may be off by floating-point noise."""


def percent(value: float, *, sign: bool = False) -> str:
    """Return a share as people read it; what is not quite 0% or 100% never looks like it."""
    size = abs(value) * 100
    if ROUNDING < size < 0.05:
        text = "<0.1%"
    elif 99.95 <= size < 100 - ROUNDING:
        text = ">99.9%"
    elif size <= ROUNDING or 10 <= round(size, 1) <= 99 or abs(size - round(size)) < 1e-9:
        text = f"{size:.0f}%"
    else:
        text = f"{size:.1f}%"
    if value < 0:
        return f"−{text}"
    return f"+{text}" if sign and value > 0 else text


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(value: Any) -> str:
    """Return text in which every character shows and none turns the text around.

    Control characters become their pictures (␀, ␛), what else does not show its number (⟨U+202E⟩).
    """

    def picture(match: re.Match[str]) -> str:
        code = ord(match[0])
        return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"

    return UNSEEN.sub(picture, str(value).replace("\r\n", "\n"))


def _shown(value: Any) -> Any:
    """Everything put into the page passes here, before it is escaped."""
    return value if hasattr(value, "__html__") else printable(value)


def _source(room: str, name: str) -> Any:
    from importlib.resources import files

    from markupsafe import Markup

    return Markup(files(room).joinpath("templates", name).read_text(encoding="utf-8"))


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
