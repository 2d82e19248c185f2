"""What separated sources [B, S, T] are scored by in training, silence included.

Levels are relative to the mixture, not to the source: a source that is absent or quiet would
otherwise weigh without bound, or nothing at all.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.training.losses import compressed_errors, unit_spectrum
from aeolia.training.separate.config import SeparateLossConfig

__all__ = ["SeparationLoss", "speaker_loss", "thresholded_snr"]

#: Level below which a mixture counts as silence (-70 dBFS).
_SILENCE = 10.0 ** (-70.0 / 20.0)
#: A source this far below the mixture (50 dB, in power) is absent.
_ABSENT = 1e-5
#: Share of the power added to the error: beyond 30 dB nothing more is gained.
_CEILING = 1e-3
#: Cosines of voices are multiplied by this before the cross-entropy, the right ones after they
#: were made smaller by the margin.
_SHARPNESS, _MARGIN = 12.0, 0.2
_FLOOR = 1e-8


def thresholded_snr(reference: Tensor, estimate: Tensor, mixture_power: Tensor) -> Tensor:
    """Negative log10 of the signal-to-noise ratio of each source, bounded at 30 dB.

    Where the source is absent the estimate's own power is compared with the mixture's, so that
    silence is learned as well (after Wisdom et al., 2021).

    Args:
        reference, estimate: samples or spectra, [N, ...].
        mixture_power: sum of the mixture's squares on the same scale, [N].

    Returns:
        [N], in bels: -3 at best, 0 for an output of zeros (present) or of the mixture (absent).
    """
    signal = reference.square().flatten(1).sum(1)
    error = (reference - estimate).square().flatten(1).sum(1)
    scale = torch.where(signal > _ABSENT * mixture_power, signal, mixture_power) + _FLOOR
    return torch.log10(error / scale + _CEILING)


class SeparationLoss:
    """Thresholded SNR, and the error of power-compressed spectra, magnitude and complex.

    Bins above a reference's own bandwidth are left out. Of the kind "mse" only the mean squared
    error of the waveform, the textbook objective.
    """

    def __init__(self, config: SeparateLossConfig, sample_rate: int, win_length: int) -> None:
        self.config = config
        self.window = torch.hann_window(win_length)
        self.bin_hz = torch.arange(win_length // 2 + 1) * (sample_rate / win_length)

    def __call__(
        self, references: Tensor, estimates: Tensor, mixture: Tensor, bandwidth_hz: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted sum and its terms by name.

        Args:
            references, estimates: [B, S, T].
            mixture: [B, T].
            bandwidth_hz: [B, S], of the references.
        """
        level = mixture.square().mean(1).sqrt().clamp(min=_SILENCE)[:, None, None]
        reference, estimate = ((signal / level).flatten(0, 1) for signal in (references, estimates))
        if self.config.kind == "mse":
            error = (reference - estimate).square().mean()
            return error, {"mse": error}
        inside = (self.bin_hz.to(mixture.device) <= bandwidth_hz.flatten()[:, None]).float()
        target, found = (
            unit_spectrum(signal, self.window) * inside[:, None, None]
            for signal in (reference, estimate)
        )
        # Bins of a signal of unit level hold a power of one on average.
        mixture_power = torch.full_like(inside[:, 0], found.shape[2] * found.shape[3])
        snr = thresholded_snr(target, found, mixture_power).mean()
        magnitude, complex_ = compressed_errors(target, found, inside)
        terms = {"magnitude": magnitude, "complex": complex_, "snr": snr}
        total = (
            self.config.magnitude * terms["magnitude"]
            + self.config.complex * terms["complex"]
            + self.config.snr * terms["snr"]
        )
        return total, terms


def speaker_loss(first: Tensor, second: Tensor) -> Tensor:
    """Cross-entropy of telling by their vectors which two clips are of one voice.

    Every voice's second clip is sought among those of all, and its first likewise; the right
    one has to be nearer than the others by a margin. It needs no table of speakers, so their
    number does not matter (van den Oord et al., 2018; the margin after Wang et al., 2018).

    Args:
        first, second: unit vectors of the voices' clips, [V, K]; of V different persons.

    Returns:
        The mean over voices; 0 for fewer than two.
    """
    count = len(first)
    if count < 2:
        return first.new_zeros(())
    own = torch.eye(count, device=first.device)
    logits = _SHARPNESS * (first @ second.T - _MARGIN * own)
    right = torch.arange(count, device=first.device)
    cross_entropy = nn.functional.cross_entropy
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2.0
