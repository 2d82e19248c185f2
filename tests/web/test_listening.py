"""Listening tests that are made and played in the page, in a headless browser.

Where there is no Chromium these tests are skipped; `.ci/run` installs one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from made.browser import Browser, find_browser
from made.web_page import tab, text

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")

FRAME = "#panel-compare iframe"
INSIDE = f"document.querySelector({FRAME!r}).contentDocument"
RESULTS = "[...document.querySelectorAll('#panel-compare iframe ~ .row button')][0]"


def speak(page: Browser, language: str) -> None:
    page.value(
        f"(e => {{ e.value = {language!r}; e.dispatchEvent(new Event('change')); }})"
        "(document.querySelector('#language'))"
    )


def make(page: Browser, clip: Path, reference: Path | None = None) -> None:
    """A test of this clip alone."""
    page.value(f"document.querySelector({FRAME!r})?.remove()")
    page.value("document.querySelectorAll('#panel-compare li button').forEach(e => e.click())")
    page.choose("#panel-compare input[type=file]", clip)
    if reference:
        page.choose("#panel-compare details input[type=file]", reference)
    page.click("#panel-compare button.main")
    page.wait(f"!!document.querySelector({FRAME!r})")
    page.wait(f"{INSIDE}?.getElementById('rater') && {INSIDE}.readyState === 'complete'")


def begin(page: Browser, rater: str) -> None:
    page.value(
        f"({INSIDE}.getElementById('rater').value = {rater!r},"
        f" {INSIDE}.querySelector('#begin button').click())"
    )


def hear(page: Browser, letters: str, heard: str) -> None:
    """Play sounds until the expression `heard` is true, which a busy machine may put off."""
    for letter in letters * 20:
        page.value(f"{INSIDE}.querySelector('[data-letter={letter}]').click()")
        page.value("new Promise(r => setTimeout(() => r(1), 400))")
        if page.value(heard):
            return


def shown(page: Browser) -> str:
    return str(page.value(f"{INSIDE}.body.innerText"))


def results(page: Browser) -> str:
    page.value(f"{INSIDE}.getElementById('next').click()")
    page.wait(f"!{RESULTS}.disabled")
    page.value(f"{RESULTS}.click()")
    page.wait("!!document.querySelector('#panel-compare .card table')")
    return text(page, "#panel-compare")


def test_two_models_are_compared_by_listening(page: Browser, talk: Path) -> None:
    tab(page, "compare")
    make(page, talk)
    assert "trials: 1" in text(page, "#panel-compare")
    begin(page, "ann")
    choice = f"{INSIDE}.querySelector('input[value=A]')"
    hear(page, "AB", f"!{choice}.disabled")
    page.value(f"{choice}.click()")
    said = results(page)
    assert "denoise over denoise-16k" in said or "denoise-16k over denoise" in said
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.command("Emulation.setDeviceMetricsOverride", **size)
    try:
        page.value("new Promise(r => setTimeout(() => r(1), 500))")
        assert page.value("document.documentElement.scrollWidth") <= 360
    finally:
        page.command("Emulation.clearDeviceMetricsOverride")


def test_the_test_speaks_the_language_of_the_page(page: Browser, talk: Path) -> None:
    tab(page, "compare")
    speak(page, "zh")
    try:
        make(page, talk)
        assert "试听数: 1" in text(page, "#panel-compare")
        assert "您更喜欢的一个" in shown(page)
        begin(page, "安")
        assert "您更喜欢哪个版本？" in shown(page) and "片段 1 / 1" in shown(page)
        words = set("".join(shown(page).replace("·", " ").split()))
        assert not words & set("cdfghijklmnoqrtuvwxyz"), shown(page)  # no English is left
    finally:
        speak(page, "en")


def test_references_make_it_a_mushra_test(page: Browser, talk: Path, tmp_path: Path) -> None:
    tab(page, "compare")
    times = np.arange(32000) / 16000
    tone = 0.3 * np.sin(2 * np.pi * 220 * times) * (np.sin(4 * np.pi * times) > 0)
    reference = tmp_path / talk.name
    soundfile.write(reference, tone, 16000, subtype="PCM_16")
    make(page, talk, reference)
    assert "MUSHRA" in text(page, "#panel-compare [role=status]:not(:empty)")
    begin(page, "eve")
    sliders = f"[...{INSIDE}.querySelectorAll('input[type=range]')]"
    letters = "".join(page.value(f"{sliders}.map(e => e.dataset.letter)"))
    assert len(letters) >= 3 and page.value(f"{sliders}.every(e => e.disabled)")
    hear(page, letters, f"{sliders}.every(e => !e.disabled)")

    def rate(value: int) -> None:
        page.value(
            f"{sliders}.forEach(e => {{ e.value = {value}; e.dispatchEvent(new Event('input')); }})"
        )

    rate(50)
    page.value(f"{INSIDE}.getElementById('next').click()")
    page.wait(f"!{RESULTS}.disabled")
    page.value(f"{RESULTS}.click()")  # who does not hear the reference does not count
    problem = "#panel-compare iframe ~ [role=alert]"
    page.wait(f"document.querySelector({problem!r}).innerText.includes('eve')")
    page.value(f"{INSIDE}.getElementById('back').click()")
    rate(95)
    said = results(page)
    assert "hidden reference" in said and "denoise-16k" in said and "anchor" in said
