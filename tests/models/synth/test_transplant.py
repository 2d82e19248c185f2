"""Weights moved to a synthesiser of other instruments, or refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aeolia.errors import ModelError
from aeolia.models.synth.transplant import transplant
from made.tiny_notes import TINY_SYNTH, random_synth


def test_what_depends_on_the_instruments_starts_anew() -> None:
    three = replace(
        TINY_SYNTH, instruments=("a", "b", "c"), ranges=((1.0, 2.0),) * 3, held_seconds=(1.0,) * 3
    )
    model, source = random_synth(three, seed=1), random_synth(seed=2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    transplant(model, source.state_dict())
    for name, value in model.state_dict().items():
        given = source.state_dict()[name]
        assert torch.equal(value, given if given.shape == value.shape else before[name]), name
    assert model.decoder.embed.weight.shape[1] == 3


def test_another_width_is_refused() -> None:
    model = random_synth()
    with pytest.raises(ModelError, match="another structure"):
        transplant(model, random_synth(replace(TINY_SYNTH, channels=8)).state_dict())
