"""Rooms of the held-out set: they decay as stated, and the target ends after 50 ms."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.data.heldout import rooms


@pytest.mark.parametrize("rt60_seconds", [0.3, 0.6])
def test_shoebox_decays_as_stated(rt60_seconds: float) -> None:
    response = rooms.shoebox(np.random.default_rng(1), rt60_seconds, 16000)
    left = np.cumsum(response[::-1] ** 2.0)[::-1]
    start, end = (int(np.argmax(left < left[0] * 10 ** (-db / 10))) for db in (5, 25))
    assert response[0] == 1.0
    assert 3 * (end - start) / 16000 == pytest.approx(rt60_seconds, rel=0.15)


def test_reverberate_splits_early_from_late() -> None:
    speech = np.zeros(8000, np.float32)
    speech[100] = 1.0
    response = np.zeros(4000, np.float32)
    response[[0, 500, 2000]] = 1.0, 0.5, 0.25
    wet, target = rooms.reverberate(speech, response, 16000)
    assert np.flatnonzero(np.abs(wet) > 1e-5).tolist() == [100, 600, 2100]
    assert np.flatnonzero(np.abs(target) > 1e-5).tolist() == [100, 600]
