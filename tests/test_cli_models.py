"""`aeolia models` and `aeolia live`, without a sound card."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aeolia.cli import run
from aeolia.runtime import catalogue


@pytest.fixture
def released(tmp_path: Path, gain_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(gain_model, tmp_path / "denoise.onnx")
    monkeypatch.setattr(catalogue, "_released_folder", lambda: tmp_path)


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


class FakeCard:
    """A sound card that brings ten blocks of ones, the third after losing something."""

    PortAudioError = OSError

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.heard = fails, []

    def Stream(self, blocksize: int, callback, samplerate: int, **_: object):
        if self.fails:
            raise OSError("Error opening Stream:\nInvalid device [-9996]")
        assert (blocksize, samplerate) == (256, 16000)
        card = self

        class Running:
            def __enter__(self) -> None:
                for turn in range(10):
                    block = np.full((blocksize, 1), np.nan)
                    callback(np.ones((blocksize, 1), np.float32), block, blocksize, None, turn == 2)
                    card.heard.append(block)

            def __exit__(self, *_: object) -> None:
                pass

        return Running()


def test_live_plays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, gain_model: Path
) -> None:
    card = FakeCard()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    assert run(["live", "--model", str(gain_model), "--seconds", "0.01"]) == 0
    heard = np.concatenate(card.heard)[:, 0]
    np.testing.assert_array_equal(heard, np.where(np.arange(2560) < 511, 0.0, 0.5))
    assert "1 of 10 blocks dropped" in capsys.readouterr().err


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
