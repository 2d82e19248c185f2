"""`aeolia models` and `aeolia live`, without a sound card."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aeolia import enrol
from aeolia.cli import run
from aeolia.config.classes import CLASSES
from aeolia.runtime import catalogue
from aeolia.runtime import live as meter
from made.tiny_separators import tone, write_separator, write_voice_encoder


@pytest.fixture
def released(tmp_path: Path, gain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(gain_model, tmp_path / "denoise.onnx")
    monkeypatch.setattr(catalogue, "released_folder", lambda: tmp_path)


@pytest.mark.usefixtures("released")
def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    assert capsys.readouterr().out.split()[:4] == ["denoise", "denoise", "16", "kHz"]
    assert run(["models", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["latency_ms"]) == ("denoise", 32.0)


@pytest.mark.usefixtures("released")
def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "denoise"]) == 0
    assert capsys.readouterr().out == "# gain\n\nMultiplies by 0.5.\n"
    assert run(["models", "show", "denoize"]) == 2
    assert "did you mean 'denoise'" in capsys.readouterr().err


def test_live_without_sounddevice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert run(["live"]) == 2
    assert "pip install 'aeolia[live]'" in capsys.readouterr().err


#: What the microphone hears: no offset, and as loud as can be. Delays are odd, so signs change.
ALTERNATING = np.resize(np.float32([1.0, -1.0]), 2560)


class FakeCard:
    """A sound card that brings ten blocks, the third after losing something."""

    PortAudioError = OSError

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.played = fails, []

    def Stream(self, blocksize: int, callback, samplerate: int, **_: object):
        if self.fails:
            raise OSError("Error opening Stream:\nInvalid device [-9996]")
        assert (blocksize, samplerate) == (256, 16000)
        card = self

        class Running:
            def __enter__(self) -> None:
                for turn in range(10):
                    block = np.full((blocksize, 1), np.nan)
                    callback(ALTERNATING[:blocksize, None], block, blocksize, None, turn == 2)
                    card.played.append(block)

            def __exit__(self, *_: object) -> None:
                pass

        return Running()


def test_live_plays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, gain_model: Path
) -> None:
    card = FakeCard()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    # On a busy machine a block may take longer than it lasts, and counts as dropped too.
    monkeypatch.setattr(meter, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    assert run(["live", "--model", str(gain_model), "--seconds", "0.01"]) == 0
    played = np.concatenate(card.played)[:, 0]
    np.testing.assert_array_equal(played, np.where(np.arange(2560) < 511, 0.0, -0.5 * ALTERNATING))
    assert "1 of 10 blocks dropped" in capsys.readouterr().err


@pytest.mark.parametrize("requested", [["--source", "speech"], ["--speaker", "alice.voice"]])
def test_live_plays_one_source(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    requested: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    kind = "speaker" if "--speaker" in requested else "classes"
    write_separator(tmp_path / "tiny.onnx", kind)
    if kind == "speaker":
        write_voice_encoder(tmp_path / "tiny.onnx")
        enrol(tone("alice", 3), 16000, model="tiny.onnx").save("alice.voice")
    card = FakeCard()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    command = ["live", "--model", "tiny.onnx", *requested]
    assert run([*command, "--seconds", "0.01"]) == 0
    played = np.concatenate(card.played)[:, 0]
    share = 0.4 if kind == "classes" else np.cos(2 * np.pi * 700 / 16000)
    expected = np.where(np.arange(2560) < 767, 0.0, -share * ALTERNATING)
    np.testing.assert_allclose(played, expected, atol=1e-3)
    assert run([*command, "--attenuation-limit", "3"]) == 2
    assert "--attenuation-limit is for denoising" in capsys.readouterr().err
    assert run([*command, "--source", "speech", "--speaker", "alice.voice"]) == 2
    assert "give one of the two" in capsys.readouterr().err


@pytest.mark.usefixtures("released")
def test_list_has_models_of_every_task(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_separator(tmp_path / "separate.onnx")
    write_separator(tmp_path / "separate-speaker.onnx", "speaker")
    write_voice_encoder(tmp_path / "separate-speaker.onnx")
    assert run(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [", " in line for line in lines] == [False, True, False]
    assert lines[1].endswith("MB  speech, vocals, drums, bass, other, noise")
    assert [line.split()[:2] for line in lines] == [
        ["denoise", "denoise"],
        ["separate", "separate"],
        ["separate-speaker", "separate"],
    ]
    assert run(["models", "--json"]) == 0
    told = {row["name"]: row["classes"] for row in json.loads(capsys.readouterr().out)}
    assert told == {"denoise": [], "separate": list(CLASSES), "separate-speaker": []}
    assert run(["models", "show", "separate"]) == 0
    assert capsys.readouterr().out == "# separate\n"


def test_live_with_a_device_that_cannot_open(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, gain_model: Path
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeCard(fails=True))
    assert run(["live", "--model", str(gain_model)]) == 2
    error = capsys.readouterr().err
    assert "Invalid device [-9996]" in error and error.count("\n") == 1


def test_live_lists_devices(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = SimpleNamespace(query_devices=lambda: "0 Microphone")
    monkeypatch.setitem(sys.modules, "sounddevice", devices)
    assert run(["live", "--list-devices"]) == 0
    assert capsys.readouterr().out == "0 Microphone\n"
