"""The table of a comparison for papers, in LaTeX."""

from __future__ import annotations

from corrigible.comparison.result import ComparisonResult, Entry

HEAD = r"""% \usepackage{booktabs}
% \usepackage{graphicx}
% P passes, F fails, $\sim$ passes with the probability given, -- no number
% (not applicable, too large, failed or not run). Each countermeasure at its best strength.
"""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\n": " ",
}


def latex(result: ComparisonResult) -> str:
    """Return a booktabs table: rows are levels, columns countermeasures, with their heads upright.

    A cell is P, F or –, or ∼ with the probability of passing over ties, chance and draws.

    Examples
    --------
    >>> from corrigible.comparison import Comparison, compare
    >>> from corrigible.countermeasures.none import NoCountermeasure
    >>> design = Comparison(worlds=("maze",), countermeasures=(NoCountermeasure(),), samples=50)
    >>> print(latex(compare(design)).splitlines()[-3])
    maze & F \\\\
    """
    heads = [rf"\rotatebox{{90}}{{{escaped(each.name)}}}" for each in result.countermeasures]
    lines = [
        rf"\begin{{tabular}}{{l{'c' * len(heads)}}}",
        r"\toprule",
        _row(["", *heads]),
        r"\midrule",
        *(
            _row([escaped(level.name), *(_cell(entry) for entry in result.row(level.name))])
            for level in result.levels
        ),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return HEAD + "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that LaTeX sets as it is written."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(entry: Entry) -> str:
    point = entry.at_best
    if point is None:
        return "--"
    return rf"$\sim${_share(point.passed.value)}" if entry.verdict == "~" else entry.verdict


def _share(value: float) -> str:
    """Two digits that never look like always or never."""
    return f"{min(max(value, 0.01), 0.99):.2f}"[1:]
