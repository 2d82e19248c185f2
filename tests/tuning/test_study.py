"""Studies on made recordings with tiny models: trials, a kill, bad input, the page, best.json."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
optuna = pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

from aeolia.cli import run  # noqa: E402
from aeolia.data.corpus.manifest import read_manifest, write_manifest  # noqa: E402
from aeolia.models.build import build_model  # noqa: E402
from aeolia.recipes.catalogue import find_recipe, preset  # noqa: E402
from aeolia.training.stages.plan import recipe_to_json, resolve  # noqa: E402
from aeolia.tuning.cost import mmac_per_second  # noqa: E402
from made.tiny_recipes import shrunk  # noqa: E402
from made.tiny_training import make_voices_and_noises  # noqa: E402

KEYS = {
    "train.learning_rate": {"times": [0.5, 2.0]},
    "model.latent_dim": {"from": 2, "to": 8},
    "model.channels": {"among": [[4, 4, 4], [4, 6, 4]]},
}
#: Starts the command with a mixer that kills the process in the second stage of the second trial.
KILLED = """
import os, signal, sys
from aeolia.cli import run
from aeolia.data.denoise.mixer import Mixer
from aeolia.tuning import study

batch, objective = Mixer.batch, study._objective

def deadly(self, step, *arguments, **named):
    if second and os.path.exists(f"{runs}/0001/learn/result.safetensors") and due(step):
        os.kill(os.getpid(), number)
    return batch(self, step, *arguments, **named)

def due(step):  # a kill comes at any time, a signal is for a run that listens
    if number == signal.SIGKILL:
        return step == 4
    return getattr(signal.getsignal(number), "__qualname__", "") == "Stop._heard"

second, runs, number = False, None, int(os.environ["SIGNAL"])

def watched(trial, request):
    global second, runs
    second, runs = trial.number == 1, os.path.join(request.out, "trials")
    return objective(trial, request)

Mixer.batch, study._objective = deadly, watched
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def scores_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """PESQ and ESTOI refuse made voices as short as these; SI-SDR is enough here."""
    monkeypatch.setattr("aeolia.training.denoise.validation._METRICS", ("si_sdr",))


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """manifest.csv and recipe.json: two stages of eight steps."""
    folder = tmp_path_factory.mktemp("material")
    make_voices_and_noises(folder / "sounds")
    assert run(["data", "scan", str(folder / "sounds"), "-o", str(folder / "manifest.csv")]) == 0
    tiny = shrunk(find_recipe("denoise-16k"), folder)
    train = {"steps": 8, "validation_clips": 2}
    stages = [
        dataclasses.replace(stage, train={**stage.train, **train}, loss={}, average_with=())
        for stage in tiny.stages[:2]
    ]
    (folder / "recipe.json").write_text(
        recipe_to_json(dataclasses.replace(tiny, stages=tuple(stages)))
    )
    return folder


def arguments(material: Path, out: Path, space: dict[str, Any] | None = None) -> list[str]:
    path = out.parent / "space.json"
    path.write_text(
        json.dumps({"steps": 16, "objectives": {"si_sdr": "max"}, "keys": KEYS, **(space or {})})
    )
    given = {"--data": material / "manifest.csv", "--out": out, "--space": path}
    words = [str(word) for pair in given.items() for word in pair]
    return ["tune", str(material / "recipe.json"), *words]


def trials_of(out: Path) -> list[optuna.trial.FrozenTrial]:
    url = f"sqlite:///{out / 'study.db'}"
    (name,) = optuna.get_all_study_names(url)
    return optuna.load_study(study_name=name, storage=url).trials


