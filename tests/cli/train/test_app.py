"""aeolia train denoise: from folders to a model, onwards from one, and errors in one line."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import torch

from aeolia.cli import run
from aeolia.files import read_rows
from aeolia.models.checkpoint import load_checkpoint, save_checkpoint
from aeolia.recipes.catalogue import DEFAULT_PRESETS
from aeolia.training.config import TrainConfig
from aeolia.training.run import steps_within
from made.recordings import voice_like, write
from made.tiny_models import TINY, random_model
from made.tiny_training import make_recordings, write_config

Refused = Callable[[list[str]], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with speech/, noise/ and a finished run/ of 10 steps."""
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AEOLIA_CACHE", str(folder / "cache"))
        make_recordings(folder)
        write_config(folder / "tiny.json", steps=10)
        assert run(command(folder, folder / "run", "--quiet")) == 0
    return folder


@pytest.fixture(autouse=True)
def _cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(folder / "cache"))


def command(folder: Path, out: Path, *more: str) -> list[str]:
    return [
        "train",
        "denoise",
        "--speech",
        str(folder / "speech"),
        "--noise",
        str(folder / "noise"),
        "--config",
        str(folder / "tiny.json"),
        "--out",
        str(out),
        *more,
    ]


def steps_of(folder: Path) -> list[int]:
    with (folder / "log.csv").open(newline="") as stream:
        return [int(line["step"]) for line in csv.DictReader(stream)]


def test_a_run_leaves_everything_that_it_promises(folder: Path) -> None:
    names = {path.name for path in (folder / "run").iterdir()}
    assert names == {
        "train.json",
        "model.safetensors",
        "card.md",
        "state.pt",
        "log.csv",
        "validation.csv",
        "tensorboard",
    }
    settings = json.loads((folder / "run" / "train.json").read_text())
    assert settings["train"]["steps"] == 10 and settings["model"]["name"] == "tiny"
    assert settings["data"] == {
        "speech": str(folder / "speech"),
        "noise": str(folder / "noise"),
        "rirs": None,
    }
    card = (folder / "run" / "card.md").read_text()
    assert card.startswith("# tiny\n") and "10 steps of 2 s" in card
    assert "speech train: 3 recordings" in card and "si_sdr" in card and "(N = 1)" in card
    assert load_checkpoint(folder / "run").config == TINY


def test_it_says_what_it_found_and_how_it_goes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(command(folder, tmp_path / "run", "--steps", "5", "--seed", "3"))
    said = capsys.readouterr().out
    assert code == 0
    assert "speech train: 3 recordings, 0.1 minutes, 3 labels" in said
    assert "speech choose: 1 recordings" in said
    assert "5 steps of 2 s" in said and "ms a step" in said
    assert "step 5/5  loss " in said and "step 5/5  held out: si_sdr " in said
    assert f"next: aeolia export {tmp_path / 'run'} -o model.onnx" in said


