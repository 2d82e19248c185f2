"""The voice encoder: unit vectors that depend on the voice, not on level, pauses or padding."""

from __future__ import annotations

import pytest
import torch

from aeolia.models.spectral.voice import VoiceNetwork
from made.recordings import voice_like

RATE = 16000


@pytest.fixture(scope="module")
def encoder() -> VoiceNetwork:
    torch.manual_seed(0)
    model = VoiceNetwork(16).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    return model


def clip(seconds: float, pitch_hz: float = 120.0, seed: int = 0) -> torch.Tensor:
    audio = voice_like(seconds, RATE, pitch_hz, seed=seed)
    return torch.as_tensor(audio, dtype=torch.float32).reshape(1, -1)


@pytest.mark.parametrize("seconds", [2.0, 5.003, 30.0])
@torch.no_grad()
def test_any_length_gives_a_unit_vector(encoder: VoiceNetwork, seconds: float) -> None:
    vector = encoder(clip(seconds))
    assert vector.shape == (1, 16)
    assert abs(float(vector.norm()) - 1.0) < 1e-5


@torch.no_grad()
def test_padding_and_pauses_do_not_matter(encoder: VoiceNetwork) -> None:
    audio = clip(3.0)[:, :47123]
    expected = encoder(audio)
    for padding in (1, 300, 5 * RATE):
        padded = torch.cat([audio, torch.zeros(1, padding)], dim=1)
        assert (encoder(padded) - expected).abs().max() < 1e-5
    # A pause before, of whole hops: the same frames, with silent ones before them.
    before = torch.cat([torch.zeros(1, 200 * 256), audio], dim=1)
    assert (encoder(before) - expected).abs().max() < 1e-5


@torch.no_grad()
def test_level_does_not_matter(encoder: VoiceNetwork) -> None:
    audio = clip(3.0)
    expected = encoder(audio)
    for gain in (0.003, 0.1, 3.0):
        assert (encoder(gain * audio) - expected).abs().max() < 1e-3


@torch.no_grad()
def test_voices_differ_and_items_are_apart(encoder: VoiceNetwork) -> None:
    low, high = clip(3.0, 90.0), clip(3.0, 220.0)
    together = encoder(torch.cat([low, high]))
    assert (together[0] - encoder(low)[0]).abs().max() < 1e-5
    assert (together[0] - together[1]).abs().max() > 1e-3


@torch.no_grad()
def test_silence_is_finite(encoder: VoiceNetwork) -> None:
    assert torch.isfinite(encoder(torch.zeros(1, 2 * RATE))).all()


def test_it_is_small_and_learns() -> None:
    encoder = VoiceNetwork(64)
    assert sum(parameter.numel() for parameter in encoder.parameters()) < 150_000
    encoder(clip(2.0))[0, 0].backward()
    assert all(
        torch.isfinite(p.grad).all() and p.grad.any()
        for p in encoder.parameters()
        if p is not encoder.attention[-1].bias
    )
