"""Raw samples through pipes: the same as through a WAV, and out as soon as they are ready."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}


def command(model: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "aeolia", "denoise", "-", "--model", str(model), *arguments]


def test_raw_in_and_out(tmp_path: Path, gain_model: Path) -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal((8000, 2))
    integers = np.rint(sound * 32768).astype("<i2")
    soundfile.write(tmp_path / "in.wav", integers, 16000)
    aeolia.Denoise(str(gain_model)).run(tmp_path / "in.wav", tmp_path / "out.wav")
    done = subprocess.run(
        command(gain_model, "--raw", "s16le:16000:2"),
        input=integers.tobytes(),
        capture_output=True,
        env=ENVIRONMENT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    output = np.frombuffer(done.stdout, "<i2").reshape(-1, 2).astype(int)
    expected = soundfile.read(tmp_path / "out.wav", dtype="int16")[0]
    assert output.shape == expected.shape
    assert np.abs(output - expected).max() <= 1  # other blocks, the same to a rounding


def test_bytes_come_out_as_they_are_ready(gain_model: Path) -> None:
    with subprocess.Popen(
        command(gain_model, "--raw", "f32le:16000:1", "-q"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(np.zeros(4096, "<f4").tobytes())
        process.stdin.flush()
        # Standard input stays open: what is ready must come all the same.
        first = process.stdout.read(4 * 2048)
        assert len(first) == 4 * 2048
        process.stdin.close()
        assert len(process.stdout.read()) == 4 * 2048


@pytest.mark.parametrize("raw", ["s16le", "s17le:16000:1", "s16le:16000:0", "s16le:x:1", "::"])
def test_a_format_that_is_none(raw: str) -> None:
    with pytest.raises(aeolia.InputError, match="FORMAT:RATE:CHANNELS is needed, such as s16le"):
        aeolia.FileOptions(raw=raw)
