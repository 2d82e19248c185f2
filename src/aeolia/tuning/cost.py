"""What a model costs where it runs: multiply-accumulates a second of audio, counted in a run."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from aeolia.models.build import Autoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["mmac_per_second"]


@torch.no_grad()
def mmac_per_second(model: Autoencoder) -> float:
    """Millions of multiply-accumulates of matrix products and convolutions, transforms included.

    Of separators with one source, of synthesisers the decoder with one voice.

    Args:
        model: on the CPU, in evaluation mode.
    """
    rate, hop = model.config.sample_rate, model.config.hop_length
    hops = max(1, round(rate / hop))
    audio = torch.zeros(1, 1, hops * hop)
    with FlopCounterMode(display=False) as counter:
        if isinstance(model, Synthesiser):
            pitch_hz, loudness_db = torch.full((1, hops), 220.0), torch.full((1, hops), -20.0)
            instrument = torch.zeros(1, len(model.config.instruments))
            latent = torch.zeros(1, model.config.latent_dim)
            model.decode(latent, pitch_hz, loudness_db, instrument)
        elif isinstance(model, ConditionalAutoencoder):
            condition = torch.zeros(1, 1, model.condition_width)
            model.step(audio, condition, torch.zeros(1), model.initial_state())
        else:
            model.step(audio, model.initial_state(1))
    return float(counter.get_total_flops()) / 2e6 / (hops * hop / rate)
