"""How different songs are from one another, in numbers: to hold made ones beside real ones.

From the sound of the mixture alone, so that any songs with stems can be compared: tempo, density,
spectrum, dynamics. What only a record knows (key, programs, style) is counted where there is one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.audio.sound_file import sound_file_path
from aeolia.config.classes import STEMS
from aeolia.data.corpus.manifest import Row
from aeolia.data.songs.song import RECORD
from aeolia.errors import DataError

__all__ = ["SongFacts", "describe_songs", "spectrum_distance", "variety_in_words"]

_RATE = 22050
_WINDOW, _HOP = 1024, 256
#: Centres of bands of a third of an octave.
_BANDS_HZ = 50.0 * 2.0 ** (np.arange(25) / 3.0)
#: Levels are those of 0.4 s; what is further than this below the loudest is silence.
_LEVEL_SECONDS, _SILENCE_DB = 0.4, 50.0
#: No band counts as further below the loudest than this.
_FLOOR_DB = 60.0
_SLOWEST_BPM, _FASTEST_BPM = 50.0, 220.0


@dataclass(frozen=True)
class SongFacts:
    """Numbers of a song; `bands_db` are levels of third octaves against their mean."""

    song: str
    bpm: float
    strokes_per_second: float
    dynamics_db: float
    crest_db: float
    centroid_hz: float
    bands_db: np.ndarray
    record: dict[str, Any]


def describe_songs(
    rows: Sequence[Row], progress: Callable[[int, int], None] = lambda done, total: None
) -> list[SongFacts]:
    """Facts of every song among the rows, from the sum of its stems.

    Raises:
        DataError: there are no songs, or one cannot be read.
    """
    songs: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.kind == "stem" and row.label in STEMS:
            songs[row.source].append(row)
    if not songs:
        raise DataError(f"no songs are there to describe; stems are named {', '.join(STEMS)}")
    found = []
    for done, (song, own) in enumerate(songs.items(), 1):
        found.append(_facts(song, own))
        progress(done, len(songs))
    return found


def _facts(song: str, rows: Sequence[Row]) -> SongFacts:
    mixture = np.zeros(0, np.float32)
    for row in rows:
        try:
            audio, rate = soundfile.read(sound_file_path(row.path), dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError, ValueError) as error:
            raise DataError(f"cannot decode {row.path}: {error}; remove it") from error
        sound = resample(mono(np.nan_to_num(audio)), rate, _RATE)
        size = max(len(mixture), len(sound))
        mixture = np.pad(mixture, (0, size - len(mixture))) + np.pad(sound, (0, size - len(sound)))
    power = _powers(mixture)
    flux = _flux(power)
    levels = _levels_db(mixture)
    hz = np.arange(power.shape[1]) * _RATE / _WINDOW
    mean = power.mean(0)
    record = Path(rows[0].path).parent / RECORD
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    return SongFacts(
        song,
        bpm=_tempo(flux),
        strokes_per_second=_peaks(flux) / max(1e-9, len(mixture) / _RATE),
        dynamics_db=float(np.quantile(levels, 0.95) - np.quantile(levels, 0.1)),
        crest_db=_crest_db(mixture),
        centroid_hz=float((mean * hz).sum() / max(1e-12, mean.sum())),
        bands_db=_bands_db(mean, hz),
        record=known,
    )


def _powers(sound: np.ndarray) -> np.ndarray:
    """Power spectra [F, Q]."""
    sound = np.pad(sound, (0, max(0, _WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW).astype(np.float32)
    parts = [
        np.square(np.abs(np.fft.rfft(frames[start : start + 512] * window))).astype(np.float32)
        for start in range(0, len(frames), 512)
    ]
    return np.concatenate(parts)


def _flux(power: np.ndarray) -> np.ndarray:
    """How much louder each frame is than the one before, over the bands [F]."""
    log = np.log1p(1e3 * power / max(1e-12, float(power.mean())))
    rise = np.maximum(0.0, np.diff(log, axis=0)).mean(1)
    return np.asarray(rise - np.convolve(rise, np.ones(17) / 17.0, "same"))


def _tempo(flux: np.ndarray) -> float:
    """Beats a minute at which the rises repeat best; 0 where nothing does.

    Of a tempo and its double or half the one nearer to 110 is favoured, as listeners do.
    """
    frames_per_minute = 60.0 * _RATE / _HOP
    lags = np.arange(
        int(frames_per_minute / _FASTEST_BPM), int(frames_per_minute / _SLOWEST_BPM) + 1
    )
    if len(flux) <= 2 * lags[-1]:
        return 0.0
    n_fft = 1 << (2 * len(flux) - 1).bit_length()
    spectrum = np.square(np.abs(np.fft.rfft(flux, n_fft)))
    alike = np.fft.irfft(spectrum, n_fft)[lags]
    favour = np.exp(-0.5 * np.square(np.log2(frames_per_minute / lags / 110.0) / 0.9))
    best = int((alike * favour).argmax())
    return float(frames_per_minute / lags[best]) if alike[best] > 0.0 else 0.0


def _peaks(flux: np.ndarray) -> int:
    """Strokes: local maxima of the rises, well above them all."""
    if len(flux) < 3:
        return 0
    least = float(flux.mean() + 1.0 * flux.std())
    is_peak = (flux[1:-1] > flux[:-2]) & (flux[1:-1] >= flux[2:]) & (flux[1:-1] > least)
    return int(np.count_nonzero(is_peak))


def _levels_db(sound: np.ndarray) -> np.ndarray:
    block = round(_LEVEL_SECONDS * _RATE)
    count = max(1, len(sound) // block)
    power = np.square(np.resize(sound, count * block)).reshape(count, block).mean(1)
    levels = 10.0 * np.log10(power + 1e-12)
    return np.asarray(levels[levels > levels.max() - _SILENCE_DB])


def _crest_db(sound: np.ndarray) -> float:
    power = float(np.square(sound).mean()) if len(sound) else 0.0
    return 20.0 * float(np.log10(np.abs(sound).max() / np.sqrt(power))) if power > 0.0 else 0.0


def _bands_db(mean: np.ndarray, hz: np.ndarray) -> np.ndarray:
    edges = _BANDS_HZ[:, None] * 2.0 ** np.array([-1.0 / 6.0, 1.0 / 6.0])
    total = np.concatenate([[0.0], np.cumsum(mean)])
    # In fractions of bins, for the lowest bands are narrower than one.
    places = np.interp(edges, np.append(hz, hz[-1] + hz[1]) - hz[1] / 2.0, np.arange(len(total)))
    power = np.diff(np.interp(places, np.arange(len(total)), total), axis=1)[:, 0]
    # Where a song has nothing, how much nothing is without meaning.
    levels = 10.0 * np.log10(np.maximum(power, power.max() * 10.0 ** (-_FLOOR_DB / 10.0)) + 1e-12)
    return np.asarray(levels - levels.mean())


def spectrum_distance(one: SongFacts, other: SongFacts) -> float:
    """Root mean square difference of two songs' spectra in dB, over third octaves."""
    return float(np.sqrt(np.square(one.bands_db - other.bands_db).mean()))


