"""Perceived disturbance as a loss: the cognitive model of PESQ, made differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["PerceptualLoss"]

_FRAME_SECONDS = 0.032
#: Bands of equal width on the Bark scale up to 8 kHz, as many as P.862.2 has.
_BANDS, _TOP_HZ = 49, 8000.0
#: Speech is played at this sound pressure level, in dB; powers are relative to 0 dB.
_LISTENING_DB = 79.0
#: P.862: scale and exponent of Zwicker's loudness.
_LOUDNESS, _EXPONENT = 0.1866, 0.23
#: P.862: raw score = 4.5 - 0.1 * symmetric - 0.0309 * asymmetric disturbance.
_SYMMETRIC, _ASYMMETRIC = 0.1, 0.0309
#: Disturbances of a frame reach no further.
_MOST = 45.0
_EPSILON = 1e-4


class PerceptualLoss:
    """The disturbance by which PESQ lowers its score, between a reference and an estimate.

    ITU-T P.862 and P.862.2, after Martin-Donas et al., "A deep learning loss function based on the
    perceptual evaluation of the speech quality", 2018: loudness in Bark bands, what masks itself
    left out, and what was added weighing more than what is missing. Time alignment and the long
    norms over time are left out; bands and threshold in quiet come from formulas (Traunmueller,
    1990; Terhardt, 1979) instead of the standard's tables.
    Below 16 kHz bands are missing, which `DenoiseLossConfig` refuses.
    """

    def __init__(self, sample_rate: int) -> None:
        self.window = torch.hann_window(round(_FRAME_SECONDS * sample_rate))
        edges_bark = torch.linspace(_bark(0.0), _bark(_TOP_HZ), _BANDS + 1)
        edges_hz = 1960.0 * (edges_bark + 0.53) / (26.28 - edges_bark)
        bins = torch.arange(len(self.window) // 2 + 1)
        bin_hz = sample_rate / len(self.window)
        # How much of each bin lies in each band.
        lower = torch.maximum((bins - 0.5)[:, None] * bin_hz, edges_hz[:-1])
        upper = torch.minimum((bins + 0.5)[:, None] * bin_hz, edges_hz[1:])
        self.bands = (upper - lower).clamp(min=0.0) / bin_hz  # [Q, 49]
        self.width_bark = float(edges_bark[1] - edges_bark[0])
        centre_khz = 0.5 * (edges_hz[:-1] + edges_hz[1:]) / 1000.0
        threshold_db = (
            3.64 * centre_khz**-0.8
            - 6.5 * torch.exp(-0.6 * (centre_khz - 3.3) ** 2)
            + 1e-3 * centre_khz**4
        )
        self.threshold = 10.0 ** (threshold_db.clamp(max=75.0) / 10.0)
        centre_bark = 0.5 * (edges_bark[:-1] + edges_bark[1:])
        # Loudness grows faster at low pitches (P.862, 10.2.7).
        steeper = (6.0 / (centre_bark.clamp(min=0.0) + 2.0)).clamp(1.0, 2.0) ** 0.15
        self.exponent = _EXPONENT * steeper

    def __call__(self, reference: Tensor, estimate: Tensor) -> Tensor:
        """Reference and estimate [B, T] of about unit level to the mean loss, in points of PESQ.

        Clips without speech count nothing.
        """
        clean, found = self._powers(reference), self._powers(estimate)
        audible = (clean * (clean > self._on(clean, self.threshold))).sum(2, keepdim=True)
        # As in P.862: the response of the channel and slow changes of gain are forgiven in part.
        active = (audible > 1e7).float()
        count = active.sum(1, keepdim=True).clamp(min=1.0)
        response = ((found * active).sum(1, keepdim=True) / count + 1000.0) / (
            (clean * active).sum(1, keepdim=True) / count + 1000.0
        )
        clean = clean * response.clamp(0.01, 100.0)
        gain = (clean.sum(2, keepdim=True) + 5e3) / (found.sum(2, keepdim=True) + 5e3)
        found = found * gain.clamp(3e-4, 5.0)
        symmetric, asymmetric = self._disturbances(clean, found)
        weight = ((clean.sum(2) + 1e5) / 1e7) ** -0.04
        disturbance = _SYMMETRIC * (symmetric * weight).clamp(max=_MOST) + _ASYMMETRIC * (
            asymmetric * weight
        ).clamp(max=_MOST)
        speaks = (reference.square().mean(1) > _EPSILON).float()
        return (disturbance.mean(1) * speaks).mean()

    def _disturbances(self, clean: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
        """Powers [B, F, 49] to the disturbances of each frame [B, F]."""
        loudness, estimated = self._loudness(clean), self._loudness(found)
        difference = estimated - loudness
        masked = 0.25 * torch.minimum(estimated, loudness)
        difference = difference.sign() * (difference.abs() - masked).clamp(min=0.0)
        symmetric = _BANDS * self.width_bark * (difference.square().mean(2) + _EPSILON).sqrt()
        factor = ((found + 50.0) / (clean + 50.0)) ** 1.2
        factor = torch.where(factor < 3.0, torch.zeros_like(factor), factor.clamp(max=12.0))
        asymmetric = (difference.abs() * factor).sum(2) * self.width_bark
        return symmetric, asymmetric

    def _loudness(self, power: Tensor) -> Tensor:
        """Powers of the bands to loudness densities (Zwicker and Feldtkeller, 1967)."""
        threshold, exponent = self._on(power, self.threshold), self._on(power, self.exponent)
        at_threshold = _LOUDNESS * (2.0 * threshold) ** exponent
        return at_threshold * ((0.5 + 0.5 * power / threshold) ** exponent - 1.0).clamp(min=0.0)

    def _powers(self, audio: Tensor) -> Tensor:
        """Audio [B, T] to powers of the bands [B, F, 49], where 1 is 0 dB of sound pressure."""
        length = len(self.window)
        spectrum = torch.stft(
            audio,
            length,
            length // 2,
            window=self._on(audio, self.window),
            center=False,
            return_complex=True,
        )
        power = torch.view_as_real(spectrum).square().sum(3).transpose(1, 2)
        # One-sided: noise of unit level comes to the listening level over all bins.
        scale = 2.0 / (length * float(self.window.square().sum()))
        level = scale * 10.0 ** (_LISTENING_DB / 10.0)
        bands: Tensor = power @ self._on(audio, self.bands) * level
        return bands

    def _on(self, like: Tensor, table: Tensor) -> Tensor:
        return table.to(like.device)


def _bark(hz: float) -> float:
    """Critical-band rate (Traunmueller, 1990)."""
    return 26.81 * hz / (1960.0 + hz) - 0.53
