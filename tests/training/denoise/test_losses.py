"""Losses against their formulas, and what they must not depend on."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from aeolia.errors import ConfigError
from aeolia.metrics import si_sdr
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.losses import (
    build_loss,
    normalise_levels,
    si_sdr_loss,
    snr_loss,
)
from made.tiny_models import noise

LENGTH = 8192
FULL_BAND = torch.tensor([8000.0, 8000.0])


def clips(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(reference, estimate, noisy) [2, T] each."""
    reference, error = noise(2, LENGTH, seed=seed), noise(2, LENGTH, seed=seed + 1)
    return reference, reference + 0.3 * error, reference + error


def spectral(**weights: float) -> object:
    return build_loss(DenoiseLossConfig(**weights), 16000, 512)


def high_tone(height: float) -> torch.Tensor:
    return height * torch.sin(2 * math.pi * 6000.0 * torch.arange(LENGTH) / 16000.0)[None]


def test_snr_loss_is_minus_the_logarithm_of_the_ratio() -> None:
    reference, estimate, _ = clips()
    ratio = reference.square().sum(1) / (reference - estimate).square().sum(1)
    expected = torch.log10(1.0 / ratio + 1e-3)
    assert torch.allclose(snr_loss(reference, estimate), expected, atol=1e-4)
    assert torch.allclose(snr_loss(reference, estimate, 300.0), -torch.log10(ratio), atol=1e-4)


@pytest.mark.parametrize("ceiling_db", [20.0, 30.0])
def test_snr_loss_is_bounded_and_zero_where_there_is_nothing(ceiling_db: float) -> None:
    reference, _, noisy = clips()
    best = snr_loss(reference, reference, ceiling_db)
    assert torch.allclose(best, torch.tensor(-ceiling_db / 10.0), atol=1e-3)
    almost = snr_loss(reference, reference + 1e-5 * noisy, ceiling_db)
    assert torch.allclose(almost, best, atol=1e-3)
    silent = torch.zeros(1, LENGTH)
    assert snr_loss(silent, noisy[:1]).item() == 0.0
    assert snr_loss(reference, torch.zeros_like(reference)).abs().max() < 1e-3


def test_si_sdr_loss_agrees_with_the_metric_at_any_level_of_the_estimate() -> None:
    reference, estimate, _ = clips()
    decibels = [si_sdr(*pair) for pair in zip(reference.numpy(), estimate.numpy(), strict=True)]
    for scale in (0.5, 1.0, 5.0):
        found = -10.0 * si_sdr_loss(reference, scale * estimate, 80.0, -80.0)
        assert found.tolist() == pytest.approx(decibels, abs=0.1)


def test_si_sdr_loss_sees_the_wrong_voice_that_silence_would_hide() -> None:
    reference, wrong, _ = clips()
    wrong = noise(2, LENGTH, seed=8)
    faint = 0.05 * wrong
    assert snr_loss(reference, faint).abs().max() < 0.01  # as good as silence
    assert (si_sdr_loss(reference, faint) > 1.8).all()
    mixed = reference + 1.8 * wrong  # -5 dB: worse than silence by the other
    assert (snr_loss(reference, mixed) > 0.4).all()
    assert (si_sdr_loss(reference, mixed) < 0.7).all()


def test_si_sdr_loss_is_bounded_and_zero_where_there_is_nothing() -> None:
    reference, _, noisy = clips()
    best = si_sdr_loss(reference, reference)
    assert torch.allclose(best, torch.tensor(-3.0), atol=0.05)
    assert si_sdr_loss(reference, torch.zeros_like(reference)).tolist() == pytest.approx(
        [2.0, 2.0], abs=0.01
    )
    assert si_sdr_loss(torch.zeros(1, LENGTH), noisy[:1]).item() == 0.0


def test_gradients_are_finite_even_at_the_ideal_and_in_silence() -> None:
    for reference in (noise(2, LENGTH), torch.zeros(2, LENGTH)):
        for found in (reference, torch.zeros(2, LENGTH)):
            estimate = found.clone().requires_grad_()
            loss = spectral(si_sdr=1.0)
            loss(reference, estimate, noise(2, LENGTH, seed=3), FULL_BAND)[0].backward()
            assert torch.isfinite(estimate.grad).all()


def test_equal_signals_have_no_spectral_error() -> None:
    reference, estimate, noisy = clips()
    terms = spectral()(reference, reference, noisy, FULL_BAND)[1]
    assert terms["magnitude"] == 0.0 and terms["complex"] == 0.0
    assert terms["snr"].item() == pytest.approx(-3.0, abs=1e-3)
    worse = spectral()(reference, estimate, noisy, FULL_BAND)[1]
    assert all(worse[name] > terms[name] + 1e-3 for name in terms)


def test_a_wrong_phase_is_seen_by_the_complex_term_alone() -> None:
    reference, _, noisy = clips()
    terms = spectral()(reference, -reference, noisy, FULL_BAND)[1]
    assert terms["magnitude"] < 1e-9 and terms["complex"] > 0.5


def test_attenuation_counts_what_is_lost_again_and_what_is_left_once() -> None:
    """Twice as loud and half as loud: by the hand's value, only the second one weighs more."""
    reference, _, noisy = clips()
    for factor, share in ((2.0, 1.0), (0.5, 3.0)):
        usual = spectral()(reference, factor * reference, noisy, FULL_BAND)[1]
        terms = spectral(attenuation=2.0)(reference, factor * reference, noisy, FULL_BAND)[1]
        for name in ("magnitude", "complex"):
            assert terms[name].item() == pytest.approx(share * usual[name].item(), rel=1e-4)
        assert terms["snr"] == usual["snr"]


