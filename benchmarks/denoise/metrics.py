"""The metrics that the denoisers' page is about."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["FULL_BAND_RATE", "INPUT", "MAIN", "Column"]

#: Metric, title, digits.
Column: TypeAlias = tuple[str, str, int]
MAIN: tuple[Column, ...] = (
    ("pesq_wb", "PESQ-WB", 2),
    ("estoi", "ESTOI", 3),
    ("si_sdr", "SI-SDR dB", 2),
)
#: Name of the untouched input in the results.
INPUT = "noisy input"
#: Systems that work at this rate are also scored above 8 kHz.
FULL_BAND_RATE = 48000
