"""Pages about trained models; training is tested elsewhere: here it leaves one of known gain."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from made.corpora import held_out_corpus

pytest.importorskip("torch")
pytest.importorskip("pesq")

from aeolia.data.heldout import denoise as heldout
from aeolia.errors import ModelError
from benchmarks.__main__ import main
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


def test_a_command_that_fails_is_said() -> None:
    aeolia_command("--version")
    with pytest.raises(ModelError, match="`aeolia denoise` ended with code 2"):
        aeolia_command("denoise", "no-such-file.wav")
