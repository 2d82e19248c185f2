"""Weights of one synthesiser as the start of another, with other instruments."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from aeolia.errors import ModelError
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["transplant"]


def transplant(model: Synthesiser, weights: Mapping[str, Tensor]) -> None:
    """Start `model` from a synthesiser's weights; what depends on the instruments starts anew.

    Weights of the same name and shape are copied, the others keep their fresh values.

    Raises:
        ModelError: not even the network over frames fits: the weights are of another structure.
    """
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape
    }
    if "decoder.network.enter.weight" not in fitting:
        raise ModelError(
            "the starting weights are of another structure; start from a synthesiser of the "
            "same width"
        )
    model.load_state_dict({**own, **fitting})
