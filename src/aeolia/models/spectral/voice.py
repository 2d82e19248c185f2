"""The voice network: a few seconds of one speaker to a unit vector that identifies the voice.

    audio -> band spectrum in logarithms -> time-delay convolutions -> attentive pooling -> vector

After the x-vector (Snyder et al., 2018) with attentive statistics (Okabe et al., 2018), small.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.nn.spectral import Bands, ShortTimeSpectrum

__all__ = ["VOICE_SAMPLE_RATE", "VoiceNetwork"]

#: Enrolment clips come at this rate, whatever the separator's own.
VOICE_SAMPLE_RATE = 16000

_WIN_LENGTH, _HOP_LENGTH = 512, 256
#: Single bins to 1 kHz resolve the pitch; bands above hold the timbre.
_LINEAR_BINS, _BANDS = 32, ((8000, 32),)
_WIDTH = 96
_DILATIONS = (2, 3, 4)
#: Frames this far below the loudest one are pauses and do not count (40 dB, in power).
_PAUSE = 1e-4


class VoiceNetwork(nn.Module):
    """Audio [B, T] at 16 kHz to unit vectors [B, K].

    The level does not matter, nor do pauses or zeros at either end: frames without voice are
    left out at every layer, so that a padded clip gives the vector of the clip.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.spectrum = ShortTimeSpectrum(_WIN_LENGTH, _HOP_LENGTH)
        self.bands = Bands(self.n_bins, VOICE_SAMPLE_RATE / _WIN_LENGTH, _LINEAR_BINS, _BANDS)
        positions = _LINEAR_BINS + sum(count for _, count in _BANDS)
        self.first = nn.Conv1d(positions, _WIDTH, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Conv1d(_WIDTH, _WIDTH, 3, padding=dilation, dilation=dilation)
            for dilation in _DILATIONS
        )
        self.attention = nn.Sequential(
            nn.Conv1d(_WIDTH, _WIDTH // 4, 1), nn.Tanh(), nn.Conv1d(_WIDTH // 4, _WIDTH, 1)
        )
        self.to_vector = nn.Linear(2 * _WIDTH, dim)

    @property
    def n_bins(self) -> int:
        return _WIN_LENGTH // 2 + 1

    def forward(self, audio: Tensor) -> Tensor:
        """Audio [B, T] at 16 kHz to unit vectors [B, K]; silence gives one too, of no meaning."""
        features, voiced = self._features(audio)
        x = torch.relu(self.first(features)) * voiced
        for block in self.blocks:
            x = x + torch.relu(block(x)) * voiced
        weight = self.attention(x).masked_fill(voiced == 0.0, -1e4).softmax(dim=2)
        mean = (weight * x).sum(dim=2)
        spread = (weight * (x - mean.unsqueeze(2)).square()).sum(dim=2)
        vector: Tensor = self.to_vector(torch.cat([mean, (spread + 1e-5).sqrt()], dim=1))
        return vector * (vector.square().sum(dim=1, keepdim=True) + 1e-12).rsqrt()

    def _features(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Log band powers [B, Q, F] relative to their mean, and which frames count [B, 1, F]."""
        # Whole hops, and one window more: a clip ends the same way with and without padding.
        audio = nn.functional.pad(audio, (0, _WIN_LENGTH))
        length = audio.shape[1] // _HOP_LENGTH * _HOP_LENGTH
        tail = torch.zeros_like(audio[:, : _WIN_LENGTH - _HOP_LENGTH])
        spectrum, _ = self.spectrum.analyse(audio[:, :length], tail)
        power = self.bands.pool(spectrum.square().sum(dim=1))  # [B, F, Q]
        frame_power = power.mean(dim=2, keepdim=True)
        loudest = frame_power.amax(dim=1, keepdim=True)
        voiced = (frame_power > _PAUSE * loudest + 1e-20).float()
        # Floored relative to the loudest frame, so that the vector does not depend on the level.
        level = torch.log(power + _PAUSE * 1e-2 * loudest + 1e-20)
        count = voiced.sum(dim=1, keepdim=True).clamp(min=1.0)
        mean = (level.mean(dim=2, keepdim=True) * voiced).sum(dim=1, keepdim=True) / count
        features = (level - mean) * voiced * 0.3
        return features.transpose(1, 2), voiced.transpose(1, 2)
