"""The denoisers' page from made recordings: a model and peers that halve whatever they receive."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from made.corpora import held_out_corpus
from made.peers import write_peers

pytest.importorskip("onnx")
pytest.importorskip("pesq")
pytest.importorskip("pystoi")

from aeolia.data.heldout import denoise as heldout
from benchmarks.__main__ import main
from benchmarks.denoise import report, timing
from benchmarks.measure import speed
from benchmarks.peers import folder as peer_folder
from benchmarks.results import Results

PEERS = ("GTCRN", "WebRTC NS", "noisereduce")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    return held_out_corpus(folder, speakers=80, noises=40).parent


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_peers(tmp_path_factory.mktemp("peers"))


@pytest.fixture(scope="module")
def run(
    corpus: Path, peers: Path, gain_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the results and the page of one run."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heldout, "_LENGTH", heldout.SAMPLE_RATE)  # clips of a second
        patch.setattr(sys, "path", list(sys.path))
        assert main(command(corpus, peers, gain_model, folder)) == 0
    return folder


def command(corpus: Path, peers: Path, model: Path, folder: Path) -> list[str]:
    words = ["denoise", "--data", corpus, "--peers", peers, "--model", model, "--clips", "10"]
    words += ["--no-speed", "--cache", folder / "cache", "-o", folder / "page.md"]
    return [str(word) for word in [*words, "--results", folder / "results.json"]]


def test_halving_changes_nothing_that_is_scored(run: Path) -> None:
    results = Results.read(run / "results.json")
    assert {system.name for system in results.systems} == {"noisy input", *PEERS, "gain"}
    assert [system.name for system in results.systems if system.ours] == ["gain"]
    assert len(results.sets["mixtures"].clips) == 10
    noisy = results.values("mixtures", "noisy input", "si_sdr")
    assert np.std(noisy) > 1  # clips of five SNRs
    for name in ("gain", *PEERS):
        found = results.values("mixtures", name, "si_sdr")
        # WebRTC's samples are whole numbers of 16 bits.
        np.testing.assert_allclose(found, noisy, atol=0.5 if name == "WebRTC NS" else 0.05)
        quieter = results.values("noises", name, "attenuation_db")
        np.testing.assert_allclose(quieter, 6.02, atol=0.3)
    assert results.values("silence", "gain", "rms_dbfs").tolist()[0] == -160


def test_the_page_says_so(run: Path) -> None:
    page = (run / "page.md").read_text()
    assert "Written by `python -m benchmarks denoise`" in page
    (row,) = [line for line in page.splitlines() if line.startswith("| noisereduce | +")]
    assert row.count("even") == 3
    assert "| gain: the same above noisy, worst SNR |" in page
    assert "not run, DTLN: dtln/model_1.onnx" in page
    assert "| GTCRN | 0.1 |" in page  # 257 * 2 * 2 products a frame of 16 ms


def test_the_page_can_be_made_again_of_the_results(run: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.md"
    assert main(["page", str(run / "results.json"), "-o", str(again)]) == 0
    assert again.read_text() == (run / "page.md").read_text()


def test_a_second_run_remembers_all_scores(
    run: Path,
    corpus: Path,
    peers: Path,
    gain_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(heldout, "_LENGTH", heldout.SAMPLE_RATE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = Results.read(run / "results.json")
    assert main(command(corpus, peers, gain_model, run)) == 0
    assert " on mixtures" not in capsys.readouterr().out
    assert Results.read(run / "results.json").scores == before.scores


def test_a_quick_look_leaves_what_is_published_alone(
    run: Path,
    corpus: Path,
    gain_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heldout, "_LENGTH", heldout.SAMPLE_RATE)
    monkeypatch.chdir(tmp_path)
    words = ["denoise", "--quick", "--data", corpus, "--model", gain_model, "--metric", "sdr"]
    assert main([str(word) for word in [*words, "--cache", run / "cache"]]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "quick-denoise.json",
        "quick-denoise.md",
    ]
    found = Results.read(tmp_path / "quick-denoise.json")
    assert np.isfinite(found.scores["mixtures"]["gain"].pop("sdr")).all()
    page = (tmp_path / "quick-denoise.md").read_text()
    assert "| PESQ-WB | ESTOI | SI-SDR dB | STOI | SDR |" in page
    assert (
        found.scores["mixtures"]["gain"]
        == (Results.read(run / "results.json").scores["mixtures"]["gain"])
    )
    # A metric's values are one line, so that the files stay small and can be read.
    text = (tmp_path / "quick-denoise.json").read_text()
    assert len(text.splitlines()) < 700 and re.search(r'"si_sdr": \[-?\d[^\n]*\]', text)


def test_compare_pairs_the_clips_of_two_runs(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Results.read(run / "results.json")
    scores = {name: dict(by) for name, by in first.scores.items()}
    better = {
        metric: [value + 1.0 for value in values] if metric == "si_sdr" else values
        for metric, values in scores["mixtures"]["gain"].items()
    }
    scores["mixtures"]["gain"] = better
    dataclasses.replace(first, scores=scores).write(tmp_path / "better.json")
    assert main(["compare", str(run / "results.json"), str(tmp_path / "better.json")]) == 0
    printed = capsys.readouterr().out
    assert "+1.000 ± 0.000" in printed and "ahead" in printed
    assert "by voice" in printed and "± 0.000" in printed
    other = {name: dataclasses.replace(one, hash="other") for name, one in first.sets.items()}
    dataclasses.replace(first, sets=other).write(tmp_path / "other.json")
    assert main(["compare", str(run / "results.json"), str(tmp_path / "other.json")]) == 2
    assert "need the same clips" in capsys.readouterr().err
    (tmp_path / "text.json").write_text("[]")
    for bad in ("text.json", "missing.json"):
        assert main(["compare", str(run / "results.json"), str(tmp_path / bad)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_speed_of_files_hops_and_the_command(
    gain_model: Path, peers: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    found, missing = peer_folder.find_peers(peers)
    assert sorted(peer.name for peer in found) == sorted(PEERS)
    assert len(missing) == len(peer_folder.PEERS) - len(PEERS)
    models = [str(gain_model)]
    files = speed.file_speeds(models, found, seconds=0.5, rounds=1)
    hops = speed.hop_speeds(models, found, seconds=0.5, rounds=1)
    assert {one.name for one in hops} == {"gain", "GTCRN", "WebRTC NS"}
    assert all(0 < one.median_ms <= one.p99_ms for one in hops)
    cold = speed.cold_start(str(gain_model), times=1)
    memory = speed.peak_memory_mb(str(gain_model), 1)
    assert cold > 0 and memory[0] > 20
    timed = timing.Timing(files, hops, [timing.Command("gain", cold, {"1": memory, "60": memory})])
    results = Results.read(run / "results.json")
    details = {**results.details, "timing": dataclasses.asdict(timed)}
    page = report.page(dataclasses.replace(results, details=details))
    assert "## Speed over a file" in page and "## Hop by hop" in page
    assert "gain: a hop in a third of GTCRN's" in page
    assert "| gain: an hour within 50 MB of a minute, 250 MB | +0 MB" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("denoise", "--data", "nowhere", "--no-speed"), "no manifest at"),
        (("denoise", "--data", ".", "--peers", "nowhere"), "is no folder"),
        (("failures", "--data", "nowhere", "--gallery", "x"), "no manifest at"),
        (("fine-tuning", "--data", "nowhere"), "no manifest at"),
        (("separate", "--data", "nowhere"), "does not exist"),
        (("ablations", "denoise", "--data", "nowhere", "--only", "luck"), "no variant 'luck'"),
        (("ablations", "denoise", "--data", "nowhere"), "there is no nowhere"),
        (("synth", "--only", "luck"), "no part 'luck'"),
        (("pictures", "separate", "--data", "nowhere"), "does not exist"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_what_is_wrong_is_one_line(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(words)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize("name", ["denoise", "separate", "synth", "failures", "versions"])
def test_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"python -m benchmarks {name}" in capsys.readouterr().out


def test_a_cards_tables_come_of_the_results(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results.read(run / "results.json")
    assert main(["card", str(run / "results.json"), "gain"]) == 0
    printed = capsys.readouterr().out
    mean = results.values("mixtures", "gain", "si_sdr").mean()
    assert re.search(rf"\| \*\*gain\*\* \|.* {mean:.2f} ± ", printed)
    assert "| noisy input |" in printed and "- Clean in, clean out (N = " in printed
    level = results.values("noises", "gain", "attenuation_db").mean()
    assert f"lowered by {level:.1f}" in printed
    assert main(["card", str(run / "results.json"), "notes"]) == 2
    assert "hold no 'notes'; there are gain" in capsys.readouterr().err
