"""A real browser without a window, driven through the DevTools protocol over a pair of pipes: nothing but Chromium is needed."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", _ON_A_MAC)
_PATIENCE = 20.0
"""Seconds to wait for an answer; a busy machine is slow."""
_START = (
    "import fcntl, os, sys\n"
    "came, went = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])\n"
    "os.dup2(came, 3); os.dup2(went, 4); os.execvp(sys.argv[3], sys.argv[3:])\n"
)
"""Chromium reads commands from 3 and writes answers to 4."""


def browser_program() -> str:
    """Return the browser's program; where there is none, the test is skipped, and fails where CI promises one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Chromium: on Debian, apt install chromium")
        pytest.skip("there is no Chromium: on Debian, apt install chromium")
    return found


class Browser:
    """A running browser with one page.

    Attributes:
        requests: the addresses that the page has asked for since it was opened.
        said: what it wrote to its console, and its uncaught errors.
    """

    def __init__(self, reads: int, writes: int) -> None:
        self.requests: list[str] = []
        self.said: list[str] = []
        self._reads, self._writes = reads, writes
        self._rest = b""
        self._last = 0
        self._loaded: set[str] = set()
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.do(f"{domain}.enable")
        self.do("Page.setLifecycleEventsEnabled", enabled=True)

    def do(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 - what the protocol answers
        """Return the page's answer to a command of the protocol."""
        return self._send(method, self._session, **parameters)

    def open(self, path: Path, fragment: str = "", *, width: int = 1280, height: int = 900) -> None:
        """Open a file and wait until it and all its scripts are loaded."""
        self.size(width, height)
        self._go("about:blank")  # the same page with another fragment would only jump
        self.requests, self.said = [], []
        self._go(path.absolute().as_uri() + fragment)

    def size(self, width: int, height: int = 900, ratio: float = 1.0) -> None:
        """Make the page as large as a screen of that size."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=ratio,
            mobile=width < 600,
        )

    def dark(self, wanted: bool) -> None:  # noqa: FBT001 - it says what it is
        """Prefer dark or light colours."""
        value = "dark" if wanted else "light"
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def scripts(self, wanted: bool) -> None:  # noqa: FBT001 - as `dark`
        """Run scripts from the next page on, or do not."""
        self.do("Emulation.setScriptExecutionDisabled", value=not wanted)

    def run(self, expression: str) -> Any:  # noqa: ANN401 - what JavaScript has
        """Return the value of a JavaScript expression in the page; promises are waited for."""
        answer = self.do(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true; while a page gives way to another, nothing is."""
        end = time.monotonic() + _PATIENCE
        while not self._holds(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.03)

    def _holds(self, expression: str) -> bool:
        try:
            return bool(self.run(f"Boolean({expression})"))
        except AssertionError:
            return False

    def key(self, name: str, code: int = 0, text: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            its = {"text": text} if text and kind == "keyDown" else {}
            self.do("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **its)

    def click(self, x: float, y: float) -> None:
        """Click on a place in the window."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def move(self, x: float, y: float) -> None:
        """Move the mouse to a place in the window."""
        self.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, path: Path, *, whole: bool = False) -> Path:
        """Write a screenshot as PNG, of the window or of the whole page."""
        extra: dict[str, Any] = {}
        if whole:
            size = self.do("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            extra = {"captureBeyondViewport": True, "clip": clip}
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot", format="png", **extra)["data"]))
        return path

    def close(self) -> None:
        """End the browser."""
        with contextlib.suppress(OSError, EOFError):
            self._send("Browser.close")

    def _send(self, method: str, session: str | None = None, **parameters: object) -> Any:  # noqa: ANN401 - as `do`
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        os.write(self._writes, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _go(self, address: str) -> None:
        loading = self.do("Page.navigate", url=address)["loaderId"]
        while loading not in self._loaded:
            self._receive()

    def _receive(self) -> dict[str, Any]:
        """Return the next message, after taking note of what it says of the page."""
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reads], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._reads, 1 << 16)
            if not part:
                raise EOFError("the browser has ended")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        parameters = message.get("params", {})
        match message.get("method"):
            case "Page.lifecycleEvent" if parameters["name"] == "load":
                self._loaded.add(parameters["loaderId"])
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                self.said.append(str(parameters["exceptionDetails"].get("exception", parameters)))
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(one.get("value", one)) for one in parameters["args"]))
            case "Log.entryAdded":
                self.said.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        return message


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Yield a browser whose profile lies in ``folder``."""
    program = browser_program()
    options = [
        "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run", "--disable-gpu",
        "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync", "--mute-audio",
        "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars", "--force-color-profile=srgb",
    ]  # fmt: skip
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = [sys.executable, "-I", "-c", _START, str(theirs_in), str(theirs_out), program, *options]
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    with subprocess.Popen(
        command, pass_fds=(theirs_in, theirs_out), env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            page = Browser(ours_in, ours_out)
            try:
                yield page
            finally:
                page.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_PATIENCE)
        finally:
            process.kill()
            os.close(ours_in)
            os.close(ours_out)
