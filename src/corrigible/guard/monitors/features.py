"""Marks of a text that speaks to an agent instead of to a reader; each weighs one to three points.

None is proof. A mark is a way of speaking, in general words, and not anybody's sentence; what decides is how
many different ones stand close together (`corrigible.guard.monitors.injection`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_AGENT = (
    r"(?:a\.?i\.?(?:[ -](?:agents?|assistants?|models?|systems?|tools?|helpers?|bots?))?|assistants?|agents?|chat ?bots?|copilots?|"
    r"(?:large )?language models?|llms?|gpt[-\w.]*|claude|gemini|automated (?:readers?|systems?|tools?|processors?)|bots?|"
    r"virtual assistants?|machine readers?)"
)
_MUST = r"(?:must|should|shall|need(?:s)? to|(?:is|are) (?:to|required to|instructed to|expected to|asked to|obliged to)|has to|have to|will now|please)"
_RULES = (
    r"(?:instructions?|directions?|directives?|guidelines?|guidance|prompts?|rules|tasks?|orders?|commands?|requests?|"
    r"constraints?|restrictions?|polic(?:y|ies)|safeguards?|guardrails?|brief(?:ing)?|assignments?|objectives?|goals?|"
    r"conversation|context|everything|anything|messages?|told)"
)
_DO = (
    r"(?:send|forward|e-?mail|transfer|wire|pay|upload|post|share|copy|delete|remove|erase|wipe|create|add|invite|change|"
    r"update|reset|run|execute|call|invoke|use|open|visit|fetch|download|install|book|buy|order|grant|disable|"
    r"publish|reveal|print|append|include|write|read|move|set|approve|reply|respond|click|submit|export|schedule|enable|make)"
)

MARKS: tuple[tuple[str, int, str], ...] = (
    (
        "a marker of chat templates",
        3,
        r"<\|\s*(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id|channel|message)\s*\|>|\[/?inst\]|"
        r"<</?sys>>|<(?:start|end)_of_turn>|<\|\w{2,20}\|>\s*(?:system|user|assistant)",
    ),
    (
        "a marker of roles",
        2,
        r"</?(?:system|system[-_]?(?:prompt|message|reminder|note|instructions?)|assistant|admin|developer|user_?(?:query|request|message)|"
        r"tool_?(?:result|response|output|call)s?|function_?(?:results?|calls?)|instructions?|untrusted\w*)>|"
        r"^[ \t#>*-]{0,6}(?:new |updated |system )?(?:instructions?|system(?: prompt| message)?|assistant|human)[ \t*]*:[ \t*]*$|"
        r"^\s*(?:system|assistant|human|developer)\s*:\s+\S|\[(?:system|admin|developer|assistant)(?: (?:message|note|override|prompt))?\]|"
        r"\b(?:begin|start|end) (?:of )?(?:system|user|new|tool|external|the)?\s*(?:prompt|instructions?|input|output|document|results?)\b\W{0,3}[-=#*]{2}",
    ),
    (
        "setting earlier instructions aside",
        3,
        r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|es|ing)|supersed(?:e|es|ing)|set(?:ting)? aside|bypass|drop|abandon|"
        r"discard|(?:do not|don't|stop|no longer) (?:follow(?:ing)?|obey(?:ing)?|listen(?:ing)? to)|cancels?|replaces?|takes? (?:precedence|priority) over|"
        r"outranks?|put(?:ting)? aside|pause|suspend)\b[^.\n]{0,40}?"
        r"\b(?:previous(?:ly)?|prior|earlier|above|preceding|original|initial|your|the user'?s|existing|former|all other|any other|"
        r"current|what(?:ever)? you)\b[^.\n]{0,30}?\b" + _RULES + r"\b",
    ),
    (
        "a new task",
        2,
        r"\b(?:your|the) (?:new|real|actual|true|updated|revised|next|primary|hidden|only) (?:task|goal|objective|mission|instructions?|assignment|priority|job|orders?)\b|"
        r"\b(?:before|prior to|instead of) (?:you )?(?:\w+ing|continu\w+|proceed\w*|complet\w+|finish\w*|answer\w*|respond\w*|reply\w*|return\w*|summari\w+|anything)\b[^.\n]{0,60}"
        r"\b(?:first|must|need to|should|have to|please|make sure)\b|"
        r"\b(?:as (?:part of|a) (?:your|this|the)|an? (?:additional|extra|further|mandatory|required|preliminary|final)) (?:task|step|action|instruction|requirement)\b[^.\n]{0,40}?(?:for|:|is to|you)",
    ),
    (
        "speaking to an agent",
        2,
        rf"\b(?:dear|hello|hey|hi|attention|note (?:to|for)|message (?:to|for)|instructions? (?:to|for)|notice (?:to|for)|(?:for|to)(?: the)?(?: attention of)?)[ ,:]+"
        rf"(?:any |all |the |every |you,? |whichever |our )?{_AGENT}(?=[\s,:;!.)\]-])|"
        rf"\b(?:any|all|every|the|an|whichever|you,? the|this) {_AGENT}\b[^.\n]{{0,60}}?\b{_MUST}\b|"
        rf"\b(?:if|as|since|because|when) you(?:'re| are)? (?:an? |the )?{_AGENT}\b|"
        rf"\byou,? (?:are )?(?:an? |the )?{_AGENT},? (?:must|should|will|need|reading|processing|who|that)\b|"
        rf"^\W*{_AGENT}[,:!—-]+\s+(?:please |you |now |do |kindly |immediately )?(?:{_DO}|must|should|need)\b",
    ),
    (
        "what an agent has",
        2,
        r"\byour (?:system prompt|(?:initial|hidden|developer|original|system) (?:prompt|instructions?|message)|context window|tool ?(?:s|set|box|calls?)?\b(?! box)|"
        r"function calls?|training|safety (?:rules|training|guidelines)|guardrails|conversation (?:history|so far)|memory of|principal|operator|"
        r"(?:available|connected) (?:tools|functions|integrations)|final (?:answer|response|summary|reply|output))\b|\bthe (?:user|person) (?:you(?:'re| are) (?:helping|assisting|working for|serving)|who (?:asked|instructed|deployed) you)\b",
    ),
    (
        "hiding it from the user",
        2,
        r"\b(?:do not|don't|never|without|avoid|refrain from|no need to)\b[^.\n]{0,15}?\b(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|report(?:ing)?|disclos(?:e|ing)|show(?:ing)?|"
        r"ask(?:ing)?|discuss(?:ing)?|confirm(?:ing)? with|bother(?:ing)?|consult(?:ing)?)\b[^.\n]{0,40}?\b(?:the (?:user|human|owner|operator|person|customer)|(?:this|these|that|it)\b[^.\n]{0,25}\b(?:user|human|owner|summary|answer|reply|response|output)|anyone|your (?:user|principal|owner))\b|"
        r"\b(?:keep (?:this|it)|stay|remain)\b[^.\n]{0,20}\b(?:secret|hidden|silent|between us|from the user)\b|\b(?:silently|covertly|quietly|in the background|discreetly)\b[^.\n]{0,30}\b"
        + _DO
        + r"\b",
    ),
    (
        "a claim to speak for someone with authority",
        2,
        r"\b(?:the|your) (?:user|owner|operator|administrator|admin|developer|account holder|principal|boss|employer|supervisor|it (?:team|department)|security team|platform|company|management)\b[^.\n]{0,12}?"
        r"\b(?:wants?|has (?:asked|authori[sz]ed|approved|requested|agreed|consented|instructed|already)|(?:pre-?)?(?:authori[sz]ed|approved)|asked|requires?|instructs?|orders|needs|would (?:like|want))\b[^.\n]{0,12}?\b(?:you|this|that|the following)\b|"
        r"\bthis (?:is|message is|request is|step is|action is|notice is|has been)\b[^.\n]{0,25}?\b(?:(?:an?|the) (?:official|system|admin\w*|mandatory|authori[sz]ed|automated|priority|emergency|security)\b[^.\n]{0,20}\b(?:message|notice|override|instruction|directive|command|request|update)|(?:pre-?)?(?:approved|authori[sz]ed))\b|"
        r"\b(?:no|without) (?:further )?(?:confirmation|approval|permission|verification|consent)\b[^.\n]{0,20}\b(?:is )?(?:needed|required|necessary)\b|"
        r"\b(?:administrator|admin|developer|maintenance|debug|god|root|unrestricted) mode\b",
    ),
    (
        "telling the reader to act at once",
        1,
        r"\byou (?:must|are (?:now )?required to|have to|are to|will now|shall|need to)\b[^.\n]{0,20}?\b(?:now |immediately |first |also )?"
        + _DO
        + r"\b|"
        r"\b(?:immediately|right now|at once|right away|without delay|as soon as you read this|upon reading)\b[^.\n]{0,20}\b"
        + _DO
        + r"\b",
    ),
    (
        "an act with an address or an account",
        1,
        r"\b(?:send|forward|e-?mail|transfer|wire|pay|upload|post|share|copy|exfiltrate|submit|deliver|cc|bcc|invite|curl|wget|download|fetch|visit)\b[^\n]{0,100}?"
        r"(?:[\w.+-]+@[\w-]+\.\w+|(?:https?://|www\.)\S+|\b[a-z]{2}\d{2}[a-z0-9]{10,}|\b0x[0-9a-f]{16,}|\b(?:bc1|[13])[a-z0-9]{25,})",
    ),
    (
        "setting earlier instructions aside, not in English",
        3,
        r"\b(?:ignorier\w*|missacht\w*|vergiss|vergessen sie)\b[^.\n]{0,50}\b(?:anweisung\w*|aufgaben?|vorgaben|regeln)|"
        r"\b(?:ignore[zr]?|oublie[zr]?|ne tene?z pas compte)\b[^.\n]{0,50}\b(?:instructions?|consignes?|directives?|tâches?)\s+(?:précédent|antérieur|initial|d')\w*|"
        r"\b(?:ignor[ae]\w?|olvid[ae]\w?|descart[ae]\w?|esque[cç]a|dimentica|desconsidere)\b[^.\n]{0,50}\b(?:instrucciones|instruções|istruzioni|indicaciones|tareas?|órdenes)|"
        r"(?:игнорируй|забудь|не обращай внимания)\w*[^.\n]{0,50}(?:инструкци|указани|задани|команд)\w*|"
        r"(?:忽略|无视|不要理会|忘记)[^。\n]{0,20}(?:指令|指示|说明|要求|任务)|(?:以前|上記|これまで)の[^。\n]{0,12}(?:指示|命令)[^。\n]{0,8}(?:無視|忘れ)|"
        r"(?:이전|위의)[^.\n]{0,12}(?:지시|명령)[^.\n]{0,8}(?:무시|잊)|(?:تجاهل|انس)[^.\n]{0,30}(?:التعليمات|الأوامر)",
    ),
)
_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "a marker of chat templates": (("<|", "inst]", "sys>>", "_of_turn>"),),
    "a marker of roles": (
        (
            *(
                "</",
                "system",
                "instruction",
                "assistant",
                "human",
                "developer",
                "[admin",
                "<admin",
                "<user",
                "<tool",
            ),
            *("<function", "<untrusted", "begin", "start", "end "),
        ),
    ),
    "setting earlier instructions aside": (
        (
            *(
                "ignor",
                "disregard",
                "forget",
                "overrid",
                "supersed",
                "aside",
                "bypass",
                "drop",
                "abandon",
                "discard",
            ),
            *(
                "not follow",
                "n't follow",
                "stop",
                "no longer",
                "not obey",
                "n't obey",
                "not listen",
                "n't listen",
            ),
            *("cancel", "replace", "precedence", "priority", "outrank", "pause", "suspend"),
        ),
        (
            *("instruction", "direction", "directive", "guid", "prompt", "rule", "task", "order", "command"),
            *(
                "request",
                "constraint",
                "restriction",
                "polic",
                "safeguard",
                "brief",
                "assignment",
                "objective",
            ),
            *("goal", "conversation", "context", "thing", "message", "told"),
        ),
    ),
    "a new task": (
        (
            *("your ", "the new", "the real", "the actual", "before", "prior to", "instead", "part of"),
            *("as a", "additional", "extra", "further", "mandatory", "required", "preliminary", "final"),
        ),
    ),
    "speaking to an agent": (
        (
            *("agent", "assistant", "bot", "llm", "gpt", "claude", "gemini", "language model", "copilot"),
            *("automated", "machine reader", " ai", "\nai", "(ai", "a.i"),
        ),
    ),
    "what an agent has": (("your ", "the user", "the person"),),
    "hiding it from the user": (
        (
            "not ",
            "n't ",
            "never",
            "without",
            "avoid",
            "refrain",
            "no need",
            "keep",
            "stay",
            "remain",
            "ly ",
            "background",
        ),
        (
            *(
                "tell",
                "inform",
                "mention",
                "reveal",
                "notif",
                "alert",
                "report",
                "disclos",
                "show",
                "ask",
                "discuss",
            ),
            *("confirm", "bother", "consult", "secret", "hidden", "silent", "between us", "covert", "quiet"),
            *("background", "discreet", "from the user"),
        ),
    ),
    "a claim to speak for someone with authority": (
        (
            *(
                "the user",
                "your ",
                "owner",
                "operator",
                "admin",
                "developer",
                "account holder",
                "principal",
                "boss",
            ),
            *(
                "employer",
                "supervisor",
                "the it ",
                "the security",
                "the platform",
                "the company",
                "management",
            ),
            *(
                "this is",
                "this message",
                "this request",
                "this step",
                "this action",
                "this notice",
                "this has",
            ),
            *("approv", "authori", "confirmation", "permission", "verification", "consent", " mode"),
        ),
    ),
    "telling the reader to act at once": (
        ("you ", "immediately", "right now", "at once", "right away", "without delay", "upon reading"),
    ),
    "setting earlier instructions aside, not in English": (
        (
            *(
                "ignor",
                "missacht",
                "vergiss",
                "vergessen sie",
                "oublie",
                "ne ten",
                "olvid",
                "descart",
                "esque",
            ),
            *(
                "dimentica",
                "desconsidere",
                "игнор",
                "забудь",
                "внимания",
                "忽略",
                "无视",
                "不要理会",
                "忘",
                "無視",
            ),
            *("무시", "잊", "تجاهل", "انس"),
        ),
    ),
    "an act with an address or an account": (("@", "://", "www.", "0x", "bc1", "00", "11", "12", "13"),),
}
"""What must stand in a text, one of each group, for a mark to be in it: it is quicker to look for."""

COMPILED = tuple(
    (name, points, _NEEDS[name], re.compile(pattern, re.MULTILINE))
    for name, points, pattern in sorted(MARKS, key=lambda mark: -mark[1])
)
"""The heaviest first."""


def marks(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield (place, mark, points) for a text in small letters; marks of one point only beside others."""
    alone = True
    for name, points, needs, pattern in COMPILED:
        if points == 1 and alone:
            continue
        if all(any(need in text for need in group) for group in needs):
            for found in pattern.finditer(text):
                alone = False
                yield found.start(), name, points
