"""The terms of the evidence lower bound for notes, as means that training minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.audio.pitch.contour import LOUDNESS_WINDOW
from aeolia.config import SynthConfig
from aeolia.models.synth.spectrogram_decoder import Spectrogram

__all__ = [
    "MultiResolutionLoss",
    "SpectrogramLoss",
    "envelope_loss",
    "level_loss",
    "levelled",
    "pitch_correlation",
]

#: DFT lengths in samples at 48 kHz: from single harmonics to single attacks.
_LENGTHS = (4096, 1024, 256)
#: Magnitudes this far below the note's level count as silence (-70 dB per bin of noise).
_FLOOR = 3e-4
#: Crops quieter than this are compared as if they had this level (-80 dBFS).
_SILENCE = 1e-4
#: Least mean magnitude that linear errors are relative to, as a share of unit-level noise's.
_LEAST_MEAN = 0.01


def levelled(reference: Tensor, estimate: Tensor, compared: Tensor) -> tuple[Tensor, Tensor]:
    """Both [B, T] where they are compared, divided by the level of the reference there."""
    reference, estimate = reference * compared, estimate * compared
    level = reference.square().mean(1, keepdim=True).sqrt().clamp(min=_SILENCE)
    return reference / level, estimate / level


class MultiResolutionLoss:
    """Negative log-likelihood of a note's spectrograms, per bin and up to a constant.

    Log magnitudes at each resolution are taken to be spread around the decoder's by a Laplace
    distribution, whose log density is -|log S - log R| / scale - log(2 * scale); with the scale
    fixed at 1 the negative is the mean absolute difference of log magnitudes. A second term of the
    same kind on linear magnitudes, relative to their mean, makes the loud bins count for more.
    """

    def __init__(self, sample_rate: int, lengths: tuple[int, ...] = _LENGTHS) -> None:
        self.sample_rate = sample_rate
        self.windows = {n: torch.hann_window(n) for n in lengths}

    def __call__(
        self, reference: Tensor, estimate: Tensor, bandwidth_hz: Tensor, compared: Tensor
    ) -> tuple[Tensor, Tensor]:
        """References and estimates [B, T] to the mean per clip [B], logarithmic and linear term.

        Bins above a clip's own bandwidth [B] do not count, nor samples where `compared` is 0.
        """
        reference, estimate = levelled(reference, estimate, compared)
        logarithmic = torch.zeros_like(reference[:, 0])
        linear = torch.zeros_like(logarithmic)
        for length, window in self.windows.items():
            window = window.to(reference.device)
            hz = torch.arange(length // 2 + 1, device=reference.device)
            hz = hz * (self.sample_rate / length)
            inside = (hz <= bandwidth_hz.unsqueeze(1)).float().unsqueeze(2)
            with torch.no_grad():
                target = _magnitude(reference, length, window)
            found = _magnitude(estimate, length, window)
            terms = _terms(target, found, inside.expand_as(target))
            logarithmic, linear = logarithmic + terms[0], linear + terms[1]
        return logarithmic / len(self.windows), linear / len(self.windows)


class SpectrogramLoss:
    """The same for a decoder of magnitudes, at its own resolution."""

    def __init__(self, config: SynthConfig) -> None:
        self.hop_length = config.hop_length
        self.analysis = Spectrogram(config.hop_length)
        self.hz = torch.linspace(0.0, config.sample_rate / 2, self.analysis.n_bins)

    def __call__(
        self, reference: Tensor, estimate: Tensor, bandwidth_hz: Tensor, compared: Tensor
    ) -> tuple[Tensor, Tensor]:
        """References [B, T] and estimated magnitudes [B, F, Q] to both terms per clip [B]."""
        self.analysis.to(reference.device)
        inside = (self.hz.to(reference.device) <= bandwidth_hz.unsqueeze(1)).float().unsqueeze(1)
        inside = inside * compared[:, :: self.hop_length].unsqueeze(2)
        level = reference.square().mean(1, keepdim=True).sqrt().clamp(min=_SILENCE)
        target = self.analysis.magnitude(reference / level)
        return _terms(target, estimate / level.unsqueeze(2), inside)


def _terms(target: Tensor, found: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of log and of linear magnitudes [B, ...] where `inside` is 1, per clip [B]."""
    target, found, inside = target.flatten(1), found.flatten(1), inside.flatten(1)
    count = inside.sum(1).clamp(min=1.0)
    apart = (torch.log(found + _FLOOR) - torch.log(target + _FLOOR)).abs()
    mean = torch.maximum((target * inside).sum(1), _LEAST_MEAN * count)
    return (apart * inside).sum(1) / count, ((found - target).abs() * inside).sum(1) / mean


def _magnitude(audio: Tensor, length: int, window: Tensor) -> Tensor:
    """Audio [B, T] to magnitudes [B, Q, F]; unit-level noise gives bins of unit order."""
    spectrum = torch.stft(
        audio, length, length // 4, window=window, center=True, return_complex=True
    )
    spectrum = spectrum / float(window.square().sum().sqrt())
    return (spectrum.real.square() + spectrum.imag.square() + 1e-12).sqrt()


def level_loss(reference: Tensor, estimate: Tensor, compared: Tensor) -> Tensor:
    """Mean absolute difference in dB of the levels of sounds [B, T], over windows of 2048 samples.

    Log magnitudes have their median right, which leaves the sum of their powers too low: this
    keeps the loudness that was asked for. Windows below -60 dBFS do not count.
    """
    levels = [
        10.0
        * torch.log10(
            nn.functional.avg_pool1d((x * compared).square().unsqueeze(1), LOUDNESS_WINDOW, 512)
            + 1e-7
        )
        for x in (reference, estimate)
    ]
    audible = (levels[0] > -60.0).float()
    return ((levels[1] - levels[0]).abs() * audible).sum() / audible.sum().clamp(min=1.0)


def envelope_loss(shape_db: Tensor, reference_db: Tensor, held: Tensor) -> Tensor:
    """Mean absolute error in dB of envelopes [B, F] where notes are held [B, F].

    Below -50 dB the ear has little left to compare, and neither has this.
    """
    apart = (shape_db.clamp(min=-60.0) - reference_db.clamp(min=-50.0)).abs()
    return (apart * held).sum() / held.sum().clamp(min=1.0)


def pitch_correlation(latent: Tensor, pitch_midi: Tensor) -> Tensor:
    """Mean squared correlation of latent dimensions [B, D] with pitch [B], over a batch.

    It is kept low in training so that the latent does not carry the pitch: a timbre can then be
    played at any. Dimensions that hardly vary hardly count. Bounded, unlike an adversary's loss.
    """
    x = latent - latent.mean(0)
    x = x / (x.square().mean(0) + 0.01).sqrt()
    y = pitch_midi - pitch_midi.mean()
    y = y / (y.square().mean() + 0.01).sqrt()
    return (x * y.unsqueeze(1)).mean(0).square().mean()
