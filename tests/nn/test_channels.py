"""One spectrum of several channels: nothing cancels, one channel is itself."""

from __future__ import annotations

import pytest
import torch

from aeolia.nn.channels import combine_channels


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def magnitude(spectrum: torch.Tensor) -> torch.Tensor:
    """[B, 2, F, Q] to [B, F, Q]."""
    return spectrum.square().sum(dim=1).sqrt()


def test_one_channel_is_itself_bit_for_bit() -> None:
    spectrum = noise(3, 1, 2, 4, 5)
    spectrum[0, 0, :, 1] = 0.0
    assert torch.equal(combine_channels(spectrum), spectrum[:, 0])


@pytest.mark.parametrize("channels", [2, 3, 6])
def test_channels_that_are_alike_are_one(channels: int) -> None:
    spectrum = noise(2, 1, 2, 4, 5)
    together = combine_channels(spectrum.expand(-1, channels, -1, -1, -1))
    torch.testing.assert_close(together, spectrum[:, 0])


@pytest.mark.parametrize("gain", [-1.0, -0.5, -2.0, 0.0, 0.3])
def test_nothing_cancels(gain: float) -> None:
    spectrum = noise(2, 1, 2, 4, 5)
    for channels in ((1.0, gain), (gain, 1.0)):
        pair = torch.cat([share * spectrum for share in channels], dim=1)
        together = combine_channels(pair)
        expected = 0.5 * (1.0 + abs(gain)) * magnitude(spectrum[:, 0])
        torch.testing.assert_close(magnitude(together), expected, rtol=1e-4, atol=1e-5)


def test_a_phase_between_channels_loses_nothing() -> None:
    """A quarter of a turn, as of a microphone a little further away."""
    spectrum = noise(1, 1, 2, 4, 5)
    turned = torch.stack([-spectrum[:, :, 1], spectrum[:, :, 0]], dim=2)
    together = combine_channels(torch.cat([spectrum, turned], dim=1))
    torch.testing.assert_close(magnitude(together), magnitude(spectrum[:, 0]))


def test_silence_is_silence() -> None:
    assert not combine_channels(torch.zeros(1, 2, 2, 3, 5)).any()
