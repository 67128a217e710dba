"""The webhook against a real HTTP server on this machine."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from corrigible.core.errors import OptionError
from corrigible.guard import webhook
from corrigible.guard.approvals import Request
from corrigible.guard.webhook import Webhook, answer, key_of, payload, signed

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KEY = bytes(range(32))


def request(**changes: Any) -> Request:
    made = Request(
        id="3f9a01c2",
        digest="sha256:00",
        tool="files/write_file",
        arguments={"path": "/work/ä.md", "content": "x"},
        session="main",
        agent="agent",
        asked=time.time(),
        expires=time.time() + 60,
        needs=1,
        approvers=(),
        reasons=({"rule": "policy.writes", "text": "writes are asked for"},),
        signals=(),
    )
    return dataclasses.replace(made, **changes)


def reply(found: Request, **changes: Any) -> bytes:
    data = {"request": found.id, "digest": found.digest, "decision": "approve", "by": "ann", "why": "fine"}
    return json.dumps({"type": "approval.answered", "data": data | changes}).encode()


class Receiver:
    """A server that answers with what the test tells it to, in turn; the last answer stays."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, headers, text = receiver.answers[0]
                if len(receiver.answers) > 1:
                    receiver.answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/asked?by=guard"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(webhook, "FIRST", 0.01)


def yes(found: Request) -> tuple[int, dict[str, str], bytes]:
    body = reply(found)
    return 200, signed(found.id, body, KEY, time.time()), body


def test_a_request_arrives_signed_as_the_standard_says() -> None:
    found = request()
    with Receiver((204, {}, b"")) as receiver:
        assert Webhook(receiver.address, SECRET).tell(found) is None
    ((headers, body),) = receiver.got
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(KEY, content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert headers["webhook-id"] == found.id
    told = json.loads(body)
    assert told["type"] == "approval.asked"
    assert told["data"]["arguments"] == found.arguments
    assert told["data"]["missing"] == 1
    assert headers["content-type"] == "application/json"


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    # The key, id, time and body that the reference libraries of Standard Webhooks test with.
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    told = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", body, key, 1614265330)
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_answer_is_a_vote() -> None:
    found = request()
    with Receiver(yes(found)) as receiver:
        vote = asyncio.run(Webhook(receiver.address, SECRET)(found))
    assert vote is not None
    assert (vote.who, vote.decision, vote.why) == ("ann", "approve", "fine")


def test_who_cannot_answer_yet_is_asked_again_with_the_same_id() -> None:
    found = request()
    with Receiver((202, {}, b""), (202, {}, b""), yes(found)) as receiver:
        vote = Webhook(receiver.address, SECRET).tell(found)
    assert vote is not None
    assert [headers["webhook-id"] for headers, _ in receiver.got] == [found.id] * 3


def test_what_fails_is_tried_again_and_told_until_it_comes_through() -> None:
    found = request()
    notes: list[tuple[str, str]] = []
    with Receiver((500, {}, b""), (301, {"location": "http://127.0.0.1:1/"}, b""), yes(found)) as receiver:
        hook = Webhook(receiver.address, SECRET, lambda *told: notes.append(told))
        assert hook.tell(found) is not None
    assert [trouble for _, trouble in notes] == [
        "the receiver responds with status 500",
        "the receiver responds with status 301",
        "",
    ]


def test_nobody_there_is_no_answer_when_the_request_has_expired() -> None:
    notes: list[tuple[str, str]] = []
    with Receiver((200, {}, b"")) as receiver:
        pass
    hook = Webhook(receiver.address, SECRET, lambda *told: notes.append(told))
    assert hook.tell(request(expires=time.time() + 0.1)) is None
    assert "ConnectionRefusedError" in notes[0][1]


def test_one_who_wants_nothing_more_is_left_alone() -> None:
    with Receiver((410, {}, b"")) as receiver:
        assert Webhook(receiver.address, SECRET).tell(request()) is None
    assert len(receiver.got) == 1


def test_closing_ends_the_telling() -> None:
    with Receiver((202, {}, b"")) as receiver:
        hook = Webhook(receiver.address, SECRET)
        threading.Timer(0.1, hook.close).start()
        assert hook.tell(request()) is None


FOUND = request()
NOW = FOUND.asked
GOOD = reply(FOUND)
HEADERS = signed(FOUND.id, GOOD, KEY, NOW)


def test_the_untouched_answer_counts() -> None:
    assert answer(FOUND, KEY, HEADERS, GOOD, NOW) is not None
    several = HEADERS | {"webhook-signature": f"v1,AAAA {HEADERS['webhook-signature']}"}
    assert answer(FOUND, KEY, several, GOOD, NOW) is not None


@pytest.mark.parametrize(
    ("headers", "body", "later"),
    [
        ({}, GOOD, 0),
        (HEADERS | {"webhook-signature": ""}, GOOD, 0),
        (HEADERS | {"webhook-signature": "v1,é"}, GOOD, 0),
        (HEADERS | {"webhook-id": "another"}, GOOD, 0),
        (HEADERS | {"webhook-timestamp": "soon"}, GOOD, 0),
        (HEADERS | {"webhook-timestamp": "²"}, GOOD, 0),
        (HEADERS, GOOD.replace(b"ann", b"bob"), 0),
        (HEADERS, GOOD, 301),
        (HEADERS, GOOD, -301),
        (signed(FOUND.id, GOOD, bytes(32), NOW), GOOD, 0),
        # Our own message, sent back to us: signed by the right key, and no answer.
        (signed(FOUND.id, payload(FOUND), KEY, NOW), payload(FOUND), 0),
    ],
)
def test_what_is_not_signed_for_this_request_now_is_no_answer(headers, body, later) -> None:
    assert answer(FOUND, KEY, headers, body, NOW + later) is None


@pytest.mark.parametrize(
    "body",
    [
        reply(FOUND, request="another"),
        reply(FOUND, digest="sha256:01"),
        reply(FOUND, decision="yes"),
        reply(FOUND, by=""),
        reply(FOUND, by=7),
        reply(FOUND, why=None),
        GOOD.replace(b"approval.answered", b"approval.asked"),
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 20000,
    ],
)
def test_what_is_signed_and_says_no_answer_is_none(body) -> None:
    assert answer(FOUND, KEY, signed(FOUND.id, body, KEY, NOW), body, NOW) is None


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_é", SECRET.removeprefix("whsec_")])
def test_a_key_that_is_none_is_refused_without_being_told(secret) -> None:
    with pytest.raises(OptionError) as error:
        Webhook("https://example.com/", secret)
    assert not secret or secret.removeprefix("whsec_") == "" or secret not in str(error.value)


@pytest.mark.parametrize(
    "address", ["example.com", "ftp://example.com", "http://example.com/hook", "https://"]
)
def test_an_address_that_is_none_or_open_to_all_is_refused(address) -> None:
    with pytest.raises(OptionError):
        Webhook(address, SECRET)
