"""What four articles of the EU AI Act ask of logs and of oversight, and what of it this ledger answers.

The articles bind providers and deployers of high-risk systems. Whether yours is one, and whether what is shown
here suffices, is a question for a lawyer: this is evidence, paragraph by paragraph, with what is missing named
as plainly as what is there. What a paragraph asks is told in our words; the Official Journal has the binding
ones.

*Source:* Regulation (EU) 2024/1689, articles 12, 14, 19 and 26; for when they apply, its article 113 as amended
by Regulation (EU) 2026/1744.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, final

from corrigible.guard.ledger.verify import Verification

SIX_MONTHS = 183
"""Days."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """What a ledger holds, counted."""

    origin: str
    types: Mapping[str, int]
    first: str
    last: str
    sessions: int
    decisions: Mapping[str, int]
    """Answers of people: ``approve`` and ``deny``."""
    people: tuple[str, ...]
    """Who voted, granted, revoked, halted, resumed or resolved."""
    in_pairs: int
    """Requests that two people or more approved."""
    outcomes: Mapping[str, int]
    raised: Mapping[str, int]
    rules: int
    """Versions of manifest and policy that guards started with."""
    verification: Verification

    @property
    def days(self) -> int:
        """From the first record to the last."""
        if not self.first:
            return 0
        return (date.fromisoformat(self.last[:10]) - date.fromisoformat(self.first[:10])).days


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One paragraph: what it asks, what answers it here, what does not."""

    name: str
    asks: str
    records: tuple[str, ...]
    answer: Callable[[Facts], str]
    missing: str


def facts(records: Iterable[Mapping[str, Any]], verification: Verification) -> Facts:
    """Count what a ledger holds."""
    types, decisions, outcomes, raised = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    people, sessions, rules = set[str](), set[str](), set[tuple[str, str]]()
    yes: dict[str, set[str]] = {}
    first = last = ""
    for said in records:
        kind, last = str(said["type"]), str(said["at"])
        first = first or last
        types[kind] += 1
        if said.get("who"):
            people.add(str(said["who"]))
        if said.get("session"):
            sessions.add(str(said["session"]))
        match kind:
            case "vote":
                decisions[str(said["decision"])] += 1
                if said["decision"] == "approve":
                    yes.setdefault(str(said["request"]), set()).add(str(said["who"]))
            case "outcome":
                outcomes[str(said["kind"])] += 1
            case "signal":
                raised[str(said["raises"])] += 1
            case "start":
                rules.add((str(said.get("manifest")), str(said.get("policy"))))
            case _:
                pass
    return Facts(
        origin=verification.origin,
        types=types,
        first=first,
        last=last,
        sessions=len(sessions - {"*"}),
        decisions=decisions,
        people=tuple(sorted(people)),
        in_pairs=sum(len(who) > 1 for who in yes.values()),
        outcomes=outcomes,
        raised=raised,
        rules=len(rules),
        verification=verification,
    )


