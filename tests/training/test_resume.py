"""A run that is killed and resumed is bit for bit the run that was left alone."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aeolia.cli import run
from aeolia.errors import TrainingError
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.training.config import TrainConfig
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.loop import train
from aeolia.training.run_folder import RunFolder
from made.tiny_models import TINY
from made.tiny_training import Bursts, make_recordings, write_config

#: Starts the command with a mixer that kills the process, from its own thread, at a step.
KILLED = """
import os, signal, sys
from aeolia.cli import run
from aeolia.data.denoise.mixer import Mixer

batch = Mixer.batch

def deadly(self, step, *arguments, **named):
    if step == 18:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch(self, step, *arguments, **named)

Mixer.batch = deadly
sys.exit(run(sys.argv[1:]))
"""
#: Columns that tell the time, not the training.
CLOCK = {"steps_per_second", "audio_per_second", "waiting_share"}


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        found = list(csv.DictReader(stream))
    return [{key: line[key] for key in line if key not in CLOCK} for line in found]


def test_killed_and_resumed_equals_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    speech, noise = make_recordings(tmp_path)
    command = [
        "train",
        "denoise",
        "--speech",
        str(speech),
        "--noise",
        str(noise),
        "--config",
        str(write_config(tmp_path / "tiny.json")),
        "--quiet",
    ]
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert run([*command, "--out", str(straight)]) == 0

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *command, "--out", str(broken)],
        env=environment,
        capture_output=True,
        timeout=600,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    # Two batches wait ready: 15 steps were done and logged, 10 of them are in the checkpoint.
    assert torch.load(broken / "state.pt")["step"] == 10
    assert [line["step"] for line in lines(broken / "log.csv")] == ["5", "10", "15"]
    (broken / ".state.pt.partial-1").write_bytes(b"cut short")  # as a kill while writing leaves

    assert run(["train", "denoise", "--resume", "--out", str(broken), "--quiet"]) == 0
    for name in ("log.csv", "validation.csv"):
        assert lines(broken / name) == lines(straight / name)
    for name in ("model.safetensors", "card.md", "train.json"):
        assert (broken / name).read_bytes() == (straight / name).read_bytes()
    states = [torch.load(folder / "state.pt") for folder in (broken, straight)]
    assert_same(*states)


def assert_same(one: object, other: object) -> None:
    """Nested dicts and lists of tensors, equal bit for bit."""
    if isinstance(one, dict):
        assert isinstance(other, dict) and list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        assert one == other


def start(folder: Path, steps: int = 10) -> RunFolder:
    """A finished run of `steps` steps."""
    torch.manual_seed(0)
    found = RunFolder(folder)
    train(DenoisingAutoencoder(TINY), config(steps), OBJECTIVE, Bursts(seconds=0.2), found)
    return found


def config(steps: int) -> TrainConfig:
    return TrainConfig(
        steps=steps, batch_size=2, warmup_steps=2, decay_share=0.0, checkpoint_every=5, log_every=5
    )


OBJECTIVE = DenoiseObjective(DenoiseLossConfig(), TINY, 0)


def test_a_lengthened_run_equals_a_long_one(tmp_path: Path) -> None:
    long = start(tmp_path / "long", 20)
    short = start(tmp_path / "short", 10)
    torch.manual_seed(99)  # nothing may depend on what the process drew before
    model = DenoisingAutoencoder(TINY)
    train(model, config(20), OBJECTIVE, Bursts(seconds=0.2), short, resume=True)
    assert_same(torch.load(short.state_path), torch.load(long.state_path))
    assert lines(short.path / "log.csv") == lines(long.path / "log.csv")


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    folder = start(tmp_path)
    before = folder.state_path.read_bytes(), (tmp_path / "log.csv").read_bytes()
    source, model = Bursts(), DenoisingAutoencoder(TINY)
    train(model, config(10), OBJECTIVE, source, folder, resume=True)
    assert not source.asked
    assert (folder.state_path.read_bytes(), (tmp_path / "log.csv").read_bytes()) == before
    assert_same(dict(model.state_dict()), torch.load(folder.state_path)["average"])


def test_a_kill_between_the_state_and_its_weights_costs_nothing(tmp_path: Path) -> None:
    folder = start(tmp_path)
    weights = tmp_path / "model.safetensors"
    expected = weights.read_bytes()
    weights.write_bytes(b"those of a checkpoint before")
    train(DenoisingAutoencoder(TINY), config(10), OBJECTIVE, Bursts(), folder, resume=True)
    assert weights.read_bytes() == expected


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "bytes", "absent", "other"])
def test_a_state_that_cannot_be_used(damage: str, tmp_path: Path) -> None:
    folder = start(tmp_path)
    path, data = folder.state_path, folder.state_path.read_bytes()
    message = "is damaged"
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "text":
        path.write_text("hello\n" * 100)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "bytes":
        middle = len(data) // 2
        path.write_bytes(data[:300] + bytes(3000) + data[3300:middle])
    elif damage == "absent":
        path.unlink()
        message = "holds no state.pt yet; start without --resume"
    else:
        torch.save({"step": 3, "model": {}}, path)
        message = "belongs to another model"
    with pytest.raises(TrainingError, match=message) as caught:
        train(DenoisingAutoencoder(TINY), config(20), OBJECTIVE, Bursts(), folder, resume=True)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["{", "[1]", '{"model": {}}', ""])
def test_damaged_settings(text: str, tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(TrainingError, match="train.json is damaged"):
        RunFolder(tmp_path).read_settings()


def test_settings_are_read_back(tmp_path: Path) -> None:
    settings = {"model": {"a": 1}, "train": {}, "loss": {}, "mix": {}, "data": {"speech": "a"}}
    RunFolder(tmp_path).write_settings(settings)
    assert RunFolder(tmp_path).read_settings() == settings
    assert json.loads((tmp_path / "train.json").read_text()) == settings


def test_a_run_of_an_earlier_version_is_named_so(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_settings({"model": {}, "train": {}, "mix": {}, "data": {}})
    with pytest.raises(TrainingError, match="earlier version; go on from its weights .* --from"):
        RunFolder(tmp_path).read_settings()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in ("file", "file/below"):
        with pytest.raises(TrainingError, match="cannot make the folder .*; choose another --out"):
            RunFolder(tmp_path / path).create()
