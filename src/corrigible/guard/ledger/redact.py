"""What is never written down, and what stands in its place: a keyed digest.

The digest is HMAC-SHA-256 under a secret that only the holder of the ledger's key has. Equal secrets have equal
digests, so that it can be shown later that two calls carried the same one, or which one; nobody without the
key can try out guesses.

Redaction goes by three rules: what the manifest says an argument means; the name that a value lies under, at
any depth; and what the text itself looks like. The last two know common forms, not all: a secret that looks
like prose under an innocent name passes. The manifest adds names and expressions of one's own.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, final

from corrigible.core.errors import OptionError
from corrigible.guard.canonical import canonical
from corrigible.guard.manifest import Redaction, Tool

LONG = 4096
"""Characters above which a text is kept as its digest and its beginning."""
BEGINS = 200
"""Characters that are kept of a long text."""
MARK = "[redacted hmac-sha256:"
"""How what stands in the place of a secret within a text begins."""

ANYWHERE = (
    "pass_word",
    "passwd",
    "pass_phrase",
    "pass_code",
    "api_key",
    "private_key",
    "secret_key",
    "access_key",
    "signing_key",
    "encryption_key",
    "client_secret",
    "credential",
    "connection_string",
)
"""Names of secrets, wherever they stand in a name: ``dbpassword``, ``OPENAI_API_KEY``, ``x-api-key``."""

WORDS = (
    "token",
    "secret",
    "secrets",
    "authorization",
    "auth",
    "cookie",
    "cookies",
    "bearer",
    "jwt",
    "pwd",
    "pin",
    "otp",
    "mnemonic",
    "seed_phrase",
)
"""Names of secrets that must stand as words of their own: ``access_token``, not ``tokenizer``."""

PATTERNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("-----begin",),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
    ),
    (("akia", "asia"), r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    (("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    (("glpat-",), r"\bglpat-[\w-]{16,}"),
    (("xox",), r"\bxox[abeoprs]-[\w-]{10,}"),
    (("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*"),
    (("sk-",), r"\bsk-[\w-]{16,}"),
    (("k_live_", "k_test_"), r"\b[rs]k_(?:live|test)_\w{16,}"),
    (("aiza",), r"\bAIza[\w-]{30,}"),
    (("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    (("npm_",), r"\bnpm_[A-Za-z0-9]{30,}"),
    (("://",), r"://[^\s:/@]{0,200}:(?P<secret>[^\s/@]{1,200})@"),
    (("bearer",), r"(?i:\bbearer\s+)(?P<secret>[\w.~+/=-]{8,})"),
    (
        ("authorization",),
        r"(?i:\bauthorization[\\\"']{0,4}\s*[:=]\s*[\\\"']{0,4}basic)\s+(?P<secret>[\w+/=]{4,})",
    ),
    (
        ("passw", "passphrase", "api_key", "api-key", "apikey", "secret", "token"),
        r"(?i:passw(?:or)?d|passphrase|api[_-]?key|secret(?:[_-]?(?:access[_-]?)?key)?|token)[\\\"']{0,4}\s{0,3}[:=]\s{0,3}"
        r"(?!\[redacted )(?P<secret>\\?\"[^\"]{1,200}\"|'[^']{1,200}'|[^\s\"',;&]{4,})",
    ),
)
"""What secrets look like, after the words of which one is in every such text in lower case (most texts hold
none, so nothing else is tried): PEM keys; keys of AWS, GitHub, GitLab, Slack, OpenAI and those like it, Stripe,
Google, Hugging Face, npm; JSON web tokens; passwords in addresses, headers and assignments."""

_COMPILED = tuple((hint, re.compile(pattern)) for hints, pattern in PATTERNS for hint in hints)


@final
class Redactor:
    """Takes secrets out of what is to be written.

    Parameters
    ----------
    rules
        What the manifest adds to the rules that always hold.
    secret
        What digests are keyed with.

    Raises
    ------
    OptionError
        If a pattern is no regular expression, or matches the empty text.
    """

    def __init__(self, rules: Redaction, secret: bytes) -> None:
        self._secret = secret
        self._own = tuple(_compiled(pattern) for pattern in rules.patterns)
        words = "|".join(_spelled(name) for name in (*WORDS, *rules.keys) if name)
        inside = "|".join(_spelled(name) for name in ANYWHERE)
        self._names = re.compile(rf"(?:^|_)(?:{words})(?:_|$)|{inside}")
        self._is_secret = lru_cache(4096)(self._look_up)

    def arguments(self, tool: Tool | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return a call's arguments as they are written down.

        Parameters
        ----------
        tool
            What the manifest says of the tool; None: nothing.
        arguments
            The call's.
        """
        said = tool.arguments if tool is not None else {}
        return {
            self.text(name): self._whole(value)
            if (name in said and said[name].means == "secret") or self._is_secret(name)
            else self._value(value)
            for name, value in arguments.items()
        }

    def text(self, text: str) -> str:
        """Return a text with the secrets in it replaced by ``[redacted hmac-sha256:…]``."""
        for pattern in self._own:
            text = pattern.sub(self._mark, text)
        lower = text.lower()
        for hint, pattern in _COMPILED:
            if hint in lower:
                text = pattern.sub(self._mark, text)
        return text

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value) if len(value) <= LONG else self._long(value)
            case Mapping():
                return {
                    self.text(str(name)): self._whole(inner)
                    if self._is_secret(str(name))
                    else self._value(inner)
                    for name, inner in value.items()
                }
            case list() | tuple():
                return [self._value(inner) for inner in value]
            case _:
                return value

    def _long(self, text: str) -> dict[str, Any]:
        # Secrets are looked for in more than is kept, so that none is cut where it would not be known.
        return {
            "digest": self.keyed(text),
            "bytes": len(text.encode("utf-8", "surrogatepass")),
            "begins": self.text(text[:LONG])[:BEGINS],
        }

    def _whole(self, value: Any) -> Any:
        if value is None:
            return None
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else canonical(value)
        return {"redacted": f"hmac-sha256:{self._digest(data)}"}

    def _mark(self, found: re.Match[str]) -> str:
        which = "secret" if "secret" in found.re.groupindex else 0
        secret, (start, end) = found[which], found.span(which)
        mark = f"{MARK}{self._digest(secret.encode('utf-8', 'surrogatepass'))[:16]}]"
        return f"{found[0][: start - found.start()]}{mark}{found[0][end - found.start() :]}"

    def keyed(self, text: str) -> str:
        """Return what stands for a text that is not to be guessed from it: its keyed digest."""
        return f"hmac-sha256:{self._digest(text.encode('utf-8', 'surrogatepass'))}"

    def _digest(self, data: bytes) -> str:
        return hmac.digest(self._secret, data, "sha256").hex()

    def _look_up(self, name: str) -> bool:
        return self._names.search(_words(name)) is not None


def _words(name: str) -> str:
    """Return a name as lower-case words with strokes between them: ``dbPassword`` is ``db_password``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name[:200])
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def _spelled(name: str) -> str:
    return "_?".join(map(re.escape, _words(name).split("_")))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        made = re.compile(pattern)
    except re.error as error:
        raise OptionError(
            f"`{pattern}` is no regular expression: {error}", "mend `patterns` in [redact]"
        ) from error
    if made.search(""):
        raise OptionError(f"`{pattern}` matches the empty text", "mend `patterns` in [redact]")
    return made
