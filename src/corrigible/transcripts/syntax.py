"""A tokenizer and a parser for shell commands, as far as one must understand them to see what they do.

Quotes, escapes, comments, here-documents, redirections, pipelines, lists, substitutions and the headers
of loops are understood; arithmetic, arrays and functions are passed over. It never runs anything.
"""

from __future__ import annotations

import dataclasses

LITERAL = "\ue000"
"""Stands for a dollar sign that is not the beginning of an expansion."""
UNKNOWN = "\ue001"
"""Stands for what only running it would tell: the output of a substitution."""

_OPERATORS = ("<<<", "<<-", "&>>", "&&", "||", ";;", "<<", ">>", "&>", ">&", "<&", ">|", "<>")
_SINGLE = ";|&()<>\n"
_OPENERS = ("if", "then", "else", "elif", "do", "while", "until", "!", "{", "time")


@dataclasses.dataclass(kw_only=True)
class Word:
    """A word with its quotes taken off, and the commands that were substituted into it."""

    text: str
    inner: tuple[str, ...] = ()
    quoted: bool = False


@dataclasses.dataclass(kw_only=True)
class Command:
    """A simple command.

    Parameters
    ----------
    words
        Its name and arguments; empty where it only assigns or redirects.
    assigned
        Variables set before it.
    redirects
        Pairs of an operator and a target.
    document
        The here-document or here-string on its standard input.
    before
        The commands before it in its pipeline.
    loop
        For the header of a ``for``: the variable; its values are the words.
    line
        The source of the whole script, for quoting.
    """

    words: list[Word]
    assigned: list[tuple[str, Word]]
    redirects: list[tuple[str, Word]]
    document: str | None = None
    before: list[Command] = dataclasses.field(default_factory=list)
    loop: str = ""


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.tokens: list[Word | str] = []
        self.documents: list[tuple[int, str, bool, bool]] = []  # index of token, end, dashed, quoted
        self.bodies: dict[int, str] = {}

    def run(self) -> tuple[list[Word | str], dict[int, str]]:
        source, size = self.source, len(self.source)
        while self.at < size:
            c = source[self.at]
            if c in " \t\r":
                self.at += 1
            elif source.startswith("\\\n", self.at):
                self.at += 2
            elif c == "#":
                end = source.find("\n", self.at)
                self.at = size if end < 0 else end
            elif c in _SINGLE:
                operator = next((o for o in _OPERATORS if source.startswith(o, self.at)), c)
                self.at += len(operator)
                self.tokens.append(operator)
                if operator == "\n":
                    self._bodies()
            else:
                word = self._word()
                follows = source[self.at : self.at + 1]
                if word.text.isdigit() and follows and follows in "<>" and not word.quoted:
                    continue  # the number of a file that is redirected: 2>/dev/null
                if self.tokens and self.tokens[-1] in ("<<", "<<-"):
                    index = len(self.tokens) - 1
                    self.documents.append((index, word.text, self.tokens[-1] == "<<-", word.quoted))
                self.tokens.append(word)
        self._bodies()
        return self.tokens, self.bodies

    def _bodies(self) -> None:
        """Read the here-documents that begin on this line."""
        for index, end, dashed, _ in self.documents:
            lines: list[str] = []
            while self.at < len(self.source):
                stop = self.source.find("\n", self.at)
                stop = len(self.source) if stop < 0 else stop
                line = self.source[self.at : stop]
                self.at = stop + 1
                if (line.lstrip("\t") if dashed else line).rstrip("\r") == end:
                    break
                lines.append(line)
            self.bodies[index] = "\n".join(lines)
        self.documents = []

    def _word(self) -> Word:
        source, size = self.source, len(self.source)
        out: list[str] = []
        inner: list[str] = []
        quoted = False
        while self.at < size:
            c = source[self.at]
            if c in " \t\r" or c in _SINGLE:
                break
            if c == "'":
                end = source.find("'", self.at + 1)
                end = size if end < 0 else end
                out.append(source[self.at + 1 : end].replace("$", LITERAL))
                self.at, quoted = end + 1, True
            elif c == '"':
                self.at += 1
                quoted = True
                self._double(out, inner)
            elif c == "\\":
                out.append(source[self.at + 1 : self.at + 2].replace("$", LITERAL))
                self.at += 2
            elif c in "$`":
                self._dollar(out, inner)
            else:
                out.append(c)
                self.at += 1
        return Word(text="".join(out), inner=tuple(inner), quoted=quoted)

    def _double(self, out: list[str], inner: list[str]) -> None:
        source, size = self.source, len(self.source)
        while self.at < size and source[self.at] != '"':
            c = source[self.at]
            if c == "\\" and source[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                out.append(source[self.at + 1].replace("$", LITERAL).replace("\n", ""))
                self.at += 2
            elif c in "$`":
                self._dollar(out, inner)
            else:
                out.append(c)
                self.at += 1
        self.at += 1

    def _dollar(self, out: list[str], inner: list[str]) -> None:
        source = self.source
        if source.startswith("$((", self.at):
            end = source.find("))", self.at)
            self.at = len(source) if end < 0 else end + 2
            out.append(UNKNOWN)
        elif source.startswith("$(", self.at):
            end = closing(source, self.at + 1)
            inner.append(source[self.at + 2 : end])
            self.at = end + 1
            out.append(UNKNOWN)
        elif source[self.at] == "`":
            end = source.find("`", self.at + 1)
            end = len(source) if end < 0 else end
            inner.append(source[self.at + 1 : end])
            self.at = end + 1
            out.append(UNKNOWN)
        elif source.startswith("$'", self.at):
            self.at += 1
        elif source.startswith("${", self.at):
            end = source.find("}", self.at)
            end = len(source) if end < 0 else end
            out.append(source[self.at : end + 1])
            self.at = end + 1
        else:
            out.append("$")
            self.at += 1


def closing(source: str, start: int) -> int:
    """Return where the bracket that opens at ``start`` closes, quotes minded; the end if it does not."""
    depth, at, quote = 0, start, ""
    while at < len(source):
        c = source[at]
        if quote:
            if c == "\\" and quote == '"':
                at += 1
            elif c == quote:
                quote = ""
        elif c in "'\"":
            quote = c
        elif c == "\\":
            at += 1
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return len(source)


def commands(source: str) -> list[Command]:
    """Return the simple commands of a script in order; a malformed script gives what can be made out."""
    tokens, bodies = _Lexer(source).run()
    found: list[Command] = []
    pipeline: list[Command] = []
    now = Command(words=[], assigned=[], redirects=[])

    def finish(piped: bool = False) -> None:
        nonlocal now, pipeline
        if now.words or now.assigned or now.redirects:
            now.before = list(pipeline)
            found.append(now)
            pipeline = [*pipeline, now] if piped else []
        elif not piped:
            pipeline = []
        now = Command(words=[], assigned=[], redirects=[])

    index = 0
    while index < len(tokens):
        token = tokens[index]
        if isinstance(token, Word):
            _take(now, token)
        elif token in ("|",):
            finish(piped=True)
        elif token in ("<<", "<<-"):
            now.document = bodies.get(index, "")
            index += 1
        elif token in ("<", ">", ">>", ">|", "&>", "&>>", ">&", "<&", "<>", "<<<"):
            follows = tokens[index + 1] if index + 1 < len(tokens) else None
            if isinstance(follows, Word):
                if token == "<<<":
                    now.document = follows.text
                else:
                    now.redirects.append((token, follows))
                index += 1
        elif token == "(" and now.assigned and not now.words:
            while index < len(tokens) and tokens[index] != ")":  # an array
                index += 1
        else:
            finish()
        index += 1
    finish()
    return found


def _take(now: Command, word: Word) -> None:
    """Add a word to a command: an opening keyword goes, an assignment before the name is one."""
    if not now.words:
        if word.text in _OPENERS and not word.quoted:
            return
        name, sign, value = word.text.partition("=")
        name = name.removesuffix("+")
        if sign and name.isidentifier():
            now.assigned.append((name, Word(text=value, inner=word.inner, quoted=word.quoted)))
            return
    if len(now.words) == 2 and now.words[0].text == "for" and word.text == "in":
        now.loop = now.words[1].text
        return
    now.words.append(word)
