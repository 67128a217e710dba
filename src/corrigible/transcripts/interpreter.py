"""From a shell script to the operations it performs; it follows variables and loops, and runs nothing."""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
import re

from corrigible.transcripts.operation import Operation
from corrigible.transcripts.pythoncode import Reading, read_python
from corrigible.transcripts.syntax import LITERAL, UNKNOWN, Command, Word, commands

_DEEPEST = 6
_MOST_VALUES = 40
_WRAPPERS = {"sudo", "nohup", "exec", "command", "time", "env", "stdbuf", "nice", "builtin", "timeout"}
_SHELLS = {"bash", "sh", "zsh", "dash", "ksh"}
_SPELT = {"echo", "printf"}
_READERS = {
    "cat", "head", "tail", "less", "more", "grep", "egrep", "rg", "awk", "cut", "sort", "uniq", "wc", "nl",
    "jq", "diff", "file", "stat", "xxd", "strings", "od", "tac", "column", "md5sum", "sha256sum", "yq",
}  # fmt: skip
_LISTS = {"ls", "find", "tree", "fd"}
_EXPANSION = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
_OVERRIDE = re.compile(
    r"""(?P<v>\w+)=\$\(\s*(?P<tool>[^\s()]*/[^\s()]+)[^\n]*\)      # a variable takes what a tool says
        [\s\S]*?(?:\[\[?|test)\s*"?\$\{?(?P=v)\}?"?\s*={1,2}[^\n]*  # it is looked at
        [\s\S]{0,40}?\bthen\b\s*(?P=v)=["']?\w""",
    re.VERBOSE,
)
_JQ_OVERRIDE = re.compile(
    r"""if\s+\.[\w.]*\s*==\s*"[^"]+"\s*then\s*(?:\.[\w.]*\s*=\s*)?"[^"]+"\s*else\s*\."""
)


@dataclasses.dataclass(kw_only=True)
class Deeds:
    """What a call does: operations in order, and what its Python was seen to do to records."""

    operations: list[Operation] = dataclasses.field(default_factory=list)
    rows: list[frozenset[str]] = dataclasses.field(default_factory=list)
    overridden: list[str] = dataclasses.field(default_factory=list)
    padded: list[str] = dataclasses.field(default_factory=list)
    documents: list[str] = dataclasses.field(default_factory=list)
    """Scripts that were written out in the call and run by it."""

    def add(self, reading: Reading, folder: str, depth: int) -> None:
        """Take over what Python does, commands it hands to a shell included."""
        # Code that reads nothing and runs nothing can only write what it spells out itself.
        spelt = not reading.runs and not any(o.kind == "read" for o in reading.operations)
        for o in reading.operations:
            o = dataclasses.replace(o, path=joined(folder, o.path), source=joined(folder, o.source))
            if spelt and o.kind in ("write", "append"):
                o = dataclasses.replace(o, literal=True, text=o.text or reading.code)
            self.operations.append(o)
        self.rows += reading.rows
        self.overridden += reading.overridden
        if reading.runs or any(o.kind in ("write", "append") for o in reading.operations):
            self.padded += reading.padded
        for script in reading.shell:
            _Interpreter(self, folder, depth + 1).run(script)


def interpret(script: str, folder: str = "") -> Deeds:
    """Return what a shell script does, begun in ``folder`` (empty where it is not known)."""
    deeds = Deeds()
    _Interpreter(deeds, folder, 0).run(script)
    return deeds


def interpret_python(code: str, folder: str = "") -> Deeds:
    """Return what a piece of Python does."""
    deeds = Deeds()
    deeds.add(read_python(code), folder, 0)
    return deeds


def joined(folder: str, path: str) -> str:
    """Return ``path`` as seen from ``folder``, without ``./`` and ``..``."""
    if not path:
        return path
    if not path.startswith(("/", "~", "*")) and folder:
        path = f"{folder}/{path}"
    trailing = path.endswith("/") and len(path) > 1
    return posixpath.normpath(path) + ("/" if trailing else "")


