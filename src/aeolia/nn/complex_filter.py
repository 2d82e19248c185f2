"""From the decoder's values to an output spectrum: complex taps, or the decoder's own magnitude.

    filter(values [..., V, F, Q], spectrum [..., 2, F, Q], past) -> spectrum, next past

V values per frame and bin, F frames, Q frequency bins; axis -3 of a spectrum is (real, imaginary).
Leading axes of `values` and `spectrum` broadcast, so one filter may serve several channels, or
several filters one channel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.nn.state import Shapes

__all__ = ["ComplexFilter", "OwnMagnitude"]


class ComplexFilter(nn.Module):
    """Sum of complex taps on the current frame of a spectrum and on the frames before it.

    A filter over the frames of each bin ("deep filtering", Mack & Habets, 2020):

        Y[f, q] = sum_t H_t[f, q] * X[f - t, q]

    with H_0 = 1 + the first of the values and H_t the later ones, so that values of zero pass the
    input unchanged. State: the last `taps - 1` frames of X.
    """

    passing: Tensor
    conjugate: Tensor
    swapped: Tensor

    def __init__(self, taps: int, n_bins: int) -> None:
        super().__init__()
        self.taps = taps
        self.n_bins = n_bins
        # Constants, so that a few large operations do it all: live audio runs them once per hop.
        passing = torch.zeros(2 * taps, 1, 1)
        passing[0] = 1.0
        conjugate = torch.tensor([1.0, -1.0]).repeat(taps)[:, None, None]
        swapped = torch.arange(2 * taps).reshape(taps, 2).flip(1).flatten()
        self.register_buffer("passing", passing, persistent=False)
        self.register_buffer("conjugate", conjugate, persistent=False)
        self.register_buffer("swapped", swapped, persistent=False)

    def state_shapes(self) -> Shapes:
        """The past frames, [2, taps - 1, Q]; none for a single tap."""
        return {"spectrum_past": (2, self.taps - 1, self.n_bins)} if self.taps > 1 else {}

    def forward(
        self, values: Tensor, spectrum: Tensor, past: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Values [..., 2 * taps, F, Q], (real, imaginary) of tap 0, of tap 1, and so on.

        Args:
            past: frames before the spectrum's first, [..., 2, taps - 1, Q]; None for one tap.

        Returns:
            the filtered spectrum [..., 2, F, Q] and the next past.
        """
        frames, following = spectrum, None
        if past is not None:
            joined, last = torch.cat([past, spectrum], dim=-2), self.taps - 1
            # Tap t multiplies the frame t before the current one.
            delayed = [joined[..., last - t : -t or None, :] for t in range(self.taps)]
            frames, following = torch.cat(delayed, dim=-3), joined[..., -last:, :]
        values = values + self.passing
        # (a + jb)(c + jd) = (ac - bd) + j(ad + bc), summed over the taps.
        real = (values * (frames * self.conjugate)).sum(dim=-3, keepdim=True)
        imaginary = (values * frames.index_select(-3, self.swapped)).sum(dim=-3, keepdim=True)
        return torch.cat([real, imaginary], dim=-3), following


class OwnMagnitude(nn.Module):
    """The decoder's magnitude with the input's phase, as in the textbook autoencoder.

    Values are magnitudes in the compressed domain, |X|**compression, before a softplus. They are
    those of the channels' mean: each channel, of axis -4 if there is one, keeps its part of it.
    """

    def __init__(self, compression: float) -> None:
        super().__init__()
        self.compression = compression

    def state_shapes(self) -> Shapes:
        """It has no state."""
        return {}

    def forward(self, values: Tensor, spectrum: Tensor, past: None) -> tuple[Tensor, None]:
        """Values [..., 1, F, Q] and the input's spectrum to a spectrum [..., 2, F, Q]."""
        magnitude = nn.functional.softplus(values) ** (1.0 / self.compression)
        mean = (spectrum.square().sum(dim=-3, keepdim=True) + 1e-8).sqrt()
        if mean.dim() > 3:
            mean = mean.mean(dim=-4, keepdim=True)
        return spectrum / mean * magnitude, None
