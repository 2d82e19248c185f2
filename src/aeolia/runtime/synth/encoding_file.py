"""The .npz file of an encoding: what may stand in it, and what fits together.

`runtime.synth.encoding` says what the arrays are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.formats import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from aeolia.errors import InputError
from aeolia.files import read_limited
from aeolia.runtime.synth.npz import Member, read_arrays

__all__ = ["ENCODING_FORMAT", "MOST_MINUTES", "read_encoding"]

ENCODING_FORMAT = 1
#: A synthesiser's contours of more than this would be a mistake of the caller, or fill memory.
MOST_MINUTES = 30.0

#: What a file may weigh. Half an hour of a usual model has some ten megabytes.
_MOST_BYTES = 1 << 27
#: Values of a contour, of all latents, and letters of names.
_MOST_FRAMES, _MOST_LATENT, _MOST_LETTERS = 1 << 22, 1 << 22, 1 << 16
_MEMBERS = {
    "latent": Member("f", _MOST_LATENT),
    "latent_seconds": Member("f", _MOST_LATENT),
    "instrument": Member("f", _MOST_LETTERS),
    "pitch_hz": Member("f", _MOST_FRAMES),
    "loudness_db": Member("f", _MOST_FRAMES),
    "model": Member("U", _MOST_LETTERS),
    "instruments": Member("U", _MOST_LETTERS),
}
#: Whole numbers, and from what to what they may be.
_RANGES = {
    "format": (0, 1 << 31),
    "sample_rate": (2000, 384000),
    "hop_length": (2, 32768),
    "n_samples": (1, int(MOST_MINUTES * 60) * 384000),
    "channels": (1, 1024),
    "original_rate": (MIN_SAMPLE_RATE, MAX_SAMPLE_RATE),
    "original_samples": (1, int(MOST_MINUTES * 60) * MAX_SAMPLE_RATE),
}
#: Samples of all channels that an encoding may ask for: an hour in twelve channels at 48 kHz.
_MOST_SAMPLES = 1 << 31
#: What a contour's loudness may be, in dBFS.
_LOUDNESS_DB = (-1000.0, 100.0)


def read_encoding(path: str | Path) -> dict[str, Any]:
    """The fields of an `Encoding`, checked.

    Raises:
        InputError: the file is missing, damaged, or no encoding of this format.
    """
    data = read_limited(path, "encoding", _MOST_BYTES)
    try:
        values = read_arrays(data, {**_MEMBERS, **dict.fromkeys(_RANGES, Member("iu", 1))})
        # Letters that are none show only as they are taken out.
        words = {name: values[name].tolist() for name in ("model", "instruments") if name in values}
    except ValueError as error:
        raise InputError(
            f"{path}: not an encoding ({' '.join(str(error).split())[:60]}); name a .npz file that "
            f"`aeolia encode` wrote"
        ) from error
    missing = [name for name in (*_MEMBERS, *_RANGES) if name not in values]
    if missing or values["format"].shape or int(values["format"]) != ENCODING_FORMAT:
        raise InputError(
            f"{path}: not an encoding of format {ENCODING_FORMAT}"
            + (f" (it has no {missing[0]})" if missing else "")
            + "; encode the recording again with `aeolia encode`"
        )
    if not (_well_formed(values) and _fit_together(values)):
        raise InputError(
            f"{path}: an encoding whose arrays do not fit together, or are not finite; the "
            f"shapes are in the help of `aeolia encode`"
        )
    whole = {name: int(values[name]) for name in _RANGES if name != "format"}
    return {
        **{name: values[name] for name in _MEMBERS},
        **whole,
        "model": words["model"],
        "instruments": tuple(words["instruments"]),
    }


def _well_formed(values: dict[str, np.ndarray]) -> bool:
    """Whether each value is possible by itself."""
    dimensions = dict.fromkeys(_MEMBERS, 1) | {"latent": 2, "model": 0}
    return (
        all(
            not values[name].shape and low <= int(values[name]) <= high
            for name, (low, high) in _RANGES.items()
        )
        and all(values[name].ndim == count for name, count in dimensions.items())
        and all(
            np.isfinite(value).all() and np.abs(value).max(initial=0.0) <= np.finfo(np.float32).max
            for value in values.values()
            if value.dtype.kind == "f"
        )
    )


def _fit_together(values: dict[str, np.ndarray]) -> bool:
    frames, hop = len(values["pitch_hz"]), int(values["hop_length"])
    rate, n_samples = int(values["sample_rate"]), int(values["n_samples"])
    original = int(values["original_samples"])
    expected = n_samples * int(values["original_rate"]) / rate
    pitch, loudness = values["pitch_hz"], values["loudness_db"]
    return bool(
        len(values["latent"]) == len(values["latent_seconds"]) >= 1
        and values["latent"].shape[1] >= 1
        and (np.diff(values["latent_seconds"]) > 0).all()
        and loudness.shape == pitch.shape
        and values["instrument"].shape == values["instruments"].shape
        and 0 < n_samples <= frames * hop <= MOST_MINUTES * 60 * rate + hop
        # A sample or two by rounding, in either direction.
        and abs(original - expected) <= 2 + 2 * int(values["original_rate"]) / rate
        and original * int(values["channels"]) <= _MOST_SAMPLES
        and 0 <= pitch.min(initial=0.0) <= pitch.max(initial=0.0) <= rate
        and _LOUDNESS_DB[0] <= loudness.min(initial=0.0)
        and loudness.max(initial=0.0) <= _LOUDNESS_DB[1]
    )
