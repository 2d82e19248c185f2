"""The page as a person uses it, in a headless browser before a real server.

Where there is no Chromium these tests are skipped; `.ci/run` installs one.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
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

STATIC = Path(aeolia.__file__).parent / "web" / "static"


def test_clean_gives_what_the_shell_gives(
    page: Browser, address: str, talk: Path, tmp_path: Path
) -> None:
    tab(page, "clean")
    page.choose("#panel-clean input[type=file]", talk)
    page.wait("!!document.querySelector('#panel-clean .card .views img')?.complete")
    assert talk.name in text(page, "#panel-clean h2")
    assert page.value("document.querySelectorAll('#panel-clean .card h2 img').length") == 0
    link = page.value("document.querySelector('#panel-clean .card a.button').href")
    page.value(
        f"fetch({link!r}).then(r => r.arrayBuffer()).then(b => {{ window.got = new"
        " Uint8Array(b); }).then(() => 1)"
    )
    got = bytes(page.value("[...window.got]"))
    expected = tmp_path / "clean.wav"
    aeolia.denoise_file(talk, expected)
    assert got == expected.read_bytes()


def test_before_and_after_play_in_step_and_switch_by_key(page: Browser, talk: Path) -> None:
    tab(page, "clean")
    page.wait("!!document.querySelector('#panel-clean .card [data-key=b]')")
    both = "#panel-clean .card [data-key=b]"
    assert text(page, both) == "after"
    page.press("b")
    assert text(page, both) == "before"
    page.press("b")
    assert text(page, both) == "after"
    page.click("#panel-clean .card button.main")
    page.wait("document.querySelector('#panel-clean .card input[type=range]').value > 0.2")
    page.click("#panel-clean .card button.main")
    # The player's file: the recording in the first channel, the result in the second.
    source = page.value(
        "fetch(document.querySelector('#panel-clean .card a.button').href.replace("
        "'outputs/0', 'player.wav')).then(r => r.arrayBuffer()).then(b => "
        "[...new Int16Array(b, 44)].filter((_, n) => n % 2 === 0))"
    )
    assert np.array_equal(source, soundfile.read(talk, dtype="int16")[0])


def test_zoom_draws_the_stretch_anew(page: Browser) -> None:
    tab(page, "clean")
    image = "document.querySelector('#panel-clean .card .views img')"
    page.wait(f"!!{image}?.complete")
    whole = page.value(f"{image}.src")
    page.click("#panel-clean .card .views + .row button")
    page.wait(f"{image}.src !== {whole!r} && {image}.complete && {image}.naturalWidth > 0")


def test_stems_have_a_mixer(page: Browser, talk: Path) -> None:
    tab(page, "separate")
    page.choose("#panel-separate > div > .drop input[type=file]", talk)
    page.wait("!!document.querySelector('#panel-separate .card .mixer')")
    names = page.value(
        "[...document.querySelectorAll('#panel-separate .mixer th')].map(e => e.innerText)"
    )
    assert names == ["vocals", "drums", "bass", "other"]
    solo = "#panel-separate .mixer tr:nth-child(2) button"
    page.click(solo)
    assert page.value(f"document.querySelector({solo!r}).getAttribute('aria-pressed')") == "true"
    assert page.value("document.querySelectorAll('#panel-separate .card a.button').length") == 4


def test_the_keyboard_plays_a_note(page: Browser) -> None:
    tab(page, "play")
    page.events.clear()
    page.press("a")
    page.wait("performance.getEntriesByType('resource').some(e => e.name.includes('/api/note'))")
    assert text(page, "#panel-play [role=alert]") == ""


def test_the_map_sounds_while_the_pointer_moves(page: Browser) -> None:
    tab(page, "play")
    area = "#panel-play .map"
    page.wait(f"document.querySelector('{area} canvas').width > 100")
    page.value(f"document.querySelector({area!r}).scrollIntoView({{block: 'center'}})")
    x, y, width, height = page.value(
        f"(r => [r.x, r.y, r.width, r.height])"
        f"(document.querySelector({area!r}).getBoundingClientRect())"
    )
    page.events.clear()

    def mouse(kind: str, share: float) -> None:
        page.command(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x + share * width,
            y=y + height / 2,
            button="left",
            buttons=1,
            clickCount=1,
        )

    def sounds() -> list[bytes]:
        """Blocks that the server has sent."""
        page.value("1")
        frames = [e["params"] for e in page.events if e["method"].endswith("FrameReceived")]
        return [base64.b64decode(f["response"]["payloadData"]) for f in frames]

    def wait_for(count: int) -> list[bytes]:
        deadline = time.monotonic() + 60
        while len(sounds()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return sounds()

    mouse("mousePressed", 0.2)
    left = len(wait_for(12))
    mouse("mouseMoved", 0.9)
    blocks = [np.frombuffer(block, np.float32) for block in wait_for(left + 30)]
    mouse("mouseReleased", 0.9)
    assert all(len(block) == 1920 for block in blocks)
    assert max(np.abs(block).max() for block in blocks) > 0.01
    assert text(page, "#panel-play [role=alert]") == ""
    place = page.value("document.querySelector('#panel-play section input[type=range]').value")
    assert float(place) == pytest.approx(0.8, abs=0.02)


def test_a_score_is_rendered_by_chosen_instruments(page: Browser) -> None:
    tab(page, "play")
    score = Path(__file__).parents[2] / "examples" / "greensleeves.mid"
    page.choose("#panel-play input[type=file]", score)
    choice = "#panel-play table tr:nth-child(2) select"
    page.wait(f"!!document.querySelector({choice!r})")
    assert page.value(f"document.querySelector({choice!r}).value") == "alto_sax"
    page.value(f"document.querySelector({choice!r}).value = 'flute'")
    page.click("#panel-play .card button.main")
    page.wait("document.querySelector('#panel-play .card .card progress').value > 0")
    page.click("#panel-play .card .card button")  # cancel: minutes on a slow machine
    page.wait("!!document.querySelector('#panel-play .card .card .bad')")
    assert text(page, "#panel-play .card .card h2").endswith("1: flute")


def test_a_clip_is_recorded_and_cleaned(page: Browser) -> None:
    tab(page, "clean")
    cards = "document.querySelectorAll('#panel-clean .card').length"
    before = page.value(cards)
    record = "#panel-clean .drop .row button:last-child"
    page.click(record)
    page.wait(f"document.querySelector({record!r}).innerText === 'stop'")
    page.value("new Promise(r => setTimeout(() => r(1), 700))")
    page.click(record)
    page.wait(f"{cards} === {before} + 1")
    page.wait("!!document.querySelector('#panel-clean .card .views')")
    peak = page.value("document.querySelector('#panel-clean .card tr:nth-child(4) td').innerText")
    assert float(peak.split()[0]) > -40, "the microphone was silent"


def test_live_sound_comes_back(page: Browser) -> None:
    tab(page, "live")
    page.value("document.querySelector('#panel-live input[type=checkbox]').checked = true")
    page.click("#panel-live button.main")
    page.wait("document.querySelector('#panel-live button.main').innerText === 'stop'")
    page.value("new Promise(r => setTimeout(() => r(1), 2500))")
    page.click("#panel-live button.main")
    page.wait("!!document.querySelector('#panel-live a.button')")
    page.click("#panel-live a.button")
    heard = np.abs(soundfile.read(page.saved("live.wav"))[0]).max()
    assert heard > 0.01, "nothing came back"


def test_what_is_no_sound_is_said_on_the_page(page: Browser, tmp_path: Path) -> None:
    tab(page, "clean")
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no sound at all" * 100)
    page.choose("#panel-clean input[type=file]", wrong)
    page.wait("!!document.querySelector('#panel-clean .card .bad')")
    assert text(page, "#panel-clean .card .bad").startswith("notes.txt: ")


def test_it_speaks_chinese(page: Browser) -> None:
    page.value(
        "(e => { e.value = 'zh'; e.dispatchEvent(new Event('change')); })"
        "(document.querySelector('#language'))"
    )
    assert text(page, "#tab-clean") == "降噪"
    assert page.value("document.documentElement.lang") == "zh-CN"
    page.value(
        "(e => { e.value = 'en'; e.dispatchEvent(new Event('change')); })"
        "(document.querySelector('#language'))"
    )
    assert text(page, "#tab-clean") == "Clean"


def test_it_fits_a_telephone(page: Browser) -> None:
    page.command(
        "Emulation.setDeviceMetricsOverride",
        width=360,
        height=740,
        deviceScaleFactor=2,
        mobile=True,
    )
    try:
        for name in TABS:
            page.value(f"document.querySelector('#tab-{name}').click()")
            for _ in range(50):  # the new width is laid out in its own time
                wide = page.value("document.documentElement.scrollWidth")
                if wide <= 360:
                    break
                page.value("new Promise(r => setTimeout(() => r(1), 100))")
            beyond = page.value(
                "[...document.querySelectorAll('[role=tabpanel]:not([hidden]) *')]"
                ".filter(e => e.getBoundingClientRect().right > 361)"
                ".map(e => e.outerHTML.slice(0, 100)).slice(0, 3)"
            )
            assert wide <= 360, f"{name} is {wide} wide: {beyond}"
    finally:
        page.command("Emulation.clearDeviceMetricsOverride")


def test_every_field_has_a_name(page: Browser) -> None:
    """What a screen reader says of buttons, fields and tabs."""
    for name in TABS:
        page.value(f"document.querySelector('#tab-{name}').click()")
        nameless = page.value(
            "[...document.querySelectorAll('button, input, select, meter, progress')].filter(e =>"
            " e.checkVisibility() && !e.innerText?.trim() && !e.getAttribute('aria-label')"
            " && !e.closest('label')).map(e => e.outerHTML)"
        )
        assert nameless == [], nameless


def test_both_languages_have_every_word() -> None:
    texts = (STATIC / "texts.js").read_text(encoding="utf-8")
    tables = re.findall(r"^  (en|zh): \{\n(.*?)^  \},", texts, re.M | re.S)
    keys = {name: re.findall(r"(?:^|, |    )(\w+): \"", body) for name, body in tables}
    assert set(keys) == {"en", "zh"} and len(keys["en"]) > 60
    assert keys["en"] == keys["zh"]
    used = set()
    for module in STATIC.glob("*.js"):
        code = module.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bt\(\"(\w+)\"\)", code))
        used |= set(re.findall(r"\b(?:t|label): \"(\w+)\"", code))
        used |= set(re.findall(r"\b(?:button|labelled)\(\"(\w+)\"", code))
    assert used <= set(keys["en"]), json.dumps(sorted(used - set(keys["en"])))


def test_a_stretch_of_the_recording_is_marked(page: Browser, talk: Path) -> None:
    tab(page, "separate")
    page.value(
        "(s => { s.value = 'speaker'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelector('#panel-separate select'))"
    )
    page.choose("#panel-separate > div > .drop input[type=file]", talk)
    # Not a card of what was separated before: those have no fields for seconds.
    card = "#panel-separate .card:has(input[type=number])"
    plot = f"{card} .plot"
    page.wait(f"!!document.querySelector({plot!r})")
    page.value(f"document.querySelector({plot!r}).scrollIntoView({{block: 'center'}})")
    x, y, width = page.value(
        f"(r => [r.x, r.y + r.height / 2, r.width])"
        f"(document.querySelector({plot!r}).getBoundingClientRect())"
    )
    for kind, share in (("mousePressed", 0.25), ("mouseMoved", 0.75), ("mouseReleased", 0.75)):
        page.command(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x + share * width,
            y=y,
            button="left",
            buttons=1,
            clickCount=1,
        )
    fields = f"[...document.querySelectorAll('{card} input')].map(e => e.value)"
    assert page.value(fields)[:2] == ["0.5", "1.5"]
    page.click(f"{card} button.main")
    page.wait(f"!!document.querySelector('{card} .card .mixer')")


def open_model(page: Browser, path: Path) -> None:
    tab(page, "models")
    page.value("(e => { e.value = ''; e.focus(); })(document.querySelector('#panel-models input'))")
    page.type(str(path))
    page.press("Enter", 13)


def test_a_model_of_ones_own_is_opened_by_its_path(page: Browser, gain_model: Path) -> None:
    open_model(page, gain_model)
    choices = "[...document.querySelector('#panel-clean select').options].map(o => o.value)"
    page.wait(f"{choices}.includes({str(gain_model)!r})")
    assert text(page, "#panel-models [role=alert]") == ""


def test_an_own_model_is_live(page: Browser, gain_model: Path) -> None:
    open_model(page, gain_model)
    tab(page, "live")
    page.value("document.querySelector('#panel-live input[type=checkbox]').checked = false")
    chosen = "[...document.querySelectorAll('#panel-live select')][1]"
    page.wait(f"({chosen}.value = {str(gain_model)!r}) === {chosen}.value")
    page.events.clear()
    page.click("#panel-live button.main")
    page.wait("document.querySelector('#panel-live button.main').innerText === 'stop'")
    asked = [
        event["params"]["response"]["payloadData"]
        for event in page.events
        if event["method"] == "Network.webSocketFrameSent"
    ]
    page.click("#panel-live button.main")
    assert json.loads(asked[0])["operation"]["model"] == str(gain_model)


def test_an_own_synthesiser_plays(page: Browser, tmp_path: Path) -> None:
    released = Path(aeolia.__file__).parent / "released"
    for part in released.glob("notes*.onnx"):
        shutil.copy(part, tmp_path / part.name.replace("notes", "my"))
    own = tmp_path / "my.onnx"
    open_model(page, own)
    tab(page, "play")
    models = "document.querySelector('#panel-play select')"
    page.wait(f"[...{models}.options].some(o => o.value === {str(own)!r})")
    page.value(f"({models}.value = {str(own)!r}, {models}.dispatchEvent(new Event('change')))")
    page.value("document.querySelector('#tab-play').focus()")
    page.press("s")
    asked = "performance.getEntriesByType('resource').map(e => decodeURIComponent(e.name))"
    for path in ("/api/note", "/api/map"):
        page.wait(f"{asked}.some(e => e.includes({path!r}) && e.includes('my.onnx'))")
    assert text(page, "#panel-play [role=alert]") == ""
    # Drums have no pitches: a drum a key, and no instrument to choose.
    page.value(f"({models}.value = 'drums', {models}.dispatchEvent(new Event('change')))")
    assert page.value("document.querySelector('#panel-play .keys button').title") != "C4"
    page.value(f"({models}.value = 'notes', {models}.dispatchEvent(new Event('change')))")
    assert page.value("document.querySelector('#panel-play .keys button').title") == "C4"
