"""The conformance check: good countermeasures pass it, and each fault is told."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corrigible.core.errors import CorrigibleError, OptionError
from corrigible.countermeasures import Case, ChoiceDoor, RewardDoor, contract, parameter
from corrigible.countermeasures.contract import check_number, inapplicable
from corrigible.countermeasures.none import NoCountermeasure
from corrigible.countermeasures.notation import parse_countermeasure
from corrigible.testing import check_countermeasure
from corrigible.worlds import load

ROOT = Path(__file__).parent.parent.parent
PLACES = [load("maze").place()]


@dataclasses.dataclass(frozen=True)
class Timid(ChoiceDoor):
    """Does nothing with some probability, and otherwise anything equally often."""

    share: float = parameter(0.5, "probability")

    name = "timid"
    source = "A test."
    promise = "Less is done."
    failure = "Less is done."
    dial = "share"
    ladder = (0.25, 0.5, 1.0)

    def __post_init__(self) -> None:
        check_number("share", self.share, 0, 1)

    def policy(self, case: Case) -> np.ndarray:
        counts = np.diff(case.mdp.action_offset)
        probabilities = (1 - self.share) / counts[case.mdp.owner] + self.share * case.face.is_noop
        return np.tile(probabilities, (case.horizon, 1))


def variant(**changes: Any) -> type[Timid]:
    """Return `Timid` with something changed, frozen and a dataclass as before."""
    return dataclasses.dataclass(frozen=True)(type("Changed", (Timid,), changes))


def told(measure: Any) -> str:
    with pytest.raises(OptionError) as caught:
        check_countermeasure(measure, PLACES)
    return str(caught.value)


def test_what_keeps_the_contract_passes() -> None:
    assert check_countermeasure(NoCountermeasure) == ()
    assert check_countermeasure(Timid, PLACES) != ()
    assert check_countermeasure(Timid(share=1.0), PLACES)[0].startswith("in `MazePlace` timid(share=0.25)")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Timid One"}, "the name `Timid One` is not lower-case words joined by hyphens"),
        ({"source": " "}, "it has no source"),
        ({"promise": ""}, "it has no promise"),
        ({"failure": None}, "it has no failure"),
        ({"dial": "strength"}, "its dial `strength` is none of its parameters"),
        ({"dial": ""}, "it has a ladder and no dial"),
        ({"ladder": (0.5, 0.5)}, "is not two different values or more"),
        ({"ladder": (0.5, 2.0)}, "the value `2.0` of its ladder is refused: OptionError: the share `2.0`"),
        (
            {"policy": lambda self, case: np.ones((case.horizon, case.mdp.n_pairs))},
            "at step 0 sum to",
        ),
        (
            {"policy": lambda self, case: -np.ones((case.horizon, case.mdp.n_pairs))},
            "a probability that is negative or no number",
        ),
        ({"policy": lambda self, case: case.face.is_noop * 1.0}, "its policy has the shape"),
        ({"policy": lambda self, case: 1 / 0}, "it raises ZeroDivisionError"),
    ],
)
def test_a_fault_is_told(changes: dict[str, Any], message: str) -> None:
    assert message in told(variant(**changes))


def test_all_faults_are_told_at_once() -> None:
    listed = told(variant(source="", promise="", failure=""))
    assert listed.startswith("the countermeasure `timid` breaks its contract:\n")
    assert listed.count("\n  - ") == 3


def test_chance_without_a_seed_is_told() -> None:
    luck = np.random.default_rng(1)

    def policy(self: Timid, case: Case) -> np.ndarray:
        weights = luck.random(case.mdp.n_pairs)
        sums = np.add.reduceat(weights, case.mdp.action_offset[:-1])
        return np.tile(weights / sums[case.mdp.owner], (case.horizon, 1))

    assert "asked again it does something else" in told(variant(policy=policy))


def test_a_case_that_is_changed_is_told() -> None:
    @dataclasses.dataclass(frozen=True)
    class Spoils(RewardDoor):
        name, source, promise, failure = "spoils", "A test.", "None.", "It changes the case."

        def paid(self, case: Case) -> np.ndarray:
            case.paid.flags.writeable = True
            case.paid[:] += 1
            return case.paid

    assert "changes the arrays of the case" in told(Spoils)


def test_what_applies_nowhere_is_told() -> None:
    def policy(self: Timid, case: Case) -> np.ndarray:
        raise inapplicable(self, "there is no bell")

    assert "inapplicable in every place" in told(variant(policy=policy))


def test_a_parameter_without_a_unit_or_a_default_is_told() -> None:
    @dataclasses.dataclass(frozen=True)
    class Bare(Timid):
        size: int = 3

    assert "the parameter `size` has no unit" in told(Bare)
    assert "cannot be made with its default parameters" in told(
        dataclasses.make_dataclass("Wants", [("size", int)], bases=(ChoiceDoor,), frozen=True)
    )
    assert "it is no `RewardDoor`" in told(object())


def test_what_compare_knows_by_name_must_be_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    home = "corrigible.countermeasures.conformance"
    monkeypatch.setattr(f"{home}.countermeasures", lambda: ("timid",))
    monkeypatch.setattr(f"{home}.parse_countermeasure", lambda text: Timid())
    assert "`timid(share=0.25)` is read back as `timid`" in told(Timid)

    def unreadable(text: str) -> contract.Countermeasure:
        raise CorrigibleError(f"`{text}`?")

    monkeypatch.setattr(f"{home}.parse_countermeasure", unreadable)
    assert "`timid` cannot be read back" in told(Timid)


def test_no_place_is_refused() -> None:
    with pytest.raises(OptionError, match="there is no place"):
        check_countermeasure(NoCountermeasure, [])


def test_the_example_is_the_one_that_its_page_builds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "add-a-countermeasure.md").read_text(encoding="utf-8")
    example, check, *_ = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert example == (ROOT / "examples" / "my_countermeasure.py").read_text(encoding="utf-8")
    monkeypatch.chdir(ROOT / "examples")
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    exec(check, {})
    assert capsys.readouterr().out == "()\n"
    assert parse_countermeasure("my_countermeasure:Toll(strength=2)").parameters()["strength"][0] == 2
