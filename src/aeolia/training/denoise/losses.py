"""Errors between clean and estimated audio, [B, T] each, as differentiable means.

All are level-normalised: both signals are divided by the reference's level first, so a quiet
clip weighs as much as a loud one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aeolia.training.denoise.config import TREBLE_HZ, DenoiseLossConfig
from aeolia.training.denoise.intelligibility import IntelligibilityLoss
from aeolia.training.denoise.perception import PerceptualLoss
from aeolia.training.losses import compressed_errors, unit_spectrum

__all__ = [
    "SpectralLoss",
    "WaveformLoss",
    "build_loss",
    "normalise_levels",
    "si_sdr_loss",
    "snr_loss",
]

#: Level below which a reference counts as silence (-70 dBFS).
_SILENCE = 10.0 ** (-70.0 / 20.0)
#: The power of treble (against that of speech, 1) below which it is silence.
_TREBLE_FLOOR = 1e-7


def normalise_levels(reference: Tensor, noisy: Tensor, *signals: Tensor) -> list[Tensor]:
    """Divide `signals` by the RMS of the reference, or of the noisy input where it is silent."""
    level = reference.square().mean(1, keepdim=True).sqrt()
    fallback = noisy.square().mean(1, keepdim=True).sqrt().clamp(min=_SILENCE)
    level = torch.where(level > _SILENCE, level, fallback)
    return [signal / level for signal in signals]


def snr_loss(reference: Tensor, estimate: Tensor, ceiling_db: float = 30.0) -> Tensor:
    """Negative log10 of the signal-to-noise ratio per clip [B], bounded at `ceiling_db`.

    Takes samples [B, T], or spectra flattened to [B, N] (the same ratio, by Parseval's theorem).
    The bound (a share of the signal's own energy added to the error) keeps nearly clean clips
    from dominating; silent references give zero.
    """
    signal = reference.square().sum(1)
    error = (reference - estimate).square().sum(1)
    floor = 10.0 ** (-ceiling_db / 10.0)
    loss = torch.log10((error + floor * signal + 1e-8) / (signal + 1e-8))
    return torch.where(signal > 1e-6 * reference.shape[1], loss, torch.zeros_like(loss))


def si_sdr_loss(
    reference: Tensor, estimate: Tensor, ceiling_db: float = 30.0, floor_db: float = -20.0
) -> Tensor:
    """Negative log10 of the scale-invariant SDR per clip [B], bounded at both ends.

    With the cosine c between [B, N] and [B, N] the SI-SDR (Le Roux et al. 2019) is
    c^2 / (1 - c^2). Where the voice is in doubt `snr_loss` is least (0 dB) for silence; this one
    asks that whatever is left resembles the reference. Silent references give zero.
    """
    signal = reference.square().sum(1)
    # A nearly muted estimate (40 dB down) would have gradients without bound.
    power = estimate.square().sum(1) + 1e-4 * signal + 1e-8
    similarity = (reference * estimate).sum(1).square() / (power * (signal + 1e-8))
    loss = torch.log10(
        (1.0 - similarity + 10.0 ** (-ceiling_db / 10.0)) / (similarity + 10.0 ** (floor_db / 10.0))
    )
    return torch.where(signal > 1e-6 * reference.shape[1], loss, torch.zeros_like(loss))


class SpectralLoss:
    """Error of power-compressed spectra, magnitude and complex, plus the SNR term; more on demand.

    The compression by an exponent of about 0.3 follows loudness (Stevens) and weighs quiet
    partials and consonants; used this way since Braun & Tashev (2020). Bins above a clip's own
    bandwidth are left out, so that narrow recordings do not teach silence above it.
    """

    def __init__(self, config: DenoiseLossConfig, sample_rate: int, win_length: int) -> None:
        self.config = config
        self.window = torch.hann_window(win_length)
        self.intelligibility = IntelligibilityLoss(sample_rate) if config.intelligibility else None
        self.quality = PerceptualLoss(sample_rate) if config.quality else None
        self.bin_hz = torch.arange(win_length // 2 + 1) * (sample_rate / win_length)

    def __call__(
        self, reference: Tensor, estimate: Tensor, noisy: Tensor, bandwidth_hz: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted sum and its terms by name."""
        reference, estimate = normalise_levels(reference, noisy, reference, estimate)
        inside = (self.bin_hz.to(reference.device) <= bandwidth_hz[:, None]).float()
        reference_spectrum, estimate_spectrum = (
            unit_spectrum(signal, self.window) * inside[:, None, None]
            for signal in (reference, estimate)
        )
        magnitude, complex_ = compressed_errors(
            reference_spectrum, estimate_spectrum, inside, self.config.attenuation
        )
        terms: dict[str, Tensor] = {
            "magnitude": magnitude,
            "complex": complex_,
            "snr": snr_loss(reference_spectrum.flatten(1), estimate_spectrum.flatten(1)).mean(),
        }
        weights = self.config
        total = (
            weights.magnitude * terms["magnitude"]
            + weights.complex * terms["complex"]
            + weights.snr * terms["snr"]
        )
        if weights.si_sdr:
            terms["si_sdr"] = si_sdr_loss(
                reference_spectrum.flatten(1), estimate_spectrum.flatten(1)
            ).mean()
            total = total + weights.si_sdr * terms["si_sdr"]
        if weights.treble:
            terms["treble"] = self._treble(reference_spectrum, estimate_spectrum, bandwidth_hz)
            total = total + weights.treble * terms["treble"]
        if self.intelligibility is not None:
            terms["intelligibility"] = self.intelligibility(reference, estimate)
            total = total + weights.intelligibility * terms["intelligibility"]
        if self.quality is not None:
            terms["quality"] = self.quality(reference, estimate)
            total = total + weights.quality * terms["quality"]
        return total, terms

    def _treble(self, reference: Tensor, estimate: Tensor, bandwidth_hz: Tensor) -> Tensor:
        """The log-spectral distance above 8 kHz, in bels (Gray and Markel, 1976).

        Speech has so little power up there that the other terms hardly feel it: a model that
        learns from them alone mutes what it should clean. Clips that do not reach there count
        nothing.
        """
        bins = self.bin_hz.to(reference.device)
        inside = ((bins > TREBLE_HZ) & (bins <= bandwidth_hz[:, None])).float()
        levels = [
            torch.log10(spectrum.square().sum(1) + _TREBLE_FLOOR)
            for spectrum in (reference, estimate)
        ]
        square = ((levels[0] - levels[1]).square() * inside[:, None]).sum(2)  # [B, F]
        square = square / inside.sum(1).clamp(min=1.0)[:, None]
        # The root alone has no gradient at zero.
        return ((square + 1e-6).sqrt() - 1e-3).mean()


class WaveformLoss:
    """Mean squared error of the waveform, the objective of the textbook autoencoder."""

    def __call__(
        self, reference: Tensor, estimate: Tensor, noisy: Tensor, bandwidth_hz: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The error and its one term; the bandwidth is not used."""
        reference, estimate = normalise_levels(reference, noisy, reference, estimate)
        error = (reference - estimate).square().mean()
        return error, {"mse": error}


def build_loss(
    config: DenoiseLossConfig, sample_rate: int, win_length: int
) -> SpectralLoss | WaveformLoss:
    """The loss that `config.kind` names, for audio at `sample_rate`."""
    if config.kind == "mse":
        return WaveformLoss()
    return SpectralLoss(config, sample_rate, win_length)
