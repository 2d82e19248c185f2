"""A run's settings from a request: what overrides what, and what is refused at the door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aeolia.config.classes import KIT
from aeolia.data.denoise.mix_config import NOISE_KINDS
from aeolia.errors import ConfigError, ModelError
from aeolia.models.checkpoint import save_checkpoint
from aeolia.recipes.catalogue import PRESETS, preset
from aeolia.training.recipe import RunRequest, read_setup
from aeolia.training.settings import read_settings, settings_of
from aeolia.training.tasks import task_of
from made.tiny_models import TINY, random_model


def written(folder: Path, sections: object) -> Path:
    (folder / "c.json").write_text(json.dumps(sections))
    return folder / "c.json"


def test_what_is_given_directly_comes_last(tmp_path: Path) -> None:
    config = written(
        tmp_path, {"train": {"steps": 7, "batch_size": 8, "seed": 9}, "mix": {"hum": 0.5}}
    )
    given = {"batch_size": 2, "seed": 5}
    setup = read_setup(RunRequest("denoise", "denoise", None, config, given, {"seed": 5}))
    assert (setup.train.steps, setup.train.batch_size, setup.train.seed) == (7, 2, 5)
    assert setup.model == preset("denoise").model and setup.mix.sample_rate == 48000
    assert (setup.mix.hum, setup.mix.seed) == (0.5, 5) and setup.weights is None


@pytest.mark.parametrize("name", ["textbook", "textbook-lstm"])
def test_textbook_presets_bring_their_loss_and_their_sounds(name: str) -> None:
    setup = read_setup(RunRequest("denoise", name))
    assert setup.loss.kind == "mse" and setup.mix.gaussian == 1.0
    others = [kind for kind in NOISE_KINDS if kind != "gaussian"]
    off = [*others, "noise_only", "clean_only", "second_noise", "hum", "reverb", "equaliser"]
    assert not any(getattr(setup.mix, kind) for kind in off)


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_says_is_what_its_task_reads(name: str) -> None:
    found = PRESETS[name]
    of_task = settings_of(found.model)
    assert of_task is task_of(found.model).settings
    read_settings(found.model, found.train, found.loss, found.mix)


def test_the_sample_rate_of_the_model_is_that_of_the_mixtures(tmp_path: Path) -> None:
    config = written(tmp_path, {"model": {"sample_rate": 24000}})
    setup = read_setup(RunRequest("denoise", "denoise-16k", config=config))
    assert setup.model.sample_rate == setup.mix.sample_rate == 24000


def test_setup_from_weights(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "model.safetensors", TINY, random_model(TINY).state_dict())
    setup = read_setup(RunRequest("denoise", start=str(tmp_path)))
    assert setup.model == TINY and setup.weights is not None
    assert setup.train.learning_rate == 3e-4
    other = read_setup(RunRequest("denoise", "denoise", str(tmp_path)))
    assert other.model == preset("denoise").model and other.weights is not None
    assert other.train.learning_rate == 3e-4
    with pytest.raises(ModelError, match="no checkpoint"):
        read_setup(RunRequest("denoise", start=str(tmp_path / "absent")))
    with pytest.raises(ConfigError, match="no preset"):
        read_setup(RunRequest("denoise", "nosuch"))


def test_what_starts_from_drums_learns_drums() -> None:
    setup = read_setup(RunRequest("synth", start="drums"))
    assert setup.mix.kind == "drum" and setup.model.instruments == ()
    assert read_setup(RunRequest("synth", start="notes")).mix.kind == "note"


@pytest.mark.parametrize(
    ("task", "sections", "message"),
    [
        ("separate", {"train": {"quality_weight": 5}}, "no key 'quality_weight'"),
        ("separate", {"loss": {"quality": 5}}, "ClassLossConfig has no key 'quality'"),
        ("separate", {"model": {"classes": ["kick", "snare"]}}, "noise; or kick, snare, toms"),
        (
            "separate",
            {"model": {"classes": list(KIT)}, "loss": {"sources": 6}},
            "sources is 6; the model has 5 classes",
        ),
        ("separate", {"model": {"classes": list(KIT)}, "mix": {"music": 0.1}}, "no key 'music'"),
        ("denoise", {"model": {"network_hz": 8000}}, "DenoiseConfig has no key 'network_hz'"),
        ("denoise", {"model": {"band_mixing": -1}}, "band_mixing is -1; it must be between 0"),
        ("denoise", {"loss": {"treble": 1.0}}, "treble is 1.0, and a model at 16000 Hz does not"),
        (
            "denoise",
            {"model": {"sample_rate": 12000}, "loss": {"quality": 1.0}},
            "quality needs a sample_rate of at least 16000; it is 12000",
        ),
        (
            "denoise",
            {"model": {"sample_rate": 8000}, "loss": {"intelligibility": 1.0}},
            "intelligibility needs a sample_rate of at least 10000; it is 8000",
        ),
        ("denoise", {"model": {"skips": False}, "loss": {"skip_dropout": 0.1}}, "without skips"),
        ("denoise", {"loss": {"kind": "mse", "snr": 1.0}}, "snr is 1.0, and the loss mse does not"),
        ("denoise", {"mix": {"sample_rate": 8000}}, "it is the model's, 16000: leave it out"),
        ("synth", {"model": {"instruments": ["piano"]}}, "instruments comes from the recordings"),
        (
            "synth",
            {"model": {"decoder": "spectrogram"}, "loss": {"timbre": 2.0}},
            "timbre is 2.0, and a decoder of spectrograms does not read it",
        ),
        ("synth", {"model": {"task": "sing"}}, "has the task 'sing', not synth; leave it out"),
    ],
)
def test_what_nothing_would_read_is_refused(
    task: str, sections: object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_setup(RunRequest(task, config=written(tmp_path, sections)))
    assert "\n" not in str(caught.value)