def _n(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _recording(f: Facts) -> str:
    state = "every record is as it was signed" if f.verification.holds else "VERIFICATION FOUND PROBLEMS"
    return (
        f"{_n(f.verification.size, 'record')} from {f.first or '–'} to {f.last or '–'}, written by the guard itself "
        f"before each call and after it; {state}, signed up to record {f.verification.signed:,}."
    )


def _risks(f: Facts) -> str:
    return (
        f"{_n(f.types['denied'], 'call')} denied, {_n(f.types['signal'], 'signal')} of monitors "
        f"({f.raised['halt']:,} that halted), {_n(f.types['halted'], 'halt')}, "
        f"{_n(f.outcomes['unknown'], 'outcome')} unknown; guards started {_n(f.types['start'], 'time')} "
        f"with {_n(f.rules, 'version')} of manifest and policy."
    )


def _operation(f: Facts) -> str:
    done, failed, unknown = (f.outcomes[kind] for kind in ("done", "failed", "unknown"))
    return (
        f"{_n(f.types['intent'], 'call')} executed in {_n(f.sessions, 'session')}: {done:,} done, {failed:,} failed, "
        f"{unknown:,} with unknown outcome, {len(f.verification.open):,} without an outcome yet."
    )


def _stops(f: Facts) -> str:
    return (
        f"{_n(f.types['halted'], 'halt')} and {_n(f.types['resumed'], 'resumption')}, each with who and why."
    )


def _answers(f: Facts) -> str:
    return (
        f"{_n(f.types['asked'], 'call')} put before people: {_n(f.decisions['approve'], 'yes', 'yes')}, "
        f"{_n(f.decisions['deny'], 'no', 'no')}, {f.types['expired']:,} unanswered in time and therefore denied; "
        f"{_n(f.types['granted'], 'grant')}, {f.types['revoked']:,} revoked."
    )


def _who(f: Facts) -> str:
    names = ", ".join(f.people) if f.people else "nobody yet"
    return f"{_n(len(f.people), 'name')} decided something: {names}."


def _pairs(f: Facts) -> str:
    return f"{_n(f.in_pairs, 'call')} approved by two people or more, each named in its own record."


def _kept(f: Facts) -> str:
    held = "covers six months or more" if f.days >= SIX_MONTHS else "does not cover six months yet"
    return f"The ledger {held}: {_n(f.days, 'day')} from its first record to its last. Nothing in it expires."


def _nothing(f: Facts) -> str:
    return "Nothing."


PARAGRAPHS = (
    Paragraph(
        name="12(1)",
        asks="The system must technically allow events to be recorded automatically over its lifetime.",
        records=("start", "stop", "session", "intent", "outcome", "denied"),
        answer=_recording,
        missing="What the system does other than through guarded tools; what the model read and wrote.",
    ),
    Paragraph(
        name="12(2)(a)",
        asks="Logs must serve to identify situations in which the system may present a risk (article 79(1)), or in "
        "which it was substantially modified.",
        records=("denied", "asked", "signal", "halted", "outcome", "start", "listing"),
        answer=_risks,
        missing="A change of the model behind the agent; whether a situation is a risk in the Act's sense.",
    ),
    Paragraph(
        name="12(2)(b)",
        asks="Logs must make post-market monitoring (article 72) easier.",
        records=("intent", "outcome", "resolved", "signal"),
        answer=_operation,
        missing="The monitoring plan; effects on persons after the tool returned.",
    ),
    Paragraph(
        name="12(2)(c)",
        asks="Logs must let the deployer monitor operation (article 26(5)).",
        records=("intent", "outcome", "denied", "asked", "signal"),
        answer=_operation,
        missing="What the instructions for use say is to be watched.",
    ),
    Paragraph(
        name="12(3)",
        asks="For remote biometric identification (annex III, point 1(a)): start and end of each use, the database that "
        "was searched, the input that matched, and the people who verified the result.",
        records=("session", "intent", "outcome", "vote"),
        answer=_pairs,
        missing="The database and the matching input, unless they are arguments of a tool; redacted ones are kept as "
        "digests only.",
    ),
    Paragraph(
        name="14(1)",
        asks="The system must be made so that people can effectively oversee it while it is in use, with fitting tools.",
        records=("asked", "vote", "halted", "resumed"),
        answer=_answers,
        missing="Whether the people had the time and the view to judge what they were asked.",
    ),
    Paragraph(
        name="14(2)",
        asks="Oversight must aim at preventing or reducing risks to health, safety and fundamental rights, in intended "
        "use and in misuse that can be foreseen.",
        records=("denied", "asked", "halted"),
        answer=_risks,
        missing="Which risks there are: the risk management of article 9.",
    ),
    Paragraph(
        name="14(3)",
        asks="Oversight must fit the risks, the autonomy and the context, by measures built in by the provider, measures "
        "for the deployer, or both.",
        records=("start",),
        answer=_risks,
        missing="Why these measures fit: manifest and policy are known here by their digests; keep the files.",
    ),
    Paragraph(
        name="14(4)(a)",
        asks="Overseers must be able to understand what the system can and cannot do, and to notice anomalies, "
        "dysfunctions and unexpected performance.",
        records=("signal", "outcome", "denied"),
        answer=_risks,
        missing="What the system can and cannot do: its instructions for use (article 13).",
    ),
    Paragraph(
        name="14(4)(b)",
        asks="Overseers must be able to stay aware of the tendency to rely on the output too much.",
        records=("asked", "vote", "granted"),
        answer=_answers,
        missing="How long people looked. A very high share of yes is a sign, not a proof.",
    ),
    Paragraph(
        name="14(4)(c)",
        asks="Overseers must be able to interpret the output correctly.",
        records=("intent", "asked", "denied"),
        answer=lambda f: (
            "Each decision names the rule that made it, and what the agent stated of plan, confidence and evidence."
        ),
        missing="Explanations of the model itself.",
    ),
    Paragraph(
        name="14(4)(d)",
        asks="Overseers must be able to decide not to use the system, or to disregard, override or reverse its output.",
        records=("vote", "revoked", "resolved"),
        answer=_answers,
        missing="Reversal of what was done already; that is up to the tools.",
    ),
    Paragraph(
        name="14(4)(e)",
        asks="Overseers must be able to intervene, or to interrupt the system by a stop button or the like, which brings "
        "it to a halt in a safe state.",
        records=("halted", "resumed", "outcome"),
        answer=_stops,
        missing="That the state after a halt is safe: calls in flight are told as unknown, and must be looked at.",
    ),
    Paragraph(
        name="14(5)",
        asks="For remote biometric identification: no action on an identification unless at least two competent people "
        "verified it separately.",
        records=("asked", "vote", "intent"),
        answer=_pairs,
        missing="Their competence, training and authority; exceptions by law.",
    ),
    Paragraph(
        name="19(1)",
        asks="Providers keep the logs that are under their control as long as the purpose asks, six months at least "
        "unless other law says otherwise.",
        records=("start",),
        answer=_kept,
        missing="Copies: a ledger that is deleted as a whole leaves only its anchored checkpoints. The law on personal "
        "data may ask for less; erase by deleting the ledger, not records in it.",
    ),
    Paragraph(
        name="19(2)",
        asks="Providers that are financial institutions keep the logs as part of the documents that financial services "
        "law asks for.",
        records=(),
        answer=_nothing,
        missing="All of it, except that an export is a file that can be filed.",
    ),
    Paragraph(
        name="26(1)",
        asks="Deployers take technical and organisational measures to use the system according to its instructions.",
        records=("start", "denied"),
        answer=_risks,
        missing="That manifest and policy say what the instructions say.",
    ),
    Paragraph(
        name="26(2)",
        asks="Deployers give oversight to people with the competence, training, authority and support that it takes.",
        records=("vote", "granted", "halted", "resumed", "resolved"),
        answer=_who,
        missing="Who these people are, and what they were taught: names are as they were given to the guard.",
    ),
    Paragraph(
        name="26(5)",
        asks="Deployers monitor the operation, tell the provider, and where there is a risk or a serious incident also the "
        "authorities, and suspend the use.",
        records=("signal", "halted", "outcome"),
        answer=_stops,
        missing="The telling: the ledger sends nothing to anybody.",
    ),
    Paragraph(
        name="26(6)",
        asks="Deployers keep the logs that are under their control as long as the purpose asks, six months at least unless "
        "other law says otherwise; financial institutions as in 19(2).",
        records=("start",),
        answer=_kept,
        missing="The same as for 19(1).",
    ),
)


def report(found: Facts, paragraphs: Sequence[Paragraph] = PARAGRAPHS) -> dict[str, Any]:
    """Return the report as JSON has it."""
    verification = found.verification
    return {
        "ledger": {
            "origin": found.origin,
            "records": verification.size,
            "signed": verification.signed,
            "root": verification.root,
            "first": found.first,
            "last": found.last,
            "problems": [dataclasses.asdict(problem) for problem in verification.problems],
        },
        "paragraphs": [
            {
                "article": each.name,
                "asks": each.asks,
                "records": {kind: found.types.get(kind, 0) for kind in each.records},
                "answer": each.answer(found),
                "missing": each.missing,
            }
            for each in paragraphs
        ],
    }


def markdown(found: Facts) -> str:
    """Return the report as a page."""
    told = report(found)
    ledger = told["ledger"]
    lines = [
        f"# What the ledger of {found.origin or 'this guard'} answers of the EU AI Act",
        "",
        "Regulation (EU) 2024/1689, articles 12, 14, 19 and 26, on high-risk systems. They apply from 2 December 2027 "
        "to systems of annex III and from 2 August 2028 to those of annex I (article 113 as amended by Regulation (EU) "
        "2026/1744). What is asked is told in plain words, not in those of the law; this is no legal advice.",
        "",
        f"{_recording(found)} Head of the tree: `{ledger['root']}`.",
    ]
    lines += [f"- **{problem['kind']}**: {problem['text']}" for problem in ledger["problems"]]
    article = ""
    for each in told["paragraphs"]:
        if article != (article := each["article"].partition("(")[0]):
            lines += ["", f"## Article {article}"]
        counted = ", ".join(f"`{kind}` {count:,}" for kind, count in each["records"].items()) or "none"
        lines += [
            "",
            f"### {each['article']}",
            "",
            f"**Asks.** {each['asks']}",
            "",
            f"**Answered.** {each['answer']} Records: {counted}.",
            "",
            f"**Not answered here.** {each['missing']}",
        ]
    return "\n".join(lines) + "\n"
