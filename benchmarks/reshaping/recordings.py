"""What is reshaped: clips of speech of the split `report`, and of the vocals of songs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.mono import mono
from aeolia.audio.pitch.tracker import track_pitch
from aeolia.audio.reader import AudioReader
from aeolia.audio.resample import resample
from aeolia.data.corpus.manifest import Row, read_manifest, recording_of
from aeolia.errors import DataError
from benchmarks.reshaping.scores import STEP_SECONDS, Voice, cents_apart

__all__ = ["CLIP_SECONDS", "LEAST_SECONDS", "RATE", "Clip", "draw_clips", "sung_alone"]

RATE = 48000
CLIP_SECONDS = 5.0
#: Readings that are shorter are not taken.
LEAST_SECONDS = 3.0
#: A piece of a song counts when its level is this near to that of the loudest piece.
_SUNG_DB = 12.0
#: Two trackers agree so nearly, in this share of the frames with a pitch and this of all frames.
_AGREED_CENTS, _AGREED_SHARE, _LEAST_SUNG = 50.0, 0.8, 0.2


@dataclass(frozen=True)
class Clip:
    """Mono sound [T] at `RATE`, and whose it is: a speaker, or a song."""

    voice: str
    licence: str
    audio: np.ndarray


def draw_clips(manifest: Path, count: int, seed: int = 0) -> dict[str, list[Clip]]:
    """`count` clips of speech and of singing, at most; speakers and songs take turns.

    Nothing that is measured has learned from songs; their vocals may be of any split.

    Raises:
        DataError: the manifest cannot be read, or lists neither.
    """
    rows = read_manifest(manifest)
    spoken = [
        row
        for row in rows
        if row.kind == "speech"
        and row.split == "report"
        and row.label
        and row.seconds >= LEAST_SECONDS
    ]
    sung = [row for row in rows if row.kind == "stem" and row.label == "vocals"]
    rng = np.random.default_rng((seed, 18))
    clips = {
        "speech": [_first(row) for row in _in_turn(spoken, count, rng)],
        "singing": _pieces(sung, count, rng),
    }
    found = {name: some for name, some in clips.items() if some}
    if not found:
        raise DataError(
            f"{manifest} lists no speech of the split `report` of {LEAST_SECONDS:g} s and more, "
            "and no stem labelled vocals; one of the two is needed"
        )
    return found


def _in_turn(rows: Sequence[Row], count: int, rng: np.random.Generator) -> list[Row]:
    """Rows of all speakers in turn, in a drawn order."""
    turns: dict[str, int] = {}
    ranked: list[tuple[int, int, int]] = []
    for index in rng.permutation(len(rows)):
        speaker = recording_of(rows[index])
        turns[speaker] = turns.get(speaker, 0) + 1
        ranked.append((turns[speaker], len(ranked), int(index)))
    return [rows[index] for _, _, index in sorted(ranked)[:count]]


def _first(row: Row) -> Clip:
    return Clip(recording_of(row), row.licence, _sound(row.path)[: round(CLIP_SECONDS * RATE)])


def _pieces(rows: Iterable[Row], count: int, rng: np.random.Generator) -> list[Clip]:
    """Pieces in which somebody sings, of all songs in turn."""
    length = round(CLIP_SECONDS * RATE)
    by_song: list[Iterator[Clip]] = []
    for row in rows:
        song = _sound(row.path)
        pieces = song[: len(song) // length * length].reshape(-1, length)
        levels = np.sqrt((pieces.astype(np.float64) ** 2).mean(axis=1))
        loud = pieces[levels > levels.max(initial=0.0) * 10 ** (-_SUNG_DB / 20)]
        by_song.append(_alone(row, loud[rng.permutation(len(loud))]))
    found: list[Clip] = []
    while by_song and len(found) < count:
        turn = by_song.pop(0)
        if (clip := next(turn, None)) is not None:
            found.append(clip)
            by_song.append(turn)
    return found


def _alone(row: Row, pieces: np.ndarray) -> Iterator[Clip]:
    """Those of a song's pieces [N, T] that hold one voice."""
    for piece in pieces:
        if sung_alone(piece):
            yield Clip(recording_of(row), row.licence, piece)


def sung_alone(piece: np.ndarray) -> bool:
    """Whether a piece [T] at `RATE` holds one voice: two trackers, the judge's and ours, agree.

    Stems of vocals hold choirs, doubled voices and rattles, too.
    """
    voice = Voice.of(piece, RATE)
    ours = track_pitch(piece, RATE).at(np.arange(len(voice.pitch_hz)) * STEP_SECONDS)
    agreed = voice.voiced & (cents_apart(voice.pitch_hz, ours) <= _AGREED_CENTS)
    has_pitch = max(int((voice.pitch_hz > 0).sum()), 1)
    return bool(agreed.sum() >= max(_AGREED_SHARE * has_pitch, _LEAST_SUNG * len(agreed)))


def _sound(path: str) -> np.ndarray:
    with AudioReader(path) as reader:
        audio = np.concatenate(list(reader.blocks(1 << 16)))
        return np.asarray(resample(mono(audio), reader.info.sample_rate, RATE), np.float32)
