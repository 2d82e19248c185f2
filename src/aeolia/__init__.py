"""Aeolia: audio autoencoders that denoise and separate recordings and live sound.

    import aeolia
    clean = aeolia.denoise(noisy, sample_rate)         # an array [T] or [T, C]
    aeolia.denoise_file("talk.wav", "talk.clean.wav")  # a file of any length
    parts = aeolia.separate(mixture, sample_rate, sources=["speech", "music"])
    stream = aeolia.Stream("denoise", sample_rate=48000)
    note, rate = aeolia.synthesise("alto_sax", "A4")   # see also play_score, transfer, morph

Importing the package loads nothing else; each name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeolia.api import (
        Encoding,
        FileReport,
        OutputReport,
        ScoreReport,
        SeparationReport,
        Stream,
        TransferReport,
        Voice,
        decode,
        denoise,
        denoise_file,
        encode,
        enrol,
        load,
        morph,
        play_score,
        play_score_file,
        released_models,
        separate,
        separate_file,
        shift,
        shift_file,
        synthesise,
        transfer,
        transfer_file,
    )
    from aeolia.errors import (
        AeoliaError,
        AudioFileError,
        ConfigError,
        DataError,
        InputError,
        MissingExtraError,
        ModelError,
        TrainingError,
    )

__all__ = [
    "AeoliaError",
    "AudioFileError",
    "ConfigError",
    "DataError",
    "Encoding",
    "FileReport",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "OutputReport",
    "ScoreReport",
    "SeparationReport",
    "Stream",
    "TrainingError",
    "TransferReport",
    "Voice",
    "__version__",
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


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("aeolia")
        except PackageNotFoundError:  # run from a source tree that is not installed
            return "0+unknown"
    if name not in __all__:
        raise AttributeError(f"module 'aeolia' has no attribute {name!r}")
    errors = importlib.import_module("aeolia.errors")
    value = getattr(errors, name, None) or getattr(importlib.import_module("aeolia.api"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
