"""`aeolia evaluate` on a model whose effect is known: half the level, nothing else."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from aeolia.cli.workshop.evaluate import evaluate
from aeolia.errors import DataError, InputError, ModelError
from made.programs import program
from made.tiny_separators import write_separator

app = typer.Typer()
app.command()(evaluate)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs at 16 kHz, 10 dB apart."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for snr_db in (-5, 5, 15):
        clean = 0.1 * rng.standard_normal(12000)
        noisy = clean + 0.1 * 10 ** (-snr_db / 20) * rng.standard_normal(12000)
        for side, audio in (("noisy", noisy), ("clean", clean)):
            soundfile.write(folder / f"at{snr_db}.{side}.wav", audio, 16000, subtype="FLOAT")
    return folder


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_scores_a_model_file(pairs: Path, gain_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    printed = run(gain_model, pairs, "--out", out, "--metrics", "snr,si_sdr")
    assert "gain − noisy" in printed and "report.html" in printed
    summary = json.loads((out / "summary.json").read_text())
    assert list(summary["systems"]) == ["noisy", "gain"]
    (difference,) = [d for d in summary["differences"] if d["system"] == "gain"]
    assert difference["si_sdr"]["mean"] == pytest.approx(0.0, abs=1e-4)  # blind to level
    rows = list(csv.DictReader((out / "scores.csv").open()))
    by_name = {(row["name"], row["system"]): row for row in rows}
    # Half of a clean signal plus noise at 15 dB: 1 / (0.25 + 0.25 * 10**-1.5) = 5.89 dB.
    assert float(by_name["at15", "gain"]["snr"]) == pytest.approx(5.89, abs=0.1)
    assert 0 < float(by_name["at15", "gain"]["real_time_factor"]) < 1
    assert "Worst clips" in (out / "report.html").read_text()


def test_compares_several_models(
    pairs: Path, gain_model: Path, make_gain_model: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_gain_model(gain=1.0)
    printed = run(gain_model, other, pairs, "-o", tmp_path, "--metrics", "snr", "--json")
    summary = json.loads(printed)
    assert list(summary["systems"]) == ["noisy", "gain", "variant"]
    found = {(d["system"], d["minus"]): d["snr"] for d in summary["differences"]}
    assert found["variant", "noisy"]["mean"] == pytest.approx(0.0, abs=1e-4)
    assert found["variant", "gain"]["mean"] == pytest.approx(-found["gain", "variant"]["mean"])


def test_quiet_prints_nothing_and_the_input_alone_can_be_scored(
    pairs: Path, tmp_path: Path
) -> None:
    assert run("noisy", pairs, "-o", tmp_path, "--metrics", "snr", "--quiet") == ""
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert list(summary["systems"]) == ["noisy"]
    assert summary["systems"]["noisy"]["all"]["snr"]["mean"] == pytest.approx(5.0, abs=0.2)


def test_a_training_run_is_scored(pairs: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from aeolia.config import DenoiseConfig
    from aeolia.models.checkpoint import save_checkpoint
    from aeolia.models.spectral.denoiser import DenoisingAutoencoder

    torch.manual_seed(0)
    config = DenoiseConfig(channels=(4, 4, 4), hidden_dim=8, latent_dim=8)
    (tmp_path / "run").mkdir()
    weights = DenoisingAutoencoder(config).state_dict()
    save_checkpoint(tmp_path / "run" / "model.safetensors", config, weights)
    run(tmp_path / "run", pairs, "-o", tmp_path / "report", "--metrics", "si_sdr", "-q")
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert list(summary["systems"]) == ["noisy", "run"]
    assert summary["systems"]["run"]["clips_with_problems"] == 0


@pytest.mark.parametrize(
    ("model", "metrics", "error", "words"),
    [
        ("noisy", "loudness", InputError, "there is no metric 'loudness'"),
        ("nosuch.onnx", "snr", ModelError, "nosuch.onnx"),
    ],
)
def test_says_what_is_wrong_before_any_work(
    pairs: Path, tmp_path: Path, model: str, metrics: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(model, pairs, "-o", tmp_path / "report", "--metrics", metrics)
    with pytest.raises(DataError, match="holds no pairs"):
        run("noisy", tmp_path, "-o", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_bad_clips_are_named_and_the_good_ones_scored(tmp_path: Path) -> None:
    for name in ("bad", "good"):
        for side in ("noisy", "clean"):
            noise = np.random.default_rng(len(side)).standard_normal(8000)
            soundfile.write(tmp_path / f"{name}.{side}.wav", 0.1 * noise, 16000)
    arguments = ["noisy", str(tmp_path), "-o", str(tmp_path / "report"), "--metrics", "snr"]
    (tmp_path / "bad.noisy.wav").write_text("no audio")
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "1 clip(s) could not be processed" in result.output
    rows = list(csv.DictReader((tmp_path / "report" / "scores.csv").open()))
    assert [bool(row["problems"]) for row in rows] == [True, False]
    (tmp_path / "good.clean.wav").write_text("no audio")
    with pytest.raises(DataError, match="none of the clips could be processed"):
        run(*arguments)


def test_programs_are_scored_beside_models(pairs: Path, gain_model: Path, tmp_path: Path) -> None:
    body = "x, r = soundfile.read(arguments[0])\nsoundfile.write(arguments[1], 2 * x, r, 'FLOAT')\n"
    line = program(tmp_path, body, "{in} {out}")
    arguments = [gain_model, pairs, "-o", tmp_path / "report", "--metrics", "snr,si_sdr", "-q"]
    run(*arguments, "--command", line, "--command", line)
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    python = Path(sys.executable).stem
    assert list(summary["systems"]) == ["noisy", "gain", python, f"{python} (2)"]
    found = {(d["system"], d["minus"]): d for d in summary["differences"]}
    assert found[python, "noisy"]["si_sdr"]["mean"] == pytest.approx(0.0, abs=1e-3)
    assert found[python, "noisy"]["snr"]["mean"] < -3
    broken = program(tmp_path, "sys.exit('no licence')", "{in} {out}")
    with pytest.raises(DataError, match=rf"by {python}: at-5: .*exit status 1: no licence"):
        run(pairs, "-o", tmp_path / "other", "--metrics", "snr", "-c", broken)
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match="one name came"):
        run(pairs, "-o", tmp_path / "other")


def test_separators_are_scored_by_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        stems = {source: 0.1 * rng.standard_normal(8000) for source in ("speech", "noise")}
        stems["noise"] *= name == "one"
        for source, audio in {**stems, "mixture": sum(stems.values())}.items():
            path = tmp_path / "set" / name / f"{source}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, audio, 16000, subtype="FLOAT")
    model = write_separator(tmp_path / "mine.onnx")
    report = tmp_path / "report"
    printed = run(model, tmp_path / "set", "-o", report, "--task", "separate")
    assert "By source" in printed and "SI-SDRi" in printed and "level where absent" in printed
    summary = json.loads((report / "summary.json").read_text())
    assert list(summary["systems"]) == ["mixture", "mine"]
    by_source = summary["systems"]["mine"]["by_source"]
    # A share of everything is as far from each source as the mixture is.
    assert by_source["speech"]["si_sdr_improvement"]["mean"] == pytest.approx(0.0, abs=0.1)
    level = by_source["noise"]["absent_level"]
    assert level["n"] == 1 and level["mean"] == pytest.approx(20 * np.log10(0.1), abs=0.5)
    assert "reference" in (report / "report.html").read_text()
    with pytest.raises(DataError, match="holds no pairs"):
        run(model, tmp_path / "set", "-o", tmp_path / "other")


def test_notes_are_scored_by_instrument(tmp_path: Path) -> None:
    time = np.arange(24000) / 24000
    for name in ("A3", "A4"):
        hz = 220 if name == "A3" else 440
        path = tmp_path / "set" / "flute" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.2 * np.sin(2 * np.pi * hz * time), 24000)
    body = "shutil.copy(*arguments)"
    line = program(tmp_path, body, "{in} {out}")
    printed = run(tmp_path / "set", "-o", tmp_path / "report", "-t", "synth", "-c", line, "--json")
    (scores,) = json.loads(printed)["systems"].values()
    assert scores["clips"] == 2 and scores["all"]["pitch_error"]["mean"] < 0.01
    # One group says nothing beside all clips.
    assert list(scores["by_instrument"]) == ["flute"]
    assert "Worst clips" in (tmp_path / "report" / "report.html").read_text()
