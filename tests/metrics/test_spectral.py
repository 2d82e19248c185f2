"""Spectral distances against scipy, torch and cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia import metrics
from aeolia.errors import InputError


def _pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    reference = np.convolve(rng.standard_normal(20000), 0.7 ** np.arange(30), "same")
    return reference, reference + 0.1 * rng.standard_normal(20000)


def test_a_change_of_level_is_that_many_decibels() -> None:
    reference, _ = _pair()
    quieter = reference * 10 ** (-6 / 20)
    assert metrics.log_spectral_distance(reference, quieter, 16000) == pytest.approx(6.0, rel=1e-3)
    assert metrics.log_spectral_distance(reference, reference, 16000) == 0.0


@pytest.mark.parametrize(("low_hz", "high_hz"), [(0.0, None), (8000.0, None), (500.0, 4000.0)])
def test_lsd_equals_the_formula_on_scipys_spectrogram(low_hz: float, high_hz: float | None) -> None:
    signal = pytest.importorskip("scipy.signal")
    reference, estimate = _pair()
    rate, length = 48000, 1536
    spectra = []
    for x in (reference, estimate):
        frequencies, _, power = signal.spectrogram(
            x,
            rate,
            window="hann",
            nperseg=length,
            noverlap=length - length // 4,
            detrend=False,
            mode="complex",
        )
        spectra.append(20 * np.log10(np.abs(power)))
    band = (frequencies >= low_hz) & (frequencies <= (high_hz or rate / 2))
    difference = (spectra[0] - spectra[1])[band]
    expected = np.mean(np.sqrt(np.mean(difference**2, axis=0)))
    ours = metrics.log_spectral_distance(reference, estimate, rate, low_hz=low_hz, high_hz=high_hz)
    assert ours == pytest.approx(expected, rel=1e-6)


def test_band_limited_lsd_sees_only_its_band() -> None:
    reference, _ = _pair()
    spectrum = np.fft.rfft(reference)
    spectrum[np.fft.rfftfreq(reference.size, 1 / 48000) > 12000] = 0  # the upper band is gone
    dull = np.fft.irfft(spectrum, reference.size)
    low = metrics.log_spectral_distance(reference, dull, 48000, high_hz=11000)
    high = metrics.log_spectral_distance(reference, dull, 48000, low_hz=13000)
    assert low < 1.0
    assert high > 30.0


def test_a_band_above_the_nyquist_frequency_is_refused() -> None:
    reference, _ = _pair()
    with pytest.raises(InputError, match="choose a band below 8000 Hz"):
        metrics.log_spectral_distance(reference, reference, 16000, low_hz=9000)


def test_multi_resolution_distance_equals_torch() -> None:
    torch = pytest.importorskip("torch")
    reference, estimate = _pair()
    expected = []
    for length in (512, 1024, 2048):
        window = torch.hann_window(length, dtype=torch.float64)
        clean, found = (
            torch.stft(
                torch.from_numpy(x),
                length,
                length // 4,
                window=window,
                center=False,
                return_complex=True,
            ).abs()
            for x in (reference, estimate)
        )
        convergence = torch.linalg.norm(clean - found) / torch.linalg.norm(clean)
        expected.append(float(convergence + (clean.log() - found.log()).abs().mean()))
    ours = metrics.multi_resolution_spectral_distance(reference, estimate)
    assert ours == pytest.approx(np.mean(expected), rel=1e-6)


def test_scaling_both_signals_changes_nothing() -> None:
    reference, estimate = _pair()
    for scale in (1e-3, 10.0):
        assert metrics.log_spectral_distance(
            scale * reference, scale * estimate, 16000
        ) == pytest.approx(metrics.log_spectral_distance(reference, estimate, 16000))
        assert metrics.multi_resolution_spectral_distance(
            scale * reference, scale * estimate
        ) == pytest.approx(metrics.multi_resolution_spectral_distance(reference, estimate))


def test_digital_silence_stays_finite() -> None:
    reference, _ = _pair()
    reference[:10000] = 0.0
    assert np.isfinite(metrics.log_spectral_distance(reference, 0 * reference, 16000))
    assert np.isfinite(metrics.multi_resolution_spectral_distance(reference, 0 * reference))
