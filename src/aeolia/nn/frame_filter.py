"""Filters that change from frame to frame: minimum phase, from levels in bands.

A frame of excitation (one hop) is transformed with as many zeros behind it, multiplied by the
filter's response, and transformed back; frames overlap by the hop in which their filters decay.
So a filter responds without delay, and no output comes before the input that causes it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.nn.spectral import SplitDFT

__all__ = ["FrameTransform", "MinimumPhaseBands", "band_centres_hz", "multiply", "overlap_add"]

#: Spacing of the lower bands. A response that changes faster over frequency would ring for
#: longer than the one hop that frames of 10 ms leave it.
_LINEAR_HZ = 200.0
#: Ratio between the centres of the upper bands.
_RATIO = 1.045
#: The phase is computed on a grid this much finer than the bins.
_OVERSAMPLING = 8


def band_centres_hz(sample_rate: int) -> list[float]:
    """Centres from 0 Hz to the Nyquist frequency: equal steps, then equal ratios."""
    centres = [0.0]
    while centres[-1] < sample_rate / 2:
        centres.append(max(centres[-1] + _LINEAR_HZ, centres[-1] * _RATIO))
    if len(centres) > 2 and centres[-1] - sample_rate / 2 > 0.5 * (centres[-1] - centres[-2]):
        centres.pop()
    centres[-1] = sample_rate / 2
    return centres


class MinimumPhaseBands(nn.Module):
    """Log magnitudes in bands to the complex response of the minimum-phase filter.

    Between band centres the log magnitude is a straight line. The phase of a minimum-phase filter
    is the Hilbert transform of its log magnitude (Oppenheim & Schafer, Discrete-Time Signal
    Processing, section 12.3), which is linear: so both are one matrix product with the bands,

        H = exp(levels @ magnitude + 1j * levels @ phase).
    """

    magnitude: Tensor
    phase: Tensor

    def __init__(self, sample_rate: int, n_bins: int) -> None:
        super().__init__()
        centres = torch.tensor(band_centres_hz(sample_rate), dtype=torch.float64)
        self.n_bands = len(centres)
        fine = torch.linspace(
            0.0, sample_rate / 2, (n_bins - 1) * _OVERSAMPLING + 1, dtype=torch.float64
        )
        right = torch.searchsorted(centres, fine).clamp(1, self.n_bands - 1)
        share = (fine - centres[right - 1]) / (centres[right] - centres[right - 1])
        magnitude = torch.zeros(self.n_bands, len(fine), dtype=torch.float64)
        columns = torch.arange(len(fine))
        magnitude[right - 1, columns] = 1.0 - share
        magnitude[right, columns] += share
        # Fold the real cepstrum onto positive times: the spectrum's imaginary part is the phase.
        cepstrum = torch.fft.irfft(magnitude, dim=1)
        half = cepstrum.shape[1] // 2
        cepstrum[:, 1:half] *= 2.0
        cepstrum[:, half + 1 :] = 0.0
        phase = torch.fft.rfft(cepstrum, dim=1).imag
        for name, table in (("magnitude", magnitude), ("phase", phase)):
            table = table[:, ::_OVERSAMPLING].float().contiguous()
            self.register_buffer(name, table, persistent=False)

    def forward(self, levels: Tensor) -> Tensor:
        """Natural log magnitudes [V, F, n_bands] to responses [V, 2, F, Q], (real, imaginary)."""
        size = torch.exp(torch.matmul(levels, self.magnitude))
        angle = torch.matmul(levels, self.phase)
        return torch.stack([size * torch.cos(angle), size * torch.sin(angle)], dim=1)


class FrameTransform(nn.Module):
    """Real DFT of one hop with a hop of zeros behind it, and the inverse over both hops.

    In the workshop by PyTorch's FFT; in an exported graph, which has none that runs everywhere,
    by matrix products of the same transform.
    """

    def __init__(self, hop_length: int) -> None:
        super().__init__()
        self.hop_length = hop_length
        self.products = SplitDFT(2 * hop_length)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [V, F, hop] to spectra [V, 2, F, hop + 1]."""
        if torch.onnx.is_in_onnx_export():
            padded = nn.functional.pad(frames, (0, self.hop_length))
            products: Tensor = self.products(padded)
            return products
        spectrum = torch.fft.rfft(frames, n=2 * self.hop_length)
        return torch.stack([spectrum.real, spectrum.imag], dim=1)

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Spectra [V, 2, F, hop + 1] to frames [V, F, 2 * hop]."""
        if torch.onnx.is_in_onnx_export():
            return self.products.inverse(spectrum)
        frames: Tensor = torch.fft.irfft(torch.complex(spectrum[:, 0], spectrum[:, 1]))
        return frames


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Product of complex spectra [V, 2, F, Q], axis 1 (real, imaginary)."""
    real = a[:, 0] * b[:, 0] - a[:, 1] * b[:, 1]
    imaginary = a[:, 0] * b[:, 1] + a[:, 1] * b[:, 0]
    return torch.stack([real, imaginary], dim=1)


def overlap_add(frames: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
    """Frames [V, F, 2 * hop], one hop apart, to their sum: audio [V, F * hop] and the next tail.

    Args:
        tail: second half of the frame before the first, [V, hop].
    """
    hop = tail.shape[1]
    now, later = frames.split(hop, dim=2)
    before = torch.cat([tail.unsqueeze(1), later[:, :-1]], dim=1)
    return (now + before).reshape(tail.shape[0], -1), later[:, -1]
