"""Every metric refuses what it cannot judge, in words, through the one `validate`."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia import metrics
from aeolia.errors import InputError, MissingExtraError

TONE = np.sin(np.arange(16000) * 0.1)


def test_accepts_a_silent_estimate_and_returns_float64() -> None:
    reference, estimate = metrics.validate(TONE.astype(np.float32), np.zeros(16000, np.float32))
    assert reference.dtype == estimate.dtype == np.float64


@pytest.mark.parametrize(
    ("reference", "estimate", "words"),
    [
        (TONE, TONE[:-1], "reference has 16000 samples and estimate 15999"),
        (TONE[None], TONE[None], r"reference has shape \[1, 16000\]"),
        (TONE, TONE[:, None], r"estimate has shape \[16000, 1\]"),
        (TONE[:0], TONE[:0], "reference is empty"),
        (np.zeros(16000), TONE, "reference is silent"),
        (TONE, (TONE * 32767).astype(np.int16), "estimate is of type int16"),
        (TONE, np.where(np.arange(16000) == 7, np.nan, TONE), "estimate holds 1 samples"),
        (np.where(np.arange(16000) < 2, np.inf, TONE), TONE, "reference holds 2 samples"),
    ],
)
def test_refuses_in_words(reference: np.ndarray, estimate: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        metrics.validate(reference, estimate)
    for metric in metrics.choose_metrics():
        with pytest.raises(InputError, match=words):
            metric.compute(reference, estimate, 16000)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_refuses_impossible_sample_rates(rate: float) -> None:
    with pytest.raises(InputError, match="must be a positive number"):
        metrics.validate(TONE, TONE, rate)


def test_refuses_signals_that_are_too_short() -> None:
    with pytest.raises(InputError, match="needs at least 0.03 s"):
        metrics.segmental_snr(TONE[:100], TONE[:100], 16000)
    with pytest.raises(InputError, match="needs at least 2048"):
        metrics.multi_resolution_spectral_distance(TONE[:2047], TONE[:2047])


def test_unknown_metrics_name_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'si_sdr'"):
        metrics.choose_metrics(["si_snr"])


def test_metrics_of_a_missing_package_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pesq", None)
    monkeypatch.setitem(sys.modules, "pystoi", None)
    extras = {metrics.pesq_wb: "pesq", metrics.stoi: "train", metrics.estoi: "train"}
    for metric, extra in extras.items():
        with pytest.raises(MissingExtraError, match=rf"pip install 'aeolia\[{extra}\]'"):
            metric(TONE, TONE, 16000)
    assert all(bool(row.package) == bool(row.extra) for row in metrics.METRICS.values())


def test_chosen_metrics_keep_the_tables_order() -> None:
    chosen = metrics.choose_metrics(["si_sdr", "snr"])
    assert [metric.name for metric in chosen] == ["snr", "si_sdr"]
    assert set(metrics.METRICS) >= {"snr", "segmental_snr", "si_sdr", "sdr", "pesq_wb", "stoi"}