def refused(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    capsys.readouterr()
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "Traceback" not in error
    return error


def test_a_study_finds_a_recipe_that_trains_and_goes_on(
    material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study"
    words = arguments(material, out)
    assert run([*words, "--trials", "3"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"1 of 3, trial 1 \(the recipe's own values\): si_sdr .* minutes left", said)
    assert run([*words, "--trials", "4"]) == 0
    trials = trials_of(out)
    assert len(trials) == 4 and trials[0].user_attrs["own"]
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    assert all(1 in trial.intermediate_values for trial in trials)
    assert set(trials[0].user_attrs["scores"]) == {"si_sdr", "level_db", "mmac"}
    best = max((t for t in trials if t.state.name == "COMPLETE"), key=lambda t: t.value)
    found = find_recipe(str(out / "best.json"))
    assert found.stages[0].model["latent_dim"] == best.params["model.latent_dim"]
    assert found.stages[0].train["steps"] == 8 and resolve(found) == found
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 2 and page.count("<tr") == 5
    assert not re.search(r"""(src|href)=["'](?!#)|url\((?!#)|@import|<script""", page)
    data = str(material / "manifest.csv")
    made = ["train", "--recipe", str(out / "best.json"), "--data", data]
    assert run([*made, "--out", str(tmp_path / "run"), "-q"]) == 0


def signalled(words: list[str], number: int) -> subprocess.CompletedProcess[str]:
    """The command, to which a signal comes in the second stage of the second trial."""
    script = "import aeolia.training.denoise.validation as v\nv._METRICS = ('si_sdr',)\n"
    return subprocess.run(
        [sys.executable, "-c", script + KILLED, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SIGNAL": str(int(number))},
    )


def test_a_signal_ends_the_study_and_not_the_trial_alone(material: Path, tmp_path: Path) -> None:
    words = [*arguments(material, tmp_path / "study"), "--trials", "3"]
    stopped = signalled(words, signal.SIGTERM)
    assert stopped.returncode == 128 + signal.SIGTERM, stopped.stderr
    assert stopped.stderr.splitlines()[-1].endswith("the same command goes on")
    assert "Traceback" not in stopped.stderr
    states = [trial.state.name for trial in trials_of(tmp_path / "study")]
    assert states[-1] == "RUNNING" and len(states) == 2, "to be taken up, and none was begun after"


def test_killed_and_started_again_it_goes_on_where_it_was(material: Path, tmp_path: Path) -> None:
    # With two objectives no trial is stopped.
    space = {"objectives": {"si_sdr": "max", "mmac": "min"}}
    words = [*arguments(material, tmp_path / "killed", space), "--trials", "2"]
    killed = signalled(words, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [trial.state.name for trial in trials_of(tmp_path / "killed")] == ["COMPLETE", "RUNNING"]
    learned = tmp_path / "killed/trials/0001/learn/result.safetensors"
    before = learned.stat().st_mtime_ns
    assert run(words) == 0
    assert learned.stat().st_mtime_ns == before
    first, interrupted, again = trials_of(tmp_path / "killed")
    assert interrupted.state.name == "FAIL" and again.state.name == "COMPLETE"
    assert again.params == interrupted.params
    assert again.user_attrs["run"] == "0001"
    # What it came to is what it would have come to: the run went on, bit for bit.
    assert run([*arguments(material, tmp_path / "whole", space), "--trials", "2"]) == 0
    undisturbed = trials_of(tmp_path / "whole")
    assert [trial.values for trial in undisturbed] == [first.values, again.values]


def test_failed_trials_are_noted_and_the_study_goes_on(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.tuning import trial as trials

    score, calls = trials.mmac_per_second, []

    def sometimes(model: Any) -> float:
        calls.append(model)
        if len(calls) == 1:
            raise RuntimeError("out of memory\nmore")
        return score(model)

    monkeypatch.setattr(trials, "mmac_per_second", sometimes)
    out = tmp_path / "study"
    assert run([*arguments(material, out), "--trials", "2"]) == 0
    first, second = trials_of(out)
    assert (first.state.name, second.state.name) == ("FAIL", "COMPLETE")
    assert first.user_attrs["failure"] == "out of memory"
    assert "out of memory" in (out / "report.html").read_text()


def test_a_study_of_which_no_trial_finished_is_kept(
    material: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from aeolia.training.denoise.validation import Validation

    out = tmp_path / "study"
    # Clips of which none has voice enough for the perceptual measures, say.
    monkeypatch.setattr(Validation, "__call__", lambda self, model: {"level_db": 0.0})
    said = refused(capsys, [*arguments(material, out), "--trials", "1", "-q"])
    assert said.startswith("aeolia: no trial of 1 was finished; the first failure: the data give ")
    assert "no score 'si_sdr', the space's objective; they give level_db" in said
    assert [trial.state.name for trial in trials_of(out)] == ["FAIL"]
    assert not (out / "best.json").exists() and not any((out / "trials").glob("*"))


def test_several_objectives_have_a_front(material: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    space = {"objectives": {"si_sdr": "max", "mmac": "min"}}
    assert run([*arguments(material, out, space), "--trials", "3"]) == 0
    trials = trials_of(out)
    assert all(len(trial.values) == 2 and trial.values[1] > 0 for trial in trials)
    best = max(trials, key=lambda trial: trial.values[0])
    latent = find_recipe(str(out / "best.json")).model["latent_dim"]
    assert latent == best.params["model.latent_dim"]


def test_two_at_a_time(material: Path, tmp_path: Path) -> None:
    from aeolia.tuning.study import _count

    out = tmp_path / "study"
    script = "import sys\nfrom aeolia.cli import run\nfrom aeolia.training.denoise.validation"
    script += " import Validation\nValidation.__call__ = lambda self, model: {'level_db': 0.0}\n"
    script += "if __name__ == '__main__': sys.exit(run(sys.argv[1:]))\n"
    (tmp_path / "main.py").write_text(script)
    words = arguments(material, out)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "main.py"), *words, "--trials", "4", "--jobs", "2"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    # Without the score all fail, which is quick, and is said in one line.
    assert done.returncode == 2 and "the data give no score 'si_sdr'" in done.stderr
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{out / 'study.db'}")
    assert 4 <= _count(study) <= 5
    assert len({trial.user_attrs["process"] for trial in study.trials}) == 2


def test_a_model_costs_what_its_layers_multiply() -> None:
    found = {}
    for name in ("denoise-16k", "separate-16k"):
        found[name] = mmac_per_second(build_model(preset(name).model).eval())
    wider = dataclasses.replace(preset("denoise-16k").model, hidden_dim=400)
    assert 40 < found["denoise-16k"] < 100
    assert mmac_per_second(build_model(wider).eval()) > 1.5 * found["denoise-16k"]


def test_bad_input_is_one_line_and_loses_nothing(
    material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study"
    words = arguments(material, out)
    assert "with --trials or --minutes" in refused(capsys, words)
    wrong = arguments(material, out, {"keys": {"train.rate": {"from": 1, "to": 2}}})
    assert "train has no such key" in refused(capsys, [*wrong, "--trials", "1"])
    wide = arguments(material, out, {"keys": {"mix.tones": {"from": 0, "to": 2}}})
    assert "mix.tones at 2" in refused(capsys, [*wide, "--trials", "1"])
    for name, hint in (("si_sdri", "mean 'si_sdr'?"), ("loudness", "level_db, mmac, si_sdr")):
        aims = {"objectives": {"si_sdr": "max", name: "max"}}
        said = refused(capsys, [*arguments(material, out, aims), "--trials", "1"])
        assert f"objective {name!r} is no score of this task; " in said and hint in said
    assert not out.exists()
    rows = read_manifest(material / "manifest.csv")
    write_manifest(tmp_path / "old.csv", (dataclasses.replace(row, split="") for row in rows))
    words = [*arguments(material, out), "--trials", "1"]
    unsplit = [*words, "--data", str(tmp_path / "old.csv")]
    assert "the split choose; write a manifest" in refused(capsys, unsplit) and not out.exists()
    report = (dataclasses.replace(row, split=row.split.replace("choose", "report")) for row in rows)
    write_manifest(tmp_path / "none.csv", report)
    none = [*words, "--data", str(tmp_path / "none.csv")]
    assert "the split choose; empty its column split, then write" in refused(capsys, none)
    missing = [*words, "--data", str(tmp_path / "missing.csv")]
    assert "missing.csv; name the manifest with --data" in refused(capsys, missing)
    folder = [*words, "--data", str(material / "sounds/speech")]
    assert "is no manifest" in refused(capsys, folder) and not out.exists()
    assert run([*words, "-q"]) == 0
    kept = {path: path.read_bytes() for path in out.glob("*.*")}
    other = (
        (material / "recipe.json")
        .read_text()
        .replace('"learning_rate": 0.001', '"learning_rate": 0.002')
    )
    (tmp_path / "other.json").write_text(other)
    assert "a study of another recipe" in refused(
        capsys, ["tune", str(tmp_path / "other.json"), *words[2:]]
    )
    more = arguments(material, out, {"steps": 12})
    assert "a study of another space" in refused(capsys, [*more, "--trials", "2"])
    assert {path: path.read_bytes() for path in out.glob("*.*")} == kept


def test_nothing_reads_the_split_report(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = read_manifest(material / "manifest.csv")
    assert {row.split for row in rows} >= {"train", "choose"}
    lost = dataclasses.replace(rows[0], path=str(tmp_path / "none.wav"), split="report", label="s9")
    write_manifest(tmp_path / "manifest.csv", [*rows, lost])
    (tmp_path / "none.wav").write_bytes(b"no sound")
    words = arguments(material, tmp_path / "study")
    assert run([*words, "--data", str(tmp_path / "manifest.csv"), "--trials", "1"]) == 0