@pytest.mark.parametrize("values", [{"kind": "mse"}, {"magnitude": 0.0, "complex": 0.0}])
def test_attenuation_needs_spectra(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="attenuation"):
        DenoiseLossConfig(attenuation=1.0, **values)


@pytest.mark.parametrize("loss", ["spectral", "mse"])
@pytest.mark.parametrize("factor", [0.05, 8.0])
def test_the_level_does_not_matter(loss: str, factor: float) -> None:
    function = build_loss(DenoiseLossConfig(kind=loss), 16000, 512)
    reference, estimate, noisy = clips()
    usual, _ = function(reference, estimate, noisy, FULL_BAND)
    other, _ = function(factor * reference, factor * estimate, factor * noisy, FULL_BAND)
    assert other.item() == pytest.approx(usual.item(), rel=1e-4)


def test_silent_references_are_measured_against_the_noise() -> None:
    silent, noisy = torch.zeros(1, LENGTH), noise(1, LENGTH)
    (half,) = normalise_levels(silent, noisy, 0.5 * noisy)
    assert half.square().mean().sqrt().item() == pytest.approx(0.5, rel=1e-5)
    for level in (1.0, 1e-3):
        total, _ = spectral()(silent, 0.5 * level * noisy, level * noisy, FULL_BAND[:1])
        assert total > 1.0
    assert torch.isfinite(spectral()(silent, silent, silent, FULL_BAND[:1])[0])


def test_bins_above_the_bandwidth_are_ignored() -> None:
    reference, _, noisy = (part[:1] for part in clips())
    narrow = torch.tensor([4000.0])
    loss = spectral()
    clean = loss(reference, reference, noisy, narrow)[0]
    found = loss(reference, reference + high_tone(0.05), noisy, narrow)[0]
    # Level normalisation and the window's side lobes leave a trace.
    assert found.item() == pytest.approx(clean.item(), abs=0.02)
    whole = loss(reference, reference + high_tone(0.05), noisy, FULL_BAND[:1])[0]
    assert whole > clean + 0.3


def test_magnitude_term_by_hand() -> None:
    reference, estimate, noisy = (part[:1] for part in clips())
    level = reference.square().mean().sqrt()
    window = torch.hann_window(512, dtype=torch.float64)
    magnitudes = []
    for signal in (reference / level, estimate / level):
        frames = signal[0].double().unfold(0, 512, 256) * window
        spectrum = torch.fft.rfft(frames).abs() / window.square().sum().sqrt()
        magnitudes.append((spectrum**2 + 1e-8) ** 0.15)
    expected = (magnitudes[1] - magnitudes[0]).square().mean()
    found = spectral()(reference, estimate, noisy, FULL_BAND[:1])[1]["magnitude"]
    assert found.item() == pytest.approx(expected.item(), rel=1e-3)


def test_weights_weigh() -> None:
    function = spectral(magnitude=2.0, complex=3.0, snr=0.5)
    total, terms = function(*clips(), FULL_BAND)
    expected = 2.0 * terms["magnitude"] + 3.0 * terms["complex"] + 0.5 * terms["snr"]
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("loss", ["spectral", "mse"])
def test_the_loss_of_a_batch_is_the_mean_over_its_parts(loss: str) -> None:
    """Else several processes would minimise something else than one."""
    function = build_loss(DenoiseLossConfig(kind=loss), 16000, 512)
    parts = [torch.cat([a, b]) for a, b in zip(clips(0), clips(10), strict=True)]
    bandwidth = torch.tensor([8000.0, 3000.0, 6000.0, 8000.0])
    parts[0][2] = 0.0  # a silent reference
    whole = function(*parts, bandwidth)[0]
    halves = [
        function(*(part[i : i + 2] for part in parts), bandwidth[i : i + 2])[0] for i in (0, 2)
    ]
    assert whole.item() == pytest.approx((halves[0] + halves[1]).item() / 2, rel=1e-5)


def test_mean_squared_error_by_hand() -> None:
    reference, estimate, noisy = clips()
    level = reference.square().mean(1, keepdim=True).sqrt()
    expected = ((reference - estimate) / level).square().mean()
    found, terms = build_loss(DenoiseLossConfig(kind="mse"), 16000, 512)(
        reference, estimate, noisy, FULL_BAND
    )
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert list(terms) == ["mse"]


def test_treble_is_compared_in_bels_and_only_where_there_is_some() -> None:
    loss = build_loss(DenoiseLossConfig(treble=1.0), 48000, 1536)
    reference = noise(2, 48000, seed=1)
    reach = torch.tensor([24000.0, 24000.0])
    for quieter_db in (0.0, 10.0, 20.0):
        estimate = reference * 10.0 ** (-quieter_db / 20.0)
        terms = loss(reference, estimate, reference, reach)[1]
        assert terms["treble"].item() == pytest.approx(quieter_db / 10.0, abs=2e-3)
    one = loss(reference, 0.1 * reference, reference, torch.tensor([24000.0, 8000.0]))[1]
    assert one["treble"].item() == pytest.approx(1.0, abs=2e-3), "a narrow clip counts nothing"


def test_treble_gradients_are_finite_in_silence() -> None:
    loss = build_loss(DenoiseLossConfig(treble=1.0), 48000, 1536)
    estimate = torch.zeros(1, 9600, requires_grad=True)
    reach = torch.tensor([24000.0])
    loss(torch.zeros(1, 9600), estimate, noise(1, 9600), reach)[0].backward()
    assert torch.isfinite(estimate.grad).all()
