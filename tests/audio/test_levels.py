"""Levels against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.levels import (
    SILENCE_DB,
    as_floating,
    count_clipped,
    decibels,
    gain_below,
    peak,
    rms,
    rms_db,
)


def test_full_scale_sine() -> None:
    sine = np.sin(2 * np.pi * np.arange(1000) / 100)
    assert peak(sine) == pytest.approx(1.0)
    assert rms(sine) == pytest.approx(np.sqrt(0.5))
    assert rms_db(sine) == pytest.approx(-3.0103, abs=1e-4)


def test_silence_and_nothing() -> None:
    assert peak(np.zeros(0)) == 0.0
    assert rms(np.zeros(0)) == 0.0
    assert rms_db(np.zeros(8)) == SILENCE_DB
    assert decibels(1e-30) == SILENCE_DB


def test_rms_of_small_floats_is_not_lost_in_float32() -> None:
    assert rms(np.full(1000, 1e-25, np.float32)) == pytest.approx(1e-25)


def test_count_clipped() -> None:
    assert count_clipped(np.array([[1.0, -1.0], [1.01, -2.0]])) == 2


def test_a_gain_is_lowered_only_where_the_peak_would_be_too_high() -> None:
    assert gain_below(0.9, 0.3, 2.0) == 2.0
    assert gain_below(0.9, 0.3, 5.0) == pytest.approx(3.0)
    assert gain_below(0.9, 1.8) == pytest.approx(0.5)
    assert gain_below(0.9, 0.0, 7.0) == 7.0


def test_integers_are_scaled_and_floats_left() -> None:
    for kind, low, high in ((np.int16, -(2**15), 2**14), (np.int32, -(2**31), 2**30)):
        scaled = as_floating(np.array([low, 0, high], kind))
        assert scaled.dtype == np.float32 and scaled.tolist() == [-1.0, 0.0, 0.5]
    assert as_floating(np.array([0, 128, 192], np.uint8)).tolist() == [-1.0, 0.0, 0.5]
    audio = np.ones(3)
    assert as_floating(audio) is audio
