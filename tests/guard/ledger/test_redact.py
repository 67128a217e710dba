"""What is never written down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.core.errors import OptionError
from corrigible.guard.canonical import canonical
from corrigible.guard.ledger import Redactor
from corrigible.guard.manifest import Argument, Redaction, Tool

SECRET = b"k" * 32
RULES = Redaction(keys=("iban", "customerNumber"), patterns=(r"\b\d{4}-\d{4}\b",))
REDACTOR = Redactor(RULES, SECRET)
TOOL = Tool(name="bank/pay", arguments={"text": Argument(means="secret")})
# Put together here, so that this file holds nothing that looks like a secret.
SECRETS = [
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow" + "x" * 40 + "\n-----END RSA " + "PRIVATE KEY-----",
    "-----BEGIN " + "PRIVATE KEY-----\ncut off " + "y" * 30,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 6,
    "glpat-" + "a1B2" * 5,
    "xoxb-" + "123456789012-abc",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sflKxwRJSMeKKF2QT4",
    "sk-" + "proj-a1B2c3D4e5F6g7H8",
    "sk_live_" + "a1B2c3D4e5F6g7H8i9",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "hf_" + "a1B2c3D4e5" * 3 + "ffff",
    "npm_" + "a1B2c3D4e5" * 3 + "ffff",
    "1234-5678",
]
KEYS = [
    "password",
    "dbPassword",
    "OPENAI_API_KEY",
    "x-api-key",
    "Authorization",
    "accessToken",
    "set-cookie",
    "client_secret",
    "iban",
    "customer_number",
    "CustomerNumber",
    "sshPrivateKey",
]

plain = st.text(st.characters(codec="utf-8", exclude_characters='\\"'), max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
    max_leaves=6,
)


def planted(data: st.DataObject, what: Any) -> dict[str, Any]:
    """Hide ``what`` at some depth of something."""
    for _ in range(data.draw(st.integers(1, 4))):
        what = data.draw(st.sampled_from([[what, "x"], {"items": what}, {"a": 1, "b": [what]}, (what,)]))
    return {"data": what, "rest": data.draw(trees)}


@given(st.data(), st.sampled_from(SECRETS), plain, plain)
@settings(max_examples=80)
def test_no_secret_in_a_text_survives_at_any_depth(
    data: st.DataObject, secret: str, before: str, after: str
) -> None:
    written = canonical(REDACTOR.arguments(None, planted(data, f"{before} {secret} {after}"))).decode()
    assert secret.encode().decode() not in written
    assert json.dumps(secret)[1:-1] not in written
    assert "[redacted hmac-sha256:" in written


@given(
    st.data(), st.sampled_from(KEYS), st.sampled_from(["hunter2!", 8391750, ["hunter2!"], {"is": "hunter2!"}])
)
@settings(max_examples=60)
def test_no_value_under_the_name_of_a_secret_survives_at_any_depth(
    data: st.DataObject, name: str, value: Any
) -> None:
    written = canonical(REDACTOR.arguments(None, planted(data, {name: value}))).decode()
    assert "hunter2!" not in written
    assert "8391750" not in written


@given(trees)
@settings(max_examples=40)
def test_what_holds_no_secret_is_written_as_it_is(value: Any) -> None:
    harmless = Redactor(Redaction(), SECRET)
    told = {"data": value}
    if not any(
        word in str(value).lower() for word in ("pin", "otp", "jwt", "pwd", "auth", "secret", "token")
    ):
        assert harmless.arguments(None, told) == told


def test_an_argument_that_means_a_secret_is_only_its_digest() -> None:
    once = REDACTOR.arguments(TOOL, {"text": "hunter2", "to": "ann"})
    assert once["to"] == "ann"
    assert once["text"]["redacted"].startswith("hmac-sha256:")
    assert len(once["text"]["redacted"]) == len("hmac-sha256:") + 64
    assert REDACTOR.arguments(TOOL, {"text": None}) == {"text": None}


def test_equal_secrets_have_equal_digests_wherever_they_stand() -> None:
    whole = REDACTOR.arguments(TOOL, {"text": "hunter2"})["text"]["redacted"][12:28]
    for text in (
        "PGPASSWORD=hunter2 psql",
        "postgres://me:hunter2@host/db",
        "token: hunter2",
        "Bearer  hunter2".replace("hunter2", "hunter2hunter2"),
    ):
        marks = REDACTOR.text(text)
        assert (whole in marks) == ("hunter2hunter2" not in text), marks
    other = Redactor(RULES, b"another" * 5)
    assert other.arguments(TOOL, {"text": "hunter2"})["text"]["redacted"][12:28] != whole


def test_names_that_only_look_like_those_of_secrets_are_left() -> None:
    told = {
        "max_tokens": 4096,
        "tokenizer": "bpe",
        "secretary": "ann",
        "spinning": 1,
        "author": "bob",
        "keyboard": 2,
    }
    assert REDACTOR.arguments(None, told) == told


def test_a_long_text_is_kept_as_its_digest_and_its_beginning() -> None:
    text = "x" * 195 + " " + SECRETS[0] + "z" * 1_000_000
    kept = REDACTOR.arguments(None, {"content": text})["content"]
    assert kept["bytes"] == len(text)
    assert len(kept["begins"]) == 200
    assert "BEGIN" not in kept["begins"]
    assert len(canonical(kept)) < 400


def test_redacting_twice_changes_nothing_more() -> None:
    once = REDACTOR.text(f"password: hunter2, {SECRETS[3]}, https://me:pw12@host, 1234-5678")
    assert REDACTOR.text(once) == once


@pytest.mark.parametrize("pattern", ["(", "x*"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(OptionError, match=r"in \[redact\]"):
        Redactor(Redaction(patterns=(pattern,)), SECRET)
