"""The separators' page from made mixtures: each class gets a share of everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made.corpora import held_out_rows
from made.tiny_separators import write_separator, write_voice_encoder

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("scipy")

from aeolia.data.heldout import separate as heldout
from aeolia.data.separate import pools
from benchmarks.__main__ import main
from benchmarks.results import Results
from benchmarks.separate import baselines, cost, run
from benchmarks.separate.report import FRAMES, GAIN

RATE = 16000


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One that knows classes, one that knows a voice."""
    folder = tmp_path_factory.mktemp("separators")
    speaker = write_separator(folder / "one-voice.onnx", "speaker")
    write_voice_encoder(speaker)
    return write_separator(folder / "parts.onnx"), speaker


@pytest.fixture(scope="module")
def short_clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made recordings in place of a manifest's, and clips of one second at 16 kHz."""
    rows = held_out_rows(tmp_path_factory.mktemp("sets"))
    short = {"seconds": 1.0, "sample_rate": RATE}

    made = heldout.speaker_mixtures

    def speaker_mixtures(rows: list, n: int, source: str, **settings: Any) -> Iterator[Any]:
        settings |= {**short, "enrolment_seconds": 2.0}
        return made(rows, n, source="people", **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pools, "_MINUTES", dict.fromkeys(pools._MINUTES, 3.0))
        patch.setattr(heldout, "class_rows", lambda *_, **__: (rows, []))
        patch.setattr(heldout, "speaker_rows", lambda *_, **__: (rows, []))
        patch.setattr(heldout, "class_mixtures", partial(heldout.class_mixtures, **short))
        patch.setattr(heldout, "song_excerpts", partial(heldout.song_excerpts, **short))
        patch.setattr(heldout, "speaker_mixtures", speaker_mixtures)
        yield


