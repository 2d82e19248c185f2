"""Signals in training: a checkpoint, the command that goes on, and the bits of a run left alone."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aeolia.cli import run
from aeolia.errors import TrainingStoppedError
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.training.config import TrainConfig
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.loop import train
from aeolia.training.run_folder import RunFolder
from aeolia.training.stopping import StoppedAtOnce, stopping
from made.tiny_models import TINY
from made.tiny_training import Bursts, make_recordings, write_config
from training.test_resume import assert_same, lines

#: The command as users start it; its process sends itself signals in the midst of a step.
SIGNALLED = """
import os, signal, sys
from aeolia.cli import main
from aeolia.training.denoise.objective import DenoiseObjective

at, *numbers = map(int, os.environ["SIGNALS"].split())
objective = DenoiseObjective.__call__

def interrupted(self, model, batch, step):
    if step == at and listening():
        for number in numbers:
            os.kill(os.getpid(), number)
    return objective(self, model, batch, step)

def listening():
    return signal.getsignal(signal.SIGTERM).__qualname__ == "Stop._heard"

DenoiseObjective.__call__ = interrupted
main()
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All of a tiny run's command line but its --out."""
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))
    speech, noise = make_recordings(tmp_path)
    config = write_config(tmp_path / "tiny.json")
    named = ["--speech", str(speech), "--noise", str(noise), "--config", str(config)]
    return ["train", "denoise", *named, "--quiet"]


def signalled(command: list[str], step: int, *numbers: int) -> tuple[int, str]:
    """Exit code and standard error of a command to which signals come in a step."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SIGNALS": " ".join(str(int(number)) for number in (step, *numbers)),
    }
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, *command],
        env=environment,
        capture_output=True,
        text=True,
        # As in a terminal, even where the tests run under nohup.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        timeout=600,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_leaves_a_checkpoint_and_the_command_that_goes_on(
    command: list[str], tmp_path: Path, name: str, code: int
) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "one that's broken"
    found, error = signalled([*command, "--out", str(broken)], 12, getattr(signal, name))
    assert found == code, error
    assert "Traceback" not in error
    said = error.splitlines()[-1]
    assert f"stopped by {name} after step 13 of 20" in said
    assert torch.load(broken / "state.pt")["step"] == 13
    assert not list(broken.glob(".*"))

    go_on = shlex.split(said.split("go on with: ")[1])
    assert go_on[0] == "aeolia"
    if name != "SIGTERM":  # once is enough
        return
    assert run([*go_on[1:], "--quiet"]) == 0
    assert run([*command, "--out", str(straight)]) == 0
    for file in ("log.csv", "validation.csv"):
        assert lines(broken / file) == lines(straight / file)
    weights = [folder / "model.safetensors" for folder in (broken, straight)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_second_signal_stops_at_once(command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    both = (signal.SIGINT, signal.SIGINT)
    code, error = signalled([*command, "--out", str(out)], 12, *both)
    assert code == 130 and "Traceback" not in error
    assert torch.load(out / "state.pt")["step"] == 10  # the last one written before
    assert f"go on with: aeolia train denoise --resume --out {out}" in error
    # Before the first checkpoint there is nothing to go on from.
    code, error = signalled([*command, "--out", str(tmp_path / "other")], 2, *both)
    assert code == 130 and "go on with" not in error


OBJECTIVE = DenoiseObjective(DenoiseLossConfig(), TINY, seed=0)
CONFIG = TrainConfig(steps=6, batch_size=2, warmup_steps=2, validate_every=4, log_every=2)


def trained(folder: Path, signal_in: int = 0, resume: bool = False) -> list[dict[str, str]]:
    """Lines of validation of a run that gets SIGTERM in its validation number `signal_in`."""
    torch.manual_seed(0)
    count = 0

    def validate(model: torch.nn.Module) -> dict[str, float]:
        nonlocal count
        count += 1
        torch.rand(3)
        if count == signal_in:
            os.kill(os.getpid(), signal.SIGTERM)
        return {"weights": sum(float(p.detach().sum()) for p in model.parameters())}

    train(
        DenoisingAutoencoder(TINY),
        CONFIG,
        OBJECTIVE,
        Bursts(seconds=0.2),
        RunFolder(folder),
        validate,
        resume=resume,
    )
    return lines(folder / "validation.csv")


@pytest.mark.parametrize(("signal_in", "step"), [(1, 4), (2, 6)])
def test_validation_is_cut_short_and_made_up_for(tmp_path: Path, signal_in: int, step: int) -> None:
    straight = trained(tmp_path / "straight")
    with pytest.raises(TrainingStoppedError, match=f"SIGTERM after step {step} of 6"):
        trained(tmp_path / "broken", signal_in)
    with pytest.raises(TrainingStoppedError):  # and once more, while it is made up for
        trained(tmp_path / "broken", 1, resume=True)
    assert trained(tmp_path / "broken", resume=True) == straight
    assert_same(*(torch.load(tmp_path / name / "state.pt") for name in ("broken", "straight")))


def test_what_is_ignored_stays_ignored_and_all_is_as_before_afterwards() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupt = signal.getsignal(signal.SIGINT)
        with stopping() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.signal
            assert signal.getsignal(signal.SIGINT) != interrupt
        assert signal.getsignal(signal.SIGINT) is interrupt
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_work_that_may_be_left_is_not_begun_after_a_signal() -> None:
    with stopping() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
        with pytest.raises(StoppedAtOnce), stop.at_once():
            raise AssertionError("begun")
