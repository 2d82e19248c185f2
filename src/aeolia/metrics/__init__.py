"""Metrics: (reference, estimate) -> a number.

    name                                 unit  better   needs
    snr                                  dB    higher
    segmental_snr                        dB    higher
    si_sdr                               dB    higher
    sdr                                  dB    higher
    log_spectral_distance                dB    lower
    log_spectral_distance_above_8k       dB    lower    sample rates above 16 kHz
    multi_resolution_spectral_distance         lower
    mel_distance                         dB    lower
    pitch_error                          cents lower    notes with a steady pitch
    pesq_wb                              MOS   higher   aeolia[pesq]
    stoi                                       higher   aeolia[train]
    estoi                                      higher   aeolia[train]

Each is a plain function in its module; `METRICS` holds them under these names behind the one
signature `metric(reference, estimate, sample_rate)`, with unit, direction and a short title for
tables. `reference` and `estimate` are float arrays [T], aligned and equally long.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.errors import InputError, MissingExtraError
from aeolia.metrics.checks import validate
from aeolia.metrics.dnsmos import DnsmosScores, dnsmos
from aeolia.metrics.mel import mel_distance
from aeolia.metrics.perceptual import estoi, pesq_wb, stoi
from aeolia.metrics.pitch import pitch_error
from aeolia.metrics.ratios import sdr, segmental_snr, si_sdr, snr
from aeolia.metrics.spectral import log_spectral_distance, multi_resolution_spectral_distance

__all__ = [
    "METRICS",
    "Metric",
    "Score",
    "choose_metrics",
    "dnsmos",
    "estoi",
    "log_spectral_distance",
    "mel_distance",
    "multi_resolution_spectral_distance",
    "pesq_wb",
    "pitch_error",
    "sdr",
    "segmental_snr",
    "si_sdr",
    "snr",
    "stoi",
    "validate",
]


@dataclass(frozen=True)
class Score:
    """A number that a clip gets: how tables show it."""

    name: str
    #: Short name for a column's head.
    title: str
    #: "dB", "MOS" or "" for a number without unit.
    unit: str
    higher_is_better: bool
    #: Digits after the point in tables.
    digits: int


@dataclass(frozen=True)
class Metric(Score):
    """One row of the table of metrics."""

    compute: Callable[[np.ndarray, np.ndarray, int], float]
    #: Package that it needs, or "", and the extra that brings it.
    package: str = ""
    extra: str = ""
    #: Signals must be sampled faster than this, in Hz.
    above_rate_hz: int = 0
    #: Metrics of one family are columns of one computation.
    family: str = ""
    #: Tasks whose reports have it where no metrics are named.
    tasks: tuple[str, ...] = ("denoise",)

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        return not self.package or importlib.util.find_spec(self.package) is not None


_RATIO, _DISTANCE = ("denoise", "separate"), ("denoise", "synth")
_ROWS = (
    Metric("snr", "SNR", "dB", True, 2, lambda s, e, _: snr(s, e), tasks=_RATIO),
    Metric("segmental_snr", "segSNR", "dB", True, 2, segmental_snr),
    Metric("si_sdr", "SI-SDR", "dB", True, 2, lambda s, e, _: si_sdr(s, e), tasks=_RATIO),
    Metric("sdr", "SDR", "dB", True, 2, lambda s, e, _: sdr(s, e), tasks=_RATIO),
    Metric("log_spectral_distance", "LSD", "dB", False, 2, log_spectral_distance, tasks=_DISTANCE),
    Metric(
        "log_spectral_distance_above_8k",
        "LSD > 8 kHz",
        "dB",
        False,
        2,
        lambda s, e, rate: log_spectral_distance(s, e, rate, low_hz=8000.0),
        above_rate_hz=16000,
    ),
    Metric(
        "multi_resolution_spectral_distance",
        "MR-STFT",
        "",
        False,
        3,
        lambda s, e, _: multi_resolution_spectral_distance(s, e),
        tasks=_DISTANCE,
    ),
    Metric("mel_distance", "mel", "dB", False, 2, mel_distance, tasks=("synth",)),
    Metric("pitch_error", "pitch", "cents", False, 1, pitch_error, tasks=("synth",)),
    Metric("pesq_wb", "PESQ-WB", "MOS", True, 2, pesq_wb, package="pesq", extra="pesq"),
    Metric("stoi", "STOI", "", True, 3, stoi, package="pystoi", extra="train"),
    Metric("estoi", "ESTOI", "", True, 3, estoi, package="pystoi", extra="train"),
    *(
        Metric(
            f"dnsmos_{name}",
            f"DNSMOS {name.upper()}",
            "MOS",
            True,
            2,
            lambda s, e, rate, name=name: float(getattr(dnsmos(s, e, rate), name)),  # type: ignore[misc]
            package="speechmos",
            extra="dnsmos",
            family="dnsmos",
        )
        for name in DnsmosScores._fields
    ),
)

#: Every metric by name.
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ROWS}


def choose_metrics(names: Sequence[str] | None = None, task: str = "denoise") -> list[Metric]:
    """The metrics of these names, in the table's order; without names, all of a task.

    Of a task's metrics those are left out whose package is not installed.

    Raises:
        InputError: an unknown name (the nearest known one is named).
        MissingExtraError: a named metric whose package is not installed.
    """
    if names is None:
        return [one for one in _ROWS if one.installed and task in one.tasks]
    for name in names:
        if name not in METRICS:
            near = difflib.get_close_matches(name, METRICS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(METRICS)}"
            raise InputError(f"there is no metric {name!r}; {hint}")
        if not METRICS[name].installed:
            raise MissingExtraError(
                f"{name} needs the package {METRICS[name].package}, which is not installed; "
                f"run: pip install 'aeolia[{METRICS[name].extra}]'"
            )
    return [metric for metric in _ROWS if metric.name in names]
