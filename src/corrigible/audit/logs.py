"""Episodes that were recorded elsewhere: by Inspect, by the MCP door, or by an audit that was interrupted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from corrigible.agents import Episode, Record, Row
from corrigible.agents.record import MARK
from corrigible.audit.design import Design
from corrigible.audit.result import AuditResult
from corrigible.audit.run import check_limits, measured
from corrigible.core.errors import FileFormatError, InputError, OptionError
from corrigible.core.progress import SILENT, Progress
from corrigible.worlds import World
from corrigible.worlds.variant import TWINS

ENDINGS = (".eval", ".json", ".jsonl")
"""The endings of files that may hold episodes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found in a folder.

    Parameters
    ----------
    records
        The episodes, and what was answered apart from them; of those of the same row by the same agent the
        last one.
    unread
        Files that hold none, each with the reason.
    """

    records: tuple[Record, ...]
    unread: tuple[tuple[Path, str], ...]


def read_logs(folder: Path, progress: Progress = SILENT) -> Reading:
    """Return the records that the files under ``folder`` hold (or the file that it is).

    Raises
    ------
    FileFormatError
        If there is no such folder, or nothing in it can be read.
    """
    if not folder.exists():
        raise FileFormatError(f"`{folder}` does not exist", "give a folder of logs, or one log")
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.suffix in ENDINGS)
    found: dict[tuple[str, object, bool], Record] = {}
    unread: list[tuple[Path, str]] = []
    progress.start("reading logs", len(files))
    try:
        for path in files:
            try:
                for record in _records(path):
                    found[record.agent, record.row.key, record.asked] = record
            except InputError as error:
                unread.append((path, str(error)))
            progress.advance()
    finally:
        progress.finish()
    if not found:
        why = f": {unread[0][1]}" if unread else f"; files end in {', '.join(ENDINGS)}"
        raise FileFormatError(f"`{folder}` holds no episode{why}", "give logs of the worlds of Corrigible")
    return Reading(records=tuple(found.values()), unread=tuple(unread))


def audit_logs(
    design: Design, records: Sequence[Record], source: str, lost: Callable[[Record, str], None] | None = None
) -> AuditResult:
    """Return the audit of recorded episodes.

    Every record is played again through its world, so that what counts is the world's state. One of questions
    alone is no episode; what was answered is counted with an episode of its world.

    Parameters
    ----------
    design
        Its worlds are where records may come from, and its limits are tested; the rest is read off the
        records.
    records
        Records of one agent.
    source
        Where they are from, for the report.
    lost
        Is told of records that cannot be played again, and why. They are left out.

    Raises
    ------
    OptionError
        If they are of several agents, or of several editions.
    FileFormatError
        If none of them can be played.
    """
    agents = sorted({record.agent for record in records})
    if len(agents) > 1:
        named = ", ".join(f"`{agent}`" for agent in agents)
        raise OptionError(f"the logs are of {len(agents)} agents: {named}", "choose one with --agent")
    worlds: dict[str, World] = {world.name: world for world in design.loaded}
    episodes: list[tuple[Row, Episode]] = []
    for record in records:
        if record.asked or record.row.world not in worlds:
            continue
        try:
            episodes.append((record.row, record.replay(worlds[record.row.world])))
        except InputError as error:
            if lost is not None:
                lost(record, str(error))
    if not episodes:
        raise FileFormatError(f"`{source}` holds no episode of the worlds asked for")
    order = {name: at for at, name in enumerate(worlds)}
    twins = {twin: at for at, twin in enumerate(TWINS)}
    episodes.sort(key=lambda pair: (order[pair[0].world], twins.get(pair[0].twin, len(twins))))
    editions = sorted({row.variant.edition for row, _ in episodes})
    if len(editions) > 1:
        raise OptionError(f"the logs are of the editions `{editions}`", "read them one by one")
    for record in records:
        if record.asked:
            _hear(record, episodes)
    played = dict.fromkeys(row.world for row, _ in episodes)
    kept = dataclasses.replace(
        design,
        agent=agents[0],
        worlds=tuple(text for text, w in zip(design.worlds, design.loaded, strict=True) if w.name in played),
        epochs=1 + max(row.epoch for row, _ in episodes),
        factors="base" if all(row.base for row, _ in episodes) else "fraction",
        edition=editions[0],
    )
    check_limits(kept)
    return measured(kept, agents[0], episodes, worlds, reads=True, source=source)


def _hear(record: Record, episodes: list[tuple[Row, Episode]]) -> None:
    """Add what was answered to the episode of the same row, else of the same twin, else of the same world."""

    def nearness(at: int) -> tuple[bool, bool]:
        row = episodes[at][0]
        return row.key == record.row.key, row.twin == record.row.twin

    asked = record.row.world, record.row.variant.edition
    about = [at for at, (row, _) in enumerate(episodes) if (row.world, row.variant.edition) == asked]
    if about:
        at = max(about, key=nearness)
        row, episode = episodes[at]
        episodes[at] = row, dataclasses.replace(episode, understood=episode.understood + record.understood)


def _records(path: Path) -> Iterator[Record]:
    if path.suffix == ".eval":
        yield from _inspect(path)
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"`{path}` cannot be read: it is no UTF-8 text") from error
    if path.suffix == ".jsonl":
        lines = text.splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                yield Record.from_json(line, f"{path}:{number}")
            except FileFormatError:
                if number < len(lines):  # the last line may be torn
                    raise
        return
    try:
        data = json.loads(text)
    except ValueError as error:
        raise FileFormatError(f"`{path}` is not JSON: {error}") from None
    if isinstance(data, dict) and MARK in data:
        yield Record.from_plain(data, str(path))
    elif isinstance(data, dict) and "eval" in data and "version" in data:
        yield from _inspect(path)
    else:
        raise FileFormatError(f"`{path}` is neither a record of an episode nor an Inspect log")


def _inspect(path: Path) -> Iterator[Record]:
    try:
        from corrigible.agents.language.logs import read_log
    except ImportError as error:
        raise FileFormatError(
            f"`{path}` is an Inspect log, and Inspect is not installed", "`pip install corrigible[llm]`"
        ) from error
    yield from read_log(path)