def variety_in_words(songs: Sequence[SongFacts]) -> list[str]:
    """Median and quartiles of every number over the songs, and counts of what records know."""
    columns = {
        "tempo, beats a minute": [song.bpm for song in songs if song.bpm],
        "strokes a second": [song.strokes_per_second for song in songs],
        "dynamics, dB": [song.dynamics_db for song in songs],
        "crest, dB": [song.crest_db for song in songs],
        "spectral centroid, Hz": [song.centroid_hz for song in songs],
        "distance between two spectra, dB": [
            spectrum_distance(songs[i], songs[j]) for i in range(len(songs)) for j in range(i)
        ],
    }
    lines = [f"{len(songs)} songs; median, quartiles, extremes"]
    for name, values in columns.items():
        if values:
            least, low, middle, high, most = np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0))
            lines.append(
                f"{name}: {middle:.3g} ({low:.3g} to {high:.3g}; {least:.3g} to {most:.3g})"
            )
    records = [song.record for song in songs if song.record]
    if records:
        programs = [part["program"] for record in records for part in record["parts"]]
        drawn = {
            "styles": {record["style"] for record in records},
            "keys and modes": {(record["key"], record["mode"]) for record in records},
            "programs": set(programs),
            "drummers' performances": {record["drummer"] for record in records} - {""},
            "voices": {record["singer"] for record in records} - {""},
        }
        lines += [f"{name}: {len(values)} different ones" for name, values in drawn.items()]
    return lines
