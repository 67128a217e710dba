"""A record in one line, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 160
"""Characters of arguments and reasons that a line shows."""


def line(number: int, said: Mapping[str, Any]) -> str:
    """Return a record as a line: number, time, type, session, and what it says."""
    at = str(said.get("at", "")).removesuffix("Z").replace("T", " ")[:23]
    session = str(said.get("session", ""))
    return _plain(f"{number:>7}  {at}  {said['type']:<8}  {session:<12}  {_told(said)}").rstrip()


def _told(said: Mapping[str, Any]) -> str:
    def of(*names: str) -> str:
        return " ".join(str(said[name]) for name in names if said.get(name) not in (None, ""))

    why = f": {said['why']}" if said.get("why") else ""
    match said["type"]:
        case "intent":
            return f"{_call(said)} — {', '.join(str(r['rule']) for r in said.get('reasons', ()))}"
        case "denied" | "asked":
            reasons = "; ".join(f"{r['text']} [{r['rule']}]" for r in said.get("reasons", ()))
            request = f"{said['request']}: " if said.get("request") else ""
            return f"{request}{_call(said)} — {_short(reasons)}"
        case "vote":
            return f"{said.get('request')}: {said.get('who')} says {said.get('decision')}{why}"
        case "expired":
            return f"{said.get('request')}: nobody answered in time"
        case "granted":
            ranges = _short(json.dumps(said.get("ranges"), ensure_ascii=False))
            return f"{of('grant')}: {said.get('who')} grants {said.get('calls')} of {said.get('tool')} {ranges}{why}"
        case "revoked":
            return f"{of('grant')}: {said.get('who')}{why}"
        case "halted" | "resumed":
            return f"by {said.get('who')}{why}"
        case "outcome" | "resolved":
            by = f" by {said['who']}" if said.get("who") else ""
            return f"of {said.get('intent')}: {said.get('kind')}{by}{why}"
        case "signal":
            return f"{said.get('monitor')} raises {said.get('raises')}: {said.get('text')}"
        case "key":
            return f"{said.get('who')} has the ledger signed by {said.get('new')} from here"
        case "start":
            return of("instance", "name", "version")
        case _:
            known = ("v", "type", "at", "session")
            return _short(json.dumps({k: v for k, v in said.items() if k not in known}, ensure_ascii=False))


def _call(said: Mapping[str, Any]) -> str:
    return f"{said.get('tool')} {_short(json.dumps(said.get('arguments'), ensure_ascii=False))}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _plain(text: str) -> str:
    """Return a text without what moves a terminal's cursor: an agent wrote part of it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
