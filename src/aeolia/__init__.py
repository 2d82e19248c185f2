"""Aeolia: audio autoencoders that denoise and separate recordings and live sound.

    import aeolia
    clean = aeolia.denoise(noisy, sample_rate)         # an array [T] or [T, C]
    aeolia.denoise_file("talk.wav", "talk.clean.wav")  # a file of any length
    parts = aeolia.separate(mixture, sample_rate, sources=["speech", "music"])
    stream = aeolia.Stream("denoise", sample_rate=48000)
    note, rate = aeolia.synthesise("alto_sax", "A4")   # see also play_score, transfer, morph
    aeolia.Denoise("denoise-16k").run("a.wav", "b.wav")  # an operation is a value: it pickles

Importing the package loads nothing else; each name is fetched when it is first used.
Nothing leaves the machine: see the variable set below.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

# From 1.29 on, ONNX Runtime writes a device id and a database of events into the user's cache and
# looks up its maker's server as soon as it is loaded; `disable_telemetry_events` comes too late.
# All of the package, the pitch tracker and the benchmarks load it after this line.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# The same names for type checkers, who do not run `__getattr__`; a test compares the two.
if TYPE_CHECKING:
    from aeolia.api.denoising import denoise as denoise
    from aeolia.api.denoising import denoise_file as denoise_file
    from aeolia.api.encoding import decode as decode
    from aeolia.api.encoding import encode as encode
    from aeolia.api.file_options import FileOptions as FileOptions
    from aeolia.api.instruments import instruments as instruments
    from aeolia.api.models import ModelInfo as ModelInfo
    from aeolia.api.models import describe_model as describe_model
    from aeolia.api.operations.denoising import Denoise as Denoise
    from aeolia.api.operations.operation import Operation as Operation
    from aeolia.api.operations.playing import ExportSfz as ExportSfz
    from aeolia.api.operations.playing import PlayNote as PlayNote
    from aeolia.api.operations.playing import PlayScore as PlayScore
    from aeolia.api.operations.registry import operation_from_json as operation_from_json
    from aeolia.api.operations.reshaping import Decode as Decode
    from aeolia.api.operations.reshaping import Encode as Encode
    from aeolia.api.operations.reshaping import Morph as Morph
    from aeolia.api.operations.reshaping import Shift as Shift
    from aeolia.api.operations.separation import Separate as Separate
    from aeolia.api.operations.transfer import Transfer as Transfer
    from aeolia.api.reports.report import FileReport as FileReport
    from aeolia.api.reports.report import Report as Report
    from aeolia.api.reports.separation import OutputReport as OutputReport
    from aeolia.api.reports.separation import SeparationReport as SeparationReport
    from aeolia.api.reports.sounds import EncodingReport as EncodingReport
    from aeolia.api.reports.sounds import MorphReport as MorphReport
    from aeolia.api.reports.sounds import NoteReport as NoteReport
    from aeolia.api.reports.sounds import ScoreReport as ScoreReport
    from aeolia.api.reports.sounds import SfzReport as SfzReport
    from aeolia.api.reports.sounds import ShiftReport as ShiftReport
    from aeolia.api.reports.sounds import TransferReport as TransferReport
    from aeolia.api.reshaping import morph as morph
    from aeolia.api.reshaping import shift as shift
    from aeolia.api.reshaping import shift_file as shift_file
    from aeolia.api.samplers import export_sfz as export_sfz
    from aeolia.api.separation import separate as separate
    from aeolia.api.separation import separate_file as separate_file
    from aeolia.api.streams import Stream as Stream
    from aeolia.api.synthesis import play_score as play_score
    from aeolia.api.synthesis import play_score_file as play_score_file
    from aeolia.api.synthesis import synthesise as synthesise
    from aeolia.api.transfer import transfer as transfer
    from aeolia.api.transfer import transfer_file as transfer_file
    from aeolia.api.voices import enrol as enrol
    from aeolia.errors import AeoliaError as AeoliaError
    from aeolia.errors import AudioFileError as AudioFileError
    from aeolia.errors import ConfigError as ConfigError
    from aeolia.errors import DataError as DataError
    from aeolia.errors import InputError as InputError
    from aeolia.errors import MissingExtraError as MissingExtraError
    from aeolia.errors import ModelError as ModelError
    from aeolia.errors import TrainingError as TrainingError
    from aeolia.errors import TrainingStoppedError as TrainingStoppedError
    from aeolia.runtime.catalogue import load as load
    from aeolia.runtime.catalogue import released_models as released_models
    from aeolia.runtime.separate.voice import Voice as Voice
    from aeolia.runtime.synth.encoding import Encoding as Encoding


#: Module -> its public names. Each is imported when it is first used: who denoises need not wait
#: for the synthesiser.
_HOMES = {
    "aeolia.api.denoising": "denoise denoise_file",
    "aeolia.api.encoding": "decode encode",
    "aeolia.api.file_options": "FileOptions",
    "aeolia.api.instruments": "instruments",
    "aeolia.api.models": "ModelInfo describe_model",
    "aeolia.api.operations.denoising": "Denoise",
    "aeolia.api.operations.operation": "Operation",
    "aeolia.api.operations.playing": "ExportSfz PlayNote PlayScore",
    "aeolia.api.operations.registry": "operation_from_json",
    "aeolia.api.operations.reshaping": "Decode Encode Morph Shift",
    "aeolia.api.operations.separation": "Separate",
    "aeolia.api.operations.transfer": "Transfer",
    "aeolia.api.reports.report": "FileReport Report",
    "aeolia.api.reports.separation": "OutputReport SeparationReport",
    "aeolia.api.reports.sounds": (
        "EncodingReport MorphReport NoteReport ScoreReport SfzReport ShiftReport TransferReport"
    ),
    "aeolia.api.reshaping": "morph shift shift_file",
    "aeolia.api.samplers": "export_sfz",
    "aeolia.api.separation": "separate separate_file",
    "aeolia.api.streams": "Stream",
    "aeolia.api.synthesis": "play_score play_score_file synthesise",
    "aeolia.api.transfer": "transfer transfer_file",
    "aeolia.api.voices": "enrol",
    "aeolia.errors": (
        "AeoliaError AudioFileError ConfigError DataError InputError MissingExtraError "
        "ModelError TrainingError TrainingStoppedError"
    ),
    "aeolia.runtime.catalogue": "load released_models",
    "aeolia.runtime.separate.voice": "Voice",
    "aeolia.runtime.synth.encoding": "Encoding",
}

_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("aeolia")
        except PackageNotFoundError:  # run from a source tree that is not installed
            return "0+unknown"
    if name not in _MODULES:
        raise AttributeError(f"module 'aeolia' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
