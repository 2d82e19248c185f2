"""A page with players and pictures of a few songs: ours beside two soundfonts'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from aeolia.audio.loudness import loudness
from aeolia.files import write_atomically
from aeolia.pictures.page import Clip, Gallery, Version, render_page
from benchmarks import say
from benchmarks.results import Results
from benchmarks.scores.players import RATE
from benchmarks.scores.songs import Song

__all__ = ["SHOWN", "Listening", "spread"]

SHOWN = 5
#: All are heard at one loudness, or as loud as does not clip.
_LUFS, _PEAK = -20.0, 0.99


class Listening:
    """Keeps renders until the results say which songs are shown.

    Args:
        folder: to write `index.html` into.
        names: systems to show, ours first.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder, self._names = folder, tuple(names)
        self._kept = TemporaryDirectory(prefix="aeolia-")
        self._songs: dict[str, Song] = {}

    def keep(self, song: Song, name: str, audio: np.ndarray) -> None:
        """Remember a render [T, 2] of one of the systems shown; others are passed over."""
        if name in self._names:
            self._songs[song.name] = song
            soundfile.write(self._path(song.name, name), audio, RATE, subtype="FLOAT")

    def _path(self, song: str, name: str) -> Path:
        index = list(self._songs).index(song)
        return Path(self._kept.name) / f"{index}-{self._names.index(name)}.wav"

    def write(self, results: Results) -> None:
        """The page: songs from the nearest to the furthest by mel distance."""
        reference = results.details["reference"]
        distances = results.values("songs", self._names[0], f"mel_db, {reference}")
        songs = list(self._songs.values())
        clips = tuple(self._clip(songs[i], distances[i], reference) for i in spread(distances))
        title = "Scores as we play them, and as soundfonts sound"
        note = "From the song that is nearest to the first soundfont to that which is furthest."
        text = render_page(
            title,
            "Ours beside FluidSynth with two soundfonts, brought to one loudness.",
            galleries=[Gallery("Songs", note, clips)],
            frequency="log",
        )
        write_atomically(self._folder / "index.html", text)
        self._kept.cleanup()
        say(f"wrote {self._folder / 'index.html'}")

    def _clip(self, song: Song, distance: float, reference: str) -> Clip:
        versions = []
        for name in self._names:
            audio, _ = soundfile.read(self._path(song.name, name), dtype="float32")
            versions.append(Version(name, _at_loudness(audio)))
        caption = f"{song.source} ({song.licence}); {distance:.1f} dB from {reference}."
        return Clip(song.name, caption, RATE, tuple(versions))


def spread(values: Sequence[float] | np.ndarray, count: int = SHOWN) -> list[int]:
    """Indices from the least to the greatest value, evenly over their ranks."""
    order = np.argsort(np.asarray(values, float))
    ranks = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
    return [int(order[rank]) for rank in ranks]


def _at_loudness(audio: np.ndarray) -> np.ndarray:
    lufs, peak = loudness(audio, RATE), float(np.abs(audio).max())
    if not np.isfinite(lufs):
        return audio
    return np.asarray(audio * np.float32(min(10 ** ((_LUFS - lufs) / 20), _PEAK / peak)))
