"""Pictures of a stretch of a player's track, at any zoom, at a cost that does not grow with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from aeolia.audio.pitch.tracker import TRACK_HOP, TRACK_RATE, track_pitch
from aeolia.errors import InputError
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png

__all__ = ["MOST_PIXELS", "contour", "picture", "waveform"]

MOST_PIXELS = 4096
#: Up to this length all samples are looked at, beyond it a short piece for each column.
_WHOLE_SECONDS = 60.0
_PIECE = 4096
#: Melodies are looked at up to this length: their tracker hears all of it.
_MOST_CONTOUR_SECONDS = 600
#: Fixed, so that pictures of several tracks, and before and after, can be compared.
_TOP_DB = -20.0


def picture(
    path: Path, channels: int, track: int, *, stretch: tuple[float, float], size: tuple[int, int]
) -> bytes:
    """A spectrogram as PNG.

    Args:
        path: what `write_player` wrote, with `channels` a track.
        track: from 0.
        stretch: start and end in seconds.
        size: width and height in pixels.

    Raises:
        InputError: no such track or stretch, or an impossible size.
    """
    width, height = size
    if not (16 <= width <= MOST_PIXELS and 16 <= height <= MOST_PIXELS):
        raise InputError(
            f"a picture of {width} x {height}; 16 to {MOST_PIXELS} pixels are possible"
        )
    with soundfile.SoundFile(path) as file:
        start, stop = _stretch(file, stretch)
        columns = _columns(channels, track, file.channels)
        if stop - start <= max(_WHOLE_SECONDS * file.samplerate, width * _PIECE):
            samples = _read(file, start, stop - start)[:, columns]
        else:
            places = np.linspace(start, stop - _PIECE, width).astype(int)
            samples = np.concatenate(
                [_read(file, int(place), _PIECE)[:, columns] for place in places]
            )
        levels = spectrogram_db(samples, file.samplerate, width=width, height=height)
    return spectrogram_png(levels, top_db=_TOP_DB)


def waveform(
    path: Path, channels: int, track: int, *, stretch: tuple[float, float], width: int
) -> list[float]:
    """The highest magnitude of each column, 0 to 1; the arguments are those of `picture`.

    Raises:
        InputError: no such track or stretch, or an impossible width.
    """
    if not 16 <= width <= MOST_PIXELS:
        raise InputError(f"a width of {width}; 16 to {MOST_PIXELS} points are possible")
    with soundfile.SoundFile(path) as file:
        start, stop = _stretch(file, stretch)
        columns = _columns(channels, track, file.channels)
        edges = np.linspace(start, stop, width + 1).astype(int)
        piece = max(1, min(int(edges[1] - edges[0]), _PIECE))
        values = [np.abs(_read(file, int(at), piece)[:, columns]).max() for at in edges[:-1]]
    return [round(float(value), 4) for value in values]


def contour(path: Path, channels: int, track: int) -> dict[str, float | list[float]]:
    """The melody of a whole track: "step" in seconds, and "hz", 0 where there is no pitch.

    Raises:
        InputError: no such track, or too long a one.
        MissingExtraError: the tracker is not installed.
    """
    with soundfile.SoundFile(path) as file:
        if file.frames > _MOST_CONTOUR_SECONDS * file.samplerate:
            raise InputError(
                f"{file.frames / file.samplerate:.0f} s came; melodies are drawn up to "
                f"{_MOST_CONTOUR_SECONDS} s"
            )
        samples = _read(file, 0, file.frames)[:, _columns(channels, track, file.channels)]
        found = track_pitch(samples[:, 0], file.samplerate)
    hz = [round(float(value), 1) for value in found.pitch_hz]
    return {"step": TRACK_HOP / TRACK_RATE, "hz": hz}


def _stretch(file: soundfile.SoundFile, stretch: tuple[float, float]) -> tuple[int, int]:
    start, stop = (round(seconds * file.samplerate) for seconds in stretch)
    start, stop = max(0, start), min(file.frames, stop)
    if stop <= start:
        raise InputError(
            f"nothing from {stretch[0]:g} to {stretch[1]:g} s of "
            f"{file.frames / file.samplerate:g} s"
        )
    return start, stop


def _columns(channels: int, track: int, all_channels: int) -> slice:
    first = channels * track
    if not 0 <= first < all_channels:
        raise InputError(f"no track {track}; there are {all_channels // channels}")
    return slice(first, first + channels)


def _read(file: soundfile.SoundFile, start: int, n_frames: int) -> np.ndarray:
    file.seek(min(start, file.frames - 1))
    samples: np.ndarray = file.read(max(1, n_frames), dtype="float32", always_2d=True)
    return samples
