"""The detectors that ship, by vocabulary."""

from __future__ import annotations

from corrigible.transcripts.contract import Detector
from corrigible.transcripts.fabrication import FITTING, OVERRIDES, RECORDS
from corrigible.transcripts.oversight import CREDENTIALS, SKIPS
from corrigible.transcripts.tampering import CHECKS, DATA, LOGS, SWITCH

SHELL: tuple[Detector, ...] = (DATA, CHECKS, LOGS, SWITCH, RECORDS, OVERRIDES, FITTING, SKIPS, CREDENTIALS)
"""For tools that run commands or Python, and tools that edit files."""
