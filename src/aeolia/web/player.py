"""All versions of a sound as one WAV, so that a browser plays them in step and switches at once.

    channels of player.wav:  before L, before R, after L, after R, ...

A browser keeps two players in step to some milliseconds only, and one player's channels to the
sample. Switching, solo, mute and the strength of denoising are then gains on channels. Samples are
integers of 16 bits: this file is for listening; what is downloaded is the file that was made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from aeolia.audio.files import AudioReader
from aeolia.audio.levels import decibels
from aeolia.audio.loudness import loudness
from aeolia.errors import InputError

__all__ = ["N_PEAKS", "Track", "write_player"]

#: Points of the waveform of a whole file.
N_PEAKS = 4000
#: A WAV's lengths have 32 bits.
_MOST_BYTES = (1 << 32) - (1 << 16)
_MOST_CHANNELS = 2
_BLOCK = 1 << 16
#: Levels are measured in pieces of this length, and the floor is the quiet tenth of them.
_PIECE_SECONDS, _FLOOR_PERCENTILE = 0.1, 10
#: At this magnitude and above a sample is taken to be clipped.
_FULL_SCALE = 0.999
#: Loudness is that of the beginning, in seconds: it needs it in memory.
_LOUDNESS_SECONDS = 300


@dataclass(frozen=True)
class Track:
    """One version of a sound, such as what came or a stem."""

    label: str
    path: str


class _Measure:
    """What is said of a track in numbers, and its waveform."""

    def __init__(self, sample_rate: int, frames: int) -> None:
        self._rate = sample_rate
        self._per_peak = max(1, math.ceil(frames / N_PEAKS))
        self._left = np.zeros(0, np.float32)
        self._levels: list[float] = []
        self._kept: list[np.ndarray] = []
        self._n_kept = 0
        self._peak = 0.0
        self._clipped = 0
        self.peaks: list[float] = []

    def push(self, block: np.ndarray) -> None:
        """Look at samples [T, C]."""
        magnitude = np.abs(block).max(axis=1)
        self._peak = max(self._peak, float(magnitude.max(initial=0.0)))
        self._clipped += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))
        piece = max(1, round(_PIECE_SECONDS * self._rate))
        for start in range(0, len(block) - piece + 1, piece):
            power = np.mean(np.square(block[start : start + piece], dtype=np.float64))
            self._levels.append(decibels(float(np.sqrt(power))))
        if self._n_kept < _LOUDNESS_SECONDS * self._rate:
            self._kept.append(block)
            self._n_kept += len(block)
        self._left = np.concatenate([self._left, magnitude])
        n_whole = len(self._left) // self._per_peak
        whole = self._left[: n_whole * self._per_peak].reshape(n_whole, self._per_peak)
        self.peaks += [round(float(value), 4) for value in whole.max(axis=1)]
        self._left = self._left[n_whole * self._per_peak :]

    def numbers(self) -> dict[str, float | int | None]:
        """LUFS, level of the quiet tenth in dBFS, highest peak in dBFS, clipped samples."""
        found = loudness(np.concatenate(self._kept), self._rate) if self._kept else -math.inf
        floor = float(np.percentile(self._levels, _FLOOR_PERCENTILE)) if self._levels else None
        return {
            "loudness_lufs": None if math.isinf(found) else round(found, 1),
            "floor_dbfs": None if floor is None else round(floor, 1),
            "peak_dbfs": round(decibels(self._peak), 1),
            "clipped_samples": self._clipped,
        }


def write_player(target: Path, tracks: Sequence[Track]) -> dict[str, Any]:
    """Write all tracks side by side, and measure each.

    Args:
        target: a WAV to write.
        tracks: files of one rate; of more than two channels the first two are heard.

    Returns:
        "sample_rate", "frames", "channels" of each track, and "tracks", a list with the label,
        numbers and waveform of each. "playable" is false where a WAV could not hold them, and
        nothing is at `target` then.

    Raises:
        AudioFileError: a file cannot be read.
        InputError: files of several rates.
    """
    with ExitStack() as stack:
        readers = [stack.enter_context(AudioReader(track.path, salvage=True)) for track in tracks]
        rates = sorted({reader.info.sample_rate for reader in readers})
        if len(rates) > 1:
            raise InputError(f"sounds of {' and '.join(map(str, rates))} Hz cannot play together")
        channels = min(_MOST_CHANNELS, max(reader.info.channels for reader in readers))
        frames = max(reader.info.frames or 0 for reader in readers)
        measures = [_Measure(rates[0], frames) for _ in readers]
        playable = 2 * frames * channels * len(tracks) < _MOST_BYTES
        output = None
        if playable:
            output = stack.enter_context(
                soundfile.SoundFile(
                    target, "x", rates[0], channels * len(tracks), "PCM_16", format="WAV"
                )
            )
        written = 0
        while blocks := _blocks(readers, channels):
            for measure, block in zip(measures, blocks, strict=True):
                measure.push(block)
            written += len(blocks[0])
            if output is not None:
                output.write(np.clip(np.concatenate(blocks, axis=1), -1.0, 1.0))
    return {
        "sample_rate": rates[0],
        "frames": written,
        "channels": channels,
        "playable": playable,
        "tracks": [
            {"label": track.label, **measure.numbers(), "peaks": measure.peaks}
            for track, measure in zip(tracks, measures, strict=True)
        ],
    }


def _blocks(readers: Sequence[AudioReader], channels: int) -> list[np.ndarray]:
    """The next samples [T, channels] of each file, as long as the longest; empty at the end."""
    blocks = [_next(reader) for reader in readers]
    n_frames = max(map(len, blocks))
    return [_shaped(block, n_frames, channels) for block in blocks] if n_frames else []


def _next(reader: AudioReader) -> np.ndarray:
    """As many samples as there are up to a block; a decoder may give them in small pieces."""
    parts: list[np.ndarray] = []
    n_read = 0
    while n_read < _BLOCK and len(part := reader.read(_BLOCK - n_read)):
        parts.append(part)
        n_read += len(part)
    return np.concatenate(parts) if parts else np.zeros((0, reader.info.channels), np.float32)


def _shaped(block: np.ndarray, n_frames: int, channels: int) -> np.ndarray:
    """[n_frames, channels]: one channel is repeated, more are left out, a short end is silent."""
    taken = block[:, :channels]
    if taken.shape[1] < channels:
        taken = np.repeat(taken[:, :1], channels, axis=1)
    return np.pad(taken, ((0, n_frames - len(taken)), (0, 0)))
