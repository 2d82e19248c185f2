"""The conditional autoencoder: the step contract over sources and channels, sums, warm starts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from aeolia.config import SeparateConfig, SpectralConfig
from aeolia.errors import ModelError
from aeolia.models.spectral.separator import ConditionalAutoencoder, share_remainder
from aeolia.models.spectral.transplant import transplant
from aeolia.nn.fusion import FUSIONS
from aeolia.recipes.catalogue import preset
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator, some_conditions
from made.tiny_models import TINY, noise, random_model

FRAMES = 9
TEXTBOOK = replace(
    BY_CLASS,
    encoder="conv",
    decoder="conv",
    skips=False,
    output="magnitude",
    fusion="concat",
)
FULL_BAND = replace(BY_SPEAKER, sample_rate=48000, win_length=1536, hop_length=768, network_hz=8000)
STRUCTURES = [
    *(pytest.param(replace(BY_CLASS, fusion=kind), id=kind) for kind in FUSIONS),
    pytest.param(BY_SPEAKER, id="speaker"),
    pytest.param(FULL_BAND, id="full band"),
    pytest.param(TEXTBOOK, id="textbook"),
    pytest.param(replace(BY_CLASS, hop_length=128, filter_taps=1), id="four overlaps, one tap"),
    pytest.param(replace(BY_CLASS, band_memory=4, skips=False), id="memory, no skips"),
]


def audio_of(
    config: SpectralConfig, batch: int, channels: int, frames: int = FRAMES
) -> torch.Tensor:
    return noise(batch, channels, frames * config.hop_length)


@torch.no_grad()
def in_blocks(
    model: ConditionalAutoencoder,
    audio: torch.Tensor,
    condition: torch.Tensor,
    partition: torch.Tensor,
    frames: list[int],
) -> torch.Tensor:
    state = model.initial_state(audio.shape[0], condition.shape[1], audio.shape[1])
    parts, start = [], 0
    for count in frames:
        stop = start + count * model.config.hop_length
        output, state = model.step(audio[..., start:stop], condition, partition, state)
        parts.append(output)
        start = stop
    assert start == audio.shape[2]
    return torch.cat(parts, dim=3)


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_blocks_equal_the_whole(config: SeparateConfig) -> None:
    model, audio = random_separator(config), audio_of(config, 2, 2)
    condition, partition = some_conditions(model, 2, 3), torch.tensor([0.0, 1.0])
    whole = in_blocks(model, audio, condition, partition, [FRAMES])
    assert whole.shape == (2, 3, 2, audio.shape[2]) and whole.abs().amax((2, 3)).min() > 1e-3
    for frames in ([1] * FRAMES, [2, 1, 6]):
        blocks = in_blocks(model, audio, condition, partition, frames)
        assert (blocks - whole).abs().max() < 1e-5
    assert (model(audio, condition, partition)[0] - whole).abs().max() < 1e-6


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_the_future_does_not_reach_the_past(config: SeparateConfig) -> None:
    model, audio = random_separator(config), audio_of(config, 1, 1)
    condition, known = some_conditions(model, 1, 2), 5 * config.hop_length
    changed = audio.clone()
    changed[..., known:] = noise(1, 1, audio.shape[2] - known, seed=9)
    outputs = [model(x, condition, torch.ones(1))[0] for x in (audio, changed)]
    assert (outputs[0] - outputs[1])[..., :known].abs().max() < 1e-6
    assert (outputs[0] - outputs[1])[..., known:].abs().max() > 1e-4


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_items_and_sources_are_apart(config: SeparateConfig) -> None:
    """Each item and, without a partition, each source is what it would be alone."""
    model, audio = random_separator(config), audio_of(config, 2, 2)
    condition = some_conditions(model, 2, 3)
    together = model(audio, condition, torch.zeros(2))[0]
    for item in range(2):
        for source in range(3):
            alone = model(
                audio[item : item + 1],
                condition[item : item + 1, source : source + 1],
                torch.zeros(1),
            )[0]
            assert (together[item, source] - alone[0, 0]).abs().max() < 1e-5
    assert (together[0, 0] - together[0, 1]).abs().max() > 1e-4, "the condition has no effect"


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_one_filter_serves_all_channels(config: SeparateConfig) -> None:
    """Where one channel is the other at another level, or inverted, so is what comes of it."""
    model, audio = random_separator(config), audio_of(config, 1, 1)
    condition = some_conditions(model, 1, 2)
    for gain in (1.0, -1.0, 0.1):
        pair = torch.cat([audio, gain * audio], dim=1)
        sources = model(pair, condition, torch.zeros(1))[0]
        assert (sources[:, :, 1] - gain * sources[:, :, 0]).abs().max() < 1e-5
        assert sources.abs().amax(3).min() > 1e-4


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_states_are_as_declared(config: SeparateConfig) -> None:
    model = random_separator(config)
    state = model.initial_state(1, 3, 2)
    counts = {"one": 1, "channels": 2, "sources": 3, "streams": 6}
    axes = model.state_axes()
    assert {name: (len(value), *value.shape[1:]) for name, value in state.items()} == {
        name: (counts[axes[name]], *shape) for name, shape in model.state_shapes().items()
    }
    audio = audio_of(config, 1, 2, 2)
    _, following = model.step(audio, some_conditions(model, 1, 3), torch.zeros(1), state)
    assert {name: value.shape for name, value in following.items()} == {
        name: value.shape for name, value in state.items()
    }
    assert all(not value.any() for value in state.values()), "step must not write into its state"


@pytest.mark.parametrize("config", STRUCTURES)
@torch.no_grad()
def test_a_partition_sums_to_the_mixture(config: SeparateConfig) -> None:
    model, audio = random_separator(config), audio_of(config, 2, 2)
    partition = torch.tensor([1.0, 0.0])
    output = model(audio, some_conditions(model, 2, 4), partition)[0].sum(1)
    expected, delay = audio[..., : audio.shape[2] - config.delay], config.delay
    error = (output[..., delay:] - expected)[..., delay:].square().mean((1, 2))
    # Bar: -60 dB of the mixture's power.
    assert error[0] < 1e-9 * expected.square().mean()
    assert error[1] > 1e-4 * expected.square().mean(), "and only a partition does"


def test_a_remainder_goes_where_the_power_is() -> None:
    mixture = torch.zeros(1, 1, 2, 1, 1)
    mixture[0, 0, :, 0, 0] = torch.tensor([5.0, 1.0])
    sources = torch.zeros(1, 2, 1, 2, 1, 1)
    sources[0, :, 0, 0, 0, 0] = torch.tensor([3.0, 1.0])
    shared = share_remainder(sources, mixture, torch.ones(1))[0, :, 0, :, 0, 0]
    # The remainder 1 + 1j, nine parts to one.
    assert torch.allclose(shared, torch.tensor([[3.9, 0.9], [1.1, 0.1]]), atol=1e-5)
    silent = share_remainder(0.0 * sources, mixture, torch.ones(1))[0, :, 0, :, 0, 0]
    assert torch.allclose(silent, torch.tensor([[2.5, 0.5], [2.5, 0.5]]))


@torch.no_grad()
def test_the_image_is_kept() -> None:
    """One filter for all channels: a source panned by gains comes out panned by the same."""
    model, mono = random_separator(BY_CLASS), audio_of(BY_CLASS, 1, 1)
    pan = torch.tensor([0.9, 0.3, 0.6])[None, :, None]
    condition = some_conditions(model, 1, 2)
    wide = model(mono * pan, condition, torch.zeros(1))[0]
    alone = model(mono * pan.mean(), condition, torch.zeros(1))[0]
    assert (wide - alone * (pan / pan.mean())[:, None]).abs().max() < 1e-5


@torch.no_grad()
def test_a_latent_can_be_decoded_under_another_condition() -> None:
    model, audio = random_separator(BY_CLASS), audio_of(BY_CLASS, 1, 1)
    state = model.initial_state(1, 1, 1)
    spectrum, _ = model.spectrum.analyse(audio[0], state["input_tail"])
    latent, skips, _ = model.encode(spectrum, state)
    assert latent.shape == (1, FRAMES, BY_CLASS.latent_dim)
    filters = []
    for number in range(2):
        embedded = model.embed(torch.eye(6)[None, number : number + 1])
        fused = model.fuse(latent, embedded)
        assert fused.shape == (1, 1, FRAMES, BY_CLASS.latent_dim)
        filters.append(model.decode(fused, skips, embedded, state)[0])
    assert (filters[0] - filters[1]).abs().max() > 1e-3


@torch.no_grad()
def test_classes_add_up_before_the_first_nonlinearity() -> None:
    vectors = random_separator(BY_CLASS).embedding.vectors
    one, two = torch.eye(6)[1], torch.eye(6)[4]
    assert torch.allclose(vectors(one + two), vectors(one) + vectors(two), atol=1e-6)


@pytest.mark.parametrize("kind", FUSIONS)
@pytest.mark.parametrize("by", [BY_CLASS, BY_SPEAKER], ids=["classes", "speaker"])
@torch.no_grad()
def test_a_denoiser_is_a_warm_start(by: SeparateConfig, kind: str) -> None:
    denoiser = random_model(TINY)
    torch.manual_seed(5)
    model = ConditionalAutoencoder(replace(by, fusion=kind)).eval()
    transplant(model, denoiser.state_dict())
    audio = audio_of(TINY, 2, 1)
    output = model(audio, 30.0 * some_conditions(model, 2, 3), torch.zeros(2))[0]
    expected = denoiser(audio)
    assert expected.abs().max() > 1e-3
    for source in range(3):
        assert (output[:, source] - expected).abs().max() < 1e-6


@torch.no_grad()
def test_more_bands_start_like_the_highest() -> None:
    """From 16 kHz to full band: what lies below 8 kHz is treated as before."""
    wide = replace(
        BY_CLASS,
        sample_rate=48000,
        win_length=1536,
        hop_length=768,
        band_groups=((8000, 16), (24000, 8)),
    )
    model, small = ConditionalAutoencoder(wide).eval(), random_separator(BY_CLASS)
    transplant(model, small.state_dict())
    assert torch.equal(model.fusion.modulate.weight, small.fusion.modulate.weight)
    assert model.decoder.widen.weight.shape[0] > small.decoder.widen.weight.shape[0]


def test_other_classes_start_afresh_and_other_layers_are_refused() -> None:
    trained = random_separator(BY_CLASS)
    fewer = ConditionalAutoencoder(replace(BY_CLASS, classes=("speech", "noise")))
    transplant(fewer, trained.state_dict())
    assert torch.equal(fewer.decoder.widen.weight, trained.decoder.widen.weight)
    with pytest.raises(ModelError, match="of the same layers"):
        transplant(ConditionalAutoencoder(replace(BY_CLASS, hidden_dim=12)), trained.state_dict())


@torch.no_grad()
def test_full_band_treats_the_low_band_like_the_core() -> None:
    """Trained at 16 kHz, run at 48: the same filter below 8 kHz, the top band's above."""
    core, full = random_separator(BY_SPEAKER), ConditionalAutoencoder(FULL_BAND).eval()
    full.load_state_dict(core.state_dict())
    time = torch.arange(20 * 768) / 48000.0
    tones = sum(torch.sin(2 * torch.pi * hz * time + hz) for hz in (312.5, 1250.0, 3000.0))
    condition = some_conditions(core, 1, 1)
    high = full(0.1 * tones[None, None], condition, torch.zeros(1))[0][0, 0, 0]
    low = core(0.1 * tones[None, None, ::3], condition, torch.zeros(1))[0][0, 0, 0]
    inside = slice(8 * 256, 18 * 256)
    error = (high[::3] - low)[inside].square().mean() / low[inside].square().mean()
    assert 10.0 * torch.log10(error) < -30.0
    values = full.bands.expand(torch.arange(32.0))
    assert (values[270:] == 31.0).all(), "bins above 8 kHz follow the highest band"


@torch.no_grad()
def test_what_lies_above_the_network_bands_changes_nothing_below() -> None:
    model = random_separator(FULL_BAND)
    time = torch.arange(12 * 768) / 48000.0
    low, high = (0.1 * torch.sin(2 * torch.pi * hz * time)[None, None] for hz in (500.0, 15000.0))
    condition = some_conditions(model, 1, 1)
    outputs = [model(x, condition, torch.zeros(1))[0] for x in (low, low + high)]
    # What is added is the high tone alone, filtered: nothing of it below 8 kHz.
    added = torch.fft.rfft((outputs[1] - outputs[0])[0, 0, 0, 4 * 768 :]).abs()
    hz = torch.fft.rfftfreq(8 * 768, 1 / 48000.0)
    assert added[hz < 7000.0].max() < 0.02 * added.max()


@pytest.mark.parametrize("name", ["separate", "separate-speaker"])
def test_latency_and_size_are_as_promised(name: str) -> None:
    config = preset(name).model
    assert config.sample_rate == 48000 and config.latency_ms <= 60.0
    model = ConditionalAutoencoder(config)
    assert 4 * sum(parameter.numel() for parameter in model.parameters()) < 6e6
