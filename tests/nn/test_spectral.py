"""Spectra against torch.fft, perfect reconstruction in streams, bands that share out bins."""

from __future__ import annotations

import math

import pytest
import torch

from aeolia.nn.spectral import Bands, ShortTimeSpectrum, SplitDFT, compress
from aeolia.recipes.catalogue import preset


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("length", [2, 6, 16, 50, 94, 320, 480, 512, 960, 1024, 1536])
def test_split_dft_is_the_dft(length: int) -> None:
    dft, frames = SplitDFT(length), noise(2, 3, length)
    spectrum = dft(frames)
    expected = torch.fft.rfft(frames.double())
    assert spectrum.shape == (2, 2, 3, length // 2 + 1)
    error = torch.complex(*spectrum.double().unbind(1)) - expected
    assert error.abs().max() < 1e-6 * math.sqrt(length) * expected.abs().mean()


@pytest.mark.parametrize("length", [2, 6, 16, 50, 94, 320, 480, 512, 960, 1024, 1536])
def test_its_inverse_is_the_inverse_dft(length: int) -> None:
    spectrum = noise(2, 2, 3, length // 2 + 1)
    # Like irfft, it has no use for an imaginary part at 0 Hz and the Nyquist frequency.
    expected = torch.fft.irfft(torch.complex(*spectrum.double().unbind(1)), n=length)
    found = SplitDFT(length).inverse(spectrum)
    assert found.shape == (2, 3, length)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


def test_an_odd_length_is_refused() -> None:
    with pytest.raises(ValueError, match="odd length 15"):
        SplitDFT(15)


@pytest.mark.parametrize(("win", "hop"), [(512, 256), (512, 128), (480, 160), (1536, 768)])
def test_synthesis_after_analysis_gives_the_input_back(win: int, hop: int) -> None:
    transform = ShortTimeSpectrum(win, hop)
    shapes = transform.state_shapes()
    audio = noise(2, 12 * hop)
    tails = {name: torch.zeros(2, *shape) for name, shape in shapes.items()}
    parts = []
    for block in audio.split([hop, 3 * hop, 5 * hop, 3 * hop], dim=1):
        spectrum, tails["input_tail"] = transform.analyse(block, tails["input_tail"])
        assert spectrum.shape == (2, 2, block.shape[1] // hop, win // 2 + 1)
        output, tails["output_tail"] = transform.synthesise(spectrum, tails["output_tail"])
        assert {name: tuple(tail.shape[1:]) for name, tail in tails.items()} == shapes
        parts.append(output)
    delay = win - hop
    output = torch.cat(parts, dim=1)
    assert output[:, :delay].abs().max() < 1e-5
    assert (output[:, delay:] - audio[:, :-delay]).abs().max() < 1e-5


def test_analysis_is_a_windowed_dft_at_every_hop() -> None:
    transform, audio = ShortTimeSpectrum(512, 256), noise(1, 2048)
    spectrum, _ = transform.analyse(audio, torch.zeros(1, 256))
    window = torch.hann_window(512).sqrt()
    expected = torch.stft(
        torch.nn.functional.pad(audio, (256, 0)),
        512,
        256,
        window=window,
        center=False,
        return_complex=True,
    )
    expected = expected.transpose(1, 2) * 20.0 / window.sum()
    assert (torch.complex(*spectrum.unbind(1)) - expected).abs().max() < 1e-5


def test_a_tone_has_the_same_level_at_every_rate() -> None:
    peaks = []
    for rate, win in ((16000, 512), (48000, 1536)):
        tone = torch.cos(2 * torch.pi * 1000.0 * torch.arange(10 * win) / rate)[None]
        spectrum, _ = ShortTimeSpectrum(win, win // 2).analyse(tone, torch.zeros(1, win // 2))
        peaks.append(spectrum[0, :, 6].square().sum(0).sqrt()[32])
    assert peaks[0] == pytest.approx(float(peaks[1]), rel=1e-4)
    assert peaks[0] == pytest.approx(10.0, rel=1e-3)  # half the scale: a cosine has two sides


def bands_of(name: str) -> Bands:
    config = preset(name).model
    return Bands(
        config.n_bins,
        config.sample_rate / config.win_length,
        config.n_linear_bins,
        config.band_groups,
    )


@pytest.mark.parametrize("name", ["denoise-16k", "denoise"])
def test_what_is_equal_everywhere_stays_equal(name: str) -> None:
    bands, config = bands_of(name), preset(name).model
    flat = torch.full((2, config.n_bins), 3.0)
    assert bands.pool(flat).shape == (2, config.n_positions)
    assert torch.allclose(bands.pool(flat), torch.full((2, config.n_positions), 3.0))
    assert torch.allclose(bands.expand(bands.pool(flat)), flat)
    assert (bands.expand_matrix >= 0).all() and (bands.pool_matrix >= 0).all()


def test_low_bins_are_single() -> None:
    bands, values = bands_of("denoise-16k"), noise(257)
    assert torch.equal(bands.pool(values)[:96], values[:96])
    assert torch.equal(bands.expand(noise(128))[:96], noise(128)[:96])


def test_bands_rise_and_widen() -> None:
    matrix = bands_of("denoise").pool_matrix
    centres = (matrix * torch.arange(len(matrix))[:, None]).sum(0)
    widths = (matrix > 0).sum(0)
    assert (centres.diff() > 0).all()
    assert widths[-1] > 4 * widths[0]


def test_the_full_band_layout_shares_the_lower_bands() -> None:
    low, high = bands_of("denoise-16k"), bands_of("denoise")
    # All bands but the last of the lower layout, which has no neighbour above, are the same.
    assert torch.allclose(high.pool_matrix[:161, :31], low.pool_matrix[:, :31])
    assert high.pool_matrix[161:, :31].max() == 0.0
    inner = (low.expand_matrix[:31].sum(0) > 0.5).nonzero().max()
    assert torch.allclose(high.expand_matrix[:31, : inner + 1], low.expand_matrix[:31, : inner + 1])


def test_compress_keeps_the_phase_and_bounds_gradients() -> None:
    spectrum = noise(1, 2, 3, 4)
    compressed, magnitude = compress(spectrum, 0.3)
    before, after = (torch.complex(*x.unbind(1)) for x in (spectrum, compressed))
    assert torch.allclose(before.angle(), after.angle(), atol=1e-4)
    assert torch.allclose(after.abs(), before.abs() ** 0.3, rtol=1e-3)
    assert torch.allclose(magnitude[:, 0], after.abs(), rtol=1e-3)
    silence = torch.zeros(1, 2, 3, 4, requires_grad=True)
    sum(part.sum() for part in compress(silence, 0.3)).backward()
    assert torch.isfinite(silence.grad).all()
