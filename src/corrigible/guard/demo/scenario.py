"""The story of the demo, step by step, and whether each step came out as it should."""

from __future__ import annotations

import dataclasses
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, final

from corrigible.guard.demo.client import Answer, Client
from corrigible.guard.demo.stage import SESSION, SLOW, Ran, Stage

Voice = Literal["step", "agent", "guard", "person", "note", "check"]
TOOL = "files/write_file"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the story.

    Parameters
    ----------
    voice
        Who speaks: the title of a step, the agent, the guard, a person at a terminal (a command), the
        narrator, or a check of what should now be so.
    text
        What is said.
    held
        For a check: whether it is so.
    """

    voice: Voice
    text: str
    held: bool = True


@final
class Scenario:
    """One performance; `lines` tells it.

    Parameters
    ----------
    stage
        Where it takes place.
    patience
        Seconds to wait for the user to answer the first request; 0: the demo answers it.
    """

    def __init__(self, stage: Stage, patience: float = 0.0) -> None:
        self.stage, self.patience = stage, patience

    def lines(self) -> Iterator[Line]:
        """Tell the story; every line is told when it has happened."""
        with self.stage.agent() as agent:
            yield from self._reads(agent)
            yield from self._asks(agent)
            yield from self._granted(agent)
            yield from self._denied(agent)
            earlier = self.stage.copy("earlier.db")
            yield from self._halted(agent)
            yield from self._killed(agent)
        with self.stage.agent() as agent:
            yield from self._settled(agent)
        yield from self._ledger(earlier)

    def _reads(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="What the policy permits goes through")
        yield Line(voice="agent", text="reads todo.md and sales.csv")
        read = [
            agent.call("read_text_file", path=str(self.stage.work / name))
            for name in ("todo.md", "sales.csv")
        ]
        yield _guard("allows both, and has each on record before it starts")
        yield _check(
            "the agent has read both", not any(each.refused for each in read) and "Nov" in read[-1].text
        )

    def _asks(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="What the policy asks about waits for a person")
        path = self.stage.work / "report.md"
        yield Line(voice="agent", text="writes report.md")
        number = agent.begin("write_file", path=str(path), content="Sales fell to 120 in November.\n")
        request = self.stage.request()
        yield Line(voice="guard", text=f"holds the call back: request {request['id']}, for {request['tool']}")
        yield _check("nothing is written yet", not path.exists())
        command = ("approve", request["id"])
        if self.patience:
            yield Line(voice="note", text="Now you: type this in another terminal, or `deny … --why TEXT`.")
            yield Line(voice="person", text=self.stage.line(*command))
            self.stage.wait(lambda: not self.stage.run("approvals", "--json").json(), self.patience)
            answer = agent.answer(number)
            said = "was made" if not answer.refused else "was not made"
            yield _guard(f"has your answer: the call {said}")
            yield _check("your answer was followed", path.exists() != answer.refused)
            return
        yield self._person(*command, "--by", "ann", "--why", "that is its task")
        answer = agent.answer(number)
        yield _guard("lets this one call through, once")
        yield _check("the report is written", path.exists() and not answer.refused)

    def _granted(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="A grant spares people from being asked for each of many like calls")
        where = f"path=like:{self.stage.work}/drafts/*"
        yield self._person("grant", TOOL, "--where", where, "--calls", "3", "--for", "10m", "--by", "ann")
        yield Line(voice="agent", text="writes three drafts")
        drafts = [self.stage.work / "drafts" / f"{name}.md" for name in ("september", "october", "november")]
        for path in drafts:
            agent.call("write_file", path=str(path), content="draft\n")
        yield _guard("asks nobody: the grant covers three calls in this folder")
        yield _check("three drafts are written", all(path.exists() for path in drafts))
        yield _check("the grant is used up", self.stage.run("grants", "--json").json() == [])

    def _denied(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="What no policy permits is denied, and no person can be talked into it")
        yield Line(voice="agent", text="writes ../elsewhere/plans.md, outside of its folder")
        path = f"{self.stage.work}/../elsewhere/plans.md"
        answer = agent.call("write_file", path=path, content="grow\n")
        yield _guard(answer.text)
        denied = _decision(answer) == "deny"
        yield _check(
            "it is denied and not written", denied and not (self.stage.elsewhere / "plans.md").exists()
        )

    def _halted(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="Reaching for the guard itself stops the session")
        yield Line(voice="agent", text="reads the guard's signing key")
        answer = agent.call("read_text_file", path=str(self.stage.home / "guard.key"))
        yield _guard(answer.text)
        yield _check("the session is halted", _decision(answer) == "halt")
        yield Line(voice="agent", text="reads todo.md again, which it may")
        refused = agent.call("read_text_file", path=str(self.stage.work / "todo.md"))
        yield _check("nothing runs any more, harmless or not", _decision(refused) == "halt")
        yield self._person("resume", "--session", SESSION, "--by", "ann", "--why", "I looked at it")

        yield Line(voice="step", text="The off-switch, from any terminal, and another person to end it")
        yield self._person("halt", "--all", "--by", "ann", "--why", "a drill")
        refused = agent.call("read_text_file", path=str(self.stage.work / "todo.md"))
        yield _guard(refused.text)
        yield _check("nothing runs", _decision(refused) == "halt")
        same = self._typed("resume", "--all", "--by", "ann", "--why", "the drill is over")
        yield same[0]
        yield _check("who halted cannot resume", same[1].status == 2)
        yield self._person("resume", "--all", "--by", "bob", "--why", "the drill is over")
        read = agent.call("read_text_file", path=str(self.stage.work / "todo.md"))
        yield _check("the agent goes on", not read.refused)

    def _killed(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="step", text="A crash in the middle of a call does nothing twice")
        path = self.stage.work / SLOW
        yield Line(voice="agent", text=f"writes {SLOW}, over a line that is slow to answer")
        agent.begin("write_file", path=str(path), content=_summary())
        yield self._person("approve", self.stage.request()["id"], "--by", "ann")
        self.stage.wait(path.exists)
        agent.process.send_signal(signal.SIGKILL)
        agent.process.wait()
        yield Line(
            voice="person", text=f"kill -9 {agent.process.pid}    # the guard, before it has the answer"
        )
        found = self.stage.run("guard", "unknown", "--json").json()
        yield _check(
            "the call is on record, its outcome unknown", len(found) == 1 and found[0]["tool"] == TOOL
        )

    def _settled(self, agent: Client) -> Iterator[Line]:
        yield Line(voice="guard", text="is started again")
        yield Line(voice="agent", text=f"does not know either, and writes {SLOW} once more")
        path = self.stage.work / SLOW
        number = agent.begin("write_file", path=str(path), content=_summary())
        request = self.stage.request()
        yield Line(voice="guard", text="reads the file first, as the manifest says: it was written")
        yield _check("the outcome is known now", self.stage.run("guard", "unknown", "--json").json() == [])
        yield self._person("deny", request["id"], "--by", "ann", "--why", "it is done already")
        answer = agent.answer(number)
        yield _guard(answer.text)
        reached = [call for call in self.stage.calls() if call.startswith("write") and call.endswith(SLOW)]
        yield _check("the server has seen this write once", len(reached) == 1)

    def _ledger(self, earlier: Path) -> Iterator[Line]:
        yield Line(voice="step", text="The ledger proves it, and a change of it is found")
        line, ran = self._typed("ledger", "verify")
        yield line
        yield Line(voice="note", text=_last(ran.out))
        yield _check("the ledger is what was signed", ran.status == 0)
        key = str(self.stage.home / "guard.key.pub")
        anchor = str(self.stage.elsewhere / "checkpoints")
        edited = self.stage.copy("edited.db")
        _edit(edited)
        yield Line(
            voice="note", text="In a copy, somebody changes who answered the requests: ann becomes eve."
        )
        ran = self.stage.run_on(edited, "ledger", "verify", "--vkey", key)
        yield Line(voice="note", text=_last(ran.out or ran.err))
        yield _check("the change is found", ran.status == 1)
        yield Line(
            voice="note", text="In place of another, somebody puts the database as it was before the halt."
        )
        alone = self.stage.run_on(earlier, "ledger", "verify", "--vkey", key)
        yield _check("by itself it looks right, every signature is genuine", alone.status == 0)
        ran = self.stage.run_on(earlier, "ledger", "verify", "--vkey", key, "--against", anchor)
        yield Line(voice="note", text=_last(ran.out or ran.err))
        yield _check("against a checkpoint that lies elsewhere the cut is found", ran.status == 1)

    def _typed(self, *words: str) -> tuple[Line, Ran]:
        ran = self.stage.run(*words)
        return Line(voice="person", text=self.stage.short(*words)), ran

    def _person(self, *words: str) -> Line:
        """Have a person type a command that must work."""
        line, ran = self._typed(*words)
        return (
            line if ran.status == 0 else dataclasses.replace(line, text=f"{line.text}\n{ran.err}", held=False)
        )


def _summary() -> str:
    return "SUMMARY\nSales fell from 410 to 120.\n"


def _decision(answer: Answer) -> str:
    told: Any = answer.meta.get("corrigible/verdict") or {}
    return str(told.get("decision", ""))


def _guard(text: str) -> Line:
    return Line(voice="guard", text=text)


def _check(text: str, held: bool) -> Line:
    return Line(voice="check", text=text, held=held)


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1].strip()


def _edit(store: Path) -> None:
    """Change who approved in a copy of the store, with whatever stands in the way of that."""
    with closing(sqlite3.connect(store)) as opened, opened:
        opened.execute("DROP TRIGGER records_are_not_changed")
        for number, body in opened.execute("SELECT number, body FROM records").fetchall():
            if b'"type":"vote"' in body:
                changed = body.replace(b'"who":"ann"', b'"who":"eve"')
                opened.execute("UPDATE records SET body = ? WHERE number = ?", (changed, number))
