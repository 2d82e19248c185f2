"""Several processes over gloo train as one: the same losses, the same weights."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from aeolia.cli import run
from aeolia.data.denoise.mixer import Batch
from aeolia.errors import TrainingError
from aeolia.models.checkpoint import load_checkpoint
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.training.config import TrainConfig
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.processes import Processes
from aeolia.training.run import seconds_per_step
from made.tiny_models import TINY
from made.tiny_training import Bursts, make_recordings, write_config


def column(folder: Path, name: str, file: str = "log") -> list[float]:
    with (folder / f"{file}.csv").open(newline="") as stream:
        return [float(line[name]) for line in csv.DictReader(stream)]


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert Processes().device() == torch.device("cpu")
    monkeypatch.setenv("AEOLIA_DEVICE", "mps")
    with pytest.raises(TrainingError, match="PyTorch has cpu here"):
        Processes().device()
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.delenv("AEOLIA_DEVICE")
    assert Processes().device() == torch.device("mps")
    assert not Processes().trains_in_bfloat16(10**9)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert Processes().device() == torch.device("cuda", 1)
    assert Processes().trains_in_bfloat16(1)
    monkeypatch.setenv("AEOLIA_DEVICE", "cpu")
    assert Processes().device() == torch.device("cpu")


def test_two_processes_train_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    speech, noise = make_recordings(tmp_path)
    # Validation between steps: the second process must wait for the first to score.
    config = write_config(
        tmp_path / "tiny.json",
        steps=6,
        log_every=1,
        checkpoint_every=6,
        validate_every=3,
    )
    command = [
        "train",
        "denoise",
        "--speech",
        str(speech),
        "--noise",
        str(noise),
        "--config",
        str(config),
    ]
    one, two = tmp_path / "one", tmp_path / "two"
    assert run([*command, "--out", str(one), "--quiet"]) == 0
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "CUDA_VISIBLE_DEVICES": "",
    }
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            "2",
            "-m",
            "aeolia",
            *command,
            "--out",
            str(two),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("k parameters") == 1, "only the first process talks"
    for name in ("loss", "magnitude", "complex", "snr", "gradient_norm"):
        assert column(two, name) == pytest.approx(column(one, name), rel=1e-3, abs=1e-4)
    assert column(two, "si_sdr", "validation") == pytest.approx(
        column(one, "si_sdr", "validation"), abs=0.01
    )
    ours, theirs = (load_checkpoint(folder).state_dict() for folder in (two, one))
    assert max((ours[name] - theirs[name]).abs().max() for name in ours) < 1e-3
    assert (two / "card.md").read_text() != ""


def test_alone_nothing_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    for world in (None, "1"):
        monkeypatch.delenv("WORLD_SIZE", raising=False)
        if world:
            monkeypatch.setenv("WORLD_SIZE", world)
        found = Processes.from_environment()
        assert found == Processes(0, 1)
        assert found.mean({"loss": 2.0}) == {"loss": 2.0}
        found.wait()


def test_all_processes_choose_the_same_number_of_steps() -> None:
    """The time of a step decides how many fit into --minutes; each process times another."""

    class Two(Processes):
        def mean(self, values: dict[str, float]) -> dict[str, float]:
            assert 0.0 < values["seconds"] < 10.0
            return {"seconds": 42.0}

    class Half(Bursts):
        def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> Batch:
            assert (batch_size, rank, world) == (4, 1, 2)
            return super().batch(step, batch_size, rank, world)

    model = DenoisingAutoencoder(TINY)
    before = [value.clone() for value in model.parameters()]
    config = TrainConfig(batch_size=4)
    objective = DenoiseObjective(DenoiseLossConfig(), TINY, 0)
    seconds = seconds_per_step(model, config, objective, Half(seconds=0.2), Two(1, 2))
    assert seconds == 42.0
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_trial_of_speed_ends_when_its_time_is_over() -> None:
    tried: list[int] = []

    def objective(model: torch.nn.Module, batch: Any, step: int) -> Any:
        tried.append(step)
        return DenoiseObjective(DenoiseLossConfig(), TINY, 0)(model, batch, step)

    def trial(within: float) -> float:
        tried.clear()
        model, config = DenoisingAutoencoder(TINY), TrainConfig(batch_size=2)
        return seconds_per_step(
            model, config, objective, Bursts(seconds=0.2), Processes(), 3, within
        )

    assert trial(0.0) > 0.0 and tried == [0]  # one says more than none
    assert trial(3600.0) > 0.0 and tried == [0, 1, 2, 3, 4]  # two that warm up, three timed
