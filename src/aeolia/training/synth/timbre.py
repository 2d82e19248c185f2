"""A note's timbre as the ear resolves it: levels in bands, and how they move.

The spectrograms of the likelihood have bins of equal width, most of them above 5 kHz; what tells
one instrument from another lies mostly below. Here bands are as wide as the ear's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aeolia.nn.spectral import Bands
from aeolia.training.synth.losses import levelled

__all__ = ["TimbreLoss"]

#: DFT length at 48 kHz, single low bins, and bands above them.
_RESOLUTIONS = ((2048, 32, 48), (512, 16, 24))
#: A frame is heard on its own level, however far the note has faded: bands count as silent where
#: they are this far below all of the frame's power (-60 dB). Frames this far below the loudest
#: (-40 dB), and what is below the floor of 16 bits, do not count.
_FLOOR, _QUIET, _SILENCE = 1e-6, 1e-4, 1e-10
#: A band counts where this share of it lies inside the recording's bandwidth.
_INSIDE = 0.9


class TimbreLoss:
    """Mean absolute differences of log band levels, frame by frame, and of their spread in time.

    The second term keeps what the first averages out: flutter, breath, and bands that decay
    apart from one another.
    """

    def __init__(self, sample_rate: int) -> None:
        self.parts = []
        for length, linear, count in _RESOLUTIONS:
            bin_hz = sample_rate / length
            bands = Bands(length // 2 + 1, bin_hz, linear, ((sample_rate // 2, count),))
            hz = torch.arange(length // 2 + 1) * bin_hz
            self.parts.append((torch.hann_window(length), bands, hz))

    def __call__(
        self, reference: Tensor, estimate: Tensor, bandwidth_hz: Tensor, compared: Tensor
    ) -> tuple[Tensor, Tensor]:
        """References and estimates [B, T] to means per clip [B], in nepers: levels and spread.

        Bins above a clip's own bandwidth [B] do not count, nor samples where `compared` is 0.
        """
        reference, estimate = levelled(reference, estimate, compared)
        levels_apart = torch.zeros_like(reference[:, 0])
        spread_apart = torch.zeros_like(levels_apart)
        for window, bands, hz in self.parts:
            bands = bands.to(reference.device)
            known = (hz.to(reference.device) <= bandwidth_hz.unsqueeze(1)).float()
            inside = (bands.pool(known) > _INSIDE).float()  # [B, N]
            with torch.no_grad():
                powers = _powers(reference, window, bands)
                loud = powers.sum(2, keepdim=True)
                floor = _FLOOR * loud + _SILENCE
                heard = (loud > _QUIET * loud.amax(1, keepdim=True)).float()  # [B, F, 1]
                expected = 0.5 * torch.log(powers + floor)
            found = 0.5 * torch.log(_powers(estimate, window, bands) + floor)  # [B, F, N]
            count = inside.sum(1).clamp(min=1.0)
            apart = _mean((found - expected).abs(), heard)
            levels_apart = levels_apart + (apart * inside).sum(1) / count
            spread = (_spread(found, heard) - _spread(expected, heard)).abs()
            spread_apart = spread_apart + (spread * inside).sum(1) / count
        return levels_apart / len(self.parts), spread_apart / len(self.parts)


def _powers(audio: Tensor, window: Tensor, bands: Bands) -> Tensor:
    """Audio [B, T] to band powers [B, F, N]."""
    length = len(window)
    window = window.to(audio.device)
    spectrum = torch.stft(audio, length, length // 4, window=window, return_complex=True)
    power = (spectrum.real.square() + spectrum.imag.square()) / float(window.square().sum())
    return bands.pool(power.transpose(1, 2))


def _mean(values: Tensor, heard: Tensor) -> Tensor:
    """Mean [B, N] over the frames of values [B, F, N] that are heard [B, F, 1]."""
    return (values * heard).sum(1) / heard.sum(1).clamp(min=1.0)


def _spread(levels: Tensor, heard: Tensor) -> Tensor:
    """Standard deviation over frames [B, N]; a small floor keeps its gradient finite."""
    apart = levels - _mean(levels, heard).unsqueeze(1)
    return (_mean(apart.square(), heard) + 1e-4).sqrt()
