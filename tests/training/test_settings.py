"""Every key of every config: nonsense is a ConfigError, and a change changes something."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeolia.config import (
    DenoiseConfig,
    SeparateConfig,
    SynthConfig,
    config_from_dict,
    config_from_json,
    config_to_json,
    read_config,
)
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.separate.classes import ClassBatch
from aeolia.data.separate.mix_config import ClassMixConfig, KitMixConfig, SpeakerMixConfig
from aeolia.data.separate.speakers import SpeakerBatch
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.errors import ConfigError
from aeolia.models.build import build_model
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.models.synth.tags import tag_directions
from aeolia.runtime.separate.sources import parse_sources
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.tags import known_words, read_tags
from aeolia.training.config import TrainConfig
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.recipe import RunRequest, read_setup
from aeolia.training.run import start_run
from aeolia.training.run_folder import RunFolder
from aeolia.training.separate.config import ClassLossConfig, SpeakerLossConfig
from aeolia.training.separate.objectives import ClassObjective, SpeakerObjective
from aeolia.training.synth.config import SynthLossConfig
from made.changes import changes_of, digest, keys_of
from made.random_separators import BY_CLASS, BY_SPEAKER
from made.tiny_models import TINY, noise
from made.tiny_notes import TINY_SYNTH
from made.tiny_synth import NOTES, write_synth
from made.tiny_training import Bursts, make_recordings, write_config

MODELS = (DenoiseConfig, SeparateConfig, SynthConfig)
LOSSES = (DenoiseLossConfig, ClassLossConfig, SpeakerLossConfig, SynthLossConfig)
MIXES = (MixConfig, ClassMixConfig, KitMixConfig, SpeakerMixConfig, NoteMixConfig)
CONFIGS: tuple[type[Any], ...] = (*MODELS, TrainConfig, *LOSSES, *MIXES)

NUMBERS = st.one_of(
    st.integers(-3, 600),
    st.floats(-2.0, 40.0, allow_subnormal=False),
    st.sampled_from([0.0, 1.0, 10**400, -(10**30), 2**63, math.nan, math.inf, -math.inf, 1e308]),
)
WORDS = st.sampled_from(
    ["", "conv", "lstm", "magnitude", "speaker", "classes", "mse", "spectrogram", "mixture", "x"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=2)),
    max_leaves=6,
)


@pytest.mark.parametrize("config", CONFIGS)
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_values_are_taken_or_refused_in_one_line(
    config: type[Any], data: st.DataObject
) -> None:
    names = [field.name for field in dataclasses.fields(config)]
    values = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=4))
    for read in (
        lambda: config_from_dict(config, values),
        lambda: config_from_json(config, json.dumps(values)),
    ):
        try:
            made = read()
        except ConfigError as error:
            assert "\n" not in str(error) and len(str(error)) < 600
            continue
        assert config_from_json(config, config_to_json(made)) == made
        if config in MODELS:
            assert read_config(config_to_json(made)) == made


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("value", ["text", None, True, [], [[1]], {}, 10**400, math.nan, -1e9, ""])
def test_each_key_refuses_or_takes_each_kind_of_value(config: type[Any], value: object) -> None:
    for field in dataclasses.fields(config):
        try:
            config_from_dict(config, {field.name: value})
        except ConfigError as error:
            assert field.name in str(error)


# --- what a change changes -------------------------------------------------------------------

#: Values to try before a key's choices, and before numbers near its own.
TRIED: dict[str, list[Any]] = {
    "name": ["another"],
    "win_length": [768, 1024],
    "hop_length": [128, 240],
    "band_groups": [((8000, 24),), ((6000, 16),)],
    "channels": [(4, 8)],
    "condition": [{"condition": "speaker", "classes": ()}],
    "classes": [("speech", "vocals", "drums", "bass", "other", "rain")],
    "instruments": [("bell", "flute")],
    "ranges": [((50.0, 50.0), (48.0, 48.0))],
    "held_seconds": [(0.5, 0.6)],
    "instrument_words": [(("struck",), ("bowed",), ("blown",))],
    "tags": [("bright", "hollow")],
    "tag_directions": [((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.0))],
}


@torch.no_grad()
def facts_of_model(config: Any) -> object:
    """What a model with these settings is and does."""
    torch.manual_seed(0)
    model = build_model(config).eval()
    for parameter in model.parameters():
        parameter.add_(0.1 * torch.randn(parameter.shape))
    weights = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    facts: list[object] = [config.name, weights]
    if isinstance(model, DenoisingAutoencoder):
        audio = noise(1, 1, 4 * config.hop_length)
        return [*facts, config.latency_ms, digest(model(audio))]
    if isinstance(model, ConditionalAutoencoder):
        audio, width = noise(1, 1, 4 * config.hop_length), model.condition_width
        output = model(audio, torch.eye(width)[None, :2], torch.zeros(1))[0]
        names = config.classes and parse_sources(list(config.classes), config.classes)
        return [*facts, [source.name for source in names], config.latency_ms, digest(output)]
    assert isinstance(model, Synthesiser)
    one = torch.eye(len(config.instruments))[:1]
    midi, velocity, time = torch.full((1,), 60.0), torch.full((1,), 0.5), torch.arange(20.0)[None]
    timbre = model.sample_prior(one, midi, velocity, seed=0)
    loudness = model.envelope(timbre, one, midi, velocity, 0.3 * time, 0.1 * time - 1.0)
    audio = model.decode(timbre, torch.full((1, 20), 262.0), torch.full((1, 20), -20.0), one)
    return [*facts, config.instruments, digest(loudness), digest(audio), tag_directions(model)]


#: A model of each structure whose every key has a reader.
BASES = [
    dataclasses.replace(TINY, band_memory=4, band_memories=2, band_mixing=2),
    dataclasses.replace(
        BY_CLASS,
        sample_rate=48000,
        win_length=1536,
        hop_length=768,
        band_memory=4,
        band_memories=2,
        band_mixing=2,
        network_hz=8000,
    ),
    dataclasses.replace(TINY_SYNTH, prior="mixture", residual_bins=8),
]
#: Read where a released file is: the words of the text interface.
IN_WORDS = ("instrument_words", "tags", "tag_directions")


@pytest.mark.parametrize(
    ("config", "key"),
    [(base, key) for base in BASES for key in keys_of(type(base)) if key not in IN_WORDS],
    ids=lambda value: value if isinstance(value, str) else value.task,
)
def test_a_key_of_a_model_changes_the_model(config: Any, key: str) -> None:
    before = facts_of_model(config)
    changed = changes_of(config, key, TRIED)
    assert any(facts_of_model(other) != before for other in changed)


def test_a_task_has_one_value() -> None:
    for config in MODELS:
        names = {field.name for field in dataclasses.fields(config)}
        assert names - set(keys_of(config)) == {"task"}


def facts_of_words(config: SynthConfig, folder: Path) -> object:
    """What every word means to a released synthesiser."""
    folder.mkdir()
    model = OnnxSynthesiser(write_synth(folder, config))
    wishes = [read_tags(word, model) for word in known_words(model)]
    return known_words(model), [(wish.instruments, wish.step.tolist()) for wish in wishes]


@pytest.mark.parametrize("key", IN_WORDS)
def test_a_key_of_words_changes_what_they_mean(key: str, tmp_path: Path) -> None:
    (other,) = changes_of(NOTES, key, TRIED)
    assert facts_of_words(other, tmp_path / "b") != facts_of_words(NOTES, tmp_path / "a")


def class_batch() -> ClassBatch:
    stems = noise(4, 6, 2000)
    stems[:, [2, 4]] = 0.0
    return ClassBatch(stems.sum(1), stems, torch.full((4, 6), 8000.0), 16000)


def speaker_batch() -> SpeakerBatch:
    target = noise(3, 2000)
    voices = noise(6, 33000, seed=3).unflatten(0, (2, 3))
    mixture, clip = target + noise(3, 2000, seed=1), noise(3, 33000, seed=2)
    return SpeakerBatch(mixture, target, clip, voices, torch.full((3,), 8000.0), 16000)


def losses_at(objective: Callable[..., Any], model: Any, batch: Any) -> list[float]:
    return [float(objective(model, batch, step)[0].detach()) for step in range(8)]


FULL_BAND = dataclasses.replace(
    TINY, sample_rate=48000, win_length=1536, hop_length=768, band_groups=((8000, 8), (24000, 8))
)


def facts_of_loss(config: Any) -> object:
    """The losses of some steps, of a model with random weights."""
    torch.manual_seed(0)
    if isinstance(config, DenoiseLossConfig):
        batch = Bursts(seconds=2.0).batch(0, 2)
        batch = dataclasses.replace(batch, bandwidth_hz=torch.full((2,), 24000.0))
        objective = DenoiseObjective(config, FULL_BAND, 0)
        return losses_at(objective, DenoisingAutoencoder(FULL_BAND), batch)
    if isinstance(config, ClassLossConfig):
        model = ConditionalAutoencoder(BY_CLASS)
        return losses_at(ClassObjective(config, BY_CLASS, 0), model, class_batch())
    assert isinstance(config, SpeakerLossConfig)
    model = ConditionalAutoencoder(BY_SPEAKER)
    return losses_at(SpeakerObjective(config, BY_SPEAKER, 0), model, speaker_batch())


@pytest.mark.parametrize(
    ("config", "key"), [(loss, key) for loss in LOSSES[:3] for key in keys_of(loss)]
)
def test_a_key_of_a_loss_changes_it(config: type[Any], key: str) -> None:
    base = config(skip_dropout=0.3)
    before = facts_of_loss(base)
    assert any(facts_of_loss(other) != before for other in changes_of(base, key, {}))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("settings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEOLIA_CACHE", str(folder / "cache"))
        yield make_recordings(folder)


#: What each key of a run is changed to.
RUNS: dict[str, Any] = {
    "steps": 5,
    "batch_size": 3,
    "optimizer": "adamw",
    "learning_rate": 1e-3,
    "seed": 1,
    "warmup_steps": 2,
    "decay_share": 0.9,
    "weight_decay": 5.0,
    "clip_norm": 1e-3,
    "learn": ["decoder.widen"],
    "ema_decay": 0.05,
    "validate_every": 2,
    "checkpoint_every": 2,
    "log_every": 3,
    "validation_clips": 2,
}


def facts_of_run(change: dict[str, Any], recordings: tuple[Path, Path], folder: Path) -> object:
    """Log lines, scores and weights of a tiny run, and when its state was saved."""
    saved: list[int] = []
    given = {"steps": 4, "log_every": 2, "validate_every": 4, "checkpoint_every": 4, **change}
    file = write_config(folder / "tiny.json", **given)
    sections = json.loads(file.read_text())
    sections["model"].update(encoder="conv", decoder="conv")
    sections["mix"]["crop_seconds"] = 0.5
    file.write_text(json.dumps(sections))
    setup = read_setup(RunRequest("denoise", config=file))
    data = {"speech": str(recordings[0]), "noise": str(recordings[1])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "save_state", lambda self, state: saved.append(state["step"]))
        patch.setattr("aeolia.training.run.seconds_per_step", lambda *_: 1.0)  # says so only
        model = start_run(setup, data, folder / "run", say=lambda line: None)
    facts: list[object] = [saved, digest(*model.state_dict().values())]
    for name in ("log.csv", "validation.csv"):
        with (folder / "run" / name).open(newline="") as stream:
            lines = list(csv.DictReader(stream))
        clock = ("steps_per_second", "audio_per_second", "waiting_share")
        facts.append([{k: v for k, v in line.items() if k not in clock} for line in lines])
    return facts


@pytest.fixture(scope="module")
def unchanged(recordings: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> object:
    """Facts of the run that the others are compared with; a second one gives the same."""
    one, two = (facts_of_run({}, recordings, tmp_path_factory.mktemp("run")) for _ in range(2))
    assert one == two
    return one


@pytest.mark.parametrize("key", keys_of(TrainConfig))
def test_each_key_of_a_run_changes_the_run(
    key: str, unchanged: object, recordings: tuple[Path, Path], tmp_path: Path
) -> None:
    assert facts_of_run({key: RUNS[key]}, recordings, tmp_path) != unchanged
