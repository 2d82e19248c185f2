"""web.md: how soon the page of `aeolia web` is there, and how it answers while it works."""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import soundfile

from aeolia.errors import InputError
from aeolia.evaluation.tables import markdown
from benchmarks import say
from benchmarks.measure.chromium import browser_version, opened
from benchmarks.measure.speed import made_audio
from benchmarks.results import Results, provenance

__all__ = ["measure", "page"]

_STARTS = 5
_RATE = 48000
#: Asked for again and again, with a pause.
_PATHS = ("/", "/api/about", "/play.js")
_PAUSE_SECONDS = 0.05
#: So long the page is looked at where nothing runs.
_REST_SECONDS = 15.0
#: All tabs are there.
_THERE = "document.querySelectorAll('[role=tab]').length === 7"
_WATCH = (Path(__file__).parent / "watch.js").read_text(encoding="utf-8")


def measure(minutes: float) -> Results:
    """Starts, then the page at rest and while a file of so many minutes is cleaned."""
    with opened() as browser:
        version = browser_version(browser)
        starts = [_start(browser) for _ in range(_STARTS)]
        say(f"started {_STARTS} times")
    with tempfile.TemporaryDirectory() as folder, opened() as browser, _served() as (address, _):
        file = Path(folder, "long.wav")
        with soundfile.SoundFile(file, "w", _RATE, 1, "PCM_16") as sound:
            for second in range(round(60 * minutes)):
                sound.write(made_audio(1, _RATE, second))
        browser.command("DOM.enable")
        browser.visit(f"{address}/")
        browser.wait(_THERE)
        rest = _watch(browser, address, lambda: time.sleep(_REST_SECONDS))
        say("looked at it at rest")
        began = time.perf_counter()
        busy = _watch(browser, address, lambda: _clean(browser, file, 60 * minutes + 300))
        seconds = time.perf_counter() - began
    details = {
        "minutes": minutes,
        "seconds": seconds,
        "browser": version,
        "starts": starts,
        "rest": rest,
        "busy": busy,
    }
    return Results("web", provenance(), details=details)


def _start(browser: Any) -> dict[str, float]:
    """Seconds from the command until its address is told, and until the page is there."""
    browser.visit("about:blank")
    began = time.perf_counter()
    with _served() as (address, told):
        browser.command("Page.navigate", url=f"{address}/")
        browser.wait(_THERE)
        return {"address": told - began, "page": time.perf_counter() - began}


@contextmanager
def _served() -> Iterator[tuple[str, float]]:
    """`aeolia web` in a process of its own: its address, and when it was told."""
    command = [sys.executable, "-m", "aeolia", "web", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        found = re.match(r"http://\S+", server.stderr.readline())
        if not found:
            raise InputError("`aeolia web` did not begin")
        yield found[0], time.perf_counter()
    finally:
        server.terminate()
        server.wait(60)


def _clean(browser: Any, file: Path, most_seconds: float) -> None:
    """Choose a file in the tab Clean, and wait for its pictures."""
    card = "document.querySelector('#panel-clean .card')"
    browser.choose("#panel-clean input[type=file]", file)
    deadline = time.monotonic() + most_seconds
    while not browser.value(f"!!{card}?.querySelector('.views')"):
        if time.monotonic() > deadline or browser.value(f"!!{card}?.querySelector('.bad')"):
            raise InputError("the file was not cleaned in the page")
        time.sleep(0.5)


def _watch(browser: Any, address: str, work: Callable[[], None]) -> dict[str, Any]:
    """The page's frames and the server's answers, while `work` is done."""
    answers: dict[str, list[float]] = {path: [] for path in _PATHS}
    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(address, answers, over))
    browser.value(f"{_WATCH}; watch()")
    asking.start()
    try:
        work()
    finally:
        over.set()
        asking.join()
    seen = browser.value("over()")
    return {
        **{path: _spread(values) for path, values in answers.items()},
        "frames": _spread(seen["gaps"]),
        "clicks": _spread(seen["clicks"]),
        "long_tasks": len(seen["tasks"]),
        "longest_task": max(seen["tasks"], default=0.0),
    }


def _ask(address: str, answers: dict[str, list[float]], over: threading.Event) -> None:
    """Milliseconds of each answer, over a new connection each time."""
    host = urlsplit(address).netloc
    while not over.is_set():
        for path, taken in answers.items():
            began = time.perf_counter()
            connection = http.client.HTTPConnection(host, timeout=60)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            taken.append(1000 * (time.perf_counter() - began))
        time.sleep(_PAUSE_SECONDS)


def _spread(values: list[float]) -> dict[str, float]:
    p50, p99 = (float(np.percentile(values, share)) for share in (50, 99))
    return {"count": len(values), "p50": p50, "p99": p99, "most": max(values)}


def page(results: Results) -> str:
    """The page as Markdown."""
    found = results.details
    made = "; ".join(f"{name}: {value}" for name, value in results.made.items())
    rest, busy = found["rest"], found["busy"]
    tasks = "; ".join(
        f"{name} {one['long_tasks']}, the longest {one['longest_task']:.0f} ms"
        for name, one in (("at rest", rest), ("at work", busy))
    )
    return (
        "# The page in a browser\n\n"
        "`aeolia web` ([docs/web.md](../docs/web.md)) and a headless Chromium on one machine.\n\n"
        "## From the command to the page\n\n"
        f"{_starts_table(found['starts'])}\n"
        "The browser runs already; the page is there when all its tabs are.\n\n"
        f"## While a file of {found['minutes']:g} minutes is cleaned\n\n"
        f"{_answers_table(rest, busy)}\n"
        f"From the choice of the file until its pictures were there it took "
        f"{found['seconds']:.0f} s. All the while another program asked the server, over a new "
        "connection each time, and somebody changed tabs twice a second. Tasks of the page of "
        f"more than 50 ms: {tasks}.\n\n"
        f"Made by `python -m benchmarks web`; {made}; {found['browser']}.\n"
    )


def _starts_table(starts: list[dict[str, float]]) -> str:
    rows = []
    for name, key in (("its address is told", "address"), ("the page is there", "page")):
        seconds = [one[key] for one in starts]
        rows.append([name, f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"])
    return markdown(["seconds until", f"median of {len(starts)}", "most"], rows)


def _answers_table(rest: dict[str, Any], busy: dict[str, Any]) -> str:
    names = {f"`GET {path}`": path for path in _PATHS}
    names |= {"from a frame to the next": "frames", "a change of tabs, until drawn": "clicks"}
    rows = []
    for name, key in names.items():
        cells = [f"{when[key][of]:.1f}" for when in (rest, busy) for of in ("p50", "p99", "most")]
        rows.append([name, *cells, f"{busy[key]['p99'] / rest[key]['p99']:.1f}"])
    times = [f"{when}: {of}" for when in ("rest", "work") for of in ("median", "99 %", "most")]
    return markdown(["ms", *times, "ratio of the 99 %"], rows)
