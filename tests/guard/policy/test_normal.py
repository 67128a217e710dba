"""Arguments as policies see them."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.guard.contract import Call
from corrigible.guard.manifest import Argument, Server, Tool
from corrigible.guard.normal import address, host, path, shown


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    (tmp_path / "work/inner").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "work/link").symlink_to(tmp_path / "secret")
    (tmp_path / "work/loop").symlink_to(tmp_path / "work/loop")
    return tmp_path


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a.txt", "work/a.txt"),
        ("", "work"),
        ("./inner/../a", "work/a"),
        ("../secret/x", "secret/x"),
        ("link/x", "secret/x"),
        ("link", "secret"),
        ("new/./deep//x/", "work/new/deep/x"),
        ("a%2f..", "work/a%2f.."),
        ("..\\secret", "work/..\\secret"),
        ("cafe\u0301", "work/caf\u00e9"),
        ("~tilde-file$", "work/~tilde-file$"),
    ],
)
def test_paths_are_absolute_and_resolved(scene: Path, written: str, seen: str) -> None:
    assert path(written, str(scene / "work")) == str(scene / seen)


def test_paths_can_be_written_as_addresses_with_home_and_with_many_strokes(scene: Path) -> None:
    work = str(scene / "work")
    assert path(f"file://{scene}/secret/%78", work) == str(scene / "secret/x")
    assert path(f"FILE://localhost{scene}/work/../secret", work) == str(scene / "secret")
    assert path("~/x", work, home=str(scene)) == str(scene / "x")
    assert path(f"//{scene}/secret", work) == str(scene / "secret")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a\0b", "null byte"),
        ("file:///a%00b", "null byte"),
        ("file://host/a", "another machine"),
        ("file:a", "no address of a file"),
        ("~root/x", "another user's home"),
        ("/proc/self/root/etc", "another thing to every process"),
        ("/proc/self/cwd/../x", "another thing to every process"),
        ("/dev/fd/3", "another thing to every process"),
        ("link/../x", "goes up from a link"),
    ],
)
def test_a_path_that_cannot_be_said_is_refused(scene: Path, written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        path(written, str(scene / "work"))


PARTS = st.lists(st.sampled_from(["..", ".", "", "a", "b", "link", "down", "x.txt"]), max_size=7)


@settings(max_examples=30)
@given(PARTS)
def test_no_way_of_writing_a_path_hides_where_it_leads(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as made:
        top = os.path.realpath(made)
        for folder in ("work/a/b", "work/down", "else/deep"):
            os.makedirs(f"{top}/{folder}")
        os.symlink(f"{top}/else/deep", f"{top}/work/link")
        os.symlink("..", f"{top}/work/a/link")
        written = "/".join(["work", *parts])
        try:
            seen = path(written, top)
        except ValueError:
            return
        assert seen == os.path.normpath(seen) == os.path.realpath(seen)
        # What a tool opens, whichever way it resolves, is what the policy saw.
        for opened in (f"{top}/{written}", os.path.normpath(f"{top}/{written}")):
            if os.path.exists(opened) and os.path.exists(seen):
                assert os.path.samefile(opened, seen)


@pytest.mark.parametrize(
    ("written", "seen", "hosts"),
    [
        ("HTTPS://User:pw@Example.COM./a", "https://example.com/a", {"example.com"}),
        (
            "http://example.com:8080/?q=A#B",
            "http://example.com:8080/?q=A#B",
            {"example.com", "example.com:8080"},
        ),
        ("http://2130706433/", "http://127.0.0.1/", {"127.0.0.1"}),
        ("http://0x7f.1/", "http://127.0.0.1/", {"127.0.0.1"}),
        ("http://0177.0.0.1", "http://127.0.0.1", {"127.0.0.1"}),
        ("http://[::ffff:127.0.0.1]:80/", "http://127.0.0.1:80/", {"127.0.0.1", "127.0.0.1:80"}),
        ("http://[0:0::1]/", "http://[::1]/", {"[::1]"}),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/", {"xn--bcher-kva.example"}),
        ("http://\uff45vil.example", "http://evil.example", {"evil.example"}),
        ("http://%65vil.example/", "http://evil.example/", {"evil.example"}),
        ("http://a.b/public/%2e%2E/private/./x", "http://a.b/private/x", {"a.b"}),
        ("http://a.b/%70ublic/%2f/..", "http://a.b/public/", {"a.b"}),
        ("http://a.b//x", "http://a.b//x", {"a.b"}),
        ("file:///etc/passwd", "file:///etc/passwd", {"file:"}),
        ("data:text/plain,x", "data:text/plain,x", {"data:"}),
        ("mailto:a@b.example", "mailto:a@b.example", {"mailto:"}),
    ],
)
def test_addresses_are_normalised_and_their_hosts_named(written: str, seen: str, hosts: set[str]) -> None:
    assert address(written) == (seen, hosts)
    assert address(seen) == (seen, hosts)


@pytest.mark.parametrize(
    "written",
    [
        "example.com/a",
        "//example.com/a",
        "http:example.com",
        "http:///example.com",
        "http://good.example\\@evil.example/",
        "http://a@b@c.example/",
        " http://a.b",
        "http://a.b/\n",
        "http://a.b:99999/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://fa\u00df.example/",
        "http://a..b/",
        "http://a_b%2f.example/",
        "http://[::1%25eth0]/",
        "http://[::1/",
        "http://@/",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        address(written)


@settings(max_examples=50)
@given(st.text("aZ09.-_:/@%2eE\\[]\u00e4 ", max_size=24))
def test_a_host_is_normal_or_refused(text: str) -> None:
    try:
        found = host(text)
    except ValueError:
        return
    assert host(found) == found == found.lower()
    assert not set(found) & set("/@\\% ")


TOOL = Tool(
    name="s/t",
    arguments={
        "path": Argument(means="path"),
        "paths": Argument(kind="array", means="path"),
        "where": Argument(means="host"),
        "share": Argument(kind="number"),
        "shares": Argument(kind="array", items="number"),
        "text": Argument(),
        "anything": Argument(kind="any"),
        "things": Argument(kind="array", items="object"),
    },
    open=True,
)


def _shown(**arguments: Any) -> tuple[dict[str, Any], frozenset[str]]:
    return shown(Call(tool="s/t", arguments=arguments), TOOL, Server(name="s", folder="/nowhere"))


def test_arguments_are_shown_by_what_they_mean() -> None:
    seen, hosts = _shown(path="a", paths=["b", "/c"], where="A.example:80", text="../a", share=3)
    assert seen == {
        "path": "/nowhere/a",
        "paths": ["/nowhere/b", "/c"],
        "where": "a.example:80",
        "text": "../a",
        "share": Decimal(3),
    }
    assert hosts == {"a.example", "a.example:80"}


def test_what_is_not_listed_or_of_any_kind_is_not_shown() -> None:
    assert _shown(anything="x", things=[{}], unlisted=1) == ({}, frozenset())


@pytest.mark.parametrize("number", [0.12345, 1e300, float("inf"), 922337203685478])
def test_a_number_that_cedar_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="the argument `share` of `s/t` is "):
        _shown(share=number)
    with pytest.raises(ValueError, match="the argument `shares` of `s/t` is "):
        _shown(shares=[number])


def test_what_is_no_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="the argument `text` of `s/t` holds text that is not Unicode"):
        _shown(text="\ud800")
    with pytest.raises(ValueError, match="the argument `path` of `s/t`"):
        _shown(path="\ud800")


@settings(max_examples=50)
@given(st.text(max_size=12).filter(lambda text: "\0" not in text))
def test_equal_paths_in_unicode_are_shown_alike(text: str) -> None:
    try:
        seen = [path(unicodedata.normalize(form, text), "/nowhere") for form in ("NFC", "NFD")]
    except ValueError:
        return
    assert seen[0] == seen[1]
