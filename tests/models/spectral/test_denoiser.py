"""The step contract, for every structure: blocks equal the whole, nothing sees the future."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aeolia.config import DenoiseConfig
from aeolia.models.spectral.denoiser import CHANNEL_STATES, DenoisingAutoencoder
from aeolia.recipes.catalogue import preset
from made.tiny_models import STRUCTURES, TINY, TINY_TEXTBOOK, noise, random_model, run_in_blocks

FRAMES = 11
#: Those that hear ahead have their own tests (tests/runtime/test_ahead.py).
CAUSAL = [one for one in STRUCTURES if not one.values[0].chunk]


@pytest.mark.parametrize("config", CAUSAL)
def test_blocks_equal_the_whole(config: DenoiseConfig) -> None:
    model, audio = random_model(config), noise(2, 1, FRAMES * config.hop_length)
    whole = run_in_blocks(model, audio, [FRAMES])
    assert whole.shape == audio.shape and whole.abs().max() > 1e-3
    for frames in ([1] * FRAMES, [3, 1, 5, 2]):
        assert (run_in_blocks(model, audio, frames) - whole).abs().max() < 1e-5
    assert (model(audio) - whole).abs().max() < 1e-6


@pytest.mark.parametrize("config", CAUSAL)
@torch.no_grad()
def test_the_future_does_not_reach_the_past(config: DenoiseConfig) -> None:
    model, audio = random_model(config), noise(1, 1, FRAMES * config.hop_length)
    known = 6 * config.hop_length
    changed = audio.clone()
    changed[:, :, known:] = noise(1, 1, audio.shape[2] - known, seed=9)
    before, after = model(audio), model(changed)
    assert (before[:, :, :known] - after[:, :, :known]).abs().max() < 1e-7
    assert (before[:, :, known:] - after[:, :, known:]).abs().max() > 1e-4


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_states_are_as_declared(config: DenoiseConfig) -> None:
    model = random_model(config)
    shapes = model.state_shapes()
    state = model.initial_state(3, 2)
    for name, value in state.items():
        counts = (3, 2) if name in CHANNEL_STATES else (3,)
        assert value.shape == (*counts, *shapes[name])
    _, following = model.step(noise(3, 2, 2 * config.hop_length), state)
    assert set(following) == set(shapes) == set(state)
    assert all(following[name].shape == state[name].shape for name in shapes)
    assert all(not value.any() for value in state.values()), "step must not write into its state"


@pytest.mark.parametrize("config", STRUCTURES[:9])
def test_items_are_independent(config: DenoiseConfig) -> None:
    model, audio = random_model(config), noise(3, 1, FRAMES * config.hop_length)
    together = run_in_blocks(model, audio, [FRAMES])
    for i in range(3):
        alone = run_in_blocks(model, audio[i : i + 1], [FRAMES])
        assert (together[i] - alone[0]).abs().max() < 1e-6


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_one_filter_serves_all_channels(config: DenoiseConfig) -> None:
    """Where one channel is the other at another level, or inverted, so is what comes of it."""
    model, audio = random_model(config), noise(2, 1, FRAMES * config.hop_length)
    alone = model(audio)
    for gain in (1.0, -1.0, 0.1):
        channels = model(torch.cat([audio, gain * audio], dim=1))
        assert (channels[:, 1:] - gain * channels[:, :1]).abs().max() < 1e-5
        assert channels.abs().max() > 1e-3
    alike = model(audio.expand(-1, 3, -1))
    assert (alike - alone).abs().max() < 1e-5


@torch.no_grad()
def test_a_filter_of_several_channels_is_linear() -> None:
    """What is in one channel alone is filtered as if it were in the other."""
    model, audio = random_model(TINY), noise(1, 2, FRAMES * 256)
    sums = model(torch.cat([audio, audio.sum(1, keepdim=True)], dim=1))
    assert (sums[:, 2] - sums[:, 0] - sums[:, 1]).abs().max() < 1e-5


@pytest.mark.parametrize("taps", [1, 3])
@torch.no_grad()
def test_a_filter_that_says_nothing_passes_the_input(taps: int) -> None:
    model = random_model(replace(TINY, filter_taps=taps))
    model.decoder.convs[-1].conv.weight.zero_()
    model.decoder.convs[-1].conv.bias.zero_()
    audio = noise(1, 1, 10 * 256)
    assert (model(audio)[..., 256:] - audio[..., :-256]).abs().max() < 1e-5


@pytest.mark.parametrize("tap", [1, 2])
@torch.no_grad()
def test_a_later_tap_passes_an_earlier_frame(tap: int) -> None:
    model = random_model(TINY)
    last = model.decoder.convs[-1].conv
    last.weight.zero_()
    last.bias.zero_()
    last.bias[0] = -1.0  # silence the tap on the present frame
    last.bias[2 * tap] = 1.0
    state, audio = model.initial_state(1), noise(1, 1, 10 * 256)
    spectrum, _ = model.spectrum.analyse(audio[:, 0], state["input_tail"][:, 0])
    latent, skips, _ = model.encode(spectrum, state)
    values, _ = model.decode(latent, skips, state)
    clean, _ = model.filter(values, spectrum, state["spectrum_past"][:, 0])
    assert (clean[:, :, tap:] - spectrum[:, :, :-tap]).abs().max() < 1e-5
    assert clean[:, :, :tap].abs().max() < 1e-6


@torch.no_grad()
def test_skips_can_be_dropped_and_the_latent_can_be_cut() -> None:
    model, audio = random_model(TINY), noise(1, 1, 10 * 256)
    assert not torch.allclose(model(audio), model(audio, 0.0))
    assert torch.equal(model(audio), model(audio, 1.0))
    state = model.initial_state(1)
    spectrum, _ = model.spectrum.analyse(audio[:, 0], state["input_tail"][:, 0])
    latent, skips, _ = model.encode(spectrum, state)
    assert latent.shape == (1, 10, TINY.latent_dim)
    assert [tuple(skip.shape[1:]) for skip in skips] == [(4, 10, 16), (4, 10, 8), (4, 10, 4)]
    cut, _ = model.decode(torch.zeros_like(latent), skips, state)
    kept, _ = model.decode(latent, skips, state)
    assert not torch.allclose(cut, kept)


@pytest.mark.parametrize("config", STRUCTURES)
def test_every_parameter_learns(config: DenoiseConfig) -> None:
    """A parameter without a gradient is dead weight, and several processes refuse to train it."""
    model = DenoisingAutoencoder(config)
    model(noise(1, 1, 6 * config.hop_length)).square().mean().backward()
    unused = [name for name, value in model.named_parameters() if value.grad is None]
    assert not unused


@torch.no_grad()
def test_silence_and_loud_input_stay_finite() -> None:
    for config in (TINY, TINY_TEXTBOOK, preset("textbook-lstm").model):
        model = random_model(config)
        for level in (0.0, 1e-6, 100.0):
            assert torch.isfinite(model(level * noise(1, 1, 6 * config.hop_length))).all()