def test_it_says_what_it_leaves_out_and_why(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings = tmp_path / "own"
    shutil.copytree(folder / "speech", recordings / "speech")
    shutil.copytree(folder / "noise", recordings / "noise")
    shutil.copy(folder / "tiny.json", recordings)
    for number in range(5):
        (recordings / "speech" / f"text{number}.wav").write_text("no sound")
    shutil.copy(recordings / "speech/s0/one.wav", recordings / "speech/s1/again.wav")
    write(recordings / "noise/=quiet.wav", 0.0 * voice_like(1.0, 16000), 16000)
    out = tmp_path / "run"
    assert run(command(recordings, out, "--steps", "2")) == 0
    said = capsys.readouterr().out
    assert "left out, unreadable: 5: text0.wav (" in said and "; and 2 more" in said
    assert "left out, duplicate: 1: again.wav (same as s0/one.wav)" in said
    assert f"all 7 that are left out: {out / 'left_out.csv'}" in said
    columns, rows = read_rows(out / "left_out.csv", "list")
    assert columns == ["path", "reason", "detail"] and len(rows) == 7
    assert Counter(row["reason"] for row in rows) == {"unreadable": 5, "duplicate": 1, "silent": 1}
    assert {row["path"] for row in rows} == {
        *(str(recordings / "speech" / f"text{number}.wav") for number in range(5)),
        str(recordings / "speech/s1/again.wav"),
        str(recordings / "noise/=quiet.wav"),
    }
    # It is no log, whose lines a run that goes on would cut.
    assert run(["train", "denoise", "--resume", "--steps", "3", "--out", str(out)]) == 0
    assert len(read_rows(out / "left_out.csv", "list")[1]) == 7


def test_fine_tuning_a_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    more = ("--from", str(folder / "run"), "--steps", "5", "--quiet")
    arguments = command(folder, out, *more)
    arguments[arguments.index("--config") + 1] = str(short := tmp_path / "short.json")
    settings = {
        "train": {"log_every": 5, "learning_rate": 1e-6, "validation_clips": 0},
        "mix": {"crop_seconds": 0.5},
    }
    short.write_text(json.dumps(settings))
    assert run(arguments) == 0
    before, after = load_checkpoint(folder / "run"), load_checkpoint(out)
    assert after.config == before.config
    changed = [
        (value - after.state_dict()[name]).abs().max().item()
        for name, value in before.state_dict().items()
    ]
    assert 0.0 < max(changed) < 1e-4, "it starts from the given weights"
    train = json.loads((out / "train.json").read_text())["train"]
    assert (train["warmup_steps"], train["decay_share"]) == (20, 0.8)


def test_resume_lengthens_a_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run(command(folder, out, "--steps", "5", "--quiet")) == 0
    resume = ["train", "denoise", "--resume", "--out", str(out), "--quiet"]
    assert run([*resume, "--steps", "10"]) == 0
    assert steps_of(out) == [5, 10]
    assert json.loads((out / "train.json").read_text())["train"]["steps"] == 10


def test_without_noise_recordings_noise_is_made(folder: Path, tmp_path: Path) -> None:
    arguments = command(folder, tmp_path / "run", "--steps", "5", "--quiet")
    at = arguments.index("--noise")
    assert run(arguments[:at] + arguments[at + 2 :]) == 0


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must fail; returns its one line."""

    def check(arguments: list[str]) -> str:
        assert run(arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("aeolia: ") and said.count("\n") == 1, said
        return said

    return check


def test_mistakes_are_reported_in_one_line(folder: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "out"
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "notes.txt").write_text("no sound")
    write(tmp_path / "alone" / "one.wav", voice_like(1.0, 16000), 16000)
    other = tmp_path / "other.json"

    def changed(option: str, value: object) -> list[str]:
        arguments = command(folder, out)
        arguments[arguments.index(option) + 1] = str(value)
        return arguments

    def configured(sections: object) -> list[str]:
        other.write_text(sections if isinstance(sections, str) else json.dumps(sections))
        return changed("--config", other)

    assert "does not exist" in refused(changed("--speech", tmp_path / "absent"))
    assert "holds no audio files" in refused(changed("--speech", tmp_path / "bare"))
    assert "holds no audio files" in refused(changed("--noise", tmp_path / "bare"))
    assert "at least two speakers" in refused(changed("--speech", tmp_path / "alone"))
    said = refused(configured({"train": {"learning_rat": 1.0}}))
    assert "TrainConfig has no key 'learning_rat'; did you mean 'learning_rate'?" in said
    said = refused(configured({"mix": {"snr": 1.0}}))
    assert "MixConfig has no key 'snr'; did you mean 'snr_db'?" in said
    assert "'extra' is none of them" in refused(configured({"extra": {}}))
    assert "its 'train' is 3" in refused(configured({"train": 3}))
    assert "must be a JSON object, not list" in refused(configured([]))
    assert "is not valid JSON" in refused(configured("{"))
    assert "no such config" in refused(changed("--config", tmp_path / "absent.json"))
    assert "did you mean 'denoise-16k'" in refused(
        [*command(folder, out), "--preset", "denoise16k"]
    )
    assert "no checkpoint at nosuch" in refused([*command(folder, out), "--from", "nosuch"])
    assert "--speech is missing" in refused(["train", "denoise", "--out", str(out)])
    resume = ["train", "denoise", "--resume", "--out"]
    assert "holds no training run" in refused([*resume, str(out)])
    assert not out.exists(), "what failed leaves nothing"
    assert "already holds a run" in refused(command(folder, folder / "run"))
    (tmp_path / "file").write_text("")
    assert "cannot make the folder" in refused(command(folder, tmp_path / "file"))


def test_resuming_a_damaged_run(folder: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "run"
    assert run(command(folder, out, "--steps", "5", "--quiet")) == 0
    (out / "state.pt").write_bytes(b"nothing")
    assert "state.pt is damaged" in refused(["train", "denoise", "--resume", "--out", str(out)])


def test_divergence_is_reported_in_one_line(folder: Path, tmp_path: Path, refused: Refused) -> None:
    weights = random_model(TINY).state_dict()
    weights["encoder.squeeze.bias"].fill_(float("nan"))
    broken = tmp_path / "broken.safetensors"
    save_checkpoint(broken, TINY, weights)
    said = refused([*command(folder, tmp_path / "run", "--quiet"), "--from", str(broken)])
    assert "training diverged at step 1" in said


def test_a_file_without_enough_sound(folder: Path, tmp_path: Path, refused: Refused) -> None:
    soundfile.write(tmp_path / "a.wav", torch.zeros(16000).numpy(), 16000)
    arguments = command(folder, tmp_path / "run")
    arguments[arguments.index("--speech") + 1] = str(tmp_path)
    assert "can be used: 1 silent" in refused(arguments)


def test_what_belongs_to_another_command_names_it(
    folder: Path, tmp_path: Path, refused: Refused
) -> None:
    said = refused([*command(folder, tmp_path / "out"), "--preset", "separate-16k"])
    assert "use: aeolia train separate --preset separate-16k" in said
    said = refused(["train", "separate", "--data", str(folder), "--preset", "notes", "--out", "no"])
    assert "use: aeolia train synth --preset notes" in said
    start = str(folder / "run")
    said = refused(["train", "synth", str(folder), "--from", start, "--out", "no"])
    assert f"use: aeolia train denoise --from {start}" in said
    (tmp_path / "c.json").write_text('{"model": {"task": "synth"}}')
    arguments = command(folder, tmp_path / "out")
    arguments[arguments.index("--config") + 1] = str(tmp_path / "c.json")
    assert "the task 'synth', not denoise; use: aeolia train synth" in refused(arguments)


def test_every_train_command_has_the_same_options(capsys: pytest.CaptureFixture[str]) -> None:
    for task, own in (("denoise", "--speech"), ("separate", "--data"), ("synth", "--held-out")):
        assert run(["train", task, "--help"]) == 0
        said = capsys.readouterr().out
        for option in ("--out", "--preset", "--from", "--steps", "--minutes", "--seed", own):
            assert option in said, (task, option)
        assert DEFAULT_PRESETS[task] in said


def test_fine_tuning_shows_its_gain_and_keeps_attributions(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(folder / "run", base)
    (base / "card.md").write_text("# base\n\n## Recordings\n\nAnn Example, CC BY 4.0.\n")
    out = tmp_path / "tuned"
    assert run(command(folder, out, "--from", str(base), "--steps", "5")) == 0
    assert "step 0/5  held out: si_sdr " in capsys.readouterr().out
    with (out / "validation.csv").open(newline="") as stream:
        first, last = csv.DictReader(stream)
    assert (first["step"], last["step"]) == ("0", "5")
    card = (out / "card.md").read_text()
    assert f"si_sdr {last['si_sdr']} ({first['si_sdr']} before)" in card
    assert "## The model that it began with\n\nIts weights were those of `base`." in card
    assert "#### Recordings\n\nAnn Example, CC BY 4.0." in card
    # So does the card of a run that went on.
    assert run(["train", "denoise", "--resume", "--steps", "6", "--out", str(out), "--quiet"]) == 0
    assert "Ann Example" in (out / "card.md").read_text()


def test_single_settings(folder: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "run"
    changes = ("--set", "train.learning_rate=3e-4", "--set", "mix.snr_db=[-3, 7]")
    more = ("--set", "train.optimizer=muon", "--steps", "5", "--quiet")
    assert run(command(folder, out, *changes, *more)) == 0
    settings = json.loads((out / "train.json").read_text())
    train, mix = settings["train"], settings["mix"]
    assert (train["learning_rate"], train["optimizer"]) == (3e-4, "muon")
    assert mix["snr_db"] == [-3.0, 7.0] and train["warmup_steps"] == 5  # of the file
    other = tmp_path / "other"
    for text in ("learning_rate=1", "train.=1", "train.steps", "drain.steps=1"):
        assert "give SECTION.KEY=VALUE" in refused(command(folder, other, "--set", text))
    unknown = refused(command(folder, other, "--set", "train.learning_rat=1"))
    assert "did you mean 'learning_rate'" in unknown
    assert "above 0" in refused(command(folder, other, "--set", "train.learning_rate=-1"))
    assert not other.exists()


def test_recordings_that_were_probably_not_meant(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(name: str, *recordings: str) -> str:
        config = ["--config", str(folder / "tiny.json"), "--steps", "5"]
        assert run(["train", "denoise", *recordings, *config, "--out", str(tmp_path / name)]) == 0
        return capsys.readouterr().out

    speech, noise = str(folder / "speech"), str(folder / "noise")
    swapped = said("swapped", "--speech", noise, "--noise", speech)
    assert f"--speech {noise} is noise by its folders' names; were" in swapped
    assert f"--noise {speech} is speech by its folders' names; were" in swapped
    assert "no --noise was given" in said("alone", "--speech", speech)
    assert "both the speech and the noise" in said("same", "--speech", speech, "--noise", speech)
    right = said("right", "--speech", speech, "--noise", noise)
    assert "swapped" not in right and "--noise" not in right


def test_minutes_count_everything() -> None:
    config = TrainConfig(validate_every=100)
    steps = steps_within(60.0, 0.05, 10.0, config)
    assert steps == 333
    # Those steps, a validation for each hundred, and one at the end.
    assert steps * 0.05 + steps // 100 * 10.0 + 10.0 == pytest.approx(60.0, abs=5.0)
    assert steps_within(-5.0, 1.0, 0.0, config) == 20


def test_minutes_too_few_are_remarked_on_before_the_run(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    within: list[object] = []

    def said(name: str, seconds: float) -> str:
        def timed(*arguments: object) -> float:
            within.append(arguments[-1])
            return seconds

        monkeypatch.setattr("aeolia.training.run.seconds_per_step", timed)
        assert run(command(folder, tmp_path / name, "--minutes", "10")) == 0
        found = capsys.readouterr().out
        assert steps_of(tmp_path / name)[-1] == 20
        return found

    slow = said("slow", 60.0)
    assert "--minutes 10 is short for this machine: getting ready took" in slow
    assert "20 steps, the fewest, with the validation take 20.0 more" in slow
    assert slow.index("is short") < slow.index("20 steps of")
    assert "is short" not in said("enough", 29.0)
    assert within == [120.0, 120.0]  # a fifth of the minutes, and no longer, for the trial
