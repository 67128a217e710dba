"""What the guide shows is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from corrigible.cli.main import verbs
from corrigible.cli.verb import Verb
from corrigible.guard.ledger import SigningKey
from corrigible.guard.manifest_file import loads
from corrigible.guard.policy import Policy

PAGE = Path(__file__).parents[3] / "docs" / "guard.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, flags=re.DOTALL)


def command(words: list[str]) -> click.Command:
    found: click.Command = verbs
    for word in words:
        if not isinstance(found, click.Group) or word not in found.commands:
            break
        found = found.commands[word]
        found = found.command() if isinstance(found, Verb) else found
    return found


LINES = sorted(
    {line.split("#")[0].strip() for line in re.findall(r"^corrigible .*|`corrigible [^`]*", TEXT, re.M)}
)


@pytest.mark.parametrize("line", LINES)
def test_every_command_and_option_of_the_guide_is_there(line: str) -> None:
    words = line.lstrip("`").split()[1:]
    found = command(words)
    assert found is not verbs
    options = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    own = words[: words.index("--")] if "--" in words else words
    assert {word for word in own if word.startswith("--")} - {"--help"} <= options


def test_the_manifest_and_the_policy_of_the_guide_fit_each_other(tmp_path) -> None:
    main = next(text for text in blocks("toml") if "[servers.files]" in text)
    probe = next(text for text in blocks("toml") if "probe" in text)
    hook = next(text for text in blocks("toml") if "webhook" in text).removeprefix("[approval]\n")
    manifest = loads(main.replace("[approval]\n", f"[approval]\n{hook}") + probe, tmp_path / "guard.toml")
    assert manifest.approval.webhook
    cedar = blocks("cedar")[0]
    assert len(Policy.parse(cedar, manifest).statements) == 2


def test_the_settings_of_clients_are_what_they_say() -> None:
    clients = [json.loads(text) for text in blocks("json") if "args" in text]
    clients.append(
        {"servers": tomllib.loads(next(t for t in blocks("toml") if "mcp_servers" in t))["mcp_servers"]}
    )
    assert len(clients) == 4
    for client in clients:
        (servers,) = client.values()
        assert servers["files"]["args"] == ["guard", "mcp", "--manifest", "/srv/guard/guard.toml"]


def test_the_python_of_the_guide_runs(tmp_path) -> None:
    manifest = next(text for text in blocks("toml") if "servers.pay" in text)
    (tmp_path / "guard.toml").write_text(manifest + "[approval]\nwait = '1ms'\n", encoding="utf-8")
    (tmp_path / "policy.cedar").write_text(
        'permit (principal, action in Action::"read", resource);\n'
        'permit (principal, action in Action::"write", resource) when { context.approved };\n'
    )
    SigningKey.create(tmp_path / "guard.key", "invoices")
    (code,) = blocks("python")
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    balance, refused = ran.stdout.splitlines()
    assert balance == "250"
    assert "pay/send" in refused
