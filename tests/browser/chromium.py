"""A headless Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0
"""Seconds until what Chromium does not answer is an error."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)

PROBES = Path(__file__).with_name("probes.js").read_text(encoding="utf-8")

Event = dict[str, Any]
Node = dict[str, Any]


def find() -> str | None:
    """Return the Chromium of this machine; the environment variable ``CHROMIUM`` may name another."""
    named = os.environ.get("CHROMIUM")
    asked = (named,) if named else ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, asked)), None)


class Browser:
    """One Chromium with one connection, over which all its pages speak."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[Event] = []

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        call: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(call | ({"sessionId": session} if session else {})))
        while True:
            said = self._receive()
            if said.get("id") == self._number:
                assert "error" not in said, f"{method}: {said['error']}"
                return said["result"]

    def wait(self, when: Callable[[Event], bool]) -> Event:
        """Return the first event that is meant, among those that came and those that come."""
        while (found := next(filter(when, self.events), None)) is None:
            self._receive()
        return found

    def _receive(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE))
        if "method" in said:
            self.events.append(said)
            # A dialog stops the page: without this the next call would have no answer.
            assert said["method"] != "Page.javascriptDialogOpening", f"a dialog opened: {said['params']}"
        return said


@contextmanager
def start(program: str, profile: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile, and end it."""
    port = profile / "DevToolsActivePort"
    with (profile.parent / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not (port.exists() and len(told := port.read_text().split()) == 2):
                assert process.poll() is None, f"Chromium ended: see {log.name}"
                assert time.monotonic() < deadline, f"Chromium does not answer: see {log.name}"
                time.sleep(0.05)
            address = f"ws://127.0.0.1:{told[0]}{told[1]}"
            with connect(address, max_size=None, compression=None, proxy=None) as socket:
                browser = Browser(socket)
                yield browser
                with suppress(Exception):
                    browser.send("Browser.close")
        finally:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Tab:
    """A file, opened in a page of its own."""

    def __init__(self, browser: Browser, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        self._browser, self.address = browser, path.absolute().as_uri()
        self.target: str = browser.send("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.send("Target.attachToTarget", targetId=self.target, flatten=True)
        self._session: str = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Audits", "Accessibility"):
            self.send(f"{domain}.enable")
        phone = width < 600
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=740 if phone else 900,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.media("screen", dark=dark)
        self.send("Page.navigate", url=self.address)
        self.wait("Page.loadEventFired")
        self.evaluate(PROBES)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol on this page."""
        return self._browser.send(method, self._session, **parameters)

    def wait(self, method: str) -> Event:
        """Wait for the first event of this name."""
        return self._browser.wait(lambda e: e.get("sessionId") == self._session and e["method"] == method)

    def events(self, *methods: str) -> list[dict[str, Any]]:
        """Return what the events of these names said, up to now."""
        self.evaluate("new Promise(done => setTimeout(done, 50))")
        found = [e for e in self._browser.events if e.get("sessionId") == self._session]
        return [e["params"] for e in found if e["method"] in methods]

    def evaluate(self, script: str) -> Any:
        """Return the value of a script, as the developer's console would."""
        said = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def media(self, media: str, *, dark: bool = False) -> None:
        """Show the page on a screen, as printed or (an empty name) as it is; in light or dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code, text = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}[key]
        told = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **told)
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def tree(self) -> list[Node]:
        """Return what a screen reader is told, node by node in the order of the page."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        known = {node["nodeId"]: node for node in nodes}
        found: list[Node] = []

        def visit(node: dict[str, Any], above: Sequence[Node]) -> None:
            here = above
            if not node.get("ignored"):
                told = {
                    "role": node["role"]["value"],
                    "name": node.get("name", {}).get("value", ""),
                    "above": above,
                    **{p["name"]: p["value"].get("value") for p in node.get("properties", ())},
                }
                found.append(told)
                here = (*above, told)
            for child in node.get("childIds", ()):
                if child in known:
                    visit(known[child], here)

        visit(nodes[0], ())
        return found

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        self.media("")  # a medium that is put on would be the paper's too
        said = self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(said["data"])

    def screenshot(self, path: Path, selector: str) -> None:
        """Write a picture of an element."""
        box = self.evaluate(f"probe.box({json.dumps(selector)})")
        said = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip={**box, "scale": 1})
        path.write_bytes(base64.b64decode(said["data"]))

    def close(self) -> None:
        """Close the page."""
        self._browser.send("Target.closeTarget", targetId=self.target)
