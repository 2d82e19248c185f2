"""The module and its page in headless Chromium give what Python's stream gives.

Skipped where there is no Chromium, or no ONNX Runtime Web (npm ci in browser/).
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

import aeolia
from made.browser import Browser, find_browser
from made.site import built_site, serving, why_not

PROGRAM = find_browser()
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE_OF_DOCS = Path(__file__).parents[2] / "docs" / "browser.md"
#: What a page's answer may differ by from Python's.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def sounds(site: Path) -> Path:
    """Recordings that the page can fetch: usual, two channels, and quiet with an offset."""
    folder = site / "sound"
    folder.mkdir()
    for name in ("drive.js", "tap.js"):
        shutil.copy(Path(__file__).parent / name, folder)
    noisy, rate = soundfile.read(EXAMPLES / "fan.noisy.wav", dtype="float32")
    soundfile.write(folder / "fan.wav", noisy[: 3 * rate + 77], rate, "FLOAT")
    both = np.stack([noisy[: 2 * rate], 0.5 * noisy[rate : 3 * rate]], axis=1)
    soundfile.write(folder / "both.wav", both, rate, "FLOAT")
    # 50 dB softer, behind a second of silence, with an offset of its own.
    quiet = np.concatenate([np.zeros(rate), 0.003 * noisy[: 3 * rate] + 0.002])
    soundfile.write(folder / "quiet.wav", quiet.astype(np.float32), rate, "FLOAT")
    narrow, rate = soundfile.read(EXAMPLES / "cafe.noisy.wav", dtype="float32")
    soundfile.write(folder / "cafe.wav", narrow[: 3 * rate + 77], rate, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def page(site: Path, sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The built page from a plain server; its microphone is `fan.wav`, over and over."""
    assert PROGRAM is not None
    with serving(site) as address:
        browser = Browser(
            PROGRAM,
            tmp_path_factory.mktemp("browser"),
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={_as_pcm(sounds / 'fan.wav')}",
            "--autoplay-policy=no-user-gesture-required",
        )
        browser.patience_seconds = 250.0  # 14 MB of WebAssembly, on a machine that may be busy
        try:
            for domain in ("Runtime", "Log", "Network", "DOM"):
                browser.command(f"{domain}.enable")
            browser.visit(f"{address}/")
            yield browser
            wrong = [event for event in browser.events if _is_error(event)]
            assert not wrong, wrong
            asked = {
                event["params"]["request"]["url"]
                for event in browser.events
                if event["method"] == "Network.requestWillBeSent"
            }
            assert asked and all(url.startswith((address, "data:", "blob:")) for url in asked)
        finally:
            browser.close()


def _as_pcm(path: Path) -> Path:
    """What Chromium's fake microphone reads: 16 bits."""
    samples, rate = soundfile.read(path, dtype="float32")
    copy = path.with_name("microphone.wav")
    soundfile.write(copy, samples, rate, "PCM_16")
    return copy


def _is_error(event: dict[str, Any]) -> bool:
    if event["method"] == "Runtime.exceptionThrown":
        return True
    return bool(event["params"].get("entry", {}).get("level") == "error")


def unpacked(texts: list[str]) -> np.ndarray:
    """[T, C]"""
    return np.stack([np.frombuffer(base64.b64decode(text), "<f4") for text in texts], axis=1)


