"""How high a recording itself reaches, whatever its sample rate: found in its spectrum."""

from __future__ import annotations

import numpy as np

__all__ = ["SpectrumSum", "reach_hz"]

_N_FFT = 2048
#: A band this far under the strongest one carries nothing of the recording.
_RANGE_DB = 85.0
#: (fall in dB, within Hz) by which the band of an earlier recording or coder ends.
_WALLS = ((20.0, 500.0), (30.0, 1500.0))
#: Speech falls steeply by itself below this.
_FIRST_WALL_HZ = 2000.0


class SpectrumSum:
    """Sums the power spectra of a recording's frames, block by block."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._power = np.zeros(_N_FFT // 2 + 1)
        self._window = np.hanning(_N_FFT).astype(np.float32)
        self._frames = 0

    def add(self, mono: np.ndarray) -> None:
        """Add the frames of a mono block; a remainder shorter than a frame is left out."""
        count = len(mono) // _N_FFT
        if not count and len(mono) and not self._frames:
            mono, count = np.pad(mono, (0, _N_FFT - len(mono))), 1
        # A few hundred frames say as much as all of them.
        step = max(1, count // 200)
        frames = mono[: count * _N_FFT].reshape(count, _N_FFT)[::step] * self._window
        self._power += np.square(np.abs(np.fft.rfft(frames))).sum(0)
        self._frames += len(frames)

    def merge(self, other: SpectrumSum) -> None:
        """Add the frames of another sum at the same rate."""
        self._power += other._power
        self._frames += other._frames

    def reach_hz(self) -> float:
        """See the function `reach_hz`; 0 when nothing was added or all was silent."""
        return reach_hz(self._power, self.sample_rate) if self._power.any() else 0.0


def reach_hz(power: np.ndarray, sample_rate: int) -> float:
    """The frequency up to which a mean power spectrum [Q] belongs to the recording.

    That is the highest bin within 85 dB of the strongest, unless further down the spectrum
    falls by 20 dB within 500 Hz, or by 30 dB within 1500 Hz, and never rises again: such a wall
    is a microphone's, a resampler's or a coder's, and what lies beyond it is not the voice.
    Within 5 % of half the sample rate counts as all of it.
    """
    nyquist = sample_rate / 2
    bin_hz = nyquist / (len(power) - 1)
    width = max(1, round(200.0 / bin_hz))
    smooth = np.convolve(power, np.ones(width) / width, mode="same")
    level = 10.0 * np.log10(smooth + 1e-20)
    top = int(np.flatnonzero(level > level.max() - _RANGE_DB)[-1])
    loudest_from = np.maximum.accumulate(level[::-1])[::-1]
    first = round(_FIRST_WALL_HZ / bin_hz)
    for fall_db, within_hz in _WALLS:
        step = max(1, round(within_hz / bin_hz))
        if step >= len(level) - first:
            continue
        walls = np.flatnonzero(level[first:-step] - loudest_from[first + step :] > fall_db)
        if len(walls):
            # The band ends where it first lies 6 dB below the brink of the wall.
            brink = first + int(walls[0])
            below = np.flatnonzero(level[brink:] < level[brink] - 6.0)
            top = min(top, brink + int(below[0]) - width // 2)
    reach = (top + 1) * bin_hz
    return nyquist if reach > 0.95 * nyquist else float(reach)
