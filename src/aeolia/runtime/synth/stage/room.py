"""A small room: early reflections and a short tail, as a filter that sounds are sent through.

The response is made, not recorded: a dozen reflections that thin out, then noise that dies away,
high frequencies first, as air and walls take them. Left and right are unlike each other behind the
first milliseconds, which is what makes a room wide.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["RoomFilter", "room_response"]

#: Bands' upper edges in Hz, and the time in which each dies away by 60 dB: a furnished hall of some
#: 300 cubic metres.
_BANDS = ((250.0, 0.55), (1000.0, 0.6), (4000.0, 0.5), (24000.0, 0.3))
_LENGTH_SECONDS = 0.6
#: The first wall is four metres away.
_FIRST_SECONDS, _EARLY_SECONDS, _REFLECTIONS = 0.012, 0.06, 12
#: Reflections' part of the power.
_EARLY_SHARE = 0.4
#: Below this a room only booms.
_LOW_HZ = 120.0
#: At full send the room is as loud as this beside the sound itself.
_FULL_SEND_DB = -5.0
_SEED = 29


@lru_cache(maxsize=4)
def room_response(sample_rate: int) -> np.ndarray:
    """Left and right [2, T] of a unit impulse, of a power that `_FULL_SEND_DB` says."""
    rng = np.random.default_rng(_SEED)
    n_samples = round(_LENGTH_SECONDS * sample_rate)
    time = np.arange(n_samples) / sample_rate
    spectrum = np.fft.rfft(rng.standard_normal((2, n_samples)))
    frequencies = np.fft.rfftfreq(n_samples, 1 / sample_rate)
    tail, low = np.zeros((2, n_samples)), _LOW_HZ
    for high, seconds in _BANDS:
        inside = (frequencies >= low) & (frequencies < high)
        band = np.fft.irfft(np.where(inside, spectrum, 0.0), n_samples)
        tail += band * 10.0 ** (-3.0 * time / seconds)
        low = high
    tail *= np.clip((time - _FIRST_SECONDS) / (_EARLY_SECONDS - _FIRST_SECONDS), 0.0, 1.0)
    early = np.zeros((2, n_samples))
    for channel in range(2):
        when = _FIRST_SECONDS + (_EARLY_SECONDS - _FIRST_SECONDS) * rng.random(_REFLECTIONS) ** 0.7
        signs = rng.choice([-1.0, 1.0], _REFLECTIONS)
        np.add.at(early[channel], np.round(when * sample_rate).astype(int), signs * 0.01 / when)
    early_power, tail_power = (np.square(part).sum(axis=1).mean() for part in (early, tail))
    response = early * np.sqrt(_EARLY_SHARE / early_power)
    response = response + tail * np.sqrt((1.0 - _EARLY_SHARE) / tail_power)
    return np.asarray(response * 10.0 ** (_FULL_SEND_DB / 20.0))


class RoomFilter:
    """The room, block by block."""

    def __init__(self, sample_rate: int) -> None:
        self._response = room_response(sample_rate)
        self._rest = np.zeros((2, self._response.shape[1] - 1))
        #: Spectra of the response, by the length of the transform.
        self._spectra: dict[int, np.ndarray] = {}

    def push(self, sent: np.ndarray) -> np.ndarray:
        """What is heard of the room while a block [T] is sent into it, [T, 2]."""
        n_out = len(sent) + self._response.shape[1] - 1
        size = 1 << (n_out - 1).bit_length()
        if size not in self._spectra:
            self._spectra[size] = np.fft.rfft(self._response, size)
        spectrum = np.fft.rfft(sent, size) * self._spectra[size]
        heard = np.fft.irfft(spectrum, size)[:, :n_out]
        heard[:, : self._rest.shape[1]] += self._rest
        self._rest = heard[:, len(sent) :]
        return np.asarray(heard[:, : len(sent)].T, np.float32)

    def flush(self) -> np.ndarray:
        """What rings on, [T, 2]."""
        rest, self._rest = self._rest, np.zeros_like(self._rest)
        return np.asarray(rest.T, np.float32)
