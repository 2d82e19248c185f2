"""Spectrograms of several sounds in one picture, on one scale, as PNG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png

__all__ = ["picture"]

_HEIGHT, _GAP = 160, 4
#: Steps of the picture in decibels: finer ones are not seen, and cost bytes.
_STEP_DB = 2.5


def picture(
    rows: Sequence[Sequence[np.ndarray]], rate: int, width: int = 190, frequency: str = "log"
) -> bytes:
    """Sounds [T] in rows of equally many, silence after the shorter ones."""
    length = max(len(sound) for row in rows for sound in row)
    levels = [
        [
            spectrogram_db(
                np.pad(sound, (0, length - len(sound))),
                rate,
                width=width,
                height=_HEIGHT,
                frequency=frequency,
            )
            for sound in row
        ]
        for row in rows
    ]
    top = max(float(level.max()) for row in levels for level in row)
    beside, below = np.full((_HEIGHT, _GAP), top), None
    strips = []
    for row in levels:
        strip = np.concatenate([part for level in row for part in (level, beside)][:-1], axis=1)
        below = np.full((_GAP, strip.shape[1]), top)
        strips += [strip, below]
    whole = np.concatenate(strips[:-1])
    return spectrogram_png(np.round((whole - top) / _STEP_DB) * _STEP_DB + top, top_db=top)
