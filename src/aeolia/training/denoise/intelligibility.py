"""Intelligibility as a loss: one minus ESTOI, on the sample rate at hand."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["IntelligibilityLoss"]

#: Frames of 25.6 ms, half overlapping; segments of 30 frames (Jensen and Taal, 2016).
_FRAME_SECONDS = 0.0256
_SEGMENT_FRAMES = 30
#: ESTOI moves its segments by one frame; every tenth tells a gradient nearly as much.
_SEGMENT_STEP = 10
#: Third-octave bands, the lowest around 150 Hz.
_BANDS, _LOWEST_HZ = 15, 150.0
#: Segments whose power is this far below the loudest one (30 dB) are pauses and do not count.
_PAUSE = 1e-3
_FLOOR = 1e-4


class IntelligibilityLoss:
    """One minus the extended short-time objective intelligibility measure (ESTOI).

    Jensen and Taal, "An algorithm for predicting the intelligibility of speech masked by modulated
    noise maskers", 2016: the envelopes of third-octave bands are compared in segments of 384 ms,
    normalised first over time in each band and then over the bands in each frame. The original
    works at 10 kHz and drops silent frames; here silent segments are left out.
    Below 10 kHz bands are missing, which `DenoiseLossConfig` refuses.
    """

    def __init__(self, sample_rate: int) -> None:
        self.window = torch.hann_window(round(_FRAME_SECONDS * sample_rate))
        # Bins of about 16 Hz: the lowest band is 35 Hz wide.
        self.n_fft = 1 << (2 * len(self.window)).bit_length()
        hz = torch.arange(self.n_fft // 2 + 1) * (sample_rate / self.n_fft)
        centres = _LOWEST_HZ * 2.0 ** (torch.arange(_BANDS) / 3.0)
        inside = (hz[:, None] >= centres * 2 ** (-1 / 6)) & (hz[:, None] < centres * 2 ** (1 / 6))
        self.bands = inside.float()  # [Q, 15]

    def __call__(self, reference: Tensor, estimate: Tensor) -> Tensor:
        """Reference and estimate [B, T] of about unit level to the mean loss.

        Clips without speech, or shorter than a segment, count nothing.
        """
        clean, found = (self._envelopes(signal) for signal in (reference, estimate))
        if clean.shape[1] < _SEGMENT_FRAMES:
            return estimate.sum() * 0.0
        clean, found = (
            envelopes.unfold(1, _SEGMENT_FRAMES, _SEGMENT_STEP) for envelopes in (clean, found)
        )  # [B, segments, 15, 30]
        power = clean.square().sum((2, 3))
        loudest = power.amax(dim=1, keepdim=True)
        speaks = ((power > _PAUSE * loudest) & (loudest > _FLOOR)).float()
        correlation = (_normalised(clean) * _normalised(found)).sum((2, 3)) / _SEGMENT_FRAMES
        lost = ((1.0 - correlation) * speaks).sum(1) / speaks.sum(1).clamp(min=1.0)
        return lost.mean()

    def _envelopes(self, audio: Tensor) -> Tensor:
        """Audio [B, T] to magnitudes of the bands [B, F, 15]."""
        spectrum = torch.stft(
            audio,
            self.n_fft,
            len(self.window) // 2,
            len(self.window),
            self.window.to(audio.device),
            center=False,
            return_complex=True,
        )
        power = torch.view_as_real(spectrum).square().sum(3).transpose(1, 2)
        scale = float(self.window.square().sum())
        return (power @ self.bands.to(audio.device) / scale + _FLOOR**2).sqrt()


def _normalised(segments: Tensor) -> Tensor:
    """Zero mean and unit norm over time in each band, then over bands in each frame."""
    for axis in (3, 2):
        segments = segments - segments.mean(dim=axis, keepdim=True)
        norm = (segments.square().sum(dim=axis, keepdim=True) + _FLOOR**2).sqrt()
        segments = segments / norm
    return segments
