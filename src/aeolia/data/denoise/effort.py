"""How a voice speaks: raised as in fear, joy and anger, or whispered; rare in what people read out.

Readers' pitch has a median of 100 to 250 Hz, children's reaches 350 Hz. A denoiser that seldom met
what lies above takes cries for noise. A voice that runs faster is higher; its formants, which went
along, are put back part of the way. A whisper is noise with the envelope of the speech.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeolia.audio.resample import resample
from aeolia.data.denoise.mix_config import MixConfig

__all__ = ["MOST_RAISED", "Effort"]

#: How many times as high a raised voice may get, at least and at most.
_RAISED = (1.2, 2.2)
MOST_RAISED = _RAISED[1]
#: What part of that, as a power, is taken back from the formants.
_FORMANTS_BACK = (0.0, 0.8)
#: The envelope is what the first milliseconds of the cepstrum hold: no pitch up to 550 Hz.
_CEPSTRUM_SECONDS = 0.0018
_WINDOW_SECONDS = 0.032
#: Formants are moved by gains within this.
_MOST_DB = 20.0
#: Whispers are weak below this, by `_WHISPER_SLOPE_DB` an octave down to `_WHISPER_LEAST_DB`.
_WHISPER_HZ, _WHISPER_SLOPE_DB, _WHISPER_LEAST_DB = 1500.0, 10.0, -18.0
_FLOOR = 1e-5


@dataclass(frozen=True)
class Effort:
    """What was drawn for one voice."""

    #: Times as high.
    raised: float = 1.0
    #: Formants lie this many times lower than after running faster.
    formants_back: float = 1.0
    whispered: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator, config: MixConfig) -> Effort:
        """As often as the config says; nothing is drawn where it asks for nothing."""
        if not config.raised and not config.whispered:
            return cls()
        case = rng.random()
        if case < config.raised:
            ratio = float(np.exp(rng.uniform(*np.log(_RAISED))))
            return cls(ratio, ratio ** float(rng.uniform(*_FORMANTS_BACK)))
        return cls(whispered=case < config.raised + config.whispered)

    def applied(self, speech: Tensor, rate: int, rng: np.random.Generator) -> Tensor:
        """Speech [T'] -> [T' / raised]: the voice so."""
        if self.raised != 1.0:
            faster = resample(speech.numpy(), round(rate * self.raised), rate)
            speech = torch.from_numpy(np.ascontiguousarray(faster, np.float32))
            return _with_formants(speech, rate, self.formants_back)
        return _as_whisper(speech, rate, rng) if self.whispered else speech


def _spectra(audio: Tensor, rate: int) -> tuple[Tensor, Tensor]:
    """Spectra [Q, F] of audio [T], and the window."""
    size = 1 << round(np.log2(_WINDOW_SECONDS * rate))
    window = torch.hann_window(size)
    return torch.stft(audio, size, size // 4, window=window, return_complex=True), window


def _audio(spectra: Tensor, window: Tensor, length: int) -> Tensor:
    return torch.istft(spectra, len(window), len(window) // 4, window=window, length=length)


def _log_envelope(spectra: Tensor, rate: int) -> Tensor:
    """Natural logarithm of the smooth part of magnitudes [Q, F]."""
    cepstrum = torch.fft.irfft((spectra.abs() + _FLOOR).log(), dim=0)
    kept = round(_CEPSTRUM_SECONDS * rate)
    cepstrum[kept : len(cepstrum) - kept + 1] = 0.0
    envelope: Tensor = torch.fft.rfft(cepstrum, dim=0).real
    return envelope


def _with_formants(speech: Tensor, rate: int, lower: float) -> Tensor:
    """Speech [T] whose formants lie `lower` times as low; its pitch stays."""
    if lower == 1.0:
        return speech
    spectra, window = _spectra(speech, rate)
    envelope = _log_envelope(spectra, rate)
    wanted = torch.arange(len(envelope)) * lower
    below = wanted.long().clamp(max=len(envelope) - 2)
    share = (wanted - below).clamp(max=1.0)[:, None]
    moved = envelope[below] * (1.0 - share) + envelope[below + 1] * share
    most = _MOST_DB * np.log(10.0) / 20.0
    return _audio(spectra * (moved - envelope).clamp(-most, most).exp(), window, len(speech))


def _as_whisper(speech: Tensor, rate: int, rng: np.random.Generator) -> Tensor:
    """Noise [T] with the envelope of speech [T]."""
    spectra, window = _spectra(speech, rate)
    noise = torch.from_numpy(rng.standard_normal(len(speech)).astype(np.float32))
    excitation, _ = _spectra(noise / window.square().sum().sqrt(), rate)
    frequencies = torch.linspace(0.0, rate / 2, len(spectra)).clamp(min=1.0)
    tilt_db = _WHISPER_SLOPE_DB * torch.log2(frequencies / _WHISPER_HZ)
    gain = 10 ** (tilt_db.clamp(_WHISPER_LEAST_DB, 0.0) / 20)
    whisper = excitation * _log_envelope(spectra, rate).exp() * gain[:, None]
    return _audio(whisper, window, len(speech))
