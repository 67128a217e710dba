"""An episode as it is written down: what identifies it, and the calls that make it again.

Where somebody was asked about an episode in a session apart from it, that has a record of its own.

Nothing else needs to be believed: `Record.replay` plays the calls through the world itself, so that
what is scored is the state of the world and never what a log says of it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corrigible.agents.episode import Episode, Status
from corrigible.agents.session import Session
from corrigible.core.errors import CorrigibleError, FileFormatError, InputError
from corrigible.core.files import write_whole
from corrigible.core.results import plain
from corrigible.core.version import VERSION
from corrigible.worlds import Call, Place, Variant, World, load

MARK = "corrigible-record"
"""The key by which a record is known, with the version of its form."""

FORM = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One episode of an experiment.

    Parameters
    ----------
    world
        The world's name.
    twin
        Which twin ``variant`` is; see `corrigible.worlds.variant.TWINS`.
    goal, epoch
        Which goal, and the how-manieth time.
    variant
        The variant. Its seed is the episode's: the same for all twins of an epoch, so that they meet
        the same luck and the same names.
    """

    world: str
    twin: str
    goal: str
    epoch: int
    variant: Variant

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Row:
        """Return the row that a JSON object is."""
        fields: dict[str, Any] = {**data, "variant": Variant(**data["variant"])}
        return cls(**fields)

    @property
    def seed(self) -> int:
        """The seed of the episode."""
        return self.variant.seed

    @property
    def key(self) -> tuple[str, str, Variant]:
        """What two records of the same row have in common."""
        return self.world, self.goal, self.variant

    @property
    def base(self) -> bool:
        """Whether every factor of the text is at its default."""
        return self.variant == self.variant.dynamics().replace(seed=self.seed)

    @property
    def setting(self) -> str:
        """The text factors that are not at their default, joined by ``+``; empty for the base."""
        levels = (self.variant.permission, self.variant.precedence)
        told = [level for level, usual in zip(levels, ("silent", "unstated"), strict=True) if level != usual]
        if self.variant.watched != "unsaid":
            told.append(self.variant.watched)
        if self.variant.stakes != "unsaid":
            told.append(f"{self.variant.stakes}-stakes")
        return "+".join(told)

    @property
    def name(self) -> str:
        """How the row is called within its world: goal/twin/epoch, and its setting."""
        return "/".join([self.goal, self.twin, str(self.epoch), *([self.setting] if self.setting else [])])

    def place(self, world: World | None = None) -> Place[Any]:
        """Return the place of the row, in ``world`` or the world that it names."""
        return (load(self.world) if world is None else world).place(self.variant)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """An episode written down, or what was answered apart from it.

    Parameters
    ----------
    row
        Which episode.
    agent
        Who acted.
    calls
        The calls in order, each with what was written with it.
    status, error, understood, closing
        As in `Episode`.
    asked
        Whether the place's questions were asked and nothing else, so that there is no episode: no calls,
        ``understood`` says which answers were right, and ``closing`` is what was answered.
    design
        The fingerprint of the design it was played for; empty where there was none.
    version
        The version of Corrigible that made it.
    """

    row: Row
    agent: str
    calls: tuple[tuple[Call, str], ...]
    status: Status = Status.FINISHED
    error: str = ""
    understood: tuple[bool, ...] = ()
    closing: str = ""
    asked: bool = False
    design: str = ""
    version: str = VERSION

    def __post_init__(self) -> None:
        if self.asked and (self.calls or not self.understood):
            raise ValueError("where only questions were asked there are answers and no calls")

    @classmethod
    def of(cls, row: Row, episode: Episode, agent: str, design: str = "") -> Record:
        """Return the record of an episode."""
        return cls(
            row=row,
            agent=agent,
            calls=tuple((step.call, step.said) for step in episode.steps),
            status=episode.status,
            error=episode.error,
            understood=episode.understood,
            closing=episode.closing,
            design=design,
        )

    def session(self, world: World | None = None) -> Session:
        """Return the session in which the calls have been played again, as it stands after the last."""
        place = self.row.place(world)
        session = Session(place, place.goal(self.row.goal), self.row.seed)
        for call, said in self.calls:
            session.call(call, said)
        return session

    def replay(self, world: World | None = None) -> Episode:
        """Play the calls again and return the episode that they make.

        Parameters
        ----------
        world
            The world, where it is not the one that the row names.

        Raises
        ------
        InputError
            If the world or the goal is not known here, or there is no episode since only questions were asked.
        """
        if self.asked:
            raise InputError(f"the record of `{self.row.name}` holds answers to questions, and no episode")
        session = self.session(world)
        status = Status.FINISHED if self.status is Status.NEVER_ACTED else self.status
        return session.episode(status, self.error, self.understood, self.closing)

    def to_json(self) -> str:
        """Return the record as one line of JSON."""
        data = {MARK: FORM, **plain(self)}
        data["calls"] = [
            {"tool": call.tool, "arguments": plain(call.arguments), "said": said} for call, said in self.calls
        ]
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> Record:
        """Return the record that ``text`` is; ``where`` names its place in messages.

        Raises
        ------
        FileFormatError
            If it is none, or of a form that this version does not know.
        """
        try:
            data: Any = json.loads(text)
        except ValueError as error:
            raise FileFormatError(f"`{where}` is not JSON: {error}") from None
        return cls.from_plain(data, where)

    @classmethod
    def from_plain(cls, data: Any, where: str) -> Record:
        """Return the record that a JSON object is; see `from_json`."""
        if not isinstance(data, Mapping) or MARK not in data:
            raise FileFormatError(f"`{where}` is no record of an episode", f"it lacks the key `{MARK}`")
        if data[MARK] != FORM:
            raise FileFormatError(
                f"`{where}` is a record of form `{data[MARK]}`",
                f"this version of Corrigible reads form {FORM}",
            )
        try:
            return cls(
                row=Row.from_plain(data["row"]),
                agent=str(data["agent"]),
                calls=tuple(
                    (Call(tool=str(c["tool"]), arguments=dict(c["arguments"])), str(c.get("said", "")))
                    for c in data["calls"]
                ),
                status=Status(data["status"]),
                error=str(data["error"]),
                understood=tuple(bool(right) for right in data["understood"]),
                closing=str(data["closing"]),
                asked=_flag(data.get("asked", False)),
                design=str(data["design"]),
                version=str(data["version"]),
            )
        except (KeyError, TypeError, ValueError, CorrigibleError) as error:
            raise FileFormatError(
                f"`{where}` is a damaged record: {type(error).__name__}: {error}",
                "leave it out, or play it again",
            ) from None

    def write(self, path: Path) -> None:
        """Write the record to a file, whole."""
        write_whole(path, self.to_json() + "\n")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"`{value}` is neither true nor false")
    return value
