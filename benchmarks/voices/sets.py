"""The sets of special voices: recorded, made, in the noise of places, over music.

Each clip comes twice, as it is and with noise of a held-out recording at 10 dB; `languages` and
`music` come once. All are drawn with fixed seeds from one split: `report`, or `choose` to compare
candidates.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aeolia.audio.levels import gain_below, peak
from aeolia.audio.mono import mono
from aeolia.audio.sound_file import sound_file_path
from aeolia.data.heldout.denoise import (
    CLIP_SECONDS,
    SAMPLE_RATE,
    HeldOut,
    HeldOutPair,
    active_level,
)
from aeolia.errors import DataError
from benchmarks.voices.made import MADE, RATE

__all__ = ["PLACES", "RECORDED", "VOICES", "draw_voices"]

_LENGTH = int(CLIP_SECONDS * SAMPLE_RATE)
NOISY_DB = 10
#: Sets of voices.csv, and all sets of voices: theirs, those made, and plain speech beside them.
RECORDED = ("acted", "children", "sung")
VOICES = (*RECORDED, *MADE, "plain")
#: Places of the languages' set -> how labels of noises there begin; None is other people.
PLACES: dict[str, tuple[str, ...] | None] = {
    "crowd": None,
    "rain": ("rain",),
    "vehicles": ("boston_subway", "train", "vehicle", "engine"),
    "office": ("keyboard", "fan", "hum"),
}
_MUSIC_DB = 10
#: A piece of a song counts when its active level is this near to that of the loudest piece.
_SUNG_DB = 12.0
_LEVELS_DBFS = (-35.0, -18.0)


@dataclass(frozen=True)
class Recording:
    """A row of voices.csv."""

    path: str
    set: str
    speaker: str
    language: str
    split: str
    licence: str

    def sound(self) -> np.ndarray:
        """[T] float32 at 48 kHz, mono."""
        if self.path.endswith(".g722"):
            return _decoded_g722(self.path)
        audio, rate = soundfile.read(sound_file_path(self.path), dtype="float32", always_2d=True)
        return np.asarray(soxr.resample(mono(audio), rate, SAMPLE_RATE), np.float32)


def _decoded_g722(path: str) -> np.ndarray:
    """Voice prompts of telephony: 16 kHz, by FFmpeg's decoder."""
    import av

    with av.open(path, format="g722") as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    sound = np.concatenate(frames).astype(np.float32) / 32768
    return np.asarray(soxr.resample(sound, 16000, SAMPLE_RATE), np.float32)


