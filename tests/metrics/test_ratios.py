"""Ratios against hand formulas, fast_bss_eval, mir_eval and published BSSEval results."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia import metrics


def _pair(seed: int, *, length: int = 12000) -> tuple[np.ndarray, np.ndarray]:
    """Coloured noise, and the same filtered with other noise added."""
    rng = np.random.default_rng(seed)
    reference = np.convolve(rng.standard_normal(length), np.ones(8) / 8, "same")
    room = rng.standard_normal(60) * np.exp(-np.arange(60) / 6)
    estimate = np.convolve(reference, room)[:length] + 0.2 * rng.standard_normal(length)
    return reference, estimate


def test_snr_of_a_known_mixture() -> None:
    reference = np.array([3.0, -3.0, 3.0, -3.0])
    assert metrics.snr(reference, reference + 0.3) == pytest.approx(20.0)
    assert metrics.snr(reference, 0.5 * reference) == pytest.approx(20 * np.log10(2))
    assert metrics.snr(reference, 0 * reference) == pytest.approx(0.0)


def test_segmental_snr_equals_a_loop_over_frames() -> None:
    reference, estimate = _pair(1, length=5000)
    reference[2000:3000] = estimate[2000:3000] = 0.0
    reference[3500:] *= 100  # above the limit of 35 dB once the estimate equals it
    estimate[3500:] = reference[3500:]
    length, hop, scores = 480, 120, []
    for start in range(0, 5000 - length + 1, hop):
        signal = noise = 0.0
        for n in range(length):
            weight = 0.5 * (1 - np.cos(2 * np.pi * (n + 1) / (length + 1)))
            signal += (weight * reference[start + n]) ** 2
            noise += (weight * (reference[start + n] - estimate[start + n])) ** 2
        tiny = 2.0**-52
        scores.append(min(35, max(-10, 10 * np.log10((signal + tiny) / (noise + tiny)))))
    assert metrics.segmental_snr(reference, estimate, 16000) == pytest.approx(np.mean(scores))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_si_sdr_equals_fast_bss_eval(seed: int) -> None:
    fast_bss_eval = pytest.importorskip("fast_bss_eval")
    reference, estimate = _pair(seed)
    for zero_mean in (False, True):
        offset = estimate + 0.1
        expected = fast_bss_eval.si_sdr(reference[None], offset[None], zero_mean=zero_mean)[0]
        assert metrics.si_sdr(reference, offset, zero_mean=zero_mean) == pytest.approx(expected)


def test_si_sdr_of_orthogonal_noise_at_any_scale() -> None:
    reference, noise = np.tile([1.0, 1.0], 50), np.tile([1.0, -1.0], 50)
    for scale in (1.0, -2.0, 1e-3):
        assert metrics.si_sdr(reference, scale * (reference + 0.1 * noise)) == pytest.approx(20.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sdr_equals_mir_eval_and_fast_bss_eval(seed: int) -> None:
    mir_eval = pytest.importorskip("mir_eval")
    fast_bss_eval = pytest.importorskip("fast_bss_eval")
    reference, estimate = _pair(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mir_eval announces that it will drop this function
        first = mir_eval.separation.bss_eval_sources(reference[None], estimate[None])[0][0]
    second = fast_bss_eval.sdr(reference[None], estimate[None])[0]
    ours = metrics.sdr(reference, estimate)
    assert ours == pytest.approx(first, abs=1e-6)
    assert ours == pytest.approx(second, abs=1e-6)
    assert ours > metrics.si_sdr(reference, estimate)  # a filter may do what a scale may


def test_sdr_equals_the_published_matlab_results() -> None:
    """BSSEval 3 results that come with mir_eval's sources: AEOLIA_MIR_EVAL=its clone."""
    folder = Path(os.environ.get("AEOLIA_MIR_EVAL", "nowhere")) / "tests/data/separation"
    if not folder.is_dir():
        pytest.skip("set AEOLIA_MIR_EVAL to a clone of mir_eval to compare with MATLAB")
    for case in ("01", "02", "03", "05", "07", "08", "09"):
        expected = json.loads((folder / f"output{case}.json").read_text())["Sources"]
        for index, permuted in enumerate(expected["Source permutation"]):
            reference, _ = soundfile.read(folder / f"ref{case}" / f"{index}.wav")
            estimate, _ = soundfile.read(folder / f"est{case}" / f"{int(permuted)}.wav")
            matlab = expected["Source to Distortion"][index]
            assert metrics.sdr(reference, estimate) == pytest.approx(matlab, abs=1e-6)


def test_sdr_permits_a_delay_that_snr_does_not() -> None:
    reference, _ = _pair(4)
    delayed = np.concatenate([np.zeros(100), reference[:-100]])
    assert metrics.sdr(reference, delayed) > 20
    assert metrics.snr(reference, delayed) < 0


def test_limits_instead_of_infinities() -> None:
    reference, _ = _pair(5)
    for metric in (metrics.snr, metrics.si_sdr, metrics.sdr):
        assert metric(reference, reference) == pytest.approx(100.0, abs=1.0)
    assert metrics.si_sdr(reference, 0 * reference) == -100.0
    assert metrics.sdr(reference, 0 * reference) == -100.0
    assert metrics.segmental_snr(reference, reference, 16000) == pytest.approx(35.0)


def test_sdr_of_a_pure_tone_is_finite() -> None:
    tone = np.sin(2 * np.pi * np.arange(8000) / 16)
    noise = 0.1 * np.random.default_rng(0).standard_normal(8000)
    assert 10 < metrics.sdr(tone, tone + noise) < 25
