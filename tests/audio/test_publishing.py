"""Loudness for publishing: what was asked for is reached, and no peak is above its ceiling."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.loudness import loudness
from aeolia.audio.publishing import LoudnessSpool, TruePeak
from aeolia.cli import run

RATE = 48000
TIME = np.arange(4 * RATE) / RATE


def levelled(audio: np.ndarray, lufs: float, ceiling: float = -1.0) -> tuple[np.ndarray, str]:
    with LoudnessSpool(RATE, audio.shape[1]) as spool:
        for start in range(0, len(audio), 7001):
            spool.write(audio[start : start + 7001])
        return np.concatenate(list(spool.levelled(lufs, ceiling))), spool.remark


@pytest.mark.parametrize("lufs", [-23.0, -16.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_loudness_is_reached_by_one_gain(lufs: float, channels: int) -> None:
    noise = np.random.default_rng(0).standard_normal((len(TIME), channels))
    audio = (0.01 * noise).astype(np.float32)
    output, remark = levelled(audio, lufs)
    assert loudness(output, RATE) == pytest.approx(lufs, abs=0.01)
    gains = output[np.abs(audio) > 1e-3] / audio[np.abs(audio) > 1e-3]
    assert np.ptp(gains) < 1e-4 * gains.mean()
    assert f"became {lufs:.1f}" in remark


def test_peaks_between_samples_hold_the_gain_back() -> None:
    # A quarter of the sample rate, at 45 degrees: samples lie 3 dB below the waveform's peak.
    sine = np.sin(2 * np.pi * RATE / 4 * TIME + np.pi / 4) * np.hanning(len(TIME))
    peak = TruePeak(RATE, 1)
    for block in np.array_split(sine[:, None], 9):
        peak.push(block)
    peak.push(np.zeros((0, 1)), last=True)
    assert np.abs(sine).max() == pytest.approx(0.7071, abs=1e-3)
    assert peak.peak == pytest.approx(1.0, abs=5e-3)
    output, remark = levelled(0.1 * sine[:, None], 0.0, -1.0)
    assert np.abs(output).max() == pytest.approx(0.7071 * 10 ** (-1 / 20), abs=5e-3)
    assert "more would bring peaks above -1 dBTP" in remark


def test_silence_stays(tmp_path: Path) -> None:
    output, remark = levelled(np.zeros((RATE, 1), np.float32), -16.0)
    assert not output.any() and "too quiet" in remark


def test_the_command(
    tmp_path: Path,
    gain_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    noise = 0.05 * np.random.default_rng(0).standard_normal(2 * RATE)
    soundfile.write("talk.wav", noise, RATE, "FLOAT")

    def call(*words: str) -> int:
        return run(["denoise", "--model", str(gain_model), *words])

    assert call("talk.wav", "-o", "out.wav", "--lufs", "-20", "--json") == 0
    (warning,) = json.loads(capsys.readouterr().out)["files"][0]["warnings"]
    assert "became -20.0" in warning
    assert loudness(soundfile.read("out.wav")[0], RATE) == pytest.approx(-20, abs=0.05)
    assert call("talk.wav", "-o", "x.wav", "--lufs", "-20", "--residual", "r.wav") == 2
    assert "would not sum" in capsys.readouterr().err
    assert call("talk.wav", "-o", "mixed.wav", "--mix", "0.8") == 0
    assert call("talk.wav", "-o", "whole.wav", "--mix", "1") == 0
    mixed, whole = (soundfile.read(name)[0] for name in ("mixed.wav", "whole.wav"))
    np.testing.assert_allclose(mixed, 0.2 * noise + 0.8 * whole, atol=1e-5)
    assert call("talk.wav", "-o", "y.wav", "--mix", "0.5", "-a", "12") == 2
    assert "--mix and --attenuation-limit say the same" in capsys.readouterr().err
