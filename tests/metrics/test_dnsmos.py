"""DNSMOS gives what its authors' package gives, of the network that it ships."""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aeolia import metrics
from aeolia.errors import InputError, MissingExtraError
from aeolia.evaluation import score_audio

RATE = 16000
needs_model = pytest.mark.skipif(
    importlib.util.find_spec("speechmos") is None, reason="speechmos is not installed"
)


def _voice(seconds: float, noise: float) -> np.ndarray:
    """A buzz with syllables, and noise."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * time)) / RATE
    buzz = sum(np.cos(k * phase) / k for k in range(1, 25))
    voice = 0.1 * buzz * np.clip(np.sin(2 * np.pi * 1.7 * time), 0, None)
    return voice + noise * np.random.default_rng(0).standard_normal(time.size)


@pytest.fixture
def authors(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Their module, without the packages that only its other score and its files need."""
    librosa, requests = ModuleType("librosa"), ModuleType("requests")
    librosa.feature = SimpleNamespace(  # type: ignore[attr-defined]
        melspectrogram=lambda y, sr, n_fft, hop_length, n_mels: np.ones((n_mels, 900), np.float32)
    )
    librosa.power_to_db = lambda spectrum, ref: spectrum  # type: ignore[attr-defined]
    requests.session = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "librosa", librosa)
    monkeypatch.setitem(sys.modules, "requests", requests)
    return importlib.import_module("speechmos.dnsmos")


@needs_model
@pytest.mark.parametrize("seconds", [2.3, 12.3])
def test_equals_the_authors_package(seconds: float, authors: Any) -> None:
    voice = _voice(seconds, 0.02).astype(np.float32)
    expected = authors.run(voice, RATE)
    found = metrics.dnsmos(voice, voice, RATE)
    for name in found._fields:
        assert getattr(found, name) == pytest.approx(expected[f"{name}_mos"], abs=1e-3)
        assert metrics.METRICS[f"dnsmos_{name}"].compute(voice, voice, RATE) == getattr(found, name)


@needs_model
def test_one_pass_of_the_network_a_channel_gives_all_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module, passes = importlib.import_module("aeolia.metrics.dnsmos"), []
    judge = module._judged.__wrapped__
    counted = lru_cache(maxsize=1)(lambda *given: passes.append(1) or judge(*given))
    monkeypatch.setattr(module, "_judged", counted)
    stereo = np.stack([_voice(2.3, 0.01), _voice(2.3, 0.2)], axis=1)
    names = ["snr", *(f"dnsmos_{name}" for name in ("sig", "bak", "ovrl"))]
    values, problems = score_audio(stereo, 0.5 * stereo, RATE, names)
    assert len(passes) == 2 and not problems
    each = [metrics.dnsmos(channel, 0.5 * channel, RATE) for channel in stereo.T]
    assert values["dnsmos_bak"] == pytest.approx(np.mean([scores.bak for scores in each]))
    assert values["snr"] == pytest.approx(20 * np.log10(2))


@needs_model
def test_noise_costs_and_other_rates_score_alike() -> None:
    clean, noisy = _voice(2.3, 0.0), _voice(2.3, 0.1)
    assert metrics.dnsmos(clean, clean, RATE).bak > metrics.dnsmos(clean, noisy, RATE).bak + 0.3
    soxr = pytest.importorskip("soxr")
    high = soxr.resample(noisy, RATE, 48000, quality="VHQ")
    there, here = metrics.dnsmos(high, high, 48000), metrics.dnsmos(noisy, noisy, RATE)
    assert there == pytest.approx(here, abs=0.1)


@needs_model
def test_levels_beyond_full_scale_and_silence_are_judged() -> None:
    voice = _voice(2.3, 0.0)
    loud = metrics.dnsmos(voice, 20 * voice, RATE)
    assert loud == metrics.dnsmos(voice, np.clip(20 * voice, -1, 1), RATE)
    assert all(np.isfinite(metrics.dnsmos(voice, np.zeros_like(voice), RATE)))


@needs_model
def test_bad_signals_are_refused() -> None:
    with pytest.raises(InputError, match="estimate is empty"):
        metrics.dnsmos(_voice(1.0, 0.0), np.zeros(0), RATE)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'aeolia\[dnsmos\]'"):
        metrics.dnsmos(_voice(1.0, 0.0), _voice(1.0, 0.0), RATE)
    assert not metrics.METRICS["dnsmos_ovrl"].installed
