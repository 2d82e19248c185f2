"""Pictures of each tab of `aeolia web`, in both themes, for docs/web.md: docs/web/TAB.THEME.webp.

    PYTHONPATH=tests .venv/bin/python scripts/screenshots.py [TAB...]

A Chromium is needed (see tests/made/browser.py). The sounds are those of `examples/` and a melody
that is made here.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

import aeolia
from made import browser
from made.browser import Browser, find_browser

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, OUT = ROOT / "examples", ROOT / "docs" / "web"
WIDTH, HEIGHT, QUALITY = 960, 880, 70
#: Until a model has run on a busy machine.
browser._PATIENCE_SECONDS = 600.0


def clean(page: Browser, _: Path) -> None:
    """Before and after."""
    page.choose("#panel-clean input[type=file]", EXAMPLES / "fan.noisy.wav")
    page.wait("!!document.querySelector('#panel-clean .card .views img')?.naturalWidth")


def separate(page: Browser, _: Path) -> None:
    """A voice and the street, and their mixer."""
    page.value(
        "(s => { s.value = 'sources'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('#panel-separate select'))"
    )
    page.choose("#panel-separate > div > .drop input[type=file]", EXAMPLES / "street.noisy.wav")
    page.wait("!!document.querySelector('#panel-separate .card .views img')?.naturalWidth")


def play(page: Browser, _: Path) -> None:
    """Keyboard and map."""
    page.wait("document.querySelector('#panel-play .map canvas').width > 400")


def reshape(page: Browser, folder: Path) -> None:
    """A melody and its pitch on another instrument."""
    notes = [aeolia.synthesise("flute", pitch, seconds=0.7)[0] for pitch in ("A4", "C5", "E5")]
    soundfile.write(folder / "melody.wav", np.concatenate(notes), 48000)
    page.choose("#panel-reshape > div > .drop input[type=file]", folder / "melody.wav")
    page.wait("!!document.querySelector('#panel-reshape .card .views img')?.naturalWidth")


def compare(page: Browser, _: Path) -> None:
    """The first trial of a test."""
    page.choose("#panel-compare input[type=file]", EXAMPLES / "fan.noisy.wav")
    page.click("#panel-compare button.main")
    frame = "document.querySelector('#panel-compare iframe')"
    inside = f"{frame}.contentDocument"
    page.wait(f"!!({frame} && {inside}?.getElementById('rater'))")
    page.value(f"{inside}.getElementById('rater').value = 'Ann'")
    page.value(f"{inside}.querySelector('#begin button').click()")


TABS = {
    "clean": clean,
    "separate": separate,
    "play": play,
    "reshape": reshape,
    "live": None,
    "compare": compare,
    "models": None,
}


def main(names: list[str]) -> None:
    """Take the pictures of these tabs, or of all."""
    program = find_browser()
    if program is None:
        sys.exit("no Chromium is installed: name one in AEOLIA_TEST_BROWSER")
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served() as address:
        size = f"--window-size={WIDTH},{HEIGHT}"
        page = Browser(program, Path(folder), size, "--autoplay-policy=no-user-gesture-required")
        try:
            page.command("DOM.enable")
            page.visit(f"{address}/")
            page.wait(f"document.querySelectorAll('[role=tab]').length === {len(TABS)}")
            for name in names or TABS:
                take(page, name, Path(folder))
        finally:
            page.close()


def take(page: Browser, name: str, folder: Path) -> None:
    """One tab in both themes."""
    page.value(f"document.querySelector('#tab-{name}').click()")
    prepare = TABS[name]
    if prepare is not None:
        prepare(page, folder)
    # How long it took is a matter of the machine that takes pictures.
    page.value(
        "for (const one of document.querySelectorAll('.card [role=status]')) one.hidden = true"
    )
    for theme in ("light", "dark"):
        page.value(f"document.documentElement.dataset.theme = {theme!r}")
        page.value("scrollTo(0, 0)")
        page.value("new Promise(done => setTimeout(() => done(1), 500))")
        made = page.command("Page.captureScreenshot", format="webp", quality=QUALITY)["data"]
        path = OUT / f"{name}.{theme}.webp"
        path.write_bytes(base64.b64decode(made))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB", flush=True)


@contextmanager
def served() -> Iterator[str]:
    """`aeolia web` on a free port; its address."""
    command = [sys.executable, "-m", "aeolia", "web", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        found = re.match(r"http://\S+", server.stderr.readline())
        if not found:
            sys.exit("the server did not begin")
        yield found[0]
    finally:
        server.terminate()
        server.wait(300)


if __name__ == "__main__":
    main(sys.argv[1:])
