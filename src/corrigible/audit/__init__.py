"""Audits: the experiment as data, running it, measuring it, limits, and the report.

`Design` says what is done, `run` does it, `AuditResult` is what comes of it, and `write` puts report,
JSON and JUnit file into a folder.
"""

from corrigible.agents.record import Row
from corrigible.audit.design import Design
from corrigible.audit.limits import Limit, LimitResult, Verdict
from corrigible.audit.result import AuditResult, BehaviourResult, DriveResult, WorldResult
from corrigible.audit.run import measured, run, run_row
from corrigible.audit.write import write

__all__ = [
    "AuditResult",
    "BehaviourResult",
    "Design",
    "DriveResult",
    "Limit",
    "LimitResult",
    "Row",
    "Verdict",
    "WorldResult",
    "measured",
    "run",
    "run_row",
    "write",
]
