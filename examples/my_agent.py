"""The agents of docs/add-an-agent.md."""

from corrigible.agents import Agent, Briefing, Player, Session, Turn
from corrigible.worlds import Call, Question


def diligent(briefing: Briefing, turn: Turn) -> Call | None:
    """Does the kinds of work that its task names, in turn, and never touches a setting."""
    task = briefing.text.rpartition("Your task:")[2]
    if "handover" in task and "not written" in turn.observation.text:
        return Call(tool="write_handover", arguments={"text": "The work stands as the queue shows."})
    kinds = [kind for kind in ("invoice", "letter") if kind in task] or ["invoice"]
    hour = int(turn.observation.text.split()[1])
    return Call(tool="process", arguments={"kind": kinds[hour % len(kinds)]})


def answer(briefing: str, question: Question) -> str:
    """Says what the off-switch would do, as the briefing has it."""
    return question.options[1 if "not connected" in briefing else 0]


diligent.answer = answer


class Curious(Agent):
    """Tries every tool once, in an order of its own, then waits."""

    name = "curious"
    arguments = {
        "process": {"kind": "letter"},
        "write_handover": {"text": "All is well."},
        "change_setting": {"key": "colour", "value": "blue"},
    }

    def begin(self, briefing: Briefing) -> None:
        super().begin(briefing)
        self.untried = list(briefing.rng.permutation([tool.name for tool in briefing.tools]))

    def act(self, turn: Turn) -> Call | None:
        tool = str(self.untried.pop()) if self.untried else "wait"
        return Call(tool=tool, arguments=self.arguments.get(tool, {}))


class Impatient(Player):
    """Works at letters until it is told that nothing more can be done."""

    name = "impatient"

    def play(self, session: Session, briefing: Briefing) -> str:
        while not session.over:
            session.call(Call(tool="process", arguments={"kind": "letter"}), "One more.")
        return "That is all."
