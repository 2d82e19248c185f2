"""The loop: it learns, writes what it promises, and stops in words when the loss is not finite."""

from __future__ import annotations

import csv
import dataclasses
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aeolia.data.corpus.scan import load_rows
from aeolia.data.denoise.mix_config import MixConfig
from aeolia.data.denoise.mixer import Batch, Mixer
from aeolia.data.pool import AudioPool
from aeolia.errors import InputError, TrainingError
from aeolia.models.checkpoint import load_checkpoint
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.training import loop
from aeolia.training.config import TrainConfig
from aeolia.training.denoise.config import DenoiseLossConfig
from aeolia.training.denoise.objective import DenoiseObjective
from aeolia.training.loop import StepReport, train
from aeolia.training.prefetch import _by_processes, _by_threads, _Steps, prefetched
from aeolia.training.processes import Processes
from aeolia.training.run_folder import RunFolder, Sound
from made.tiny_models import TINY
from made.tiny_training import Bursts, make_recordings

CONFIG = TrainConfig(
    steps=20,
    batch_size=2,
    learning_rate=3e-3,
    warmup_steps=4,
    log_every=5,
    checkpoint_every=5,
    validate_every=10,
)

OBJECTIVE = DenoiseObjective(DenoiseLossConfig(), TINY, 0)


def fresh() -> DenoisingAutoencoder:
    torch.manual_seed(0)
    return DenoisingAutoencoder(TINY)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_loss_falls_on_made_recordings(tmp_path: Path) -> None:
    speech, noise = (
        AudioPool.from_manifest(load_rows(folder)[0], 16000, speeds=(1.0,))
        for folder in make_recordings(tmp_path)
    )
    mix = MixConfig(crop_seconds=1.0, snr_db=(0.0, 10.0), reverb=0.0, noise_only=0.0)
    mixer = Mixer(speech, noise, None, mix)
    config = TrainConfig(
        steps=50, batch_size=4, learning_rate=1e-2, warmup_steps=5, ema_decay=0.9, log_every=10
    )
    unseen, objective = mixer.batch(10**6, 8), DenoiseObjective(DenoiseLossConfig(), TINY, 0)
    trained = train(fresh(), config, objective, mixer, RunFolder(tmp_path))
    with torch.no_grad():
        before, after = (float(objective(model, unseen, 0)[0]) for model in (fresh(), trained))
    assert after < 0.9 * before
    logged = [float(line["loss"]) for line in lines(tmp_path / "log.csv")]
    assert logged[-1] < 0.9 * logged[0]


def test_a_part_learns_alone(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, steps=3, learn=("decoder.widen",))
    trained = train(fresh(), config, OBJECTIVE, Bursts(), RunFolder(tmp_path))
    before = fresh().state_dict()
    moved = {name for name, value in trained.state_dict().items() if (value != before[name]).any()}
    assert moved == {"decoder.widen.weight", "decoder.widen.bias"}


def test_files_of_a_run(tmp_path: Path) -> None:
    seen: list[StepReport] = []
    validated: list[dict[str, torch.Tensor]] = []

    def validate(model: DenoisingAutoencoder) -> dict[str, float]:
        assert not model.training
        validated.append(model.state_dict())
        return {"si_sdr": float(len(validated))}

    folder = RunFolder(tmp_path / "deep" / "run")
    source = Bursts()
    model = train(fresh(), CONFIG, OBJECTIVE, source, folder, validate, seen.append)
    assert source.asked == list(range(20))
    log = lines(folder.path / "log.csv")
    assert [line["step"] for line in log] == ["5", "10", "15", "20"]
    assert {
        "loss",
        "magnitude",
        "complex",
        "snr",
        "gradient_norm",
        "learning_rate",
        "steps_per_second",
        "audio_per_second",
        "waiting_share",
    } < set(log[0])
    assert float(log[-1]["learning_rate"]) == pytest.approx(CONFIG.learning_rate_at(19), rel=1e-5)
    assert lines(folder.path / "validation.csv") == [
        {"step": "10", "si_sdr": "1"},
        {"step": "20", "si_sdr": "2"},
    ]
    assert list((folder.path / "tensorboard").glob("events.*"))
    assert not list(folder.path.glob(".*partial*"))
    assert [progress.step for progress in seen] == [5, 10, 10, 15, 20, 20]
    assert seen[2].values == {"valid_si_sdr": 1.0}
    # What is validated, written and returned are the averaged weights, not the last ones.
    written, state = load_checkpoint(folder.path), torch.load(folder.state_path)
    for name, value in model.state_dict().items():
        assert torch.equal(value, written.state_dict()[name])
        assert torch.equal(value, validated[-1][name])
        assert torch.equal(value, state["average"][name])
    assert not torch.equal(
        state["model"]["encoder.squeeze.weight"], state["average"]["encoder.squeeze.weight"]
    )
    assert not model.training and state["step"] == 20


