"""What is heard in the page, by two people at once, and what is said where nothing can be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

import aeolia
from made.browser import Browser, find_browser
from made.web_page import TABS, tab, text

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")

RATE = 16000

#: At the test file's rate, so that nothing is resampled; with an ear at every node that is heard.
EAR = """(() => {
  const Real = AudioContext;
  globalThis.AudioContext = class extends Real {
    constructor(options) { super({ ...options, sampleRate: %d }); }
  };
  const connect = AudioNode.prototype.connect;
  globalThis.heard = [];
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const [ear, blocks] = [this.context.createScriptProcessor(4096, 1, 1), []];
      ear.onaudioprocess = (event) => blocks.push([...event.inputBuffer.getChannelData(0)]);
      heard.push(blocks);
      connect.call(this, ear);
      connect.call(ear, to);
    }
    return connect.call(this, to, ...rest);
  };
})()"""


@pytest.fixture
def another(address: str, tmp_path: Path) -> Iterator[Browser]:
    """The page in a browser of somebody else, who allows no microphone."""
    program = find_browser()
    assert program is not None
    browser = Browser(program, tmp_path, "--autoplay-policy=no-user-gesture-required")
    browser.command("DOM.enable")
    browser.command("Page.addScriptToEvaluateOnNewDocument", source=EAR % RATE)
    browser.visit(f"{address}/")
    browser.wait(f"document.querySelectorAll('[role=tab]').length === {len(TABS)}")
    yield browser
    browser.close()


def test_what_is_heard_is_what_the_shell_gives(
    another: Browser, page: Browser, talk: Path, tmp_path: Path
) -> None:
    """And two who use the page at the same time see their own files only."""
    mine = tmp_path / "mine.wav"
    audio = np.tile(soundfile.read(talk, dtype="int16")[0], 3)
    soundfile.write(mine, audio, RATE)
    tab(page, "clean")
    theirs = page.value("document.querySelectorAll('#panel-clean .card').length")
    page.choose("#panel-clean input[type=file]", talk)
    another.choose("#panel-clean input[type=file]", mine)
    for one in (another, page):
        one.wait("!!document.querySelector('#panel-clean .card .views')")
    cards = "[...document.querySelectorAll('#panel-clean .card h2')].map(e => e.innerText)"
    assert another.value(cards) == ["mine.wav"]
    names = page.value(cards)
    assert len(names) == theirs + 1 and "mine.wav" not in names

    expected = tmp_path / "mine.clean.wav"
    aeolia.denoise_file(mine, expected)
    shell = soundfile.read(expected, dtype="int16")[0]
    another.click("#panel-clean .card button.main")
    another.wait("document.querySelector('#panel-clean .card input[type=range]').value > 4")
    # Of the two tracks the one with the result; what a busy machine loses is a gap, no change.
    tracks = another.value("heard.filter(blocks => blocks.flat().some(value => value !== 0))")
    assert len(tracks) == 1, "before and after sound at once"
    blocks = [np.rint(np.array(block) * 32768).astype(int) for block in tracks[0]]
    windows = np.lib.stride_tricks.sliding_window_view(shell.astype(int), 4096)
    exact = [block for block in blocks if block.any() and (windows == block).all(axis=1).any()]
    assert exact, "no block of 4096 samples is that of the shell's file"


def test_without_a_microphone_the_page_says_so(another: Browser) -> None:
    tab(another, "live")
    another.click("#panel-live button.main")
    another.wait("!!document.querySelector('#panel-live .bad')")
    assert "microphone cannot be used" in text(another, "#panel-live .bad")
    tab(another, "clean")
    record = "#panel-clean .drop .row button:last-child"
    another.click(record)
    another.wait(f"document.querySelector({record!r}).innerText.includes('microphone')")
