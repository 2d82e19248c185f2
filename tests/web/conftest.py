"""The server that tests of the page ask, and the page in a browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from made.browser import Browser, find_browser
from made.web_page import TABS

RATE = 16000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """`aeolia web` in a process of its own."""
    code = "import aeolia.cli; aeolia.cli.main()"
    arguments = ["web", "--port", "0", "--no-browser"]
    server = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.match(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    yield found[0]
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds: a tone that comes and goes in noise; its name is no HTML."""
    rng = np.random.default_rng(5)
    times = np.arange(2 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * times) * (np.sin(4 * np.pi * times) > 0)
    path = tmp_path_factory.mktemp("sound") / "<img src=x onerror=alert(1)>.wav"
    soundfile.write(path, tone + 0.05 * rng.standard_normal(2 * RATE), RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def page(address: str, talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The page, its microphone being the file `talk`."""
    program = find_browser()
    assert program is not None
    browser = Browser(
        program,
        tmp_path_factory.mktemp("browser"),
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={talk}",
        "--autoplay-policy=no-user-gesture-required",
    )
    for domain in ("Runtime", "Log", "Network", "DOM"):
        browser.command(f"{domain}.enable")
    browser.visit(f"{address}/")
    browser.wait("document.querySelectorAll('[role=tab]').length === " + str(len(TABS)))
    yield browser
    try:
        unwell = [event for event in browser.events if _is_error(event)]
        assert not unwell, unwell
        asked = {
            event["params"]["request"]["url"]
            for event in browser.events
            if event["method"] == "Network.requestWillBeSent"
        }
        assert asked and all(url.startswith((address, "data:", "blob:")) for url in asked), asked
    finally:
        browser.close()


def _is_error(event: dict[str, Any]) -> bool:
    if event["method"] == "Runtime.exceptionThrown":
        return True
    entry = event["params"].get("entry", {})
    # What a test asks for that cannot be is answered with 400, which the browser notes.
    return entry.get("level") == "error" and "status of 400" not in entry.get("text", "")
