"""Held-out takes: the same each time; speech where it is said to be, and noise throughout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.denoise.held_out_takes import PAUSES_SECONDS, SAMPLE_RATE, draw_takes
from made.corpora import held_out_corpus


def test_takes_hold_what_they_say(tmp_path: Path) -> None:
    folder = held_out_corpus(tmp_path, speakers=80, noises=40).parent
    first, second = draw_takes(folder, takes=2)
    (again,) = draw_takes(folder, takes=1)
    assert np.array_equal(first.noisy, again.noisy)
    assert (first.snr_db, second.snr_db) == (-5, 0)
    assert [one.pause_seconds for one in first.stretches[:3]] == [*PAUSES_SECONDS, 15.0]
    speaks = np.zeros(len(first.reference), bool)
    for one in first.stretches:
        span = slice(round(one.start * SAMPLE_RATE), round(one.end * SAMPLE_RATE))
        speaks[span] = True
        assert np.square(first.reference[span]).mean() > 0
    assert len(first.stretches) >= 12 and not first.reference[~speaks].any()
    noise = (first.noisy - first.reference).reshape(150, -1)
    assert np.abs(noise).max() < 1.0 and (np.square(noise).mean(1) > 0).all()
    assert np.abs(first.noisy).max() <= 0.951
