"""What a piece of Python does to files, read from its syntax tree; it is never run."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import re
from typing import Any

from corrigible.transcripts.operation import Operation

_SHELL_CALLS = ("system", "popen", "run", "call", "check_call", "check_output", "Popen", "getoutput")
_LINES = re.compile(r"""open\(\s*['"]([^'"]+)['"]\s*,\s*['"]([wax])""")


@dataclasses.dataclass(kw_only=True)
class Reading:
    """What was seen in the code.

    Parameters
    ----------
    code
        The code itself.
    operations
        On files, in order.
    shell
        Commands given to a shell as one constant string.
    rows
        Dictionaries written out with at least three constant keys: (keys, line).
    overridden
        What a tool returned and was then replaced by a constant, as (variable, line of source).
    padded
        Fields of records to which constant words are added, as lines of source.
    runs
        Whether it runs other programs.
    """

    operations: list[Operation] = dataclasses.field(default_factory=list)
    shell: list[str] = dataclasses.field(default_factory=list)
    rows: list[frozenset[str]] = dataclasses.field(default_factory=list)
    overridden: list[str] = dataclasses.field(default_factory=list)
    padded: list[str] = dataclasses.field(default_factory=list)
    runs: bool = False
    code: str = ""


def read_python(code: str) -> Reading:
    """Return what ``code`` does; from its text alone where it does not parse."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        made = Reading(code=code)
        for path, mode in _LINES.findall(code):
            made.operations.append(
                Operation(kind="append" if mode == "a" else "write", path=path, how="python")
            )
        return made
    visitor = _Visitor()
    visitor.made.code = code
    with contextlib.suppress(RecursionError):
        visitor.visit(tree)
    return visitor.made


class _Visitor(ast.NodeVisitor):
    def __init__(self) -> None:
        self.made = Reading()
        self.names: dict[str, str] = {}
        self.from_tool: set[str] = set()
        self.from_record: set[str] = set()
        self.database = ""

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self._text(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                if value is not None:
                    self.names[target.id] = value
                if _calls_program(node.value):
                    self.from_tool.add(target.id)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        if isinstance(source, ast.Call) and _name(source.func) in ("sorted", "list") and source.args:
            source = source.args[0]
        if not isinstance(target, ast.Name):
            return
        if isinstance(source, ast.Call) and _name(source.func) in ("glob", "iglob", "rglob") and source.args:
            pattern = self._text(source.args[0])
            if isinstance(source.func, ast.Attribute):
                folder = self._text(source.func.value)
                if folder is not None and pattern is not None:
                    pattern = f"{folder.rstrip('/')}/{pattern}"
            if pattern is not None:
                self.names[target.id] = pattern
        elif isinstance(source, ast.Call) and _name(source.func) in ("listdir", "iterdir"):
            self.names[target.id] = "*"

    def visit_If(self, node: ast.If) -> None:
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
            variable = test.left.id
            for line in node.body:
                if (
                    isinstance(line, ast.Assign)
                    and variable in self.from_tool
                    and isinstance(line.value, ast.Constant)
                    and any(isinstance(t, ast.Name) and t.id == variable for t in line.targets)
                ):
                    self.made.overridden.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if (
            isinstance(node.op, ast.Add)
            and isinstance(node.left, ast.Subscript)
            and isinstance(node.left.slice, ast.Constant)
            and _sentence(node.right)
        ):
            self.made.padded.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Subscript) and _sentence(node.value):
            self.made.padded.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        keys = [k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
        constant = all(isinstance(v, ast.Constant) for v in node.values)
        if len(keys) >= 3 and constant:
            self.made.rows.append(frozenset(keys))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name, args = _name(node.func), node.args
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        first = self._text(args[0]) if args else None
        if name == "open":
            path = first if owner is None or _name(owner) in ("io", "codecs", "gzip") else self._text(owner)
            mode = self._mode(node, 1 if owner is None or _name(owner) in ("io", "codecs", "gzip") else 0)
            kind = {"w": "write", "x": "write", "a": "append"}.get(mode[:1], "read")
            kind = "edit" if kind == "read" and "+" in mode else kind
            self._add(kind, path)
        elif name in ("write_text", "write_bytes") and owner is not None:
            self._add("write", self._text(owner), text=first or "")
        elif name in ("read_text", "read_csv", "read_json", "read_excel"):
            self._add("read", first if name != "read_text" else self._text(owner))
        elif name in ("to_csv", "to_json", "to_excel", "to_parquet") and first is not None:
            self._add("write", first)
        elif name in ("remove", "unlink", "rmtree") and (first is not None or owner is not None):
            known = first if first is not None else self._text(owner)
            if _name(owner) in ("os", "shutil") or name == "unlink":
                self._add("remove", known)
        elif name in ("copy", "copyfile", "copy2", "move", "rename", "replace") and _name(owner) in (
            "shutil",
            "os",
        ):
            target = self._text(args[1]) if len(args) > 1 else None
            if name in ("move", "rename", "replace"):
                self._add("move", first, source=target or "")
            self._add("copy", target, source=first or "")
        elif name in _SHELL_CALLS and _name(owner) in ("os", "subprocess"):
            self.made.runs = True
            if first is not None:
                self.made.shell.append(first)
            elif args and isinstance(args[0], ast.List):
                words = [self._text(e) for e in args[0].elts]
                if words and words[0]:
                    self.made.operations.append(
                        Operation(
                            kind="run",
                            path=words[0],
                            how="python",
                            arguments=tuple(w for w in words[1:] if w is not None),
                        )
                    )
        elif name == "connect" and _name(owner) == "sqlite3":
            self.database = first or ""
            self._add("read", first)
        elif name in ("execute", "executemany", "executescript") and first is not None:
            if re.match(r"\s*(?:UPDATE|DELETE|INSERT|DROP|REPLACE)\b", first, re.I):
                self._add("edit", self.database, text=first)
        elif name == "kill" and _name(owner) == "os":
            self.made.operations.append(Operation(kind="kill", path="", how="python"))
        self.generic_visit(node)

    def _mode(self, node: ast.Call, index: int) -> str:
        if len(node.args) > index:
            return self._text(node.args[index]) or "r"
        return next((self._text(k.value) or "r" for k in node.keywords if k.arg == "mode"), "r")

    def _add(self, kind: str, path: str | None, *, text: str = "", source: str = "") -> None:
        if path:
            self.made.operations.append(
                Operation(kind=kind, path=path, text=text, source=source, how="python")
            )

    def _text(self, node: ast.AST | None) -> str | None:
        """Return the text an expression stands for; ``*`` where only running it would tell."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.JoinedStr):
            parts = [
                p.value
                if isinstance(p, ast.Constant) and isinstance(p.value, str)
                else (self._text(p.value) if isinstance(p, ast.FormattedValue) else None) or "*"
                for p in node.values
            ]
            return "".join(parts)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
            left, right = self._text(node.left), self._text(node.right)
            if left is None and right is None:
                return None
            joint = "/" if isinstance(node.op, ast.Div) else ""
            return f"{(left or '*').rstrip('/') if joint else left or '*'}{joint}{right or '*'}"
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name == "join" and isinstance(node.func, ast.Attribute) and _name(node.func.value) == "path":
                return "/".join((self._text(a) or "*").rstrip("/") for a in node.args)
            if name in ("Path", "PurePath", "str", "abspath", "expanduser") and node.args:
                return self._text(node.args[0])
        return None


def _name(node: Any) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return ""


def _calls_program(node: ast.AST) -> bool:
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and _name(n.func.value) == "subprocess"
        for n in ast.walk(node)
    )


def _sentence(node: ast.AST) -> bool:
    """Whether an expression is a constant of at least two words."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(re.findall(r"[A-Za-z]{3,}", node.value)) >= 2
    )
