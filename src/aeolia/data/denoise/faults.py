"""Faults of the microphone and the line: in the noisy signal alone, the reference has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from aeolia.data import corruptions
from aeolia.data.denoise.mix_config import MixConfig

__all__ = ["Faults"]


@dataclass(frozen=True)
class Faults:
    """The faults of one item; None where it has not got one.

    clipping: the share of its peak that a signal is clipped at. packet_loss: share of packets
    lost. salt_and_pepper: share of samples replaced, and how high they stand relative to the peak.
    """

    clipping: float | None = None
    packet_loss: float | None = None
    salt_and_pepper: tuple[float, float] | None = None

    @classmethod
    def draw(cls, rng: np.random.Generator, config: MixConfig) -> Faults:
        """Each fault with its own probability."""
        clipping = packet_loss = salt_and_pepper = None
        if rng.random() < config.clipping:
            clipping = float(rng.uniform(0.1, 0.7))
        if rng.random() < config.packet_loss:
            packet_loss = float(rng.uniform(0.01, 0.08))
        if rng.random() < config.salt_and_pepper:
            density = float(10.0 ** rng.uniform(-5.0, -3.0))
            salt_and_pepper = (density, float(rng.uniform(0.3, 1.0)))
        return cls(clipping, packet_loss, salt_and_pepper)

    def applied(self, noisy: Tensor, sample_rate: int, rng: np.random.Generator) -> Tensor:
        """One signal [T] with its faults; which samples and packets comes from `rng`."""
        one = noisy[None]
        if self.clipping is not None:
            one = corruptions.clip(one, [self.clipping])
        if self.salt_and_pepper is not None:
            density, height = self.salt_and_pepper
            one = corruptions.salt_and_pepper(one, [density], [height], [rng])
        if self.packet_loss is not None:
            one = corruptions.packet_loss(one, sample_rate, [self.packet_loss], [rng])
        return one[0]
