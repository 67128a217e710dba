"""People say yes or no to exactly one call."""

from __future__ import annotations

from pathlib import Path

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard import Call
from corrigible.guard.manifest import ApprovalRules
from tests.guard.bench import Bench, bench

WRITE = {"path": "/srv/job/a", "text": "hello"}


def asked(at: Bench, **arguments: object) -> str:
    answer = at.call("files/write", **(WRITE | arguments))
    assert answer.verdict.decision == "ask"
    assert answer.outcome is None
    assert answer.request is not None
    return answer.request.id


def test_an_approved_call_is_made_once_and_the_next_is_asked_anew(at: Bench) -> None:
    first = asked(at)
    at.guard.oversight.approve(first, "ann")
    answer = at.call("files/write", **WRITE)
    assert answer.outcome is not None
    assert answer.verdict.reasons[-1].rule == f"approval.{first}"
    assert asked(at) != first
    assert len(at.ran) == 1


@pytest.mark.parametrize(
    "change",
    [{"text": "hello!"}, {"path": "/srv/job/b"}],
    ids=["text", "path"],
)
def test_an_edit_of_the_arguments_is_a_new_call(at: Bench, change: dict[str, str]) -> None:
    at.guard.oversight.approve(asked(at), "ann")
    asked(at, **change)
    assert at.ran == []


def test_another_session_or_agent_cannot_use_the_yes(at: Bench) -> None:
    at.guard.oversight.approve(asked(at), "ann")
    for other in ({"session": "other"}, {"session": "main/helper"}, {"agent": "other"}):
        answer = at.make(Call(tool="files/write", arguments=WRITE, **other))
        assert answer.verdict.decision == "ask"
    assert at.ran == []


def test_a_yes_given_under_other_rules_is_void(tmp_path: Path) -> None:
    before = bench(tmp_path)
    before.guard.oversight.approve(asked(before), "ann")
    before.guard.close()
    after = bench(tmp_path, approval=ApprovalRules(wait=0.0, expires=1800.0))
    asked(after)
    assert after.ran == []
    after.guard.close()


def test_a_yes_survives_the_restart_of_every_process(tmp_path: Path) -> None:
    before = bench(tmp_path)
    request = asked(before)
    before.guard.close()
    between = bench(tmp_path)
    between.guard.oversight.approve(request, "ann")
    between.guard.close()
    after = bench(tmp_path)
    assert after.call("files/write", **WRITE).outcome is not None
    after.guard.close()


def test_an_unanswered_request_expires_into_a_no(at: Bench) -> None:
    request = asked(at)
    at.time.pass_(3601)
    with pytest.raises(OptionError, match=f"the request `{request}` has expired"):
        at.guard.oversight.approve(request, "ann")
    assert at.guard.oversight.pending() == []
    assert asked(at) != request
    assert [told["request"] for told in at.records("expired")] == [request]


def test_an_unused_yes_expires_too(at: Bench) -> None:
    at.guard.oversight.approve(asked(at), "ann")
    at.time.pass_(3601)
    asked(at)
    assert at.ran == []


def test_a_clock_that_is_set_back_revives_nothing(at: Bench) -> None:
    at.guard.oversight.approve(asked(at), "ann")
    at.time.pass_(3601)
    at.call("files/read", path="/srv/job/a")
    at.time.wall -= 7200
    asked(at)
    assert [call.call.tool for call in at.ran] == ["files/read"]
    times = [told["at"] for told in at.records()]
    assert times == sorted(times)


def test_the_asker_cannot_approve(at: Bench) -> None:
    request = asked(at)
    for who in ("agent", " Agent ", "main"):
        with pytest.raises(OptionError, match="asks, and cannot approve it"):
            at.guard.oversight.approve(request, who)


def test_only_those_may_approve_whom_the_manifest_names(tmp_path: Path) -> None:
    at = bench(tmp_path, approval=ApprovalRules(wait=0.0, approvers=("ann", "bob")))
    request = asked(at)
    with pytest.raises(OptionError, match="`eve` is none of those who may approve; they are `ann`, `bob`"):
        at.guard.oversight.approve(request, "eve")
    assert at.guard.oversight.approve(request, "Bob").state == "approved"
    at.guard.close()


def test_what_is_grave_takes_two_different_people(at: Bench) -> None:
    answer = at.call("bank/pay", to="acme", amount=3)
    assert answer.request is not None
    request = answer.request.id
    assert at.guard.oversight.approve(request, "ann").missing == 1
    with pytest.raises(OptionError, match="`Ann` has approved"):
        at.guard.oversight.approve(request, "Ann")
    assert at.call("bank/pay", to="acme", amount=3).outcome is None
    at.guard.oversight.approve(request, "bob")
    assert at.call("bank/pay", to="acme", amount=3).outcome is not None
    assert len(at.ran) == 1


def test_one_persons_no_is_final_and_is_not_asked_again(at: Bench) -> None:
    request = asked(at)
    at.guard.oversight.deny(request, "ann", "not today")
    again = at.call("files/write", **WRITE)
    assert again.verdict.decision == "deny"
    assert again.verdict.because() == f"ann said no to this call: not today [approval.{request}]"
    with pytest.raises(OptionError, match="is denied already"):
        at.guard.oversight.approve(request, "bob")
    at.time.pass_(3601)
    assert at.call("files/write", **WRITE).verdict.decision == "deny"


def test_a_call_that_comes_back_while_it_waits_is_the_same_request(at: Bench) -> None:
    assert asked(at) == asked(at)
    assert len(at.records("asked")) == 1


def test_a_request_is_found_by_the_beginning_of_its_name(at: Bench) -> None:
    request = asked(at)
    assert at.guard.oversight.request(request[:3]).id == request
    with pytest.raises(OptionError, match="there is no request `zz`"):
        at.guard.oversight.request("zz")


def test_an_approval_does_not_permit_what_a_policy_forbids(at: Bench) -> None:
    answer = at.call("files/write", path="/etc/passwd", text="x")
    assert answer.verdict.decision == "deny"
    assert answer.verdict.reasons[0].rule == "policy.outside"
