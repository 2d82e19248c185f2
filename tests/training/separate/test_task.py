"""Training separators from a folder to a run that exports: both kinds, resume, setups, refusals."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeolia.cli import run
from aeolia.config import SeparateConfig
from aeolia.errors import ConfigError, DataError
from aeolia.models.checkpoint import load_checkpoint, save_checkpoint
from aeolia.recipes.catalogue import preset
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.training.config import TrainConfig
from aeolia.training.recipe import RunRequest, read_setup
from aeolia.training.separate.task import SEPARATE
from aeolia.training.separate.validation import (
    ClassValidation,
    SpeakerValidation,
    score_names,
)
from made.changes import digest
from made.music import song_rows
from made.random_separators import BY_CLASS, BY_SPEAKER, random_separator
from made.recordings import noise_like, voice_like, write
from made.tiny_models import TINY, random_model
from made.tiny_training import make_voices_and_noises

TRAIN = {
    "steps": 4,
    "batch_size": 2,
    "warmup_steps": 1,
    "log_every": 1,
    "checkpoint_every": 2,
    "validate_every": 4,
    "validation_clips": 2,
    "decay_share": 0.0,
}
MIX = {"crop_seconds": 0.8, "reverb": 0.0, "equaliser": 0.0, "rooms": 1}


def config_file(path: Path, model: SeparateConfig, **mix: Any) -> Path:
    sections = {
        "model": dataclasses.asdict(model),
        "train": TRAIN,
        "loss": {"skip_dropout": 0.0},
        "mix": {**MIX, **mix},
    }
    path.write_text(json.dumps(sections))
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of folders, one a class; the speech is a folder a speaker."""
    folder = make_voices_and_noises(tmp_path_factory.mktemp("recordings"))
    for number, name in enumerate(("fan", "rain", "street", "sea")):
        tone = voice_like(3.0, 16000, 300.0 + 50.0 * number, seed=number)
        write(folder / f"vocals/{name}.wav", tone, 16000)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path_factory.getbasetemp() / "separation-cache"))


def column(folder: Path, name: str, file: str = "log") -> list[float]:
    with (folder / f"{file}.csv").open(newline="") as stream:
        return [float(line[name]) for line in csv.DictReader(stream)]


def denoiser(folder: Path) -> Path:
    save_checkpoint(folder / "denoiser.safetensors", TINY, random_model(TINY).state_dict())
    return folder / "denoiser.safetensors"


def test_the_songs_to_hold_out_change_what_is_trained_on(tmp_path: Path) -> None:
    song_rows(tmp_path, seconds=2.0)
    data = {"data": str(tmp_path / "songs")}
    mixtures = set()
    for songs in (["song0"], ["song2"], ["song0", "song2"]):
        config = config_file(tmp_path / "mix.json", BY_CLASS, hold_out=songs)
        setup = read_setup(RunRequest("separate", config=config))
        batches = SEPARATE.prepare(setup, data, lambda line: None).batches
        mixtures.add(digest(batches.batch(0, 4).mixture))
    assert len(mixtures) == 3


