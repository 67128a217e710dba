"""Transcripts that were not made here: reading them, and marking behaviours by what was done.

`examine` reads a folder and applies the detectors; `read_file` reads one file; `load_detectors` reads
detectors that users declare for tools of their own.
"""

from corrigible.transcripts.contract import Detector, Mark, Step, ToolCall, ToolResult, Transcript
from corrigible.transcripts.declared import load_detectors
from corrigible.transcripts.detectors import SHELL
from corrigible.transcripts.examination import (
    DetectorResult,
    Examination,
    Examined,
    Found,
    ScenarioResult,
    examine,
)
from corrigible.transcripts.files import FORMATS, NotRead, read_file, read_folder
from corrigible.transcripts.labels import Label, read_labels
from corrigible.transcripts.scoring import Score, score

__all__ = [
    "FORMATS",
    "SHELL",
    "Detector",
    "DetectorResult",
    "Examination",
    "Examined",
    "Found",
    "Label",
    "Mark",
    "NotRead",
    "ScenarioResult",
    "Score",
    "Step",
    "ToolCall",
    "ToolResult",
    "Transcript",
    "examine",
    "load_detectors",
    "read_file",
    "read_folder",
    "read_labels",
    "score",
]
