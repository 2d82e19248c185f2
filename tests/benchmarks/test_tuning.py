"""What tuning found: a small study on made sounds, its best against the recipe, the page."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

from aeolia.cli import run  # noqa: E402
from aeolia.recipes.catalogue import find_recipe  # noqa: E402
from aeolia.training.stages.plan import recipe_to_json  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.tuning.page import page  # noqa: E402
from made.tiny_recipes import shrunk  # noqa: E402
from made.tiny_training import make_voices_and_noises  # noqa: E402

SPACE = {
    "steps": 8,
    "objectives": {"si_sdr": "max"},
    "keys": {"train.learning_rate": {"times": [0.5, 2.0]}},
}


def test_a_study_is_confirmed_over_seeds_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("aeolia.training.denoise.validation._METRICS", ("si_sdr",))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    make_voices_and_noises(tmp_path / "sounds")
    manifest, recipe = tmp_path / "manifest.csv", tmp_path / "tiny.json"
    assert run(["data", "scan", str(tmp_path / "sounds"), "-o", str(manifest)]) == 0
    tiny = shrunk(find_recipe("textbook"), tmp_path)
    stage = dataclasses.replace(
        tiny.stages[0], train={**tiny.stages[0].train, "steps": 16, "validation_clips": 2}
    )
    recipe.write_text(recipe_to_json(dataclasses.replace(tiny, stages=(stage,))))
    (tmp_path / "space.json").write_text(json.dumps(SPACE))
    given = ["--data", str(manifest), "--space", str(tmp_path / "space.json")]
    study = str(tmp_path / "study")
    assert run(["tune", str(recipe), *given, "--out", study, "--trials", "2", "-q"]) == 0

    results, written = tmp_path / "tuning.json", tmp_path / "tuning.md"
    words = ["tuning", study, "--recipe", str(recipe), *given, "--steps", "8"]
    words += ["-o", str(written), "--results", str(results)]
    assert main([*words, "--seed", "0"]) == 0
    (name,) = json.loads(results.read_text())
    first = json.loads(results.read_text())[name]["runs"]
    capsys.readouterr()
    assert main([*words, "--seed", "0", "--seed", "1"]) == 0
    said = capsys.readouterr().out
    assert "seed 0" not in said and said.count("seed 1") == 2, "what is measured stays"
    runs = json.loads(results.read_text())[name]["runs"]
    assert runs["shipped"]["0"] == first["shipped"]["0"]
    assert runs["shipped"]["0"]["si_sdr"] != runs["shipped"]["1"]["si_sdr"], "seeds differ"
    assert f"## {name}" in written.read_text() and "| 1, the recipe's own" in written.read_text()
    kept, said = results.read_bytes(), "is a study of another recipe; name that one with --recipe"
    for recipe_name, folder, message in (
        ("textbook", study, said),
        (str(recipe), str(tmp_path), "holds no study of aeolia tune"),
    ):
        capsys.readouterr()
        assert main(["tuning", folder, "--recipe", recipe_name, *given, "--steps", "8"]) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert results.read_bytes() == kept
    torch.set_num_threads(threads)


def test_the_page_has_the_seed_as_its_unit() -> None:
    runs = {
        "shipped": {"0": {"si_sdr": 1.0}, "1": {"si_sdr": 2.0}, "2": {"si_sdr": 9.0}},
        "tuned": {"0": {"si_sdr": 2.0}, "1": {"si_sdr": 4.0}},
    }
    trials = [
        {"state": "COMPLETE", "own": True, "values": {"a.b": 1.0}, "scores": {"si_sdr": 1.0}},
        {"state": "PRUNED", "own": False, "values": {"a.b": 0.5}, "scores": {"si_sdr": 0.5}},
    ]
    for trial, quarters in zip(trials, (4, 1), strict=True):
        trial["quarters"] = quarters
    study = {"steps": 8, "trials": trials, "times": ["a.b"]}
    found = {
        "runs": runs,
        "study": study,
        "steps": 16,
        "objectives": {"si_sdr": "maximize"},
        "made": {"machine": "this one", "source": "abc"},
    }
    said = page({"textbook": found})
    assert "| 2 | 0.5 | 0.5 | stopped after 1 of 4 quarters |" in said
    # Differences 1 and 2: mean 1.5, and 12.706 of Student's t for two seeds times 0.5.
    assert "| si_sdr | 1 / 2 | 2 / 4 | +1.500 ± 6.353 |" in said
    assert "with the seeds 0, 1 (this one; at abc)" in said