@pytest.fixture(scope="module")
def page(
    models: tuple[Path, Path], short_clips: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of one run."""
    folder = tmp_path_factory.mktemp("page")
    words = ["separate", "--data", ".", "--clips", "2", "--source", "people", "--no-cost"]
    words += ["--model", str(models[0]), "--model", str(models[1])]
    words += ["-o", str(folder / "page.md"), "--results", str(folder / "results.json")]
    assert main(words) == 0
    return folder


def test_shares_of_everything_improve_nothing(page: Path) -> None:
    results = Results.read(page / "results.json")
    assert [system.name for system in results.systems] == ["parts", "one-voice"]
    for source in ("speech", "music", "noise"):
        gains = results.values("classes", "parts", source)
        np.testing.assert_allclose(gains, 0.0, atol=0.1)
        assert results.values("classes", "ideal ratio mask", source).min() > 3.0
    songs = results.scores["songs"]
    assert set(songs) == {"mixture", "harmonic-percussive", "parts", "ideal ratio mask"}
    stems = [name.removesuffix(GAIN) for name in songs["parts"] if name.endswith(GAIN)]
    assert "drums" in stems and not any(name.endswith(GAIN) for name in songs["mixture"])
    for stem in stems:
        np.testing.assert_allclose(results.values("songs", "parts", stem + GAIN), 0.0, atol=0.1)
        assert results.values("songs", "ideal ratio mask", stem + GAIN).min() > 0.0
    absent = results.sets["the speaker is absent"]
    assert len(absent.clips) == 4
    levels = results.values("the speaker is absent", "one-voice", "level_db")
    assert (levels < 0.5).all()


def test_the_page_has_every_table(page: Path) -> None:
    text = (page / "page.md").read_text()
    for title in ("Speech + music + noise", "Stems of a held-out song", "Speakers: two speakers"):
        assert f"## {title}" in text
    assert re.search(r"\| speech \| 2 \| -?0\.0 ± 0\.\d \|", text)
    assert re.search(r"on the same excerpts\.\n\n.*\n.*\n\| \w+ \| 2 \|  \| ", text)
    assert "at -20 dB or below" in text and "| all | 100 % |" in text


def test_a_part_alone(
    models: tuple[Path, Path],
    short_clips: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["separate", "--data", ".", "--clips", "2", "--source", "people", "--no-cost"]
    words += ["--model", str(models[0]), "--model", str(models[1])]
    words += ["-o", str(tmp_path / "page.md"), "--results", str(tmp_path / "found.json")]
    assert main([*words, "--only", "speaker"]) == 2
    assert "no part 'speaker'; parts are classes, songs, speakers" in capsys.readouterr().err
    assert main([*words, "--only", "speakers"]) == 0
    assert list(Results.read(tmp_path / "found.json").sets) == list(heldout._SPEAKERS)
    text = (tmp_path / "page.md").read_text()
    assert text.count("## Speakers: ") == 3 and "Stems" not in text
    assert main(["card", str(tmp_path / "found.json"), "one-voice"]) == 0
    assert "| two speakers at 0 dB |" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "is_there"), [([], True), (["--no-frames"], False)])
def test_museval_can_be_left_out(
    models: tuple[Path, Path],
    short_clips: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    is_there: bool,
) -> None:
    monkeypatch.setattr(run, "_by_frames", lambda clip, _: dict.fromkeys(clip.references, 3.0))
    usual = ["separate", "--data", ".", "--clips", "2", "--only", "songs", "--no-cost"]
    usual += ["--model", str(models[0]), "-o", str(tmp_path / "page.md")]
    assert main([*usual, "--results", str(tmp_path / "found.json"), *words]) == 0
    found = Results.read(tmp_path / "found.json").scores["songs"]["parts"]
    assert any(name.endswith(FRAMES) for name in found) is is_there
    assert ("museval" in (tmp_path / "page.md").read_text()) is is_there
    assert main(["card", str(tmp_path / "found.json"), "parts"]) == 0


def test_two_models_are_compared_clip_by_clip(
    models: tuple[Path, Path], short_clips: None, tmp_path: Path
) -> None:
    again = write_separator(tmp_path / "again.onnx")
    other = write_separator(tmp_path / "other-voice.onnx", "speaker")
    write_voice_encoder(other)
    words = ["separate", "--data", ".", "--clips", "2", "--source", "people", "--no-cost"]
    for model in (*models, again, other):
        words += ["--model", str(model)]
    words += ["-o", str(tmp_path / "page.md"), "--results", str(tmp_path / "found.json")]
    assert main(words) == 0
    text = (tmp_path / "page.md").read_text()
    assert "|  | again minus parts |" in text
    assert "| drums | +0.00 ± 0.00, even |" in text
    head = "| all | 4 | 0.0 ± 0.0 | 0.0 ± 0.0 | +0.00 ± 0.00, even |"
    assert text.replace("-0.0 ", "0.0 ").count(head) == 2
    assert re.search(r"\| other-voice \| 4 \| .* dB", text) is None
    assert "| other-voice | 4 |" in text


def test_cards_tables(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results.read(page / "results.json")
    assert main(["card", str(page / "results.json"), "parts"]) == 0
    printed = capsys.readouterr().out
    assert "SI-SDR improvement in dB, classes (N = 2)" in printed
    assert re.search(r"\| speech \| -?0\.0 ± 0\.\d \|", printed)
    assert "SDR in dB, songs (N = 2)" in printed and "museval" not in printed
    assert main(["card", str(page / "results.json"), "one-voice"]) == 0
    printed = capsys.readouterr().out
    level = results.values("the speaker is absent", "one-voice", "level_db").mean()
    assert f"the output lies {-level:.1f} ± " in printed
    assert printed.count("(N = 4)") == 3 and "| two speakers at 0 dB |" in printed


def test_pictures(
    short_clips: None, models: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aeolia

    classes, speaker = models
    whole = aeolia.separate

    def separate(audio: np.ndarray, rate: int, **settings: object) -> dict[str, np.ndarray]:
        model = speaker if "speaker" in settings else classes
        return whole(audio, rate, model=model, **settings)

    monkeypatch.setattr(aeolia, "separate", separate)
    monkeypatch.setattr(aeolia, "enrol", partial(aeolia.enrol, model=speaker))
    monkeypatch.setattr(aeolia, "denoise", lambda audio, rate: audio)
    words = ["pictures", "separate", "--data", ".", "-o", str(tmp_path / "new")]
    assert main([*words, "--classes", "1", "--voices", "0"]) == 0
    pngs = {path.name: path.read_bytes()[:8] for path in (tmp_path / "new").iterdir()}
    assert pngs == dict.fromkeys(("classes.png", "speaker.png"), b"\x89PNG\r\n\x1a\n")


def test_cost_is_measured(models: tuple[Path, Path]) -> None:
    head, *rows = cost.cost_rows(*([str(model)] for model in models), seconds=1.0, rounds=1)
    assert len(head) == 2 and len(rows) == 9
    numbers = [float(part) for _, text in rows for part in text.split(" / ")]
    assert all(number > 0 for number in numbers)


def test_an_ideal_mask_knows_the_answer() -> None:
    time = np.arange(2 * RATE) / RATE
    parts = {name: np.sin(2 * np.pi * hz * time) for name, hz in (("low", 300), ("high", 3000))}
    found = baselines.ideal_ratio_masks(sum(parts.values()), parts)
    inner = slice(2048, -2048)
    for name, part in parts.items():
        assert np.abs(found[name] - part)[inner].max() < 0.05


def test_clicks_are_percussive_and_tones_are_harmonic() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE)
    clicks = np.zeros(2 * RATE)
    clicks[::8000] = 1.0
    harmonic, percussive = baselines.harmonic_percussive(tone + clicks)
    assert np.corrcoef(harmonic, tone)[0, 1] > 0.9
    assert np.corrcoef(percussive, clicks)[0, 1] > 0.9
