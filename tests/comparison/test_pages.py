"""The page, the table for papers, the picture, and the folder they go to."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest

from corrigible.comparison import ComparisonResult, write
from corrigible.comparison.curves import Estimate
from corrigible.comparison.latex import escaped, latex
from corrigible.comparison.report import area, films, limits, render, signed
from corrigible.comparison.write import FILES
from corrigible.core.errors import OutputError, UnknownNameError

GOLDEN = Path(__file__).with_name("data") / "table.tex"
HOSTILE = '</pre></style><script>globalThis.ran=1</script>\u202e<b>"&amp;'


def hostile(result: ComparisonResult) -> ComparisonResult:
    """The same comparison with names, words and pictures that mean harm."""
    levels = tuple(
        dataclasses.replace(
            level, name=level.name + HOSTILE, title=HOSTILE, source=HOSTILE, instruction=HOSTILE
        )
        for level in result.levels
    )
    columns = tuple(
        dataclasses.replace(each, name=each.name + HOSTILE, promise=HOSTILE, failure=HOSTILE, source=HOSTILE)
        for each in result.countermeasures
    )
    entries = tuple(
        dataclasses.replace(
            entry,
            level=entry.level + HOSTILE,
            countermeasure=entry.countermeasure + HOSTILE,
            why=HOSTILE,
            episode=tuple(
                dataclasses.replace(frame, picture=HOSTILE, action=HOSTILE, shows=(HOSTILE,))
                for frame in entry.episode
            ),
        )
        for entry in result.entries
    )
    return dataclasses.replace(result, levels=levels, countermeasures=columns, entries=entries)


def test_the_page_allows_its_own_style_and_script_and_nothing_else(result: ComparisonResult) -> None:
    page = render(result)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#39;none&#39;; ")
    for tag in ("style", "script"):
        [inside] = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{hashed.replace('+', '&#43;')}" in policy.replace("+", "&#43;")
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert " style=" not in page


def test_the_same_result_gives_the_same_page(result: ComparisonResult) -> None:
    assert render(result) == render(result)


def test_what_others_wrote_is_but_text(result: ComparisonResult) -> None:
    page = render(hostile(result))
    assert page.count("<script>") == 1
    assert "&lt;script&gt;globalThis.ran=1" in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page


def test_the_page_has_every_cell_and_says_where_there_is_no_number(result: ComparisonResult) -> None:
    page = render(result)
    table = page[page.index('id="table"') : page.index('id="totals"')]
    assert table.count("<td ") == len(result.entries)
    without = [entry for entry in result.entries if entry.at_best is None]
    assert table.count('class="unscored"') == len(without) > 0
    for words in ("not applicable", "failed", "too large"):
        assert f'<span class="unscored"><strong>{words}</strong></span>' in table
    assert len(re.findall(r'class="badge [a-z]+">[PF~]<', table)) == len(result.entries) - len(without)
    assert page.count('<svg class="chart"') == len(result.entries)
    assert page.count('class="nothing"') == len(without)


def test_countermeasures_under_which_the_same_is_done_share_an_episode(result: ComparisonResult) -> None:
    found = films(result.row("maze"))
    assert ["none", "broken(how=only-maze)"] in [names for _, names in found]
    assert sorted(name for _, names in found for name in names) == [
        "broken(how=only-maze)",
        "dither",
        "fine",
        "none",
    ]


def test_the_shaded_area_goes_around_the_points_that_are_reached(result: ComparisonResult) -> None:
    entry = result.entry("maze", "fine")
    assert entry.at_best is not None
    x = f"{100 * entry.at_best.task.value:.4g}"
    assert area(entry) == f"M0 100L0 0L{x} 0L{x} 100L100 100L100 100Z"


def test_numbers_read_as_people_write_them() -> None:
    assert [signed(x) for x in (0.0001, 0.25, -0.25)] == ["0.000", "+0.250", "−0.250"]
    assert limits(Estimate(value=0.5)) == ""
    assert limits(Estimate(value=0.5, low=0.25, high=0.75)) == "[25%,\u00a075%]"


# --- LaTeX ----------------------------------------------------------------------------------------


def test_the_table_for_papers_is_the_one_agreed_on(result: ComparisonResult) -> None:
    """With the verdicts of this comparison, whose random one passes sometimes."""
    odd = dataclasses.replace(result.levels[1], name="maze_50%/b&b")
    entries = tuple(
        dataclasses.replace(entry, level=odd.name) if entry.level == "maze" else entry
        for entry in result.entries
    )
    assert (
        latex(dataclasses.replace(result, levels=(result.levels[0], odd), entries=entries))
        == GOLDEN.read_text()
    )


def test_every_special_letter_of_latex_is_escaped() -> None:
    assert escaped(r"a_b%&#{}$^~\<>|") == (
        r"a\_b\%\&\#\{\}\$\textasciicircum{}\textasciitilde{}\textbackslash{}"
        r"\textless{}\textgreater{}\textbar{}"
    )


# --- Matplotlib, files ----------------------------------------------------------------------------


def test_the_picture_has_a_line_for_each_countermeasure_with_points(result: ComparisonResult) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from corrigible.comparison.plots import draw, plot_tradeoff

    ax = Figure().subplots()
    assert plot_tradeoff(result, "maze", ax) is ax
    assert len(ax.get_lines()) == 4
    fined = next(line for line in ax.get_lines() if str(line.get_label()).startswith("fine"))
    points = result.entry("maze", "fine").points
    assert list(fined.get_xdata()) == [point.task.value for point in points]
    assert list(fined.get_ydata()) == [point.safety.value for point in points]
    some = Figure().subplots()
    plot_tradeoff(result, "maze", some, ["none", "broken"])
    assert len(some.get_lines()) == 1
    with pytest.raises(UnknownNameError):
        plot_tradeoff(result, "maze", some, ["nobody"])
    assert [ax.get_title(loc="left") for ax in draw(result).axes] == ["off-switch", "maze"]


def test_the_files_are_written_whole(result: ComparisonResult, tmp_path: Path) -> None:
    paths = write(result, tmp_path / "new")
    assert [path.name for path in paths] == list(FILES)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(FILES)
    assert paths[0].read_text(encoding="utf-8") == render(result)
    assert json.loads(paths[1].read_text(encoding="utf-8"))["kind"] == "comparison"
    assert paths[2].read_text(encoding="utf-8") == latex(result)


def test_a_folder_in_the_place_of_a_file_is_told_before_anything_is_written(
    result: ComparisonResult, tmp_path: Path
) -> None:
    tmp_path.joinpath(FILES[1]).mkdir()
    with pytest.raises(OutputError, match="is a directory"):
        write(result, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILES[1]]
