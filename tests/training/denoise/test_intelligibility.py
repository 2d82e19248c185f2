"""The intelligibility loss: against pystoi's ESTOI, and where it has nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pystoi import stoi

from aeolia.training.denoise.intelligibility import IntelligibilityLoss


def speech_like(seconds: float, rate: int, seed: int = 0) -> torch.Tensor:
    """Noise in bands that each come and go by themselves, a few times a second."""
    rng = np.random.default_rng(seed)
    length = round(seconds * rate)
    time = np.arange(length) / rate
    total = np.zeros(length)
    for centre in 150.0 * 2.0 ** (np.arange(15) / 3):
        spectrum = np.fft.rfft(rng.standard_normal(length))
        hz = np.fft.rfftfreq(length, 1 / rate)
        spectrum[(hz < centre * 2 ** (-1 / 6)) | (hz > centre * 2 ** (1 / 6))] = 0.0
        swing = np.sin(2 * np.pi * rng.uniform(2, 6) * time + rng.uniform(0, 6)) > -0.2
        band = np.fft.irfft(spectrum, length)
        total += swing * band / band.std()
    return torch.from_numpy(total / total.std()).float()


@pytest.mark.parametrize("rate", [16000, 48000])
def test_it_is_one_minus_estoi(rate: int) -> None:
    clean = speech_like(4.0, rate)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    loss = IntelligibilityLoss(rate)
    previous = 1.0
    for snr_db in (-10.0, 0.0, 10.0, 20.0):
        noisy = clean + 10 ** (-snr_db / 20) * noise
        expected = 1.0 - stoi(clean.numpy(), noisy.numpy(), rate, extended=True)
        found = float(loss(clean[None], noisy[None]))
        assert found == pytest.approx(expected, abs=0.05)
        assert found < previous
        previous = found
    assert float(loss(clean[None], 0.3 * clean[None])) < 0.01


def test_its_gradient_leads_to_the_reference() -> None:
    clean = speech_like(1.0, 16000)[None]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    share = torch.tensor(1.0, requires_grad=True)
    loss = IntelligibilityLoss(16000)
    value = loss(clean, clean + share * noise)
    value.backward()
    assert share.grad is not None and share.grad > 0.05  # less noise, less loss


def test_silence_and_short_clips_count_nothing_and_stay_finite() -> None:
    loss = IntelligibilityLoss(16000)
    estimate = torch.randn(2, 16000, requires_grad=True)
    value = loss(torch.zeros(2, 16000), estimate)
    value.backward()
    assert float(value.detach()) == 0.0 and torch.isfinite(estimate.grad).all()
    silent = torch.zeros(1, 16000, requires_grad=True)
    loss(speech_like(1.0, 16000)[None], silent).backward()
    assert torch.isfinite(silent.grad).all()
    assert float(loss(torch.randn(1, 2000), torch.randn(1, 2000))) == 0.0
