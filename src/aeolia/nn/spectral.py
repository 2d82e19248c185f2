"""The short-time spectrum inside a model: analysis, synthesis and frequency bands.

Everything is a real-valued matrix product or an elementwise operation, so that a model's graph
holds its own transform and runs wherever matrix products run. Spectra are [B, 2, F, Q] tensors:
axis 1 is (real, imaginary), F frames, Q frequency bins.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["Bands", "ShortTimeSpectrum", "SplitDFT", "compress"]

#: Brings the bins of speech at usual levels to the order of one.
_SPECTRUM_SCALE = 20.0


def _factors(length: int) -> tuple[int, int]:
    """Split `length` into two factors, as equal as possible, the second one even."""
    for first in range(int(math.isqrt(length)), 0, -1):
        second = length // first
        if first * second == length and second % 2 == 0:
            return first, second
    raise ValueError(f"a transform of odd length {length} is not supported")


class SplitDFT(nn.Module):
    """Real DFT and its inverse as two small matrix products each.

    With N = N1*N2, n = N2*n1 + n2 and k = k1 + N1*k2 (Cooley & Tukey, 1965):

        X[k1 + N1*k2] = sum_n2 W_N2^(n2*k2) * W_N^(n2*k1) * sum_n1 W_N1^(n1*k1) * x[N2*n1 + n2]

    with W_N = exp(-2j*pi/N). That is N*(2*N1 + 2*N2) multiplications rather than N*N, and the
    matrices are small enough to stay in the cache and in a small file.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.n1, self.n2 = _factors(length)
        self.half = self.n2 // 2 + 1  # k2 values that reach the Nyquist bin
        n1, n2 = self.n1, self.n2

        def rotation(rows: int, columns: int, period: int) -> tuple[Tensor, Tensor]:
            angle = torch.outer(torch.arange(rows), torch.arange(columns)).double()
            angle *= 2 * math.pi / period
            return torch.cos(angle), torch.sin(angle)

        inner_cos, inner_sin = rotation(n1, n1, n1)  # [n1, k1]
        outer_cos, outer_sin = rotation(n2, self.half, n2)  # [n2, k2]
        twist_cos, twist_sin = rotation(n1, n2, length)  # [k1, n2]
        # Bins between 0 and the Nyquist frequency stand for their mirror images as well.
        weight = torch.full((n1, self.half), 2.0, dtype=torch.float64)
        weight[0, 0] = weight[0, -1] = 1.0
        tables = {
            "inner": torch.cat([inner_cos, -inner_sin], dim=1),  # [n1, (re, im) k1]
            # (re, im) n2 -> (re, im) k2
            "outer": torch.cat(
                [
                    torch.cat([outer_cos, -outer_sin], dim=1),
                    torch.cat([outer_sin, outer_cos], dim=1),
                ]
            ),
            "outer_inverse": torch.cat(
                [
                    torch.cat([outer_cos.T, outer_sin.T], dim=1),
                    torch.cat([-outer_sin.T, outer_cos.T], dim=1),
                ]
            ),
            "inner_inverse": torch.cat([inner_cos, -inner_sin]),  # (re, im) k1 -> n1
            "twist_cos": twist_cos,
            "twist_sin": twist_sin,
            "weight": weight / length,
        }
        for name, table in tables.items():
            self.register_buffer(name, table.float(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [B, F, N] to spectrum [B, 2, F, N/2+1]."""
        batch, count, n1, n2 = frames.shape[0], frames.shape[1], self.n1, self.n2
        x = frames.reshape(batch, count, n1, n2).transpose(2, 3)  # [.., n2, n1]
        x = torch.matmul(x, self.inner).reshape(batch, count, n2, 2, n1)
        real, imag = x[:, :, :, 0].transpose(2, 3), x[:, :, :, 1].transpose(2, 3)  # [.., k1, n2]
        # times W_N^(n2*k1) = cos - j*sin
        x = torch.cat(
            [
                real * self.twist_cos + imag * self.twist_sin,
                imag * self.twist_cos - real * self.twist_sin,
            ],
            dim=-1,
        )
        x = torch.matmul(x, self.outer).reshape(batch, count, n1, 2, self.half)
        x = x.permute(0, 3, 1, 4, 2).reshape(batch, 2, count, self.half * n1)  # k = k1 + n1*k2
        return x[..., : self.length // 2 + 1]

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Spectrum [B, 2, F, N/2+1] to frames [B, F, N]."""
        batch, count, n1, n2 = spectrum.shape[0], spectrum.shape[2], self.n1, self.n2
        x = nn.functional.pad(spectrum, (0, n1 - 1))  # bins past Nyquist, filled with zeros
        x = x.reshape(batch, 2, count, self.half, n1).permute(0, 2, 4, 1, 3)
        x = x * self.weight[:, None, :]  # [.., k1, (re, im), k2]
        x = torch.matmul(x.reshape(batch, count, n1, 2 * self.half), self.outer_inverse)
        real, imag = x[..., :n2], x[..., n2:]  # [.., k1, n2]
        # times W_N^(-n2*k1) = cos + j*sin
        x = torch.cat(
            [
                real * self.twist_cos - imag * self.twist_sin,
                imag * self.twist_cos + real * self.twist_sin,
            ],
            dim=2,
        )
        x = torch.matmul(x.transpose(2, 3), self.inner_inverse)  # [.., n2, n1]
        return x.transpose(2, 3).reshape(batch, count, self.length)


class ShortTimeSpectrum(nn.Module):
    """Streaming STFT and inverse with explicit state.

    Square-root Hann windows on both sides, scaled so that a stationary signal has the same
    spectrum at every sample rate (for windows of equal duration) and so that synthesis after
    analysis gives the input back, `win_length - hop_length` samples late.
    """

    def __init__(self, win_length: int, hop_length: int) -> None:
        super().__init__()
        self.win_length = win_length
        self.hop_length = hop_length
        self.overlap = win_length // hop_length
        self.dft = SplitDFT(win_length)
        window = torch.hann_window(win_length, periodic=True, dtype=torch.float64).sqrt()
        scale = _SPECTRUM_SCALE / window.sum()
        envelope = (window**2).reshape(self.overlap, hop_length).sum(0).repeat(self.overlap)
        self.register_buffer("analysis_window", (window * scale).float(), persistent=False)
        self.register_buffer(
            "synthesis_window", (window / envelope / scale).float(), persistent=False
        )

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        tail = self.win_length - self.hop_length
        return {"input_tail": (tail,), "output_tail": (tail,)}

    def analyse(self, audio: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Audio [B, T] after `tail` [B, win - hop] to spectrum [B, 2, T/hop, Q], new tail."""
        joined = torch.cat([tail, audio], dim=1)
        length = audio.shape[1]
        pieces = [
            joined[:, i * self.hop_length : i * self.hop_length + length].reshape(
                audio.shape[0], -1, self.hop_length
            )
            for i in range(self.overlap)
        ]
        frames = torch.cat(pieces, dim=2) * self.analysis_window
        return self.dft(frames), joined[:, length:]

    def synthesise(self, spectrum: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Spectrum [B, 2, F, Q] to audio [B, F*hop]; `tail` [B, win - hop] is what earlier
        frames still add to it."""
        frames = self.dft.inverse(spectrum) * self.synthesis_window
        batch = frames.shape[0]
        total = nn.functional.pad(
            frames[:, :, : self.hop_length].reshape(batch, -1),
            (0, self.win_length - self.hop_length),
        )
        for i in range(1, self.overlap):
            piece = frames[:, :, i * self.hop_length : (i + 1) * self.hop_length]
            before = i * self.hop_length
            after = self.win_length - self.hop_length - before
            total = total + nn.functional.pad(piece.reshape(batch, -1), (before, after))
        tail_length = self.win_length - self.hop_length
        total = total + nn.functional.pad(tail, (0, spectrum.shape[2] * self.hop_length))[
            :, : spectrum.shape[2] * self.hop_length + tail_length
        ]
        return total[:, : -tail_length], total[:, -tail_length:]


class Bands(nn.Module):
    """Frequency positions of the network: single low bins, then ever wider bands.

    Bands are triangles between log-spaced centres (close to the ERB scale above 1 kHz). `pool`
    averages bins into them; `expand` interpolates linearly between their centres, so a value
    that is equal in all bands is equal in all bins.
    """

    def __init__(
        self,
        n_bins: int,
        bin_hz: float,
        n_linear_bins: int,
        band_groups: tuple[tuple[int, int], ...],
    ) -> None:
        super().__init__()
        self.n_linear_bins = n_linear_bins
        edges = [n_linear_bins - 0.5]
        centres: list[float] = []
        for upper_hz, count in band_groups:
            lower, upper = edges[-1], upper_hz / bin_hz + 0.5
            ratio = (upper / lower) ** (1.0 / count)
            centres += [lower * ratio ** (i + 0.5) for i in range(count)]
            edges.append(upper)
        centre = torch.tensor(centres, dtype=torch.float64)
        bins = torch.arange(n_linear_bins, n_bins, dtype=torch.float64)
        expand = torch.zeros(len(centres), len(bins), dtype=torch.float64)
        position = torch.searchsorted(centre, bins).clamp(1, len(centres) - 1)
        left, right = centre[position - 1], centre[position]
        share = ((bins - left) / (right - left)).clamp(0.0, 1.0)
        columns = torch.arange(len(bins))
        expand[position - 1, columns] = 1.0 - share
        expand[position, columns] += share
        pool = expand / expand.sum(dim=1, keepdim=True).clamp(min=1e-6)
        self.register_buffer("pool_matrix", pool.T.contiguous().float(), persistent=False)
        self.register_buffer("expand_matrix", expand.float(), persistent=False)

    def pool(self, values: Tensor) -> Tensor:
        """Bins [..., Q] to positions [..., n_linear_bins + bands]."""
        low, high = values[..., : self.n_linear_bins], values[..., self.n_linear_bins :]
        return torch.cat([low, torch.matmul(high, self.pool_matrix)], dim=-1)

    def expand(self, values: Tensor) -> Tensor:
        """Positions [..., n_linear_bins + bands] to bins [..., Q]."""
        low, high = values[..., : self.n_linear_bins], values[..., self.n_linear_bins :]
        return torch.cat([low, torch.matmul(high, self.expand_matrix)], dim=-1)


def compress(spectrum: Tensor, exponent: float, floor: float = 1e-8) -> tuple[Tensor, Tensor]:
    """Power-compressed spectrum and its magnitude.

    Args:
        spectrum: [B, 2, F, Q].
        exponent: |X| becomes |X|**exponent; the phase stays.
        floor: added to the squared magnitude, so that gradients stay finite at silence.

    Returns:
        The compressed spectrum [B, 2, F, Q] and its magnitude [B, 1, F, Q].
    """
    power = spectrum.square().sum(dim=1, keepdim=True) + floor
    return spectrum * power ** ((exponent - 1.0) / 2.0), power ** (exponent / 2.0)
