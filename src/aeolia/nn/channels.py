"""Several channels' spectra as the one that a network reads."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["combine_channels"]

#: Channel k (from 1) counts k**-0.7 for the phase. Equal weights would cancel where a cable is
#: miswired; these cancel at no ratio that anybody sets on purpose.
_WEIGHT_EXPONENT = -0.7
#: Added to powers; far below what `compress` adds.
_FLOOR = 1e-12


def combine_channels(spectrum: Tensor) -> Tensor:
    """Spectra [B, C, 2, F, Q] to one [B, 2, F, Q]: the mean magnitude, the phase of a sum.

    Unlike the mean of the channels it loses nothing where they are in opposite phase or late
    against each other. The mean magnitude is less led by one noisy channel than the mean power.
    A single channel comes out bit for bit, and so do several that are all alike, but for rounding.
    """
    # Channels are counted by a sum, since a traced graph must not ask for a shape.
    number = torch.cumsum(0.0 * spectrum[:, :, :1, :1, :1] + 1.0, dim=1)
    total = (spectrum * number**_WEIGHT_EXPONENT).sum(dim=1)
    magnitude = (spectrum.square().sum(dim=2, keepdim=True) + _FLOOR).sqrt().mean(dim=1)
    return total * (magnitude / (total.square().sum(dim=1, keepdim=True) + _FLOOR).sqrt())
