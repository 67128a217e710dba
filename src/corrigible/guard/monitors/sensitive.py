"""What an agent has no business with unless it was told so: names of files, hosts and commands.

The expressions are matched against what `corrigible.guard.monitors.targets.plain` returns: small letters,
forward strokes.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import socket
from collections.abc import Iterator

_BEFORE = r"(?:^|(?<=[\s/'\"=@:;|&<>(,`\[{]))"
_AFTER = r"(?=$|[\s/'\"=:;|&<>),`\]}*?#])"


def _names(*alternatives: str) -> str:
    return "|".join(alternatives)


_CREDENTIALS = _names(
    r"\.ssh",
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?",
    r"authorized_keys2?",
    r"\.(?:aws|azure|kube|gnupg|oci|vault-token|netrc|pgpass|pypirc|git-credentials|envrc|kubeconfig|htpasswd)",
    r"_netrc",
    r"\.my\.cnf",
    r"\.npmrc",
    r"\.docker/config\.json",
    r"\.config/(?:gcloud|gh|op|git/credentials|rclone)",
    r"\.env(?:\.(?!example|sample|template|dist|schema)[\w-]+)?",
    r"(?<=/)credentials",
    r"credentials\.(?:json|ya?ml|ini|csv|toml|xml|enc)",
    r"client_secret[\w.-]*\.json",
    r"service[_-]?account[\w-]*\.json",
    r"secrets?\.(?:json|ya?ml|toml|ini|env|txt|enc)",
    r"(?:etc|private/etc)/(?:g?shadow-?|master\.passwd|krb5\.keytab|ssl/private)",
    r"etc/ssh/ssh_host_\w+_key",
    r"library/keychains",
    r"(?:logins\.json|key[34]\.db|login data|wallet\.dat|ntds\.dit)",
    r"\.(?:bash|zsh|python|psql|mysql|node_repl)_history",
    r"proc/(?:\d+|self|thread-self)/(?:environ|mem)",
    r"(?:var/)?run/secrets",
    r"system32/config/(?:sam|security|system)",
    r"\.terraform\.d/credentials\.tfrc\.json",
)
_PERMISSIONS = _names(
    r"etc/(?:sudoers(?:\.d)?|passwd|group|pam\.d|security|selinux|apparmor\.d|polkit-1)",
    r"etc/ssh/sshd_config(?:\.d)?",
    r"docker\.sock",
    r"codeowners",
    r"\.claude/settings(?:\.local)?\.json",
)
_LOGS = _names(
    r"var/log/(?:audit|auth\.log|secure|wtmp|btmp|lastlog|journal)",
    r"\.corrigible",
)
_WEIGHTS = _names(
    r"pytorch_model[\w.-]*\.bin",
    r"\.cache/huggingface",
    r"system[_-]?prompts?(?:\.[\w.]+)?",
)
_INSTRUCTIONS = _names(
    r"(?:claude|claude\.local|agents|gemini|skill)\.md",
    r"\.(?:cursorrules|windsurfrules|clinerules|goosehints)",
    r"\.cursor/(?:rules|mcp\.json)",
    r"copilot-instructions\.md",
    r"\.?mcp(?:_settings|_config)?\.json",
    r"claude_desktop_config\.json",
    r"\.(?:claude|codex|gemini)/[\w.-]+",
)
_START = r"(?:^|[;|&(`]\s*|\bsudo\s+|\bxargs\s+)"
_COMMANDS = {
    "credentials": (
        (
            ("env", "set", "export", "declare"),
            rf"{_START}(?:env|printenv|set|export(?:\s+-p)?|declare\s+-[xp]+)\s*(?:$|[;|&>)`])",
        ),
        (("printenv",), r"\bprintenv\s+\w*(?:key|token|secret|passw)\w*"),
        (("echo", "printf"), r"\b(?:echo|printf)\b[^;|&]*\$\{?\w*(?:secret|token|passw|api_?key)\w*"),
        (("os.environ",), r"\b(?:print|dict|json\.dumps|str|list)\(\s*(?:dict\()?\s*os\.environ\s*\)"),
        (("os.environ.",), r"\bos\.environ\.(?:items|copy|values)\("),
        (("process.env",), r"\bprocess\.env\s*(?=[);,]|$)"),
        (("env:",), r"\b(?:get-childitem|gci|dir|ls)\s+env:"),
        (("security",), r"\bsecurity\s+(?:find-(?:generic|internet)-password|dump-keychain|export)\b"),
        (("auth token",), r"\bgh\s+auth\s+token\b"),
        (
            ("aws",),
            r"\baws\s+(?:configure\s+(?:get|list|export)|sts\s+(?:get-session|assume)|secretsmanager\s+get)[\w-]*",
        ),
        (("gcloud",), r"\bgcloud\s+(?:auth\s+print-[\w-]+|secrets\s+versions\s+access)"),
        (("az ",), r"\baz\s+(?:account\s+get-access-token|keyvault\s+secret\s+show)"),
        (("secret",), r"\bkubectl\s+(?:get|describe)\s+secrets?\b"),
        (("vault",), r"\bvault\s+(?:read|kv\s+get|token)\b"),
        (("op ",), r"\bop\s+(?:read|item\s+get)\b"),
        (("credential",), r"\bgit\s+credential\s+fill\b"),
        (("secret-tool",), r"\bsecret-tool\s+(?:lookup|search)\b"),
        (("cmdkey",), r"\bcmdkey\s+/list\b"),
    ),
    "permissions": (
        (("chmod",), r"\bchmod\s+(?:-\w+\s+)*(?:0?[0-7]?777|[ugoa]*\+[rwx]*s[rwx]*|[2467][0-7]{3})\b"),
        (
            ("visudo", "setenforce", "usermod", "setfacl", "localgroup"),
            r"\b(?:visudo|setenforce\s+0|usermod\s+-a?g|setfacl\s|net\s+localgroup\s+administrators)",
        ),
        (("iam",), r"\baws\s+iam\s+(?:attach|put|create|add|update|delete|detach)-[\w-]+"),
        (("iam-policy",), r"\bgcloud\b[^;|&]*\badd-iam-policy-binding\b"),
        (("rolebinding",), r"\bkubectl\s+create\s+(?:cluster)?rolebinding\b"),
        (("assignment",), r"\baz\s+role\s+assignment\s+create\b"),
    ),
    "logs": (
        (("history",), r"\bhistory\s+-c\b"),
        (("journalctl",), r"\bjournalctl\s[^;|&]*--vacuum[\w-]*"),
        (("wevtutil",), r"\bwevtutil\s+cl\b"),
        (("auditctl",), r"\bauditctl\s+-[ed]\s*0?"),
    ),
}
OFF_SWITCH = re.compile(
    r"\bcorrigible\b['\"\s][^;|&]*\b(?:approve|deny|resume|halt|approvals|grants?|revoke|ledger|guard|resolve)\b"
    r"|\b(?:kill|pkill|killall|taskkill|systemctl|service|launchctl|docker|podman|stop-process)\b[^;|&]*\bcorrigible\b"
)
"""Commands that would move the guard itself: its approvals, its off-switch, its process."""

WHAT = {
    "credentials": "credentials",
    "permissions": "what says who may do what",
    "logs": "the log of what was done",
    "weights": "a model's weights or prompt",
    "instructions": "what instructs agents",
    "metadata": "the cloud's metadata, which hands out credentials",
}
"""What the kinds are called in a sentence."""

_NAMES = {
    "credentials": _CREDENTIALS,
    "permissions": _PERMISSIONS,
    "logs": _LOGS,
    "weights": _WEIGHTS,
    "instructions": _INSTRUCTIONS,
}
_ENDINGS = {
    "credentials": r"\.(?:p12|pfx|kdbx?|keychain(?:-db)?|jks|keystore|ppk|agekey|keytab)|(?:private[\w-]*|key)\.pem|"
    r"\b(?:private|server|tls|ssl|signing)[\w-]*\.key",
    "permissions": r"\.cedar(?:schema)?|(?:iam|trust|bucket|access|role)[-_]?polic(?:y|ies)[\w-]*\.(?:json|ya?ml|tf)|"
    r"(?:\brbac|rolebinding|clusterrole)[\w-]*\.ya?ml",
    "weights": r"\.(?:safetensors|gguf|ggml|ckpt)",
}
_HOSTS = (
    r"metadata\.google\.internal|instance-data\.ec2\.internal|(?<![\d.])169\.254\.(?:169\.254|170\.2)(?![\d.])"
    r"|(?<![\d.])100\.100\.100\.200(?![\d.])|fd00:ec2::254"
)


def _joined(parts: dict[str, str]) -> str:
    return "|".join(f"(?P<{kind}>{expression})" for kind, expression in parts.items())


_BY_NAME = re.compile(f"{_BEFORE}(?:{_joined(_NAMES)}){_AFTER}")
_BY_ENDING = re.compile(f"(?:{_joined(_ENDINGS)}){_AFTER}")
_BY_HOST = re.compile(_HOSTS)
_BY_COMMAND = tuple(
    (kind, needs, re.compile(expression)) for kind, rows in _COMMANDS.items() for needs, expression in rows
)
_HOST = re.compile(r"(?://|^|[\s@])\[?([0-9a-fx.:]{7,})\]?")
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{12,4096}={0,2}(?![\w+/])")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "169.254.170.2", "100.100.100.200")))


def sensitive(text: str, command: bool) -> tuple[str, str] | None:
    """Return (kind, what was found) if a target or command, as `plain` returns it, is sensitive."""
    for expression in (_BY_NAME, _BY_ENDING):
        if found := expression.search(text):
            return str(found.lastgroup), found[0].strip()
    if found := _BY_HOST.search(text):
        return "metadata", found[0]
    if command:
        for kind, needs, expression in _BY_COMMAND:
            if any(need in text for need in needs) and (found := expression.search(text)):
                return kind, found[0].strip()
    for host in _HOST.findall(text):
        if _address(host) in _METADATA:
            return "metadata", host
    return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that is meant, however it is written (``0xa9fea9fe``, ``::ffff:…``)."""
    try:
        if ":" in host and host.count(":") > 1:
            found = ipaddress.ip_address(host.strip("[]"))
            return getattr(found, "ipv4_mapped", None) or found
        return ipaddress.ip_address(socket.inet_aton(host.partition(":")[0]))
    except (ValueError, OSError):
        return None


def decoded(text: str) -> Iterator[str]:
    """Yield the texts that stand in ``text`` as base64, eight at most."""
    for blob in _BASE64.findall(text)[:8]:
        body = blob.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            found = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if found.isprintable() or found.replace("\n", " ").strip().isprintable():
            yield found