def through_a_node(
    page: Browser,
    name: str,
    rate: int,
    seconds: float,
    channels: int = 1,
    limit: float | None = None,
    model: str | None = "denoise",
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """What entered [T, C], what left from the latency on [T', C], and what the meters said."""
    asked = {"name": name, "rate": rate, "channels": channels, "seconds": seconds, "limit": limit}
    asked["model"] = model
    answer = page.value(
        f"import('./sound/drive.js').then((drive) => drive.offline({json.dumps(asked)}))"
    )
    both = unpacked(answer["packed"])
    entered, left = both[:, :channels], both[:, channels:]
    latency = answer["latency"]
    assert not left[:latency].any()
    assert answer["meters"]["dropouts"] == 0
    return entered, left[latency:], answer["meters"]


def expected_of(
    entered: np.ndarray, rate: int, model: Path | str = "denoise", **options: float
) -> np.ndarray:
    """What Python's stream makes of it, pushed block by block as live sound is."""
    stream = aeolia.Stream(model, rate, entered.shape[1], **options)
    blocks = [stream.push(entered[n : n + 1000]) for n in range(0, len(entered), 1000)]
    return np.concatenate([*blocks, stream.flush()])


@pytest.mark.parametrize(
    ("name", "rate", "channels", "model"),
    [
        ("fan", 48000, 1, "denoise"),
        ("cafe", 16000, 1, "denoise-16k"),
        # The one that is taken when none is named.
        ("both", 48000, 2, None),
        ("cafe", 16000, 1, None),
    ],
)
def test_a_node_gives_what_the_stream_gives(
    page: Browser, site: Path, name: str, rate: int, channels: int, model: str | None
) -> None:
    entered, left, meters = through_a_node(page, name, rate, 1.9, channels, model=model)
    small = "denoise-8bit" if rate == 48000 else "denoise-16k-8bit"
    same = model or site / "models" / f"{small}.onnx"
    expected = expected_of(entered, rate, same)[: len(left)]
    assert np.abs(left - expected).max() < TOLERANCE
    assert np.abs(entered[: len(left)] - expected).max() > 100 * TOLERANCE
    assert meters["peakLoad"] > 0.0
    assert 0.0 < meters["output"]["rms"] < meters["output"]["peak"] <= 1.0


@pytest.mark.parametrize(
    ("clip", "model"), [("fan", "denoise"), ("street", "denoise"), ("cafe", "denoise-16k")]
)
def test_weights_in_8_bits_are_as_good(site: Path, clip: str, model: str) -> None:
    perceptual = pytest.importorskip("pesq")
    noisy, rate = soundfile.read(EXAMPLES / f"{clip}.noisy.wav", dtype="float32")
    clean, _ = soundfile.read(EXAMPLES / f"{clip}.clean.wav", dtype="float32")
    small = site / "models" / f"{model}-8bit.onnx"
    scores = []
    for one in (model, small):
        pair = [clean, aeolia.denoise(noisy, rate, model=one)]
        pair = [mono if mono.ndim == 1 else mono.mean(axis=1) for mono in pair]
        reference, estimate = (soxr.resample(mono, rate, 16000) for mono in pair)
        scores.append(perceptual.pesq(16000, reference, estimate, "wb"))
    assert scores[1] == pytest.approx(scores[0], abs=0.02)
    full = site / "models" / f"{model}.onnx"
    assert small.stat().st_size < 0.4 * full.stat().st_size


def test_quiet_sound_with_an_offset_behind_silence(page: Browser) -> None:
    entered, left, _ = through_a_node(page, "quiet", 48000, 4.5)
    expected = expected_of(entered, 48000)[: len(left)]
    assert np.abs(left - expected).max() < 3e-7  # of samples that are 50 dB softer
    assert np.abs(expected).max() > 3e-4


def test_strength(page: Browser) -> None:
    entered, left, _ = through_a_node(page, "fan", 48000, 2.0, limit=12.0)
    expected = expected_of(entered, 48000, attenuation_limit_db=12.0)[: len(left)]
    assert np.abs(left - expected).max() < TOLERANCE
    assert np.abs(expected_of(entered, 48000)[: len(left)] - expected).max() > 100 * TOLERANCE


def test_no_strength_is_the_sound_as_it_was(page: Browser) -> None:
    entered, left, _ = through_a_node(page, "fan", 48000, 1.0, limit=0.0)
    assert np.array_equal(left, entered[: len(left)])


def test_a_microphone(page: Browser) -> None:
    answer = page.value("import('./sound/drive.js').then((drive) => drive.microphone())")
    entered, left = unpacked(answer["packed"]).T
    assert np.abs(entered).max() > 0.05
    found = left[answer["latency"] :]
    expected = expected_of(entered[:, None], 48000)[: len(found), 0]
    # On a machine that is busy beyond the cushion there are drop-outs: silence, to the sample.
    there = found != 0.0
    assert np.abs(found - expected)[there].max() < TOLERANCE
    assert np.abs(entered[: len(found)] - expected)[there].max() > 100 * TOLERANCE


@pytest.mark.parametrize(
    ("name", "model"),
    [("fan", "denoise"), ("both", "denoise"), ("quiet", "denoise"), ("cafe", "denoise-16k")],
)
def test_a_file_through_the_page(page: Browser, sounds: Path, name: str, model: str) -> None:
    page.value(
        f"(() => {{ const m = document.querySelector('#model'); m.value = {model!r};"
        f" m.dispatchEvent(new Event('change')); }})()"
    )
    page.choose("#file", sounds / f"{name}.wav")
    page.wait(
        f"document.querySelector('#name').textContent === '{name}.wav' &&"
        f" document.querySelector('#progress').hidden"
    )
    assert "cleaned in" in page.value("document.querySelector('#file-status').textContent")
    page.click("#save")
    found, rate = soundfile.read(page.saved(f"{name}.denoised.wav"), dtype="float32")
    noisy, _ = soundfile.read(sounds / f"{name}.wav", dtype="float32")
    expected = aeolia.denoise(noisy, rate, model=model)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < (TOLERANCE if name != "quiet" else 1e-6)


@pytest.mark.parametrize(
    ("rate", "options", "says"),
    [
        (44100, "{}", "the sample rate is 44100 Hz"),
        (48000, "{ model: 'denoise-16k' }", "denoise-16k works at 16000 Hz"),
        (48000, "{ model: 'none.onnx' }", "none.onnx cannot be had (404"),
        (48000, "{ model: 'page.js' }", "page.js is no model of Aeolia's format 1"),
        (48000, "{ channels: 0 }", "channels is 0"),
        (48000, "{ attenuationLimitDb: -3 }", "attenuationLimitDb is -3"),
    ],
)
def test_what_cannot_be_is_said(page: Browser, rate: int, options: str, says: str) -> None:
    before = len(page.events)
    said = page.value(
        f"import('./aeolia.js')"
        f".then((m) => m.createDenoiser(new OfflineAudioContext(1, 9, {rate}), {options}))"
        f".then(() => '', (error) => error.message)"
    )
    assert says in said
    assert "\n" not in said
    # The browser notes the file that is missing by itself.
    del page.events[before:]


def test_a_file_that_is_no_sound(page: Browser, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound at all")
    page.choose("#file", tmp_path / "notes.txt")
    page.wait("document.querySelector('#file-status').className === 'bad'")
    said = page.value("document.querySelector('#file-status').textContent")
    assert said == "notes.txt is no sound that this browser can read; try WAV, FLAC or MP3."


def test_the_page_with_a_microphone(page: Browser) -> None:
    page.click("#live")
    page.wait("document.querySelector('#load').value > 0")
    page.wait("document.querySelector('#in').value > -50")
    assert "ms" in page.value("document.querySelector('#latency').textContent")
    page.press("b")
    assert page.value("document.querySelector('#before').getAttribute('aria-pressed')") == "true"
    page.click("#after")
    page.wait("!document.querySelector('#live').disabled")
    page.click("#live")
    page.wait("document.querySelector('#live').textContent === 'Start'")
    assert page.value("document.querySelector('#live-status').textContent") == ""


def test_the_page_of_the_documentation(page: Browser, site: Path) -> None:
    (block,) = re.findall(r"```html\n(.*?)```", PAGE_OF_DOCS.read_text(), re.DOTALL)
    (site / "mine.html").write_text(block)
    (site / "aeolia").symlink_to(site)
    page.visit(f"{page.value('location.origin')}/mine.html")
    page.click("button")
    page.wait("/^load \\d+ %$/.test(document.querySelector('output').textContent)")