def _read(path: Path, split: str) -> dict[str, list[Recording]]:
    """The recordings of each set."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [Recording(**row) for row in csv.DictReader(lines)]
    except (OSError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({error}); `python -m benchmarks.voices.gather` writes it"
        ) from error
    found: dict[str, list[Recording]] = defaultdict(list)
    for row in rows:
        if row.split == split:
            found[row.set].append(row)
    return found


def draw_voices(
    data: Path, split: str = "report", *, clips: int = 60
) -> dict[str, list[HeldOutPair]]:
    """All sets by name; those of voices as `NAME clean` and `NAME 10 dB`.

    Args:
        data: a folder with manifest.csv and voices.csv.
        clips: of each set at most; of the recorded voices of actors and children twice as many.

    Raises:
        DataError: a folder that is no data, or too little held out.
    """
    held = HeldOut(data / "manifest.csv", split)
    rows = _read(data / "voices.csv", split)
    voices = {
        "acted": _one_by_one(rows["acted"], 2 * clips),
        "children": _one_by_one(rows["children"], 2 * clips),
        "sung": _pieces(rows["sung"], clips // 2),
        **{name: _made(held, _grown_up(held, rows), name, clips) for name in (*MADE, "plain")},
    }
    sets = {}
    for name, spoken in voices.items():
        sets[f"{name} clean"] = [_pair(held, name, k, one, None) for k, one in enumerate(spoken)]
        sets[f"{name} {NOISY_DB} dB"] = [
            _pair(held, name, k, one, _noise(held, k, len(one[0]))) for k, one in enumerate(spoken)
        ]
    sets["languages"] = _languages(held, rows["language"], clips)
    sets["music"] = _over_music(held, rows, clips // 2)
    return {name: pairs for name, pairs in sets.items() if pairs}


#: Speech [T], who speaks.
Spoken = tuple[np.ndarray, str]


def _grown_up(held: HeldOut, rows: dict[str, list[Recording]]) -> list[str]:
    children = {row.speaker for row in rows["children"]}
    return [name for name in held.speakers if name not in children]


def _one_by_one(rows: Sequence[Recording], count: int) -> list[Spoken]:
    """Recordings of all speakers in turn, each a clip, cut to the length of clips."""
    order = np.random.default_rng(11).permutation(len(rows))
    turns: dict[str, int] = defaultdict(int)
    ranked = []
    for index in order:
        speaker = rows[index].speaker
        ranked.append((turns[speaker], speaker, int(index)))
        turns[speaker] += 1
    chosen = [rows[index] for _, _, index in sorted(ranked)[:count]]
    return [(row.sound()[:_LENGTH], row.speaker) for row in chosen]


def _pieces(rows: Sequence[Recording], count: int) -> list[Spoken]:
    """Pieces of songs in which somebody sings, evenly spread."""
    found: list[Spoken] = []
    for row in rows:
        song = row.sound()
        pieces = song[: len(song) // _LENGTH * _LENGTH].reshape(-1, _LENGTH)
        levels = np.sqrt((pieces.astype(np.float64) ** 2).mean(axis=1))
        loud = pieces[levels > levels.max(initial=0.0) * 10 ** (-_SUNG_DB / 20)]
        found += [(piece, row.speaker) for piece in loud]
    return found[:: max(1, len(found) // max(count, 1))][:count]


def _made(held: HeldOut, speakers: Sequence[str], name: str, count: int) -> list[Spoken]:
    """Speech of the held-out speakers in turn, changed; the same words in all sets."""
    found: list[Spoken] = []
    for k in range(count):
        speaker = speakers[k % len(speakers)]
        speech = held.speech(np.random.default_rng((12, k)), speaker)
        if name in MADE:
            narrow = np.asarray(soxr.resample(speech, SAMPLE_RATE, RATE), np.float32)
            changed = MADE[name](narrow, np.random.default_rng((13, k)))
            speech = np.asarray(soxr.resample(changed, RATE, SAMPLE_RATE), np.float32)[:_LENGTH]
        found.append((speech, speaker))
    return found


def _noise(held: HeldOut, index: int, length: int) -> tuple[np.ndarray, str]:
    """A recording of noise [length] at active level 1, each in its turn."""
    recordings = list(held.noises)
    name = recordings[index % len(recordings)]
    return held.noise(np.random.default_rng((14, index)), name, length), name


def _pair(
    held: HeldOut,
    kind: str,
    index: int,
    spoken: Spoken,
    noise: tuple[np.ndarray, str] | None,
    snr_db: int = NOISY_DB,
) -> HeldOutPair:
    speech, speaker = spoken
    reference = np.asarray(speech / active_level(speech), np.float32)
    noise_level = np.float32(0.0 if noise is None else 10 ** (-snr_db / 20))
    noisy = reference if noise is None else reference + noise_level * noise[0]
    rng = np.random.default_rng((15, index))
    level = 10 ** (rng.uniform(*_LEVELS_DBFS) / 20) / active_level(noisy)
    scale = np.float32(gain_below(0.95, max(peak(noisy), peak(reference)), level))
    return HeldOutPair(
        f"{kind}-{index:03d}",
        noisy * scale,
        reference * scale,
        None if noise is None else snr_db,
        None,
        speaker,
        "" if noise is None else noise[1],
    )


def _languages(held: HeldOut, rows: Sequence[Recording], clips: int) -> list[HeldOutPair]:
    """At 0 dB, all languages and places in turn; a clip's speaker is its language."""
    by_language: dict[str, list[Recording]] = defaultdict(list)
    for row in rows:
        by_language[row.language].append(row)
    pairs = []
    each = max(len(PLACES), clips // 8 // len(PLACES) * len(PLACES))
    for number, (language, spoken) in enumerate(sorted(by_language.items())):
        for k in range(each):
            rng = np.random.default_rng((16, number, k))
            place = list(PLACES)[k % len(PLACES)]
            speech = _joined(rng, spoken)
            index = number * each + k
            noise = (_place(held, rng, place, language), place)
            pairs.append(_pair(held, "languages", index, (speech, language), noise, 0))
    return pairs


def _joined(rng: np.random.Generator, rows: Sequence[Recording]) -> np.ndarray:
    """Four seconds of one speaker's recordings, one after another."""
    speaker = rows[int(rng.integers(len(rows)))].speaker
    own = [row for row in rows if row.speaker == speaker]
    speech = np.zeros(0, np.float32)
    while len(speech) < _LENGTH:
        one = own[int(rng.integers(len(own)))].sound()
        if len(one) > _LENGTH:
            start = int(rng.integers(len(one) - _LENGTH + 1))
            one = one[start : start + _LENGTH]
        pause = np.zeros(SAMPLE_RATE // 5, np.float32)
        speech = np.concatenate([speech, one / active_level(one), pause])
    return speech[:_LENGTH].astype(np.float32)


def _place(held: HeldOut, rng: np.random.Generator, place: str, speaker: str) -> np.ndarray:
    begins = PLACES[place]
    if begins is None:
        return held.babble(rng, speaker)
    fitting = [name for name, rows in held.noises.items() if rows[0].label.startswith(begins)]
    if not fitting:
        raise DataError(f"no held-out noise is of the place {place!r} ({', '.join(begins)})")
    return held.noise(rng, fitting[int(rng.integers(len(fitting)))])


def _over_music(held: HeldOut, rows: dict[str, list[Recording]], count: int) -> list[HeldOutPair]:
    """Speech at 10 dB over the song of the split, without its vocals."""
    if not rows["music"]:
        return []
    stems = [row.sound() for row in rows["music"]]
    length = min(map(len, stems))
    song = np.sum([stem[:length] for stem in stems], axis=0)
    speakers, pairs = _grown_up(held, rows), []
    for k in range(count):
        rng = np.random.default_rng((17, k))
        speaker = speakers[k % len(speakers)]
        start = int(rng.integers(length // 4, 3 * length // 4))
        music = song[start : start + _LENGTH]
        noise = ((music / active_level(music)).astype(np.float32), rows["music"][0].speaker)
        spoken = (held.speech(rng, speaker), speaker)
        pairs.append(_pair(held, "music", k, spoken, noise, _MUSIC_DB))
    return pairs
