"""Training a synthesiser: losses, objective, reports, and a tiny run with an exact resume."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from aeolia.cli import run
from aeolia.config import SynthConfig
from aeolia.data.synth.batches import NoteBatches
from aeolia.data.synth.files import find_notes
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import hold_out, read_notes
from aeolia.errors import ConfigError, ModelError
from aeolia.models.checkpoint import load_checkpoint, read_checkpoint
from aeolia.recipes.catalogue import preset
from aeolia.training.recipe import RunRequest, read_setup
from aeolia.training.synth.config import SynthLossConfig
from aeolia.training.synth.latent_report import (
    active_units,
    aggregate_distance,
    latent_report,
    pitch_probe,
)
from aeolia.training.synth.losses import (
    MultiResolutionLoss,
    envelope_loss,
    level_loss,
    pitch_correlation,
)
from aeolia.training.synth.objective import SynthObjective
from aeolia.training.synth.validation import score_names
from made.tiny_notes import TINY_SYNTH, random_synth, tone, write_notes

MODEL = {
    "harmonics": 6,
    "channels": 16,
    "layers": 2,
    "condition_dim": 8,
    "encoder_channels": 8,
    "latent_dim": 4,
}
TRAIN = {
    "steps": 8,
    "batch_size": 2,
    "warmup_steps": 2,
    "log_every": 2,
    "checkpoint_every": 4,
    "validate_every": 4,
    "validation_clips": 4,
}
MIX = {"crop_frames": 16, "least_notes": 4}
#: Columns that tell the time, not the training.
CLOCK = {"steps_per_second", "audio_per_second", "waiting_share"}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notes(tmp_path_factory.mktemp("made") / "notes")


@pytest.fixture(autouse=True)
def cache(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(notes.parent / "cache"))


def config_file(folder: Path, **train: Any) -> Path:
    path = folder / "tiny.json"
    path.write_text(json.dumps({"model": MODEL, "train": {**TRAIN, **train}, "mix": MIX}))
    return path


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return [{k: v for k, v in row.items() if k not in CLOCK} for row in csv.DictReader(stream)]


def sound(*midi: float) -> torch.Tensor:
    return torch.from_numpy(np.stack([tone(m, 0.4) for m in midi]))


WIDE = torch.tensor([1e6])
ALL = torch.ones(1, 1)


def test_equal_sounds_have_no_distance_and_others_have() -> None:
    loss = MultiResolutionLoss(48000)
    same, linear = loss(sound(60), sound(60), WIDE, ALL)
    assert float(same) == 0.0 and float(linear) == 0.0
    near, _ = loss(sound(60), 1.1 * sound(60), WIDE, ALL)
    far, _ = loss(sound(60), sound(66), WIDE, ALL)
    assert 0.0 < float(near) < float(far)


def test_a_gain_shifts_the_log_magnitudes_by_its_logarithm() -> None:
    """Far above the floor the logarithmic term is the gain itself."""
    noise = torch.randn(1, 48000, generator=torch.Generator().manual_seed(0))
    found, linear = MultiResolutionLoss(48000)(noise, 2.0 * noise, WIDE, ALL)
    assert float(found) == pytest.approx(np.log(2.0), abs=0.01)
    assert float(linear) == pytest.approx(1.0, abs=0.01)


def test_levels_do_not_matter_and_neither_does_what_lies_above_the_bandwidth() -> None:
    loss = MultiResolutionLoss(48000)
    for quiet in (1.0, 0.01):
        one, _ = loss(quiet * sound(60), quiet * sound(62), WIDE, ALL)
        other, _ = loss(sound(60), sound(62), WIDE, ALL)
        assert float(one) == pytest.approx(float(other), rel=1e-3)
    time = torch.arange(19200) / 48000.0
    high = 0.01 * torch.sin(2 * torch.pi * 15000.0 * time)
    below, _ = loss(sound(60), sound(60) + high, torch.tensor([8000.0]), ALL)
    above, _ = loss(sound(60), sound(60) + high, WIDE, ALL)
    assert float(below) < 0.5 * float(above)


def test_silence_gives_finite_losses() -> None:
    silence = torch.zeros(1, 19200, requires_grad=True)
    for reference, estimate in ((torch.zeros(1, 19200), silence), (sound(60), silence)):
        terms = MultiResolutionLoss(48000)(reference, estimate, WIDE, ALL)
        total = torch.stack(terms).sum()
        total.backward()
        assert total.isfinite() and silence.grad is not None and silence.grad.isfinite().all()
    quiet = 1e-4 * torch.randn(1, 19200)
    _, linear = MultiResolutionLoss(48000)(torch.zeros(1, 19200), quiet, WIDE, ALL)
    assert float(linear) < 200.0


def test_envelopes_are_compared_where_they_are_held() -> None:
    shape = torch.tensor([[0.0, -10.0, -20.0]])
    held = torch.tensor([[1.0, 1.0, 0.0]])
    assert float(envelope_loss(shape, torch.tensor([[0.0, -6.0, 5.0]]), held)) == 2.0


def test_levels_are_compared_in_db_where_there_is_sound() -> None:
    both = torch.cat([sound(60), torch.zeros(1, 19200)], dim=1)
    assert float(level_loss(both, 0.5 * both, torch.ones(1, 1))) == pytest.approx(6.02, abs=0.1)
    assert float(level_loss(torch.zeros(1, 9600), torch.ones(1, 9600), torch.ones(1, 1))) == 0.0


def test_correlation_with_the_pitch() -> None:
    pitch = torch.tensor([40.0, 50.0, 60.0, 70.0])
    latent = torch.stack([pitch / 10.0, torch.tensor([1.0, -1.0, -1.0, 1.0])], dim=1)
    assert float(pitch_correlation(latent, pitch)) == pytest.approx(0.5, abs=0.01)
    assert float(pitch_correlation(latent, torch.full((4,), 60.0))) == 0.0


def test_reports_of_latents_with_a_known_answer() -> None:
    generator = torch.Generator().manual_seed(0)
    pitch = 40.0 + 40.0 * torch.rand(400, generator=generator)
    means = 0.001 * torch.randn(400, 6, generator=generator)
    means[:, 0] = torch.randn(400, generator=generator)
    assert active_units(means) == 1
    blind = pitch_probe(means, pitch)
    assert blind == pytest.approx(10.0, abs=1.0)  # that of guessing the mean
    means[:, 1] = (pitch - 60.0) / 12.0 + 0.02 * torch.randn(400, generator=generator)
    assert pitch_probe(means, pitch) < 0.5
    report = latent_report(means, torch.ones(400, 6), pitch)
    assert report["active_units"] == 2.0
    assert report["pitch_probe_semitones"] < report["pitch_guess_semitones"]
    draws = torch.randn(100_000, 3, generator=generator)
    assert aggregate_distance(draws) < 1e-3
    # KL(N(1, 1) || N(0, 1)) is a half.
    assert aggregate_distance(draws + 1.0) == pytest.approx(0.5, abs=0.01)


def test_the_divergence_warms_up() -> None:
    config = SynthLossConfig(beta=0.5, beta_warmup_steps=100)
    assert config.beta_at(0) == pytest.approx(0.05)
    assert config.beta_at(100) == config.beta_at(5000) == 0.5
    with pytest.raises(ConfigError, match="observations"):
        SynthLossConfig(observations=0.0)


@pytest.mark.parametrize("prior", ["standard", "conditional", "mixture"])
def test_the_objective_learns(notes: Path, prior: str) -> None:
    """A few steps on one batch lower its loss; the same step gives the same loss."""
    config = SynthConfig(instruments=("bell", "reed"), prior=prior, **MODEL)
    pool = hold_out(read_notes(find_notes(notes), config))
    batch = NoteBatches(pool.of("train"), config, NoteMixConfig(crop_frames=16)).batch(0, 2)
    model = random_synth(config).train()
    objective = SynthObjective(SynthLossConfig(), config, 0)
    first, terms = objective(model, batch, 3)
    assert torch.equal(first, objective(model, batch, 3)[0])
    assert not torch.equal(first, objective(model, batch, 4)[0])
    assert set(terms) == {
        "logarithmic",
        "linear",
        "timbre",
        "spread",
        "level_db",
        "divergence",
        "envelope_db",
        "pitch_correlation",
    }
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(6):
        optimizer.zero_grad()
        loss = objective(model, batch, 3)[0]
        loss.backward()
        optimizer.step()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
    assert objective(model, batch, 3)[0].item() < first.item()


def test_a_run_by_command(notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    straight = tmp_path / "straight"
    config = str(config_file(tmp_path))
    assert run(["train", "synth", str(notes), "--config", config, "--out", str(straight)]) == 0
    said = capsys.readouterr().out
    assert "bell: 12 notes, MIDI 52 to 66, 6 pitches, 10 to learn from, 2 held out" in said
    assert "parameters; 8 steps" in said
    assert len(lines(straight / "validation.csv")) == 2
    scores = lines(straight / "validation.csv")[0].keys() - {"step"}
    few = {"pitch_probe_semitones", "pitch_guess_semitones"}  # not of four notes
    assert set(score_names(None)) == scores | few and not scores & few
    model = load_checkpoint(straight)
    assert model.config.instruments == ("bell", "reed")
    assert model.config.ranges == ((52.0, 66.0), (52.0, 66.0))
    assert 0.5 < model.config.held_seconds[1] < 0.9
    assert "Variational autoencoder of 2 instruments" in (straight / "card.md").read_text()


def test_resumed_equals_left_alone(notes: Path, tmp_path: Path) -> None:
    """Stopped after a checkpoint and gone on with: every weight and log line is the same."""
    config = config_file(tmp_path, decay_share=0.0)
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    command = ["train", "synth", str(notes), "--config", str(config), "-q"]
    assert run([*command, "--out", str(straight)]) == 0
    assert run([*command, "--steps", "4", "--out", str(broken)]) == 0
    assert run(["train", "synth", "--resume", "--steps", "8", "--out", str(broken), "-q"]) == 0
    ours, theirs = (read_checkpoint(folder)[1] for folder in (straight, broken))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert lines(straight / "log.csv") == lines(broken / "log.csv")


def test_fine_tuning_starts_from_the_weights(notes: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", "synth", str(notes), "-q", "--config", str(config_file(tmp_path))]
    assert run([*command, "--out", str(out)]) == 0
    setup = read_setup(RunRequest("synth", start=str(out), config=config_file(tmp_path)))
    assert setup.weights is not None and setup.model.instruments == ()
    assert setup.train.learning_rate < read_setup(RunRequest("synth")).train.learning_rate
    # With a preset, too, the structure is the preset's, and the weights are transplanted.
    both = read_setup(RunRequest("synth", preset="drums", start=str(out)))
    assert both.model == preset("drums").model and both.mix.kind == "drum"
    assert both.weights is not None and both.train.warmup_steps == 20
    assert run([*command, "--from", str(out), "--out", str(tmp_path / "more")]) == 0
    other = random_synth(TINY_SYNTH)
    with pytest.raises(ModelError, match="another structure"):
        from aeolia.training.synth.task import SYNTH

        SYNTH.transplant(other, {"weight": torch.zeros(3)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no folder of notes was given"),
        (["absent"], "does not exist; name a folder of notes"),
        (["NOTES", "--preset", "note"], "did you mean 'notes'?"),
        (["NOTES"], "has no instrument with 40 notes (bell (12), reed (12))"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left(
    arguments: list[str],
    words: str,
    notes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "strict.json"
    config.write_text(json.dumps({"mix": {"least_notes": 40}}))
    given = [str(notes) if a == "NOTES" else a for a in arguments]
    out = tmp_path / "run"
    assert run(["train", "synth", *given, "--config", str(config), "--out", str(out)]) == 2
    printed = capsys.readouterr().err
    assert words in " ".join(printed.split()) and "Traceback" not in printed
    assert not out.exists()


def test_the_textbook_autoencoder_is_heard(notes: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    structure = {key: value for key, value in MODEL.items() if key != "harmonics"}
    model = {**structure, "decoder": "spectrogram", "prior": "standard"}
    config = tmp_path / "textbook.json"
    config.write_text(json.dumps({"model": model, "train": {**TRAIN, "steps": 4}, "mix": MIX}))
    out = tmp_path / "run"
    arguments = ["train", "synth", str(notes), "--config", str(config), "--out", str(out)]
    assert run([*arguments, "--quiet"]) == 0
    events = EventAccumulator(str(out / "tensorboard"))
    events.Reload()
    heard = events.Tags()["audio"]
    assert {"validation/note 0/recorded", "validation/note 0/decoded"} <= set(heard)
    assert set(heard) == set(events.Tags()["images"])
    # And by everybody, once it is exported.
    model_file, note = tmp_path / "model.onnx", tmp_path / "note.wav"
    assert run(["export", str(out), "-o", str(model_file)]) == 0
    name = json.loads((out / "train.json").read_text())["model"]["instruments"][0]
    played = ["synth", "-m", str(model_file), "-i", name, "-p", "60", "-s", "1", "-o", str(note)]
    assert run([*played, "--quiet"]) == 0
    sound, _ = soundfile.read(note)
    assert np.abs(sound).max() > 1e-3
