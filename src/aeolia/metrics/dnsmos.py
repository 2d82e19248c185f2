"""DNSMOS P.835: what a network says that listeners would give a recording, without a reference.

Reddy, Gopal, Cutler: DNSMOS P.835 (ICASSP 2022). Three scores from 1 to 5, as ITU-T P.835 asks
listeners: SIG for the speech, BAK for the background, OVRL for both. The network is the one that
the package `speechmos` of its authors ships (MIT licence); it is found there and run by ONNX
Runtime, without that package's own imports.

A prediction, not a measurement: it is for comparing systems on the same recordings, and beside
metrics that know the reference. It judges 16 kHz.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aeolia.errors import MissingExtraError
from aeolia.metrics.checks import validate

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["DnsmosScores", "dnsmos"]

_RATE = 16000
#: What the network is given at once, a second apart.
_WINDOW_SECONDS = 9.01
_MODEL = Path("dnsmos_models", "sig_bak_ovr.onnx")
#: The authors' fit of what the network says to what listeners said: a polynomial a score, highest
#: power first (`get_polyfit_val` of their dnsmos.py).
_FITS = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovrl": (-0.06766283, 1.11546468, 0.04602535),
}


class DnsmosScores(NamedTuple):
    """Mean opinion scores, about 1 to 5."""

    sig: float
    bak: float
    ovrl: float


def dnsmos(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> DnsmosScores:
    """The three scores of an estimate; the reference is checked, as every metric does, not heard.

    Signals at other rates are resampled to 16 kHz with soxr, and what exceeds full scale is
    clipped, as a file would. A signal shorter than 9.01 s is repeated; of a longer one the mean of
    windows a second apart counts.

    Args:
        reference: clean speech, [T].
        estimate: recording to judge, [T].
        sample_rate: in Hz.

    Raises:
        InputError: as `validate`.
        MissingExtraError: the package `speechmos` is not installed.
    """
    _, estimate = validate(reference, estimate, sample_rate)
    model = _model()
    if sample_rate != _RATE:
        import soxr

        estimate = soxr.resample(estimate, sample_rate, _RATE, quality="VHQ")
    samples = np.clip(estimate, -1.0, 1.0).astype(np.float32)
    # Each is a column of the table; all come of one pass, which is remembered.
    return _judged(samples.tobytes(), model)


def _model() -> str:
    """The path of the network.

    Raises:
        MissingExtraError: the package that ships it is not installed.
    """
    # Importing the package would need librosa and requests, which it does not declare.
    spec = importlib.util.find_spec("speechmos")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        if Path(folder, _MODEL).is_file():
            return str(Path(folder, _MODEL))
    raise MissingExtraError(
        "dnsmos needs the package speechmos, which is not installed; run: pip install "
        "'aeolia[dnsmos]'"
    )


@lru_cache(maxsize=1)
def _session(model: str) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=1)
def _judged(samples: bytes, model: str) -> DnsmosScores:
    audio = np.frombuffer(samples, np.float32)
    length = int(_WINDOW_SECONDS * _RATE)
    while len(audio) < length:
        audio = np.concatenate([audio, audio])
    # As the authors count windows, which leaves out one that ends in the last second; their
    # rounding also loses some that start at 7 to 23 s, and this does not.
    count = int(len(audio) // _RATE - _WINDOW_SECONDS) + 1
    starts = range(0, count * _RATE, _RATE)
    raw = np.mean([_curves(audio[start : start + length], model) for start in starts], axis=0)
    return DnsmosScores(*(float(score) for score in raw))


def _curves(window: np.ndarray, model: str) -> list[float]:
    """The fitted scores of one window."""
    found = _session(model).run(None, {"input_1": window[None]})[0][0]
    fits = (_FITS[name] for name in DnsmosScores._fields)
    return [float(np.polyval(fit, raw)) for fit, raw in zip(fits, found, strict=True)]
