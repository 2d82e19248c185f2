"""The short-time spectrum inside a model: analysis, synthesis and frequency bands.

Everything is a real-valued matrix product or an elementwise operation, so that a model's graph
holds its own transform and runs wherever matrix products run. Spectra are [B, 2, F, Q] tensors:
axis 1 is (real, imaginary), F frames, Q frequency bins.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from aeolia.nn.state import Shapes

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

    with W_N = exp(-2j*pi/N). That is 2*N*(N1 + N2) multiplications or so rather than N*N, and
    the matrices are small enough to stay in the cache and in a small file. Rows and columns are
    laid out so that the exported graph needs few nodes: live audio runs it once per hop.
    """

    inner: Tensor
    cosine: Tensor
    sine: Tensor
    swapped: Tensor
    outer: Tensor
    outer_inverse: Tensor
    inner_inverse: Tensor
    weight: Tensor

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.n1, self.n2 = _factors(length)
        self.n_k2 = self.n2 // 2 + 1  # k2 values that reach the Nyquist bin
        n1, n2 = self.n1, self.n2

        def rotation(rows: int, columns: int, period: int) -> tuple[Tensor, Tensor]:
            angle = torch.outer(torch.arange(rows), torch.arange(columns)).double()
            angle *= 2 * math.pi / period
            return torch.cos(angle), torch.sin(angle)

        inner_cos, inner_sin = rotation(n1, n1, n1)  # [n1, k1], symmetric
        outer_cos, outer_sin = rotation(n2, self.n_k2, n2)  # [n2, k2]
        twist_cos, twist_sin = rotation(n1, n2, length)  # [k1, n2]
        # Rows in the order (k1, part). A complex product with the twist is the rows times its
        # cosine plus the rows with the parts swapped, (im, re), times (sine, -sine).
        inner = torch.stack([inner_cos, -inner_sin], dim=1).flatten(0, 1)
        cosine = twist_cos.repeat_interleave(2, dim=0)
        sine = torch.stack([twist_sin, -twist_sin], dim=1).flatten(0, 1)
        swapped = torch.arange(2 * n1).reshape(n1, 2).flip(1).flatten()
        # (re, im) n2 -> (re, im) k2
        outer = torch.cat(
            [torch.cat([outer_cos, -outer_sin], dim=1), torch.cat([outer_sin, outer_cos], dim=1)]
        )
        # Backwards: x = Re sum_k1 (cos + j*sin)(inner) * (cos + j*sin)(twist) * (re + j*im).
        # Bins between 0 and the Nyquist frequency stand for their mirror images as well.
        weight = torch.full((n1, 2 * self.n_k2), 2.0 / length, dtype=torch.float64)
        for column in (0, self.n_k2 - 1, self.n_k2, 2 * self.n_k2 - 1):
            weight[0, column] = 1.0 / length
        tables = {
            "inner": inner,
            "cosine": cosine,
            "sine": sine,
            "outer": outer,
            "outer_inverse": outer.T,
            "inner_inverse": inner.T,
            "weight": weight,
        }
        for name, table in tables.items():
            self.register_buffer(name, table.float().contiguous(), persistent=False)
        self.register_buffer("swapped", swapped, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [..., F, N] to spectrum [..., 2, F, N/2+1]."""
        *leading, count, _ = frames.shape
        x = frames.reshape(*leading, count, self.n1, self.n2)
        x = torch.matmul(self.inner, x)
        x = x * self.cosine + x.index_select(-2, self.swapped) * self.sine
        x = x.reshape(*leading, count, self.n1, 2 * self.n2)
        x = torch.matmul(x, self.outer).reshape(*leading, count, self.n1, 2, self.n_k2)
        x = _permute_last(x, 2, 0, 3, 1)  # k = k1 + n1*k2
        return x.reshape(*leading, 2, count, self.n_k2 * self.n1)[..., : self.length // 2 + 1]

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Spectrum [..., 2, F, N/2+1] to frames [..., F, N]."""
        *leading, _, count, _ = spectrum.shape
        x = nn.functional.pad(spectrum, (0, self.n1 - 1))  # bins past Nyquist, filled with zeros
        x = _permute_last(x.reshape(*leading, 2, count, self.n_k2, self.n1), 1, 3, 0, 2)
        x = x.reshape(*leading, count, self.n1, 2 * self.n_k2) * self.weight
        x = torch.matmul(x, self.outer_inverse).reshape(*leading, count, 2 * self.n1, self.n2)
        x = x * self.cosine - x.index_select(-2, self.swapped) * self.sine
        return torch.matmul(self.inner_inverse, x).reshape(*leading, count, self.length)


def _permute_last(x: Tensor, *order: int) -> Tensor:
    """The last axes in another order; those before them stay."""
    n_before = x.dim() - len(order)
    return x.permute(*range(n_before), *(n_before + axis for axis in order))


class ShortTimeSpectrum(nn.Module):
    """Streaming STFT and inverse (weighted overlap-add, Crochiere, 1980) with explicit state.

    Square-root Hann windows on both sides, scaled so that a stationary signal has the same
    spectrum at every sample rate (for windows of equal duration) and so that synthesis after
    analysis gives the input back, `win_length - hop_length` samples late.
    """

    analysis_window: Tensor
    synthesis_window: Tensor

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

    def state_shapes(self) -> Shapes:
        """The end of the input, and what earlier frames add to the coming output, in samples."""
        pieces = self.overlap * (self.overlap - 1) // 2
        return {
            "input_tail": (self.win_length - self.hop_length,),
            "output_tail": (pieces * self.hop_length,),
        }

    def analyse(self, audio: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Audio [..., T] after `tail` [..., win - hop] to spectrum [..., 2, T/hop, Q], new tail."""
        hop, last = self.hop_length, self.overlap - 1
        joined = torch.cat([tail, audio], dim=-1)
        pieces = [
            joined[..., i * hop : (i - last) * hop or None].reshape(*audio.shape[:-1], -1, hop)
            for i in range(self.overlap)
        ]
        frames = torch.cat(pieces, dim=-1) * self.analysis_window
        return self.dft(frames), joined[..., -last * hop :]

    def synthesise(self, spectrum: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Spectrum [..., 2, F, Q] to audio [..., F*hop]; `tail` is what earlier frames add."""
        hop = self.hop_length
        frames = self.dft.inverse(spectrum) * self.synthesis_window
        total, *others = (
            piece.reshape(*frames.shape[:-2], -1) for piece in frames.split(hop, dim=-1)
        )
        # Piece i of every frame belongs i hops after the frame's first sample.
        tails = tail.split([i * hop for i in range(1, self.overlap)], dim=-1)
        following = []
        for i, (piece, before) in enumerate(zip(others, tails, strict=True), start=1):
            shifted = torch.cat([before, piece], dim=-1)
            total = total + shifted[..., : -i * hop]
            following.append(shifted[..., -i * hop :])
        return total, torch.cat(following, dim=-1) if len(following) > 1 else following[0]


class Bands(nn.Module):
    """Frequency positions of the network: single low bins, then ever wider bands.

    Bands are triangles between log-spaced centres (close to the ERB scale above 1 kHz). `pool`
    averages bins into them; `expand` interpolates linearly between their centres, so a value
    that is equal in all bands is equal in all bins.
    """

    pool_matrix: Tensor
    expand_matrix: Tensor

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
    """Power-compressed spectrum (as in Wilson et al., 2018) and its magnitude.

    Args:
        spectrum: [B, 2, F, Q].
        exponent: |X| becomes |X|**exponent; the phase stays.
        floor: added to the squared magnitude, so that gradients stay finite at silence.

    Returns:
        The compressed spectrum [B, 2, F, Q] and its magnitude [B, 1, F, Q].
    """
    power = spectrum.square().sum(dim=1, keepdim=True) + floor
    gain = power ** ((exponent - 1.0) / 2.0)
    # |X|**exponent by a square root, which costs less than a second power.
    return spectrum * gain, power.sqrt() * gain
