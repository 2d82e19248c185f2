"""What the separators are compared with: simple baselines, and a mask that knows the answer.

The stems are mono, so a mid-side split has nothing to work on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import istft, stft

__all__ = ["harmonic_percussive", "ideal_ratio_masks"]


def ideal_ratio_masks(
    mixture: np.ndarray, references: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The mixture [T] under the mask |S| / sum of |S| of each source: the upper end."""
    magnitudes = {name: np.abs(_spectrum(audio)) for name, audio in references.items()}
    total = sum(magnitudes.values()) + 1e-9
    spectrum = _spectrum(mixture)
    return {
        name: _samples(magnitude / total * spectrum, len(mixture))
        for name, magnitude in magnitudes.items()
    }


def harmonic_percussive(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soft masks from medians along time and along frequency (Fitzgerald, DAFx 2010)."""
    spectrum = _spectrum(audio)
    magnitude = np.abs(spectrum)
    along_time = median_filter(magnitude, size=(1, 31)) ** 2
    along_frequency = median_filter(magnitude, size=(31, 1)) ** 2
    mask = along_time / (along_time + along_frequency + 1e-12)
    return _samples(mask * spectrum, len(audio)), _samples((1 - mask) * spectrum, len(audio))


def _spectrum(audio: np.ndarray) -> np.ndarray:
    return np.asarray(stft(audio, nperseg=2048, noverlap=1536)[2])


def _samples(spectrum: np.ndarray, length: int) -> np.ndarray:
    audio = istft(spectrum, nperseg=2048, noverlap=1536)[1]
    return np.resize(audio, length).astype(np.float32)
