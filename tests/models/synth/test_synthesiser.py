"""The synthesiser: one pure step, exact pitch, levels that follow, latents that decide."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from aeolia.audio.pitch.names import midi_to_hz
from aeolia.config import SynthConfig
from aeolia.errors import ConfigError
from aeolia.models.build import build_model
from aeolia.models.synth.frames import DecoderInput, frame_features
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.recipes.catalogue import PRESETS
from made.tiny_notes import TINY_SYNTH, random_synth, tone

HOP, RATE = TINY_SYNTH.hop_length, TINY_SYNTH.sample_rate
DRUMS = replace(TINY_SYNTH, harmonics=1, residual_bins=12)
TEXTBOOK = replace(TINY_SYNTH, decoder="spectrogram", harmonics=SynthConfig().harmonics)


def inputs(model: Synthesiser, voices: int, frames: int, hz: float = 330.0) -> DecoderInput:
    """Voices of random timbres and loudness whose pitch glides, with a rest in the middle."""
    generator = torch.Generator().manual_seed(frames)
    config = model.config
    pitch = hz * 2.0 ** torch.linspace(0.0, 0.5, frames).expand(voices, -1).clone()
    pitch[:, frames // 2 : frames // 2 + 2] = 0.0
    return DecoderInput(
        torch.randn(voices, config.latent_dim, generator=generator),
        torch.eye(len(config.instruments))[torch.arange(voices) % len(config.instruments)],
        pitch,
        -20.0 + 5.0 * torch.randn(voices, frames, generator=generator),
        torch.randn(voices, frames * config.hop_length, generator=generator),
    )


def cut(frames: DecoderInput, start: int, stop: int) -> DecoderInput:
    """Some of the frames."""
    return frames._replace(
        pitch_hz=frames.pitch_hz[:, start:stop],
        loudness_db=frames.loudness_db[:, start:stop],
        noise=frames.noise[:, start * HOP : stop * HOP],
    )


def held(
    model: Synthesiser, hz: float, loudness_db: float = -20.0, frames: int = 60, seed: int = 0
) -> np.ndarray:
    """One voice at one pitch."""
    latent = torch.randn(1, model.config.latent_dim, generator=torch.Generator().manual_seed(seed))
    pitch, level = torch.full((1, frames), hz), torch.full((1, frames), loudness_db)
    with torch.no_grad():
        return model.decode(latent, pitch, level, torch.eye(2)[:1])[0].double().numpy()


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TINY_SYNTH, id="source_filter"),
        pytest.param(replace(TINY_SYNTH, decoder="additive"), id="additive"),
        pytest.param(DRUMS, id="residual"),
        pytest.param(replace(TINY_SYNTH, kernel_frames=5, layers=3), id="wider"),
        pytest.param(TEXTBOOK, id="spectrogram"),
    ],
)
@torch.no_grad()
def test_blocks_equal_the_whole(config: SynthConfig) -> None:
    model = random_synth(config)
    frames = inputs(model, 3, 40)
    whole, end = model.step(frames, model.decoder.initial_state(3))
    assert float(whole.square().mean(1).min()) > 1e-6
    state, parts, start = model.decoder.initial_state(3), [], 0
    for count in (1, 2, 17, 1, 19):
        part, state = model.step(cut(frames, start, start + count), state)
        parts.append(part)
        start += count
    # Phases of a source that peaks at 13 turn its rounding into that of sounds which peak at 4.
    limit = 1e-4 if config != TEXTBOOK else 2e-3
    assert float((torch.cat(parts, 1) - whole).abs().max()) < limit
    for name, value in end.items():
        torch.testing.assert_close(state[name], value, rtol=1e-4, atol=limit)


@torch.no_grad()
def test_voices_are_independent() -> None:
    model = random_synth()
    frames = inputs(model, 3, 12)
    together, _ = model.step(frames, model.decoder.initial_state(3))
    for i in range(3):
        one = DecoderInput(*(value[i : i + 1] for value in frames))
        alone, _ = model.step(one, model.decoder.initial_state(1))
        torch.testing.assert_close(alone[0], together[i], rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before() -> None:
    model = random_synth()
    frames = inputs(model, 1, 20)
    first, _ = model.step(frames, model.decoder.initial_state(1))
    changed = DecoderInput(*(value.clone() for value in frames))
    changed.pitch_hz[:, 12:] *= 1.5
    changed.loudness_db[:, 12:] += 10.0
    changed.noise[:, 12 * HOP :] = 0.0
    second, _ = model.step(changed, model.decoder.initial_state(1))
    assert torch.equal(first[:, : 12 * HOP], second[:, : 12 * HOP])
    assert (first - second)[:, 12 * HOP :].abs().max() > 1e-4


@pytest.mark.parametrize("hz", [41.2, 146.8, 987.8, 3729.3])
@pytest.mark.parametrize("decoder", ["source_filter", "additive"])
def test_pitch_is_exact(hz: float, decoder: str) -> None:
    """Peaks of the spectrum near each harmonic give the pitch within five cents."""
    sound = held(random_synth(replace(TINY_SYNTH, decoder=decoder)), hz, frames=120)[4800:]
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    step = RATE / size
    found = []
    for k in (1, 2, 3):
        low, high = int((k - 0.3) * hz / step), int((k + 0.3) * hz / step)
        found.append((low + np.argmax(spectrum[low:high])) * step / k)
    cents = 1200.0 * np.log2(np.array(found) / hz)
    assert np.median(np.abs(cents)) < 5.0


def test_no_aliases() -> None:
    """A high voice without noise has energy at its harmonics alone."""
    model = random_synth()
    with torch.no_grad():
        n = model.decoder.bands.n_bands
        model.decoder.to_filters.weight.zero_()
        model.decoder.to_filters.bias.copy_(torch.linspace(0.0, -2.0, 3 * n))
        model.decoder.to_filters.bias[n : 2 * n] = -40.0
    hz = 5123.0
    sound = held(model, hz, frames=100)[4800:]
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound))))
    bins = np.fft.rfftfreq(len(sound), 1 / RATE)
    near = np.abs(bins / hz - np.round(bins / hz)) * hz < 150.0  # frames differ a little
    between = spectrum[~near & (bins > 1000.0)]
    assert between.max() < 2e-3 * spectrum.max()


def test_silence_is_silent_and_louder_is_louder() -> None:
    model = random_synth()
    assert np.abs(held(model, 220.0, -90.0)).max() == 0.0
    powers = [np.mean(held(model, 220.0, level)[4800:] ** 2) for level in (-60.0, -40.0, -20.0)]
    assert powers[0] < powers[1] < powers[2]


@torch.no_grad()
def test_each_instrument_has_its_share_of_the_drawn_low_bins() -> None:
    model = random_synth(DRUMS)
    gain = model.decoder.residual_gain.weight

    def sounds(*gains: float) -> torch.Tensor:
        gain.copy_(torch.tensor([gains]))
        return model.step(inputs(model, 2, 6), model.decoder.initial_state(2))[0]

    without, half, whole = sounds(0, 0), sounds(0, 0.5), sounds(0, 1)
    assert torch.equal(without[0], whole[0])
    assert (whole - without)[1].abs().max() > 1e-4
    torch.testing.assert_close(half - without, 0.5 * (whole - without), atol=1e-6, rtol=1e-4)


def test_a_voice_keeps_its_timbre_after_three_seconds() -> None:
    pitch, level = torch.full((1, 3), 220.0), torch.full((1, 3), -20.0)
    seen = [frame_features(pitch, level, torch.full((1, 3), age)) for age in (299.0, 300.0, 5000.0)]
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2])


@torch.no_grad()
def test_a_voice_begins_at_once() -> None:
    """The onset is not faded in: the first millisecond has the level of what follows."""
    sound = held(random_synth(), 440.0)
    first = np.sqrt(np.mean(sound[:96] ** 2))
    assert first > 0.3 * np.sqrt(np.mean(sound[480:4800] ** 2))


@torch.no_grad()
def test_velocity_and_release_decide_the_level() -> None:
    model = random_synth()
    latent, instrument, *_ = inputs(model, 2, 10)
    since = torch.linspace(0.0, 2.0, 50).expand(2, -1)
    keyed = -torch.ones(2, 50)

    def level(velocity: float, release: torch.Tensor = keyed) -> torch.Tensor:
        return model.envelope(
            latent,
            instrument,
            torch.tensor([60.0, 64.0]),
            torch.full((2,), velocity),
            since,
            release,
        )

    step = level(0.75) - level(0.5)
    torch.testing.assert_close(step, torch.full_like(step, 0.25 * TINY_SYNTH.velocity_range_db))
    let_go = level(0.75, (since - 1.0).clamp(min=-1.0))
    assert torch.equal(let_go[:, :20], level(0.75)[:, :20])
    after = (since[0] > 1.0).nonzero()[0, 0]
    assert (let_go[:, after:].diff(dim=1) <= 0.0).all()
    assert let_go[:, -1].max() < -80.0


@torch.no_grad()
def test_beyond_the_longest_known_note_the_slope_goes_on() -> None:
    model = random_synth()
    latent, instrument, *_ = inputs(model, 2, 10)
    late = torch.tensor([[3.0, 4.0, 5.0]]).expand(2, -1)
    levels = model.envelope(
        latent, instrument, torch.tensor([60.0, 64.0]), torch.ones(2), late, -torch.ones(2, 3)
    )
    slope = levels.diff(dim=1)
    torch.testing.assert_close(slope[:, 0], slope[:, 1], rtol=1e-3, atol=1e-3)
    assert (slope <= 0.0).all()


@torch.no_grad()
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_come_from_the_prior_and_the_seed(temperature: float) -> None:
    model = random_synth()
    model.config = replace(model.config, temperature=temperature)
    conditions = (torch.eye(2)[[0] * 4000], torch.full((4000,), 60.0), torch.full((4000,), 0.5))
    drawn = model.sample_prior(*conditions, seed=3)
    assert torch.equal(drawn, model.sample_prior(*conditions, seed=3))
    assert not torch.equal(drawn, model.sample_prior(*conditions, seed=4))
    prior = model.prior(*(value[:1] for value in conditions))
    torch.testing.assert_close(drawn.mean(0), prior.mean[0], rtol=0.0, atol=0.1)
    expected = prior.log_variance[0] + 2 * math.log(temperature)
    torch.testing.assert_close(drawn.var(0).log(), expected, rtol=0.0, atol=0.15)


@torch.no_grad()
def test_timbre_does_not_depend_on_the_recording_level() -> None:
    model = random_synth()
    audio = torch.from_numpy(tone(60)[: 96 * HOP])[None]
    pitch = torch.full((1, 96), 261.63)
    loud, quiet = model.encode(audio, pitch), model.encode(0.05 * audio, pitch)
    torch.testing.assert_close(loud.mean, quiet.mean, rtol=1e-2, atol=1e-3)
    other = model.encode(torch.from_numpy(tone(60, decay=9.0)[: 96 * HOP])[None], pitch)
    assert (other.mean - loud.mean).abs().max() > 1e-2


@torch.no_grad()
def test_padding_does_not_reach_the_posterior() -> None:
    """A note encodes to the same posterior alone and beside longer ones."""
    model = random_synth()
    audio = torch.from_numpy(tone(60)[: 48 * HOP])[None]
    pitch = torch.full((1, 48), 261.63)
    alone = model.encode(audio, pitch)
    padded = torch.nn.functional.pad(model.spectrum(audio), (0, 0, 0, 40), value=-20.0)
    inside = torch.nn.functional.pad(torch.ones(1, 48), (0, 40))
    beside = model.encoder(padded, torch.nn.functional.pad(pitch, (0, 40)), inside)
    torch.testing.assert_close(beside.mean, alone.mean, rtol=2e-2, atol=2e-2)


def test_every_preset_builds_and_instruments_are_needed() -> None:
    with pytest.raises(ConfigError, match="no instruments"):
        build_model(PRESETS["notes"].model)
    presets = {name: preset.model for name, preset in PRESETS.items()}
    for name in [name for name, config in presets.items() if config.task == "synth"]:
        model = build_model(replace(presets[name], instruments=("one", "two")))
        assert isinstance(model, Synthesiser)
        size = sum(parameter.numel() for parameter in model.parameters())
        assert 4 * size < 4.5e6, name


@torch.no_grad()
def test_the_textbook_decoder_makes_its_magnitudes_audible() -> None:
    """Griffin and Lim's audio has nearly the magnitudes that it was given."""
    model = random_synth(TEXTBOOK)
    analysis = model.decoder.spectrogram
    sound = torch.from_numpy(tone(60)[: 60 * HOP])[None]
    assert torch.allclose(analysis.inverse(analysis(sound)), sound, atol=1e-4)
    frames = inputs(model, 1, 40)._replace(pitch_hz=torch.full((1, 40), 330.0))
    latent, instrument, pitch, level, _ = frames
    audio = model.decode(latent, pitch, level, instrument)
    assert audio.shape == (1, 40 * HOP)
    expected, _ = model.decoder.magnitude(frames, model.decoder.initial_state(1))
    start = analysis.magnitude(
        analysis.inverse(expected * torch.exp(1j * torch.rand_like(expected)))
    )
    error = (analysis.magnitude(audio) - expected).square().sum() / expected.square().sum()
    at_first = (start - expected).square().sum() / expected.square().sum()
    assert error < 0.35 and error < at_first


