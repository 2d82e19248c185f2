"""Whether stems are what they are called: basses among drums, stems that are one another's copies.

Labels come with the recordings, and some are wrong: a song without a bass stem holds its bass in
another one, and a separator learns from it that basses are drums. What is measured of each stem is
printed, and what does not fit its name is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import soundfile

from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.audio.sound_file import sound_file_path
from aeolia.config.classes import STEMS
from aeolia.data.corpus.low_notes import LowNotes, low_notes
from aeolia.data.corpus.manifest import Row
from aeolia.errors import DataError

__all__ = ["StemFacts", "check_stems"]

#: Sounds are looked at up to here, and lows are below that.
_RATE, _LOW_HZ = 16000, 150.0
#: A second sounds when it is within this of the loud ones; a stem should sound for some of them.
_SOUNDS_DB, _LEAST_SOUNDING = 40.0, 0.1
#: Held low notes of another stem than the bass are a bass: so many pitches, so much of the time.
_BASS_PITCHES, _BASS_SHARE = 3, 0.15
#: The lows of drums are over in a moment: within their loudest for less of the time than this.
_DRUMS_DUTY = 0.33
#: Where a song has no bass stem and so much of a stem's power is low, its bass is there.
_BASS_LOW = 0.6
#: A bass has this share of its power in the lows, or holds low notes.
_LEAST_LOW, _LEAST_HELD = 0.1, 0.1
#: Two stems are the same sound above this correlation.
_SAME = 0.7


@dataclass
class StemFacts:
    """What was measured of a stem, and what does not fit its name, in words."""

    row: Row
    sounding: float
    low_share: float
    centroid_hz: float
    strokes_per_minute: float
    low_notes: LowNotes
    remarks: list[str] = field(default_factory=list)


def check_stems(
    rows: Sequence[Row], progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, list[StemFacts]]:
    """Facts of the stems of songs, by song; rows of other kinds are passed over.

    Raises:
        DataError: there are no stems among the rows, or one cannot be read.
    """
    songs: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.kind == "stem" and row.label in STEMS:
            songs[row.source].append(row)
    if not songs:
        raise DataError(f"no stems are there to check; stems are named {', '.join(STEMS)}")
    found: dict[str, list[StemFacts]] = {}
    for done, (song, own) in enumerate(songs.items(), 1):
        sounds = [_read(row) for row in own]
        found[song] = [_measured(row, sound) for row, sound in zip(own, sounds, strict=True)]
        _judge(found[song], sounds)
        progress(done, len(songs))
    return found


def _read(row: Row) -> np.ndarray:
    try:
        audio, rate = soundfile.read(sound_file_path(row.path), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise DataError(f"cannot decode {row.path}: {error}; remove it or scan again") from error
    return resample(mono(np.nan_to_num(audio)), rate, _RATE)


def _measured(row: Row, sound: np.ndarray) -> StemFacts:
    count = max(1, len(sound) // _RATE)
    seconds = np.square(np.resize(sound, count * _RATE)).reshape(count, _RATE).mean(1)
    loud = float(np.quantile(seconds, 0.95))
    sounding = float(np.mean(seconds > max(1e-10, loud * 10.0 ** (-_SOUNDS_DB / 10.0))))
    spectrum = _spectrum(sound)
    hz = np.arange(len(spectrum)) * _RATE / (2.0 * (len(spectrum) - 1))
    power = float(spectrum.sum()) or 1.0
    return StemFacts(
        row,
        sounding,
        low_share=float(spectrum[hz < _LOW_HZ].sum()) / power,
        centroid_hz=float((spectrum * hz).sum()) / power,
        strokes_per_minute=60.0 * _strokes(sound) / max(1e-9, len(sound) / _RATE),
        low_notes=low_notes(sound, _RATE),
    )


def _spectrum(sound: np.ndarray, size: int = 2048) -> np.ndarray:
    """Mean power spectrum."""
    if len(sound) < size:
        sound = np.pad(sound, (0, size - len(sound)))
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[:: size // 2]
    window = np.hanning(size).astype(np.float32)
    total = np.zeros(size // 2 + 1)
    for start in range(0, len(frames), 256):  # a few at a time: recordings may be long
        part = np.fft.rfft(frames[start : start + 256] * window)
        total += np.square(np.abs(part)).sum(0)
    return total


def _strokes(sound: np.ndarray) -> int:
    """Onsets: where the power of 16 ms is four times that of the 50 ms before."""
    block = _RATE // 64
    count = len(sound) // block
    power = np.square(sound[: count * block]).reshape(count, block).mean(1)
    if count < 5:
        return 0
    before = (power[:-3] + power[1:-2] + power[2:-1]) / 3.0
    rises = (power[3:] > 4.0 * before) & (power[3:] > 0.01 * np.quantile(power, 0.95))
    return int(np.count_nonzero(rises[1:] & ~rises[:-1]))


def _judge(stems: list[StemFacts], sounds: Sequence[np.ndarray]) -> None:
    """Fill in the remarks."""
    names = {facts.row.label for facts in stems}
    for facts in stems:
        label, notes = facts.row.label, facts.low_notes
        if facts.sounding < _LEAST_SOUNDING:
            facts.remarks.append(f"sounds for {100 * facts.sounding:.0f} % of its time")
            continue
        holds = notes.pitches >= _BASS_PITCHES and notes.share >= _BASS_SHARE
        low = facts.low_share >= 0.3
        lasts = notes.duty >= _DRUMS_DUTY and facts.low_share >= 0.3
        if label == "drums" and holds:
            facts.remarks.append(
                f"holds {notes.pitches} low pitches for {100 * notes.share:.0f} % of the time: a "
                "bass among the drums"
            )
        elif label == "drums" and lasts:
            facts.remarks.append(
                f"has lows that last for {100 * notes.duty:.0f} % of the time, where a drum's are "
                "over in a moment: a bass among the drums"
            )
        has_bass = (holds and low) or facts.low_share >= _BASS_LOW
        if label in ("other", "vocals") and has_bass and "bass" not in names:
            facts.remarks.append(
                f"has {100 * facts.low_share:.0f} % of its power below {_LOW_HZ:.0f} Hz, and the "
                "song has no bass stem: the bass is here"
            )
        if label == "bass" and facts.low_share < _LEAST_LOW and notes.share < _LEAST_HELD:
            facts.remarks.append(
                f"has {100 * facts.low_share:.0f} % of its power below {_LOW_HZ:.0f} Hz and holds "
                "no low notes: hardly a bass"
            )
    for i, one in enumerate(sounds):
        for j in range(i):
            if (alike := _correlation(one, sounds[j])) > _SAME:
                other = stems[j].row.label
                stems[i].remarks.append(f"is {100 * alike:.0f} % the same sound as {other}")


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    size = min(len(one), len(other))
    one, other = one[:size].astype(np.float64), other[:size].astype(np.float64)
    norm = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return abs(float((one * other).sum())) / norm if norm > 0.0 else 0.0
