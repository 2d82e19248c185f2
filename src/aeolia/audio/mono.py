"""One signal of several channels, for everything that listens: a mean that does not cancel.

Where a cable is miswired, one channel is the other upside down, and their mean is nothing. So
channels that run against the others are turned over before the mean; all others stay, and the
mean of channels that agree is the plain one, bit for bit.
"""

from __future__ import annotations

import numpy as np

__all__ = ["MonoMixer", "mono"]

#: A channel is turned over where its correlation with the others is below minus this, and back
#: above. In between (other microphones, wide stereo) it stays as it is.
_OPPOSED = 0.25
#: What channels have in common is forgotten with this time constant.
_FORGET_SECONDS = 2.0

State = dict[str, np.ndarray]


def mono(audio: np.ndarray) -> np.ndarray:
    """A recording, or a part of one, [T] or [T, C] as [T] of the same type: turned as a whole."""
    if audio.ndim == 1:
        return audio
    if audio.shape[1] == 1:
        return np.asarray(audio[:, 0])
    signs = _turned(np.ones(audio.shape[1]), _products(audio.T))
    if (signs > 0.0).all():
        return np.asarray(audio.mean(axis=1))
    return np.asarray((audio * signs.astype(audio.dtype)).mean(axis=1))


class MonoMixer:
    """`mono` for sound that goes on: which channels are turned is learned hop by hop.

    No delay, and any cut into whole hops gives the same samples.

    Args:
        channels: C.
        hop_length: samples after which it may change its mind.
        sample_rate: in Hz.
    """

    def __init__(self, channels: int, hop_length: int, sample_rate: int) -> None:
        self._channels, self._hop = channels, hop_length
        self._keep = float(np.exp(-hop_length / (sample_rate * _FORGET_SECONDS)))
        self._rise = np.arange(1, hop_length + 1) / hop_length

    def initial_state(self) -> State:
        """Before the first sample."""
        return {
            "mono_signs": np.zeros(self._channels),  # none yet: the first hop decides at once
            "mono_products": np.zeros((self._channels, self._channels)),
        }

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Whole hops [C, T] to [T], and the next state."""
        if self._channels == 1:
            return audio[0], state
        signs, products = state["mono_signs"], state["mono_products"]
        mixed = np.empty(audio.shape[1], audio.dtype)
        for start in range(0, audio.shape[1], self._hop):
            hop = audio[:, start : start + self._hop]
            products = self._keep * products + _products(hop)
            before = signs
            signs = _turned(np.where(before == 0.0, 1.0, before), products)
            if (before == signs).all() or not before.any():
                weights = signs[:, None]
            else:  # over one hop, without a click
                weights = before[:, None] + (signs - before)[:, None] * self._rise
            out = mixed[start : start + self._hop]
            if (weights == 1.0).all():
                out[:] = hop.mean(axis=0)
            else:
                out[:] = (hop * weights).mean(axis=0)
        return mixed, {**state, "mono_signs": signs, "mono_products": products}


def _products(channels: np.ndarray) -> np.ndarray:
    """What each two of the channels [C, T] have in common, [C, C]."""
    # Scaled, so that no sample is too loud or too soft to be squared.
    peak = float(np.abs(channels).max(initial=0.0))
    scaled = channels.astype(np.float64) / (peak if peak > 0.0 else 1.0)
    return np.asarray(scaled @ scaled.T * peak**2)


def _turned(signs: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Signs [C] of the channels, the first's always 1, from what they have in common [C, C]."""
    signs = signs.copy()
    for _ in range(len(signs)):
        before = signs.copy()
        for channel in range(1, len(signs)):
            others = signs.copy()
            others[channel] = 0.0
            shared = float(others @ products[channel])
            power = float(products[channel, channel] * (others @ products @ others))
            if power > 0.0 and abs(shared) > _OPPOSED * np.sqrt(power):
                signs[channel] = np.sign(shared)
        if (signs == before).all():
            break
    return signs