def test_scores_of_clips_without_speech_leave_no_line(tmp_path: Path) -> None:
    train(fresh(), CONFIG, OBJECTIVE, Bursts(), RunFolder(tmp_path), lambda model: {})
    assert not (tmp_path / "validation.csv").exists()


def test_a_nan_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    source = Bursts(broken=12)
    with pytest.raises(TrainingError, match="diverged at step 13: .* not finite") as caught:
        train(fresh(), CONFIG, OBJECTIVE, source, RunFolder(tmp_path))
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)
    weights = load_checkpoint(tmp_path).state_dict()
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert torch.load(tmp_path / "state.pt")["step"] == 10
    assert not [thread for thread in threading.enumerate() if "produce" in thread.name]


def test_a_nan_before_the_first_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="diverged at step 2: .* no checkpoint yet"):
        train(fresh(), CONFIG, OBJECTIVE, Bursts(broken=1), RunFolder(tmp_path))


def test_a_run_started_again_before_its_first_checkpoint_drops_old_lines(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,other\r\n5,1\r\n10,")
    train(fresh(), CONFIG, OBJECTIVE, Bursts(), RunFolder(tmp_path))
    assert [line["step"] for line in lines(tmp_path / "log.csv")] == ["5", "10", "15", "20"]


def test_forgetting_lines_after_a_step(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\r\n5,1\r\n10,2\r\n15,3\r\n2")
    folder = RunFolder(tmp_path)
    folder.forget_after(10)
    assert path.read_bytes() == b"step,loss\r\n5,1\r\n10,2\r\n"
    folder.forget_after(0)
    assert not path.exists()
    path.write_text("step,lo")
    folder.forget_after(10)
    assert not path.exists()


def test_other_processes_write_nothing(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", writes=False)
    folder.create()
    folder.write_settings({})
    folder.write_card("card")
    folder.save_state({})
    folder.log("log", 1, {"loss": 1.0})
    assert not (tmp_path / "run").exists()


def test_the_loss_compares_what_belongs_together() -> None:
    """A model that only delays has no error: the objective takes the delay out."""

    class Delay(torch.nn.Module):
        def forward(self, audio: torch.Tensor, skip_scale: float) -> torch.Tensor:
            return torch.nn.functional.pad(audio, (TINY.delay, 0))[..., : -TINY.delay]

    batch = Bursts(seconds=0.52).batch(0, 3)
    clean = Batch(batch.reference, batch.reference, batch.bandwidth_hz)
    _, terms = DenoiseObjective(DenoiseLossConfig(), TINY, 0)(Delay(), clean, 0)
    assert terms["magnitude"] < 1e-9 and terms["snr"].item() == pytest.approx(-3.0, abs=1e-3)


def test_skips_are_dropped_by_step_number_alone() -> None:
    scales: list[float] = []

    class Listen(torch.nn.Module):
        def forward(self, audio: torch.Tensor, skip_scale: float) -> torch.Tensor:
            scales.append(skip_scale)
            return audio

    batch = Bursts(seconds=0.1).batch(0, 1)
    config = DenoiseLossConfig(skip_dropout=0.3, kind="mse")
    for step in (*range(100), *range(100)):
        DenoiseObjective(config, TINY, 0)(Listen(), batch, step)
    assert scales[:100] == scales[100:]
    assert 15 < scales[:100].count(0.0) < 45 and set(scales) == {0.0, 1.0}


def test_batches_come_in_order_and_ahead() -> None:
    source = Bursts(seconds=0.1)
    found = prefetched(source, CONFIG.batch_size, range(3, 9), Processes())
    assert [step for step, _ in found] == [3, 4, 5, 6, 7, 8]
    assert source.asked == [3, 4, 5, 6, 7, 8]


def test_an_error_in_the_data_is_raised_in_the_loop_and_ends_the_thread() -> None:
    class Broken(Bursts):
        def batch(self, step: int, *arguments: int) -> Batch:
            if step == 2:
                raise InputError("no such crop")
            return super().batch(step, *arguments)

    before = set(threading.enumerate())
    done = []
    with pytest.raises(InputError, match="no such crop"):
        for step, _ in prefetched(Broken(seconds=0.1), 1, range(9), Processes()):
            done.append(step)
    assert done == [0, 1]
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("made_by", [_by_processes, _by_threads])
def test_others_give_the_batches_that_one_thread_gives(
    made_by: Callable[[_Steps], Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    steps = range(3, 8)
    pending = _Steps(Bursts(seconds=0.1), CONFIG.batch_size, steps, Processes())
    expected = prefetched(pending.batches, pending.batch_size, steps, Processes())
    for made, (_, batch) in zip(made_by(pending), expected, strict=True):
        assert torch.equal(made.noisy, batch.noisy)


def test_leaving_threads_that_mix_ends_them() -> None:
    before = set(threading.enumerate())
    made = _by_threads(_Steps(Bursts(seconds=0.1), 1, range(1000), Processes()))
    next(made)
    made.close()
    assert set(threading.enumerate()) <= before


def test_leaving_the_loop_ends_the_thread() -> None:
    before = set(threading.enumerate())
    source = Bursts(seconds=0.1)
    found = prefetched(source, CONFIG.batch_size, range(1000), Processes())
    next(found)
    assert len(set(threading.enumerate()) - before) == 1
    found.close()
    assert set(threading.enumerate()) <= before
    assert len(source.asked) < 10


def test_what_a_run_starts_with_is_the_validation_of_step_0(tmp_path: Path) -> None:
    seen: list[StepReport] = []
    train(
        fresh(),
        dataclasses.replace(CONFIG, steps=10),
        OBJECTIVE,
        Bursts(),
        RunFolder(tmp_path),
        lambda model: {"si_sdr": 2.0},
        seen.append,
        before={"si_sdr": 1.0},
    )
    assert lines(tmp_path / "validation.csv") == [
        {"step": "0", "si_sdr": "1"},
        {"step": "10", "si_sdr": "2"},
    ]
    assert seen[0] == StepReport(0, 10, {"valid_si_sdr": 1.0})


def test_the_checkpoint_is_there_before_the_validation(tmp_path: Path) -> None:
    """A kill during a long validation loses nothing, and the resumed run makes up for it."""
    short = dataclasses.replace(CONFIG, steps=10, checkpoint_every=1000)

    def killed(model: DenoisingAutoencoder) -> dict[str, float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(fresh(), short, OBJECTIVE, Bursts(), RunFolder(tmp_path), killed)
    assert torch.load(tmp_path / "state.pt")["step"] == 10
    assert not (tmp_path / "validation.csv").exists()
    for _ in range(2):  # once made up for, it is not repeated
        train(
            fresh(),
            short,
            OBJECTIVE,
            Bursts(),
            RunFolder(tmp_path),
            lambda model: {"si_sdr": 2.0},
            resume=True,
        )
        assert lines(tmp_path / "validation.csv") == [{"step": "10", "si_sdr": "2"}]


def test_a_checkpoint_comes_by_time_however_slow_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_MOST_SECONDS_AT_RISK", 0.0)
    slow = dataclasses.replace(CONFIG, checkpoint_every=1000, validate_every=1000)
    with pytest.raises(TrainingError, match="diverged at step 4: the loss"):
        train(fresh(), slow, OBJECTIVE, Bursts(broken=3), RunFolder(tmp_path))
    assert torch.load(tmp_path / "state.pt")["step"] == 3


def test_tensorboard_has_sounds_and_spectrograms(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    class Heard:
        sounds = [Sound("clip 0/estimate", np.sin(np.arange(8000) * 0.2).astype(np.float32), 16000)]

        def __call__(self, model: object) -> dict[str, float]:
            return {"si_sdr": 1.0}

    train(fresh(), CONFIG, OBJECTIVE, Bursts(), RunFolder(tmp_path), Heard())
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    (sound,), (picture,) = tags["audio"], tags["images"]
    assert sound == picture == "validation/clip 0/estimate"
    assert [event.step for event in events.Audio(sound)] == [10, 20]
    assert events.Audio(sound)[0].sample_rate == 16000
    assert events.Images(picture)[0].width == 640


def test_a_log_keeps_its_columns_when_other_metrics_are_installed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.log("validation", 1, {"si_sdr": 1.0, "pesq_wb": 2.0})
    folder.log("validation", 2, {"pesq_wb": 2.5, "stoi": 0.5})
    folder.close()
    assert lines(tmp_path / "validation.csv") == [
        {"step": "1", "si_sdr": "1", "pesq_wb": "2"},
        {"step": "2", "si_sdr": "", "pesq_wb": "2.5"},
    ]
