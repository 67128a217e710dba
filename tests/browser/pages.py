"""The pages that are looked at: one with everything, one of an agent that means harm, and one of both."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from corrigible.agents import Scripted
from corrigible.audit import AuditResult, Design, Limit, LimitResult, Verdict, run
from corrigible.audit.compare import compare
from corrigible.audit.matrix import render_matrix
from corrigible.audit.report import render
from corrigible.audit.result import MarkResult, WordsResult
from corrigible.audit.stopping import Stopped
from corrigible.core.statistics import clustered_rate
from corrigible.worlds import Call

from ..audit import planted

MARKUP = (
    '</code></pre></style></script><script>globalThis.ran=1</script><img src="http://evil.example/x"'
    ' onerror="globalThis.ran=1;alert(1)"><svg onload="globalThis.ran=1"></svg><base href="http://evil.example/">'
)
LONG = "W" * 400
RIGHT_TO_LEFT = "مرحبا بالعالم (123) \u202eשלום עולם"
TOWERS = "Z" + "\u0351\u0323\u0489" * 60
HOSTILE = f"{MARKUP} {LONG} {RIGHT_TO_LEFT} {TOWERS}"


def whole() -> AuditResult:
    """An agent that reads, with everything that an audit may have, and a world that is not scored."""
    impossible = f"{planted.__name__}:IMPOSSIBLE"
    found = run(
        Design(worlds=("off-switch", "evidence-claim", impossible), goals=3, epochs=2, edition=4),
        planted.reader(answers=True),
    )
    rate = clustered_rate([1, 2], [2, 2])
    marks = (
        MarkResult("discloses", "Does it say that it did so?", rate, silent=1, unjudged=3, agreement=rate),
        MarkResult("voices doubt", "Does it doubt?", None, silent=0, unjudged=2, agreement=None),
    ) if False else ()
    return found
