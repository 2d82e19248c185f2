"""Models small enough for tests: every structure, with random weights and biases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aeolia.config import DenoiseConfig
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.recipes.catalogue import PRESETS

__all__ = [
    "KINDS",
    "STRUCTURES",
    "TINY",
    "TINY_TEXTBOOK",
    "noise",
    "random_model",
    "run_in_blocks",
    "with_layers",
]

TINY = DenoiseConfig(
    name="tiny",
    sample_rate=16000,
    win_length=512,
    hop_length=256,
    n_linear_bins=16,
    band_groups=((8000, 16),),
    channels=(4, 4, 4),
    hidden_dim=8,
    latent_dim=4,
    filter_taps=3,
)
TINY_TEXTBOOK = replace(
    TINY,
    name="tiny-textbook",
    encoder="conv",
    decoder="conv",
    skips=False,
    output="magnitude",
)
KINDS = ("conv", "conv_gru", "lstm")


def with_layers(config: DenoiseConfig, encoder: str, decoder: str) -> DenoiseConfig:
    """`config` with other layers: lstm ones have no skips, and two of them no channels."""
    kinds = {encoder, decoder}
    return replace(
        config,
        encoder=encoder,
        decoder=decoder,
        skips=config.skips and "lstm" not in kinds,
        channels=DenoiseConfig().channels if kinds == {"lstm"} else config.channels,
    )


#: Every pair of encoder and decoder, other overlaps and taps, and the presets themselves.
STRUCTURES = [
    *(
        pytest.param(with_layers(TINY, encoder, decoder), id=f"{encoder}-{decoder}")
        for encoder in KINDS
        for decoder in KINDS
    ),
    pytest.param(replace(TINY, hop_length=128, filter_taps=1), id="four overlaps, one tap"),
    pytest.param(replace(TINY, hop_length=128, filter_taps=5), id="four overlaps, five taps"),
    pytest.param(replace(TINY, skips=False), id="without skips"),
    pytest.param(TINY_TEXTBOOK, id="own magnitude"),
    *(
        pytest.param(preset.model, id=f"preset {name}")
        for name, preset in PRESETS.items()
        if isinstance(preset.model, DenoiseConfig)
    ),
]


def random_model(config: DenoiseConfig, seed: int = 0) -> DenoisingAutoencoder:
    """A model whose biases, gates and slopes are random too: zeros hide mistakes in padding."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = DenoisingAutoencoder(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            shift = torch.randn(parameter.shape, generator=generator)
            parameter.add_((0.2 if parameter.dim() == 1 else 0.02) * shift)
    return model


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    """White noise at a usual level."""
    return 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def run_in_blocks(
    model: DenoisingAutoencoder, audio: torch.Tensor, frames: list[int]
) -> torch.Tensor:
    """`step` over blocks of so many frames each, the state handed on."""
    state, parts, start = model.initial_state(audio.shape[0]), [], 0
    for count in frames:
        stop = start + count * model.config.hop_length
        output, state = model.step(audio[:, :, start:stop], state)
        parts.append(output)
        start = stop
    assert start == audio.shape[2]
    return torch.cat(parts, dim=2)
