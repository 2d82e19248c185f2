"""Recordings made by rule for the tests of the data room: voices, noises, rooms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from aeolia.data.corpus.manifest import Row

__all__ = ["made_rows", "noise_like", "voice_like", "write"]


def voice_like(
    seconds: float, sample_rate: int, pitch_hz: float = 120.0, seed: int = 0
) -> np.ndarray:
    """Harmonics under a syllable rhythm, with a little breath: never silent for long."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    rhythm = 0.55 + 0.45 * np.sin(2 * np.pi * 3.0 * time + rng.uniform(0, 6))
    voice = sum(
        np.sin(2 * np.pi * pitch_hz * k * time + rng.uniform(0, 6)) / k
        for k in range(1, 30)
        if pitch_hz * k < 0.45 * sample_rate
    )
    breath = 0.02 * rng.standard_normal(len(time))
    return (0.1 * rhythm * (voice + breath)).astype(np.float32)


def noise_like(seconds: float, sample_rate: int, seed: int = 0) -> np.ndarray:
    """White noise."""
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(int(seconds * sample_rate))).astype(np.float32)


def write(path: Path, audio: np.ndarray, sample_rate: int) -> Path:
    """Write audio, making folders on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, sample_rate)
    return path


def made_rows(folder: Path, sample_rate: int = 16000) -> list[Row]:
    """Six speakers with a long and two short recordings, six noises, one room; all in train."""
    rows = []
    for speaker in range(6):
        for take, seconds in enumerate((2.5, 0.7, 0.6)):
            audio = voice_like(seconds, sample_rate, 90.0 + 25 * speaker, seed=speaker)
            name = folder / f"speech/s{speaker}/take{take}.wav"
            path = write(name, audio, sample_rate)
            rows.append(
                Row(str(path), "speech", "made", f"s{speaker}", seconds, sample_rate, split="train")
            )
    for number in range(6):
        seconds = 0.3 if number % 3 == 0 else 2.5
        path = write(
            folder / f"noise/n{number}/n{number}.wav",
            noise_like(seconds, sample_rate, seed=number),
            sample_rate,
        )
        rows.append(
            Row(str(path), "noise", "made", f"n{number}", seconds, sample_rate, split="train")
        )
    room = np.zeros(sample_rate // 4, np.float32)
    room[40], room[600], room[2400] = 0.9, 0.3, 0.2
    path = write(folder / "rir/room.wav", room, sample_rate)
    rows.append(Row(str(path), "rir", "made", "room", 0.25, sample_rate, split="train"))
    return rows
