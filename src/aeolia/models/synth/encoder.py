"""The encoder of a synthesiser: a note's audio and pitch to the posterior of its timbre."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig
from aeolia.nn.frame_filter import MinimumPhaseBands
from aeolia.nn.gaussian import Gaussian
from aeolia.nn.pitch import N_PITCH_FEATURES, hz_to_midi, pitch_features
from aeolia.nn.spectral import SplitDFT

__all__ = ["NoteSpectrum", "TimbreEncoder"]

#: Log powers this far (nepers) below the loudest frame's count as nothing.
_FLOOR = 16.0


class NoteSpectrum(nn.Module):
    """Audio to log band powers per frame: what the encoder sees; nothing is learned here.

    A frame's window is four hops long and centred on the frame.
    """

    window: Tensor
    pooling: Tensor

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.hop = config.hop_length
        length = 4 * config.hop_length
        self.dft = SplitDFT(length)
        window = torch.hann_window(length, periodic=True, dtype=torch.float64)
        window = window / window.square().sum().sqrt()
        self.register_buffer("window", window.float(), persistent=False)
        bands = MinimumPhaseBands(config.sample_rate, length // 2 + 1)
        self.n_bands = bands.n_bands
        self.register_buffer("pooling", bands.magnitude.T.contiguous(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Audio [B, F * hop] to natural logarithms of powers [B, F, n_bands]."""
        # One and a half hops on each side put the window's centre on the frame's.
        edge = 3 * self.hop // 2
        padded = nn.functional.pad(audio, (edge, edge))
        pieces = [
            padded[:, i * self.hop : i * self.hop + audio.shape[1]].reshape(
                audio.shape[0], -1, self.hop
            )
            for i in range(4)
        ]
        frames = torch.cat(pieces, dim=2) * self.window
        if torch.onnx.is_in_onnx_export():
            power = self.dft(frames).square().sum(dim=1)
        else:
            spectrum = torch.fft.rfft(frames)
            power = spectrum.real.square() + spectrum.imag.square()
        return torch.log(torch.matmul(power, self.pooling) + 1e-12)


class TimbreEncoder(nn.Module):
    """Log band powers and pitch to the posterior over the latent, whatever the note's length.

    Powers count relative to the note's loudest frame, so timbre does not depend on the recording's
    level. The pitch is given, so the latent need not carry it.
    """

    def __init__(self, config: SynthConfig, n_bands: int) -> None:
        super().__init__()
        width = config.encoder_channels
        self.enter = nn.Conv1d(n_bands + N_PITCH_FEATURES + 2, width, 5, stride=2, padding=2)
        self.middle = nn.Conv1d(width, width, 5, stride=2, padding=2)
        self.last = nn.Conv1d(width, width, 5, stride=2, padding=2)
        self.weigh = nn.Conv1d(width, width, 1)
        last = nn.Linear(width, 2 * config.latent_dim)
        with torch.no_grad():
            last.weight.mul_(0.3)
        self.leave = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), last)

    def forward(self, log_power: Tensor, pitch_hz: Tensor, inside: Tensor) -> Gaussian:
        """Log powers [B, F, n_bands], pitch [B, F] and mask [B, F] to a Gaussian [B, D]."""
        level = torch.logsumexp(log_power, dim=2)
        loudest = (level * inside - 1e4 * (1.0 - inside)).amax(dim=1)[:, None]
        voiced = (pitch_hz > 0.0).float()
        midi = hz_to_midi(pitch_hz) * voiced + 60.0 * (1.0 - voiced)
        features = torch.cat(
            [
                ((log_power - loudest.unsqueeze(2)).clamp(min=-_FLOOR) + 0.5 * _FLOOR) / 4.0,
                ((level - loudest).clamp(min=-_FLOOR).unsqueeze(2) + 4.0) / 4.0,
                pitch_features(midi),
                voiced.unsqueeze(2),
            ],
            dim=2,
        )
        x = (features * inside.unsqueeze(2)).transpose(1, 2)
        for layer in (self.enter, self.middle, self.last):
            x = nn.functional.silu(layer(x))
        kept = inside.unsqueeze(1)[:, :, ::8]
        scores = self.weigh(x) - 1e4 * (1.0 - kept)
        attended = (torch.softmax(scores, dim=2) * x).sum(2)
        mean = (x * kept).sum(2) / kept.sum(2).clamp(min=1.0)
        return Gaussian.from_values(self.leave(torch.cat([attended, mean], dim=1)))