@torch.no_grad()
def test_the_textbook_decoders_step_has_the_pitch_and_the_magnitudes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a tone's magnitudes, its step sounds that tone, one and a half hops late."""
    model = random_synth(TEXTBOOK)
    analysis, count = model.decoder.spectrogram, 60
    sound = torch.from_numpy(tone(60, 1.0)[: count * HOP])[None]
    expected = analysis.magnitude(sound)
    monkeypatch.setattr(
        model.decoder,
        "magnitude",
        lambda frames, state: (expected, dict(state)),
    )
    pitch = torch.full((1, count), float(midi_to_hz(60)))
    frames = inputs(model, 1, count)._replace(pitch_hz=pitch)
    audio, _ = model.step(frames, model.decoder.initial_state(1))
    late = 3 * HOP // 2
    inside = slice(5, count - 5)
    found = analysis.magnitude(nn.functional.pad(audio[:, late:], (0, late)))[:, inside]
    error = (found - expected[:, inside]).square().sum() / expected[:, inside].square().sum()
    assert error < 0.05
    spectrum = torch.fft.rfft(audio[0, 10 * HOP :], n=1 << 17).abs()
    assert float(spectrum.argmax()) * 48000 / (1 << 17) == pytest.approx(
        float(pitch[0, 0]), rel=0.01
    )
