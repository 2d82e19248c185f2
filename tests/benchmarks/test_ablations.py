"""Ablations: the page's arithmetic, what is kept of earlier runs, and variants that can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from aeolia.errors import ConfigError
from aeolia.recipes.catalogue import find_recipe
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import plan, recipe_hash, resolve
from aeolia.training.tasks import task_of
from benchmarks.__main__ import main
from benchmarks.ablations import page as pages
from benchmarks.ablations import run as ablations
from benchmarks.ablations.studies import STUDIES, Study

MANIFEST = "path,kind,label,split\na.wav,speech,s,train\nb.wav,noise,n,choose\n"
STUDY = Study(
    "textbook",
    {"train.batch_size": 4},
    {"latent 40": {"model.latent_dim": 40}, "skips": {"model.skips": True}},
    (("si_sdr", "SI-SDR dB", 2),),
    "made mixtures",
)


@pytest.mark.parametrize(
    ("task", "name"), [(task, name) for task, study in STUDIES.items() for name in study.variants]
)
def test_every_variant_differs_from_the_control_and_is_scored_by_what_there_is(
    task: str, name: str
) -> None:
    study = STUDIES[task]
    base = find_recipe(study.recipe)
    control = resolve(ablations.with_values(base, study.base))
    changed = resolve(ablations.with_values(base, {**study.base, **study.variants[name]}))
    assert control.task == task and recipe_hash(changed) != recipe_hash(control)
    model = plan(control)[-1].setup.model
    assert {metric for metric, _, _ in study.metrics} <= set(task_of(model).scores(model))


def test_values_are_for_all_stages() -> None:
    recipe = find_recipe("denoise-16k")
    assert "babble" in recipe.stages[1].mix and "babble" in recipe.mix
    changed = resolve(ablations.with_values(recipe, {"mix.babble": 0.5, "model.latent_dim": 16}))
    assert [stage.mix["babble"] for stage in changed.stages] == [0.5] * len(recipe.stages)
    assert {stage.model["latent_dim"] for stage in changed.stages} == {16}
    with pytest.raises(ConfigError, match="no SECTION.KEY"):
        ablations.with_values(recipe, {"babble": 0.5})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The seeds and latents of trainings, which are none: their scores are known."""
    found: list[tuple[int, int]] = []

    def train_and_score(
        recipe: Recipe, judged_by: Recipe, data: Any, *, steps: int, seed: int
    ) -> dict[str, float]:
        (stage,) = recipe.stages
        assert stage.train["batch_size"] == 4 and judged_by.stages[0].model["latent_dim"] == 32
        latent, skips = stage.model["latent_dim"], stage.model["skips"]
        found.append((seed, latent))
        # Each seed moves all variants alike by 3 dB, and a variant's own luck by 0.1 dB.
        luck = 0.1 * (-1) ** seed * (latent != 32) + 0.2 * skips * (seed - 1)
        return {"si_sdr": latent / 10 + 3 * seed + luck, "mmac": 7.0}

    monkeypatch.setattr(ablations, "train_and_score", train_and_score)
    monkeypatch.setattr(ablations, "STUDIES", {"denoise": STUDY})
    monkeypatch.setattr(pages, "STUDIES", {"denoise": STUDY})
    return found


def test_variants_pair_with_the_control_seed_by_seed(
    trained: list[tuple[int, int]], tmp_path: Path
) -> None:
    page, results, data = (tmp_path / name for name in ("page.md", "results.json", "data.csv"))
    data.write_text(MANIFEST)
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"sound")
    words = ["ablations", "denoise", "--data", str(data), "--steps", "20", "-o", str(page)]
    words += ["--results", str(results)]
    assert main([*words, "--only", "latent 40", "--seed", "1"]) == 0
    assert trained == [(1, 32), (1, 40)]
    assert "| latent 40 | 1 | 7 | 6.90 (+0.70) |" in page.read_text()
    assert main(words) == 0
    assert len(trained) == 9, "what is measured stays"
    text = page.read_text()
    # The seed moves control and variant alike, so it is not in the difference: 0.8 and +0.1, -0.1,
    # +0.1, whose mean is 0.83 and whose interval is 4.303 * 0.1155 / sqrt(3).
    assert "| control | 3 | 7 | 6.20 ± 7.45 |" in text
    assert "| latent 40 | 3 | 7 | 7.03 (+0.83 ± 0.29) |" in text
    assert "Undecided, every interval holds zero: skips." in text and "| skips |" not in text
    assert "`textbook` with train.batch_size 4, 20 steps" in text
    kept = json.loads(results.read_text())
    assert main(words) == 0
    assert json.loads(results.read_text()) == kept

    # Other data, or another length, is another table.
    data.write_text(MANIFEST + "a.wav,noise,n,train\n")
    assert main([*words, "--seed", "0", "--only", "skips"]) == 0
    assert len(trained) == 11 and "latent 40" not in page.read_text()
    results.write_text("{")
    assert main(words) == 2


def test_what_changed_is_measured_anew_and_the_rest_stays(
    trained: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.csv"
    data.write_text(MANIFEST)
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"sound")
    words = ["ablations", "denoise", "--data", str(data), "--seed", "0"]
    words += ["-o", str(tmp_path / "page.md"), "--results", str(tmp_path / "results.json")]
    assert main(words) == 0 and len(trained) == 3
    variants = {**STUDY.variants, "latent 40": {"model.latent_dim": 40, "model.skips": True}}
    study = Study(STUDY.recipe, STUDY.base, variants, STUDY.metrics, STUDY.scored)
    monkeypatch.setattr(ablations, "STUDIES", {"denoise": study})
    monkeypatch.setattr(pages, "STUDIES", {"denoise": study})
    assert main(words) == 0
    assert trained[3:] == [(0, 40)]
