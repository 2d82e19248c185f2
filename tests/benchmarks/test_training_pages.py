"""Pages about trained models; training is tested elsewhere: here it leaves one of known gain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from made.corpora import held_out_corpus

pytest.importorskip("torch")
pytest.importorskip("pesq")

from aeolia.data.heldout import denoise as heldout
from aeolia.errors import ModelError
from benchmarks.__main__ import main
from benchmarks.ablations import run as ablations
from benchmarks.ablations.studies import Clips, Study
from benchmarks.denoise import fine_tuning
from benchmarks.measure.processes import aeolia_command


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return held_out_corpus(tmp_path_factory.mktemp("corpus"), speakers=80, noises=40).parent


@pytest.fixture
def short_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldout, "_LENGTH", heldout.SAMPLE_RATE // 2)


def test_fine_tuning_compares_both_models_on_other_recordings(
    corpus: Path,
    short_clips: None,
    gain_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands: list[tuple[object, ...]] = []

    def command(*words: object) -> None:
        commands.append(words)
        if words[0] == "export":
            shutil.copy(gain_model, str(words[-1]))

    monkeypatch.setattr(fine_tuning, "aeolia_command", command)
    monkeypatch.setattr(fine_tuning, "_CLIPS", 4)
    page = tmp_path / "page.md"
    words = ["fine-tuning", "--data", str(corpus), "--model", str(gain_model), "--noise", "made"]
    assert main([*words, "--minutes", "3", "-o", str(page)]) == 0
    train, export = commands
    assert train[:2] == ("train", "denoise") and train[-3] == 3.0
    # Half of what is held out was given to training, as files of its own.
    last = page.read_text().splitlines()[-1]
    assert last == "| fine-tuned minus released | 0.000 ± 0.000 | 0.000 ± 0.000 | 0.000 ± 0.000 |"
    assert main(["fine-tuning", "--data", str(corpus), "--noise", "unheard of"]) == 2


def test_failures_in_words_and_pictures(
    corpus: Path, short_clips: None, gain_model: Path, tmp_path: Path
) -> None:
    words = ["failures", "--data", str(corpus), "--model", str(gain_model), "--clips", "10"]
    words += ["--gallery", str(tmp_path / "worst"), "--cache", str(tmp_path / "cache")]
    assert main([*words, "-o", str(tmp_path / "page.md")]) == 0
    page = (tmp_path / "page.md").read_text()
    assert "## gain, by SI-SDR" in page and "## gain, by PESQ-WB" in page
    assert page.count("| mixtures-") == 20
    assert (tmp_path / "worst" / "index.html").is_file()
    assert len(list((tmp_path / "worst" / "pictures").iterdir())) == 30


def test_ablations_pair_with_the_first_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: list[dict[str, object]] = []

    def command(*words: object) -> None:
        settings = json.loads(Path(str(words[words.index("--config") + 1])).read_text())
        trained.append(settings)
        run = Path(str(words[words.index("--out") + 1]))
        run.mkdir()
        written = {**settings, "train": {"steps": 50}}
        (run / "train.json").write_text(json.dumps(written))

    def measure(run: Path, data: Path) -> Clips:
        settings = json.loads((run / "train.json").read_text())
        # Each seed moves all variants alike by 3 dB, and a variant's own luck by 0.1 dB.
        seed, model = settings["mix"]["seed"], settings["model"]
        level = model.get("latent_dim", 64) / 10 + 3 * seed
        level += 0.1 * (-1) ** seed * len(model) + 0.2 * model.get("skips", 0) * (seed - 1)
        return {"si_sdr": [level, level + 1, level + 2]}

    study = Study(
        "denoise-16k",
        {
            "as released": {},
            "latent 40": {"model": {"latent_dim": 40}},
            "skips": {"model": {"skips": 1}},
        },
        {},
        {},
        ("--speech", "{}"),
        (("si_sdr", "SI-SDR dB", 2),),
        measure,
    )
    monkeypatch.setattr(ablations, "aeolia_command", command)
    monkeypatch.setattr(ablations, "STUDIES", {"denoise": study})
    page = tmp_path / "page.md"
    words = ["ablations", "denoise", "--data", "x", "--minutes", "2", "--cache", str(tmp_path)]
    assert main([*words, "--only", "as released", "-o", str(page)]) == 0
    assert len(trained) == 3 and "latent 40" not in page.read_text()
    assert [settings["train"]["seed"] for settings in trained] == [0, 1, 2]
    assert main([*words, "-o", str(page)]) == 0
    assert len(trained) == 9  # the first are remembered
    text = page.read_text()
    # The seed moves control and variant alike, so it is not in the difference: -2.4 and
    # +0.1, -0.1, +0.1, whose mean is -2.37 and whose interval is 4.303 * 0.1155 / sqrt(3).
    assert "| as released | 3 | 50 / 50 / 50 | 10.40 ± 7.45 |" in text
    assert "| latent 40 | 3 | 50 / 50 / 50 | 8.03 (-2.37 ± 0.29) |" in text
    assert "Undecided, every interval holds zero: skips." in text and "| skips |" not in text
    assert main([*words, "--seed", "1", "-o", str(page)]) == 0
    assert len(trained) == 9
    text = page.read_text()
    assert "One seed each" in text and "| latent 40 | 1 | 50 | 7.90 (-2.50) |" in text


def test_a_command_that_fails_is_said() -> None:
    aeolia_command("--version")
    with pytest.raises(ModelError, match="`aeolia denoise` ended with code 2"):
        aeolia_command("denoise", "no-such-file.wav")
