"""The package in Python: open a model, denoise and separate arrays, files and streams,
and make sound.

Arrays are [T] (one channel) or [T, C], float, full scale 1.0, as soundfile reads and writes
them. What comes back has the same length, rate and channels, aligned to the sample, as float32.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeolia.api.denoising import FileReport, denoise, denoise_file
    from aeolia.api.reshaping import (
        TransferReport,
        decode,
        encode,
        morph,
        shift,
        shift_file,
        transfer,
        transfer_file,
    )
    from aeolia.api.separation import OutputReport, SeparationReport, enrol, separate, separate_file
    from aeolia.api.streams import Stream
    from aeolia.api.synthesis import ScoreReport, play_score, play_score_file, synthesise
    from aeolia.runtime.catalogue import load, released_models
    from aeolia.runtime.separate.voice import Voice
    from aeolia.runtime.synth.encoding import Encoding

__all__ = [
    "Encoding",
    "FileReport",
    "OutputReport",
    "ScoreReport",
    "SeparationReport",
    "Stream",
    "TransferReport",
    "Voice",
    "decode",
    "denoise",
    "denoise_file",
    "encode",
    "enrol",
    "load",
    "morph",
    "play_score",
    "play_score_file",
    "released_models",
    "separate",
    "separate_file",
    "shift",
    "shift_file",
    "synthesise",
    "transfer",
    "transfer_file",
]

#: Imported when they are first asked for: who denoises need not wait for the synthesiser.
_HOMES = {
    "aeolia.api.denoising": ("FileReport", "denoise", "denoise_file"),
    "aeolia.api.separation": (
        "OutputReport",
        "SeparationReport",
        "enrol",
        "separate",
        "separate_file",
    ),
    "aeolia.api.streams": ("Stream",),
    "aeolia.api.synthesis": ("ScoreReport", "play_score", "play_score_file", "synthesise"),
    "aeolia.runtime.catalogue": ("load", "released_models"),
    "aeolia.runtime.synth.encoding": ("Encoding",),
    "aeolia.runtime.separate.voice": ("Voice",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'aeolia.api' has no attribute {name!r}")
    homes = (home for home, names in _HOMES.items() if name in names)
    value = getattr(importlib.import_module(next(homes, "aeolia.api.reshaping")), name)
    globals()[name] = value
    return value
