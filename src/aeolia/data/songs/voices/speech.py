"""Speech of a singer, and where its phrases and syllables are."""

from __future__ import annotations

import numpy as np

from aeolia.audio.files import read_audio
from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.data.songs.voices.singers import Singer

__all__ = ["phrases_of", "read_speech", "syllables_of"]

#: Loudness is looked at in frames of so many seconds.
_FRAME_SECONDS = 0.01
#: A pause is this far below the loud frames, and this long.
_PAUSE_DB, _PAUSE_SECONDS = 32.0, 0.16
#: A phrase is at least and at most so long.
_SHORTEST_PHRASE, _LONGEST_PHRASE = 0.35, 5.0
#: Syllables are apart at least so much, and the valley between two is so deep.
_SYLLABLE_SECONDS, _VALLEY_DB = 0.12, 2.5


def read_speech(
    singer: Singer, seconds: float, sample_rate: int, rng: np.random.Generator
) -> np.ndarray:
    """About `seconds` of a singer's recordings joined in any order, [T] float32, peak 0.5.

    Raises:
        AudioFileError: a recording cannot be read.
    """
    parts: list[np.ndarray] = []
    total = 0
    for index in rng.permutation(len(singer.paths)):
        audio, info = read_audio(singer.paths[int(index)])
        sound = resample(mono(audio), info.sample_rate, sample_rate)
        sound = sound - sound.mean()
        parts.append(sound * (0.5 / max(float(np.abs(sound).max()), 1e-9)))
        total += len(sound)
        if total >= seconds * sample_rate:
            break
    joined = np.concatenate(parts)
    count = round(seconds * sample_rate)
    start = int(rng.integers(max(1, len(joined) - count + 1)))
    return np.asarray(joined[start : start + count], np.float32)


def _levels_db(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Level of each frame, smoothed over three."""
    frame = max(1, round(_FRAME_SECONDS * sample_rate))
    count = len(sound) // frame
    power = np.square(sound[: count * frame]).reshape(count, frame).mean(1)
    if count > 2:
        power = np.convolve(power, (0.25, 0.5, 0.25), "same")
    return np.asarray(10.0 * np.log10(power + 1e-10))


def phrases_of(sound: np.ndarray, sample_rate: int) -> list[np.ndarray]:
    """Stretches of speech [T] between its pauses."""
    levels = _levels_db(sound, sample_rate)
    if not len(levels):
        return []
    quiet = levels < np.quantile(levels, 0.95) - _PAUSE_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[True], quiet, [True]]).astype(int)))
    starts, ends = list(edges[::2]), list(edges[1::2])
    frame = max(1, round(_FRAME_SECONDS * sample_rate))
    spans: list[list[int]] = []
    for start, end in zip(starts, ends, strict=True):
        if spans and start - spans[-1][1] < _PAUSE_SECONDS / _FRAME_SECONDS:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    found = []
    for start, end in spans:
        end = min(end, start + round(_LONGEST_PHRASE / _FRAME_SECONDS))
        if end - start >= _SHORTEST_PHRASE / _FRAME_SECONDS:
            found.append(sound[max(0, start - 1) * frame : (end + 1) * frame])
    return found


def syllables_of(phrase: np.ndarray, sample_rate: int) -> list[np.ndarray]:
    """A phrase cut at the valleys of its loudness; its pieces, joined, are the phrase."""
    levels = _levels_db(phrase, sample_rate)
    frame = max(1, round(_FRAME_SECONDS * sample_rate))
    apart = round(_SYLLABLE_SECONDS / _FRAME_SECONDS)
    cuts, peak = [0], -np.inf
    for index in range(1, len(levels) - 1):
        peak = max(peak, levels[index])
        is_valley = levels[index - 1] >= levels[index] < levels[index + 1]
        rises = float(levels[index : index + apart].max()) - levels[index] >= _VALLEY_DB
        falls = peak - levels[index] >= _VALLEY_DB
        if is_valley and rises and falls and index - cuts[-1] >= apart:
            cuts.append(index)
            peak = -np.inf
    edges = [cut * frame for cut in cuts] + [len(phrase)]
    return [phrase[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