def test_by_class_from_a_denoiser_with_resume_and_export(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_file(tmp_path / "tiny.json", BY_CLASS)
    command = [
        "train",
        "separate",
        "--data",
        str(recordings),
        "--preset",
        "separate-16k",
        "--from",
        str(denoiser(tmp_path)),
        "--config",
        str(config),
    ]
    one, two = tmp_path / "one", tmp_path / "two"
    assert run([*command, "--out", str(one)]) == 0
    said = capsys.readouterr().out
    assert "speech" in said and "vocals" in said and "held out:" in said
    # Stopped after two steps and gone on with: the same run, bit for bit.
    assert run([*command, "--out", str(two), "--steps", "2", "--quiet"]) == 0
    assert len(column(two, "loss")) == 2
    assert run(["train", "separate", "--resume", "--steps", "4", "--out", str(two), "--quiet"]) == 0
    assert column(two, "loss") == column(one, "loss")
    ours, theirs = (load_checkpoint(folder).state_dict() for folder in (one, two))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert "Separates speech, vocals" in (one / "card.md").read_text()
    assert str(recordings.parent) not in (one / "card.md").read_text()

    out = tmp_path / "model.onnx"
    assert run(["export", str(one), "-o", str(out)]) == 0
    separator = OnnxSeparator(out)
    assert separator.config.name == "tiny-separate"
    shape = separator.step(
        np.zeros((1, 1, 512), np.float32),
        np.eye(6, dtype=np.float32)[None, :2],
        np.ones(1, np.float32),
        separator.initial_state(1, 2),
    )[0].shape
    assert shape == (1, 2, 1, 512)


def test_by_speaker(recordings: Path, tmp_path: Path) -> None:
    config = config_file(
        tmp_path / "tiny.json", BY_SPEAKER, enrolment_seconds=(1.0, 1.5), noise=0.2
    )
    out = tmp_path / "run"
    command = [
        "train",
        "separate",
        "--data",
        str(recordings / "speech"),
        "--noise",
        str(recordings / "noise"),
        "--preset",
        "separate-speaker-16k",
    ]
    assert run([*command, "--config", str(config), "--out", str(out), "--quiet"]) == 0
    assert all(np.isfinite(column(out, name)).all() for name in ("loss", "snr", "speaker"))
    model = load_checkpoint(out)
    assert (
        model.config.condition == "speaker"
        and "one speaker's voice" in (out / "card.md").read_text()
    )


def test_a_checkpoint_serves_another_preset(tmp_path: Path) -> None:
    core = preset("separate-speaker-16k").model
    save_checkpoint(tmp_path / "core.safetensors", core, random_separator(core).state_dict())
    full = load_checkpoint(tmp_path / "core.safetensors", preset("separate-speaker").model)
    assert full.config.sample_rate == 48000 and full.config.network_hz == 8000


def setup(**changes: Any) -> Any:
    given: dict[str, Any] = {"task": "separate", "train": {"seed": 3}, "mix": {"seed": 3}}
    return read_setup(RunRequest(**{**given, **changes}))


def test_setups(tmp_path: Path) -> None:
    classes = setup(preset="separate", train={"steps": 77, "batch_size": 4, "seed": 3})
    assert (classes.train.steps, classes.train.batch_size, classes.train.seed) == (77, 4, 3)
    assert (classes.mix.sample_rate, classes.mix.seed, classes.weights) == (48000, 3, None)
    assert (classes.train.optimizer, setup().train.steps) == ("muon", 8000)
    assert setup(preset="textbook-cae").loss.kind == "mse"
    speaker = setup(preset="separate-speaker-16k")
    assert speaker.mix.sample_rate == 16000 and speaker.mix.enrolment_seconds[0] >= 1.0

    # From a denoiser separation is learned; from a separator it is fine-tuned.
    fresh = setup(preset="separate-16k", start=str(denoiser(tmp_path)))
    assert fresh.weights and fresh.train.learning_rate == TrainConfig().learning_rate
    path = tmp_path / "separator.safetensors"
    save_checkpoint(path, BY_CLASS, random_separator(BY_CLASS).state_dict())
    tuned = setup(start=str(path))
    assert tuned.model == BY_CLASS and tuned.train.learning_rate < fresh.train.learning_rate


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": "denoise"}, "use: aeolia train denoise --preset denoise"),
        ({"preset": "separate-speaker"}, "train the preset separate-speaker-16k"),
        ({"start": "DENOISER"}, "say with --preset what it is to become"),
        ({"preset": "seperate"}, "did you mean 'separate'"),
        ({"preset": "separate", "config": {"loss": {"sources": 1}}}, "between 2 and 6"),
        (
            {"preset": "separate", "config": {"model": {"classes": ["speech", "noise"]}}},
            "training knows speech, vocals",
        ),
    ],
)
def test_setups_that_cannot_be(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    if changes.get("start"):
        changes = {**changes, "start": str(denoiser(tmp_path))}
    if "config" in changes:
        (tmp_path / "c.json").write_text(json.dumps(changes["config"]))
        changes = {**changes, "config": tmp_path / "c.json"}
    with pytest.raises(ConfigError, match=message):
        setup(**changes)


def test_no_data_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert run(["train", "separate", "--out", str(out)]) == 2
    assert "--data is missing" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("separate-16k", "separate-speaker-16k"):
        command = ["train", "separate", "--data", str(empty), "--preset", name, "--out", str(out)]
        assert run(command) == 2
        error = capsys.readouterr().err
        assert str(empty) in error and "Traceback" not in error
    assert not out.exists()


class OneClip:
    """A mixer that always gives the same item."""

    def __init__(self, batch: Any) -> None:
        self.config = type("Config", (), {"sample_rate": 16000})()
        self._batch = batch

    def batch(self, step: int, batch_size: int) -> Any:
        return self._batch


def test_validation_scores_what_is_known() -> None:
    """A model that passes its input improves nothing, and is loud where the source is absent."""
    model = random_separator(BY_CLASS)
    with torch.no_grad():
        model.decoder.convs[-1].conv.weight.zero_()
        model.decoder.convs[-1].conv.bias.zero_()
    stems = torch.zeros(1, 6, 16000)
    stems[0, 0] = torch.from_numpy(voice_like(1.0, 16000))
    stems[0, 5] = torch.from_numpy(noise_like(1.0, 16000))
    batch = type("Batch", (), {"mixture": stems.sum(1), "stems": stems})()
    scores = ClassValidation(OneClip(batch), 1)(model)  # type: ignore[arg-type]
    # Three sources that are all the mixture: each gets a third.
    assert scores["speech_si_sdri"] == pytest.approx(0.0, abs=0.1)
    assert scores["noise_si_sdri"] == pytest.approx(0.0, abs=0.1)
    thirds, wholes = 20 * np.log10(1 / 3), 0.0
    assert scores["absent_db"] == pytest.approx((thirds + 4 * wholes) / 5, abs=0.2)
    assert set(scores) < set(score_names(model.config))

    speaker = random_separator(BY_SPEAKER)
    with torch.no_grad():
        speaker.decoder.convs[-1].conv.weight.zero_()
        speaker.decoder.convs[-1].conv.bias.zero_()
    batch = type(
        "Batch",
        (),
        {"mixture": stems.sum(1), "target": stems[:, 0], "enrolment": stems[:, 0].repeat(1, 2)},
    )()
    scores = SpeakerValidation(OneClip(batch), 1)(speaker)  # type: ignore[arg-type]
    assert scores["speaker_si_sdri"] == pytest.approx(0.0, abs=0.1)
    assert scores["below_1_db"] == 1.0 and "absent_db" not in scores
    assert {*scores, "absent_db"} == set(score_names(speaker.config))


def test_data_that_separates_nothing(tmp_path: Path) -> None:
    from aeolia.training.separate.task import SEPARATE

    settings = setup(preset="separate-16k")
    with pytest.raises(DataError, match="--data"):
        SEPARATE.prepare(settings, {"data": None}, print)
