"""A page in headless Chromium, driven through the DevTools protocol over a pair of pipes.

Needs no package: Chromium reads commands from file descriptor 3 and writes answers to 4 (option
--remote-debugging-pipe), each a JSON text that ends in a zero byte.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

__all__ = ["Browser", "find_browser"]

_NAMES = (
    "chromium",
    "chromium-browser",
    "chromium-headless-shell",
    "chromium-shell",
    "google-chrome",
    "google-chrome-stable",
)
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1000,900",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 60.0


def find_browser() -> str | None:
    """Path of a Chromium, or None."""
    named = os.environ.get("AEOLIA_TEST_BROWSER", "")
    return next((path for name in (named, *_NAMES) if name and (path := shutil.which(name))), None)


class Browser:
    """One tab of a browser with a fresh profile in `folder`; downloads land there too."""

    def __init__(self, program: str, folder: Path, *more_options: str) -> None:
        self.downloads = folder / "downloads"
        #: How long an answer may take; more for what is large.
        self.patience_seconds = _PATIENCE_SECONDS
        #: What the browser told without being asked: method and parameters.
        self.events: list[dict[str, Any]] = []
        self._last, self._left = 0, b""
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # Away from 3 and 4, where the shell below will put them.
        commands, answers = (_moved(descriptor) for descriptor in (commands, answers))
        options = [*_OPTIONS, *more_options, f"--user-data-dir={folder / 'profile'}"]
        if hasattr(os, "getuid") and os.getuid() == 0:
            options.append("--no-sandbox")
        # A shell puts the pipes where Chromium looks for them.
        line = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", line, program, *options, "about:blank"],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._session = ""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self.command(
            "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads)
        )
        self._session = attached["sessionId"]
        self.command("Page.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.patience_seconds
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._last:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._left:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._answers], [], [], max(left, 0))
            assert ready, "the browser does not answer"
            chunk = os.read(self._answers, 1 << 16)
            assert chunk, "the browser ended"
            self._left += chunk
        text, _, self._left = self._left.partition(b"\0")
        return json.loads(text)

    def open(self, page: Path) -> None:
        """Show a file, and wait until it is there."""
        self.visit(page.resolve().as_uri())

    def visit(self, address: str) -> None:
        """Show a page, and wait until it is there."""
        self.value("globalThis.stale = true")
        self.command("Page.navigate", url=address)
        self.wait("!globalThis.stale && document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is."""
        answer = self.command(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            userGesture=False,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until the expression is true."""
        deadline = time.monotonic() + self.patience_seconds
        while not self.value(expression):
            assert time.monotonic() < deadline, f"waited in vain for {expression}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of an element, as a person would."""
        self.value(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        x, y = self.value(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    def choose(self, selector: str, *files: Path) -> None:
        """Give files to an input of a form, as its dialog would."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        found = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        paths = [str(file) for file in files]
        self.command("DOM.setFileInputFiles", nodeId=found, files=paths)

    def saved(self, name: str) -> Path:
        """A file that the page has the browser save, once all of it is there."""
        path = self.downloads / name
        deadline = time.monotonic() + self.patience_seconds
        sizes = [-1, -2]
        while not sizes[-1] == sizes[-2] > 0:
            assert time.monotonic() < deadline, f"{name} was not saved"
            time.sleep(0.1)
            sizes.append(path.stat().st_size if path.exists() else -len(sizes))
        return path

    def press(self, key: str, code: int = 0) -> None:
        """One key; letters and digits need no code."""
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or code == 13 else {}
        virtual = code or ord(key.upper())
        for kind in ("keyDown", "keyUp"):
            self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=virtual,
                **(text if kind == "keyDown" else {}),
            )

    def type(self, text: str) -> None:
        """Into the element that has the focus."""
        self.command("Input.insertText", text=text)

    def screenshot(self) -> bytes:
        """What is seen, as PNG."""
        import base64

        return base64.b64decode(self.command("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        try:
            self.command("Browser.close")
            self._process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)


def _moved(descriptor: int) -> int:
    """The same pipe under a number from 10 up."""
    import fcntl

    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)
    os.close(descriptor)
    return moved