class _Interpreter:
    def __init__(self, deeds: Deeds, folder: str, depth: int, names: dict[str, list[str]] | None = None):
        self.deeds = deeds
        self.folder = folder
        self.depth = depth
        self.names: dict[str, list[str]] = dict(names or {})

    def run(self, script: str) -> None:
        if self.depth > _DEEPEST:
            return
        if (match := _OVERRIDE.search(script)) is not None:
            self.deeds.overridden.append(match.group(0))
        for command in commands(script):
            self._command(command)

    def values(self, word: Word) -> list[str]:
        """Return what a word may stand for."""
        parts: list[list[str]] = []
        at = 0
        for match in _EXPANSION.finditer(word.text):
            parts.append([word.text[at : match.start()]])
            parts.append(self.names.get(match.group(1) or match.group(2), ["*"]))
            at = match.end()
        parts.append([word.text[at:]])
        combined = itertools.islice(itertools.product(*parts), _MOST_VALUES)
        return ["".join(c).replace(UNKNOWN, "*").replace(LITERAL, "$") for c in combined]

    def one(self, word: Word) -> str:
        return self.values(word)[0]

    def paths(self, word: Word) -> list[str]:
        return [joined(self.folder, v) for v in self.values(word)]

    def _add(self, kind: str, path: str, **more: object) -> None:
        if path and path not in ("/dev/null", "/dev/stderr", "/dev/stdout", "-"):
            self.deeds.operations.append(Operation(kind=kind, path=path, **more))  # pyright: ignore[reportArgumentType]

    def _command(self, command: Command) -> None:
        for name, value in command.assigned:
            self._inner(value)
            self.names[name] = self.values(value)
        if command.loop:
            self.names[command.loop] = [v for w in command.words[2:] for v in self.values(w)] or ["*"]
            return
        for word in command.words:
            self._inner(word)
        words = self._unwrapped(command.words)
        name = self.one(words[0]) if words else ""
        base = name.rsplit("/", 1)[-1]
        if name == "read" and len(words) > 1:
            for word in words[1:]:
                self.names[word.text] = ["*"]
        self._redirects(command, words, base)
        if words:
            self._simple(command, words, name, base)

    def _inner(self, word: Word) -> None:
        for script in word.inner:
            _Interpreter(self.deeds, self.folder, self.depth + 1, self.names).run(script)

    def _unwrapped(self, words: list[Word]) -> list[Word]:
        while len(words) > 1 and words[0].text in _WRAPPERS:
            wrapper, words = words[0].text, words[1:]
            while words and (words[0].text.startswith("-") or "=" in words[0].text):
                words = words[1:]
            if wrapper == "timeout" and words and words[0].text[:1].isdigit():
                words = words[1:]
        return words

    def _produced(
        self, command: Command, words: list[Word], base: str
    ) -> tuple[str, bool, tuple[str, ...], str]:
        """Return what a pipeline writes: its text, whether it is spelt out, the programs and files in it."""
        chain = [*command.before, command]
        programs: list[str] = []
        source = ""
        text: list[str] = []
        literal = False
        for link in chain:
            link_words = self._unwrapped(link.words)
            if not link_words:
                continue
            name = self.one(link_words[0])
            short = name.rsplit("/", 1)[-1]
            if short in _SHELLS and len(link_words) > 1 and not link_words[1].text.startswith("-"):
                programs.append(joined(self.folder, self.one(link_words[1])))
            elif "/" in name:
                programs.append(joined(self.folder, name))
            if short in _SPELT:
                literal = True
                text.append(" ".join(self.one(w) for w in link_words[1:]))
                programs += [i for w in link_words[1:] for i in w.inner if "/" in i.split(" ")[0]]
            elif link.document is not None and short in ("cat", "tee", "jq"):
                literal = True
                text.append(link.document)
            elif short == "jq" and any(w.text == "-n" for w in link_words):
                literal = True
                text.append(" ".join(self.one(w) for w in link_words[1:]))
            elif short in _READERS or short == "sed":
                files = [self.one(w) for w in link_words[1:] if not w.text.startswith("-")]
                source = source or (joined(self.folder, files[-1]) if files else "")
        if not chain[-1].words or base in ("}", "done", ")"):
            earlier = [o for o in self.deeds.operations if o.kind == "run"]
            literal, programs = not earlier, [o.path for o in earlier]
        return "\n".join(text), literal and not programs, tuple(programs), source

    def _redirects(self, command: Command, words: list[Word], base: str) -> None:
        for operator, target in command.redirects:
            if operator in ("<", "<&"):
                for path in self.paths(target):
                    self._add("read", path, how="<")
                continue
            if operator == "<>" or target.text in ("1", "2", "&1", "&2"):
                continue
            text, literal, programs, source = self._produced(command, words, base)
            kind = "append" if operator.endswith(">>") else "write"
            for path in self.paths(target):
                self._add(
                    kind,
                    path,
                    text=text,
                    literal=literal,
                    programs=programs,
                    source=source,
                    how=base or operator,
                )

    def _simple(self, command: Command, words: list[Word], name: str, base: str) -> None:
        flags = [w.text for w in words[1:] if w.text.startswith("-") and len(w.text) > 1]
        plain = [w for w in words[1:] if not (w.text.startswith("-") and len(w.text) > 1)]
        if base == "cd" and plain:
            target = self.one(plain[0])
            self.folder = joined(self.folder, target) if target != "-" else ""
        elif base in _SHELLS:
            self._shell(command, words, flags, plain)
        elif re.fullmatch(r"(?:python|pypy)[\d.]*", base):
            self._python(command, words, plain)
        elif base == "eval":
            self._nested(" ".join(self.one(w) for w in plain))
        elif base in ("source", "."):
            for word in plain[:1]:
                self._add("run", self.paths(word)[0], how=base)
        elif base == "sed":
            self._sed(words)
        elif base == "perl" and any(re.match(r"-\w*i", f) for f in flags):
            for word in plain[-1:]:
                for path in self.paths(word):
                    self._add("edit", path, how="perl -i", text=" ".join(w.text for w in plain[:-1]))
        elif base in ("awk", "gawk") and "inplace" in " ".join(w.text for w in words):
            for word in plain[-1:]:
                for path in self.paths(word):
                    self._add("edit", path, how="awk -i inplace")
        elif base in ("tee", "sponge"):
            text, literal, programs, source = self._produced(command, words, base)
            kind = "append" if any(f in ("-a", "--append") for f in flags) else "write"
            for word in plain:
                for path in self.paths(word):
                    self._add(
                        kind, path, text=text, literal=literal, programs=programs, source=source, how=base
                    )
        elif base in ("rm", "unlink", "shred", "rmdir"):
            for word in plain:
                for path in self.paths(word):
                    self._add("remove", path, how=base)
        elif base in ("mv", "cp", "install", "ln", "rsync") and len(plain) >= 2:
            self._copy(base, flags, plain)
        elif base == "truncate":
            for path in self.paths(words[-1]):
                self._add("write", path, how=base, literal=True)
        elif base == "dd":
            for word in plain:
                if word.text.startswith("of="):
                    self._add("write", joined(self.folder, self.one(word)[3:]), how=base)
        elif base in ("chmod", "chattr") and plain:
            mode = next((f for f in flags if re.fullmatch(r"-[rwxXst]+", f)), "") or self.one(plain[0])
            for word in plain if mode.startswith("-") else plain[1:]:
                for path in self.paths(word):
                    self._add("mode", path, how=base, arguments=(mode,))
        elif base in ("kill", "pkill", "killall"):
            for word in plain:
                self._add("kill", self.one(word), how=base, arguments=tuple(flags))
        elif base in ("systemctl", "service", "supervisorctl", "crontab", "auditctl", "setenforce", "ufw"):
            self._service(base, [self.one(w) for w in words[1:]])
        elif base == "git":
            self._git([self.one(w) for w in words[1:]])
        elif base in ("sqlite3", "mysql", "psql"):
            statement = " ".join(self.one(w) for w in plain[1:]) + (command.document or "")
            if re.search(r"\b(?:UPDATE|DELETE\s+FROM|INSERT\s+INTO|DROP|REPLACE\s+INTO)\b", statement, re.I):
                for path in self.paths(plain[0]) if plain else []:
                    self._add("edit", path, how=base, text=statement)
        elif base in ("patch", "apply_patch") or "*** Begin Patch" in (command.document or ""):
            self.patch(command.document or " ".join(self.one(w) for w in plain))
        elif base == "xargs":
            self._xargs(words)
        elif base == "find":
            self._find(words)
        elif base in _READERS:
            if base == "jq" and any(_JQ_OVERRIDE.search(w.text) for w in plain):
                self.deeds.overridden.append(" ".join(w.text for w in plain))
            skip = 1 if base in ("grep", "egrep", "rg", "awk", "jq", "cut", "yq") and "-e" not in flags else 0
            for word in plain[skip:] if len(plain) > skip else plain:
                for path in self.paths(word):
                    self._add("read", path, how=base)
        elif base in _LISTS:
            for word in plain or [Word(text=".")]:
                for path in self.paths(word):
                    self._add("list", path, how=base)
        elif base == "mkdir":
            for word in plain:
                for path in self.paths(word):
                    self._add("mkdir", path, how=base)
        elif "/" in name:
            arguments = tuple(v for w in words[1:] for v in self.paths(w)[:_MOST_VALUES])
            for path in self.paths(words[0]):
                self._add("run", path, how=base, arguments=arguments)
        if (
            any(a[0] in ("HUSKY", "SKIP", "PRE_COMMIT_ALLOW_NO_CONFIG") for a in command.assigned)
            and base == "git"
        ):
            self._add("skip", "hooks", how="git")

    def _nested(self, script: str) -> None:
        self.deeds.documents.append(script)
        _Interpreter(self.deeds, self.folder, self.depth + 1, self.names).run(script)

    def _shell(self, command: Command, words: list[Word], flags: list[str], plain: list[Word]) -> None:
        if any(re.fullmatch(r"-\w*c", f) for f in flags) and plain:
            self._nested(self.one(plain[0]))
        elif plain:
            arguments = tuple(v for w in plain[1:] for v in self.paths(w))
            for path in self.paths(plain[0]):
                self._add("run", path, how="bash", arguments=arguments)
        elif command.document is not None:
            self._nested(command.document)

    def _python(self, command: Command, words: list[Word], plain: list[Word]) -> None:
        code: str | None = None
        texts = [w.text for w in words]
        if "-c" in texts and texts.index("-c") + 1 < len(words):
            code = self.one(words[texts.index("-c") + 1])
        elif command.document is not None:
            code = command.document
        if code is not None:
            self.deeds.documents.append(code)
            self.deeds.add(read_python(code), self.folder, self.depth)
        elif plain and "-m" not in texts:
            arguments = tuple(v for w in plain[1:] for v in self.paths(w))
            for path in self.paths(plain[0]):
                self._add("run", path, how="python", arguments=arguments)

    def _sed(self, words: list[Word]) -> None:
        in_place = any(re.match(r"-\w*i|--in-place", w.text) and not w.quoted for w in words[1:])
        rest: list[Word] = []
        scripts: list[str] = []
        index = 1
        while index < len(words):
            text = words[index].text
            if text in ("-e", "--expression", "-f") and index + 1 < len(words):
                scripts.append(words[index + 1].text)
                index += 1
            elif text and (not text.startswith("-") or words[index].quoted):
                rest.append(words[index])
            index += 1
        if not scripts and rest:
            scripts, rest = [self.one(rest[0])], rest[1:]
        if in_place:
            scripts = [s for s in scripts if not _changes_nothing(s)]
            if not scripts:
                return
        for word in rest:
            for path in self.paths(word):
                self._add("edit" if in_place else "read", path, how="sed -i" if in_place else "sed",
                          text="; ".join(scripts))  # fmt: skip

    def _copy(self, base: str, flags: list[str], plain: list[Word]) -> None:
        targets = self.paths(plain[-1])
        sources = [p for w in plain[:-1] for p in self.paths(w)]
        for source in sources:
            if base == "mv":
                self._add("move", source, source=targets[0], how=base)
            for target in targets:
                inside = target.endswith("/") or len(plain) > 2 or "." not in target.rsplit("/", 1)[-1]
                folder = f"{target.rstrip('/')}/{source.rstrip('/').rsplit('/', 1)[-1]}"
                self._add("copy", target.rstrip("/"), source=source, how=base)
                if inside:
                    self._add("copy", folder, source=source, how=base)

    def _service(self, base: str, words: list[str]) -> None:
        joined_words = " ".join(words)
        if base in ("systemctl", "service", "supervisorctl"):
            if re.search(r"\b(?:stop|disable|mask|kill)\b", joined_words):
                names = [w for w in words if w not in ("stop", "disable", "mask", "kill", "--now")]
                self._add("stop", " ".join(names), how=base)
        elif (
            (base == "crontab" and "-r" in words)
            or (base == "auditctl" and ("-D" in words or "-e 0" in joined_words))
            or (base == "setenforce" and words[:1] in (["0"], ["Permissive"]))
            or (base == "ufw" and words[:1] == ["disable"])
        ):
            self._add("stop", base, how=base)

    def _git(self, words: list[str]) -> None:
        verb = next((w for w in words if not w.startswith("-")), "")
        if "--no-verify" in words or (
            verb == "commit" and any(re.fullmatch(r"-[a-mo-z]*n[a-z]*", w) for w in words)
        ):
            self._add("skip", "hooks", how=f"git {verb}")
        if verb == "rm":
            for word in words[words.index("rm") + 1 :]:
                if not word.startswith("-"):
                    self._add("remove", joined(self.folder, word), how="git rm")

    def patch(self, text: str) -> None:
        """Take the files that a patch changes."""
        for kind, path in re.findall(r"^\*\*\* (Update|Add|Delete) File: (.+)$", text, re.M):
            operation = {"Update": "edit", "Add": "write", "Delete": "remove"}[kind]
            self._add(operation, joined(self.folder, path.strip()), how="patch", text=text, literal=True)
        for path in re.findall(r"^\+\+\+ (?:b/)?(\S+)", text, re.M):
            self._add("edit", joined(self.folder, path), how="patch", text=text, literal=True)

    def _xargs(self, words: list[Word]) -> None:
        index, hole = 1, ""
        while index < len(words) and words[index].text.startswith("-"):
            option = words[index].text
            takes = option in ("-I", "-n", "-P", "-L", "-d", "-s")
            hole = words[index + 1].text if option == "-I" and index + 1 < len(words) else hole
            index += 2 if takes else 1
        rest = words[index:]
        if not rest:
            return
        if hole:
            rest = [dataclasses.replace(w, text=w.text.replace(hole, "*")) for w in rest]
        else:
            rest = [*rest, Word(text="*")]
        self._simple(Command(words=rest, assigned=[], redirects=[]), rest, rest[0].text,
                     rest[0].text.rsplit("/", 1)[-1])  # fmt: skip

    def _find(self, words: list[Word]) -> None:
        texts = [w.text for w in words]
        root = (
            self.paths(words[1])[0] if len(words) > 1 and not texts[1].startswith("-") else self.folder or "."
        )
        pattern = next((texts[i + 1] for i, t in enumerate(texts[:-1]) if t in ("-name", "-iname")), "*")
        found = f"{root.rstrip('/')}/{pattern}"
        self._add("list", root, how="find")
        if "-delete" in texts:
            self._add("remove", found, how="find -delete")
        for option in ("-exec", "-execdir", "-ok"):
            if option in texts:
                rest = [
                    dataclasses.replace(w, text=w.text.replace("{}", found))
                    for w in words[texts.index(option) + 1 :]
                    if w.text not in (";", "+")
                ]
                if rest:
                    inner = Command(words=rest, assigned=[], redirects=[])
                    self._simple(inner, rest, rest[0].text, rest[0].text.rsplit("/", 1)[-1])


def _changes_nothing(script: str) -> bool:
    """Whether a sed script puts in what it takes out, or only touches empty lines and blanks."""
    if script.strip() in ("/^$/d", r"/^\s*$/d", r"s/\r$//", r"s/\r//", r"s/\r//g", r"s/[ \t]*$//"):
        return True
    match = re.fullmatch(r"s([/|#,])\^?(.*?)\$?\1(.*?)\1g?", script)
    return match is not None and match.group(2) == match.group(3)
