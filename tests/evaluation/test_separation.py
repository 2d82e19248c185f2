"""Separation: layouts, ratios of what sounds, levels of what does not, speakers, commands."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia import metrics
from aeolia.errors import DataError, InputError, ModelError
from aeolia.evaluation.mixtures import find_mixtures
from aeolia.evaluation.scoring import ClipScores
from aeolia.evaluation.separation import (
    evaluate_separation,
    load_separator,
    separator_of_command,
    unseparated,
    with_improvement,
)
from made.programs import program
from made.tiny_separators import TONES, tone, write_separator, write_voice_encoder

RATE = 16000
CHOSEN = metrics.choose_metrics(None, "separate")


def _stems(seed: int, channels: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (RATE // 2,) if channels == 1 else (RATE // 2, channels)
    return {name: 0.1 * rng.standard_normal(shape) for name in ("vocals", "drums")}


def _write(path: Path, audio: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, subtype="FLOAT")


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Two songs by folder; the second has drums that do not sound."""
    for seed, name in enumerate(("one", "two")):
        stems = _stems(seed)
        if name == "two":
            stems["drums"] *= 0.0
        for source, audio in stems.items():
            _write(tmp_path / "songs" / name / f"{source}.wav", audio)
        _write(tmp_path / "songs" / name / "mixture.wav", sum(stems.values()))
    return tmp_path / "songs"


def _rows(system: Callable[..., dict[str, np.ndarray]], folder: Path) -> dict[str, ClipScores]:
    mixtures = find_mixtures(folder).mixtures
    before = evaluate_separation(unseparated, mixtures, label="mixture", metrics=CHOSEN)
    rows = evaluate_separation(system, mixtures, label="ours", metrics=CHOSEN)
    return {row.name: row for row in with_improvement(rows, before)}


def test_both_layouts_are_found(songs: Path, tmp_path: Path) -> None:
    found = find_mixtures(songs)
    assert [one.name for one in found.mixtures] == ["one", "two"]
    assert found.sources == ("drums", "vocals")
    other = tmp_path / "by source"
    for name in ("a", "b/c"):
        for side in ("mix_clean", "vocals", "enrolment"):
            _write(other / side / f"{name}.wav", _noise())
    _write(other / "mix_clean" / "alone.wav", _noise())
    again = find_mixtures(other)
    assert [one.name for one in again.mixtures] == ["a", "b/c"]
    assert again.unpaired == (str(other / "mix_clean" / "alone.wav"),)
    assert set(again.mixtures[0].references) == {"vocals"}
    assert again.mixtures[1].enrolment == other / "enrolment" / "b" / "c.wav"


def _noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(5).standard_normal(RATE // 2)


def test_folders_without_mixtures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        find_mixtures(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"holds no mixtures; needed are mixtures/NAME\.wav"):
        find_mixtures(tmp_path)
    _write(tmp_path / "mixtures" / "a.wav", _noise())
    with pytest.raises(DataError, match="no reference of a source"):
        find_mixtures(tmp_path)


def test_what_sounds_is_judged_by_ratios_and_their_gain(songs: Path) -> None:
    def half(mixture: np.ndarray, rate: int, sources: object, _: object) -> dict[str, np.ndarray]:
        stems = _stems(0) if mixture.any() else {}
        return {"vocals": stems["vocals"] + 0.1 * stems["drums"], "drums": 0.01 * mixture}

    rows = _rows(half, songs)
    stems = _stems(0)
    wanted = metrics.si_sdr(stems["vocals"], stems["vocals"] + 0.1 * stems["drums"])
    before = metrics.si_sdr(stems["vocals"], stems["vocals"] + stems["drums"])
    vocals = rows["one: vocals"]
    assert vocals.values["si_sdr"] == pytest.approx(wanted, abs=0.01)
    assert vocals.values["si_sdr_improvement"] == pytest.approx(wanted - before, abs=0.01)
    assert vocals.labels == {"mixture": "one", "source": "vocals"}
    assert math.isnan(vocals.values["absent_level"])
    # Drums that do not sound have no ratio, but a level: a hundredth of the mixture is -40 dB.
    drums = rows["two: drums"]
    assert drums.values["absent_level"] == pytest.approx(-40.0, abs=0.01)
    assert math.isnan(drums.values["si_sdr"]) and not drums.problems
    assert math.isnan(drums.values["si_sdr_improvement"])


def test_a_source_in_one_channel_is_judged_there(tmp_path: Path) -> None:
    stems = _stems(3, 2)
    stems["drums"][:, 1] = 0.0
    for source, audio in stems.items():
        _write(tmp_path / "song" / f"{source}.wav", audio)
    _write(tmp_path / "song" / "mixture.wav", sum(stems.values()))
    row = _rows(unseparated, tmp_path)["song: drums"]
    left = metrics.si_sdr(stems["drums"][:, 0], sum(stems.values())[:, 0])
    assert row.values["si_sdr"] == pytest.approx(left, abs=0.01) and not row.problems


def test_references_that_disagree_and_outputs_of_another_shape_are_rows(songs: Path) -> None:
    _write(songs / "one" / "drums.wav", np.ones(100))

    def short(mixture: np.ndarray, *_: object) -> dict[str, np.ndarray]:
        return {"vocals": mixture[:-1]}

    rows = _rows(short, songs)
    assert "they must agree, aligned in time" in rows["one: vocals"].problems[0]
    assert r"returned shape [7999]" in rows["two: vocals"].problems[0]
    assert not rows["one: drums"].sample_rate


def test_models_separate_by_class_and_by_speaker(songs: Path, tmp_path: Path) -> None:
    rows = _rows(load_separator(str(write_separator(tmp_path / "classes.onnx"))), songs)
    assert all(not row.problems and row.sample_rate == RATE for row in rows.values())
    model = write_separator(tmp_path / "speaker.onnx", "speaker")
    write_voice_encoder(model)
    alice, bob = (tone(name, 3.0) for name in TONES)
    folder = tmp_path / "voices" / "a"
    for name, audio in {"mixture": alice + bob, "target": alice, "background": bob}.items():
        _write(folder / f"{name}.wav", audio)
    system = load_separator(str(model))
    without = _rows(system, folder.parent)
    assert "needs a clip of the speaker" in without["a: target"].problems[0]
    _write(folder / "enrolment.wav", alice)
    assert not any(row.problems for row in _rows(system, folder.parent).values())
    with pytest.raises(ModelError, match="holds no checkpoint"):
        load_separator(str(tmp_path))


COPY = "x, r = soundfile.read(arguments[0])\n"


def test_commands_run_once_or_for_each_source(songs: Path, tmp_path: Path) -> None:
    body = (
        COPY + "for path, gain in zip(arguments[1:], (1.0, 0.5)):\n"
        "    soundfile.write(path, gain * x, r, 'FLOAT')\n"
    )
    _, both = separator_of_command(program(tmp_path, body, "{in} {out_vocals} {out_drums}"))
    body = COPY + "soundfile.write(arguments[1], x * (arguments[2] == 'vocals'), r, 'FLOAT')\n"
    _, each = separator_of_command(program(tmp_path, body, "{in} {out} {source}"))
    mixture = _noise()
    assert np.allclose(both(mixture, RATE, ["vocals"], None)["drums"], 0.5 * mixture, atol=1e-6)
    made = each(mixture, RATE, ["vocals", "drums"], None)
    assert np.allclose(made["vocals"], mixture, atol=1e-6) and not made["drums"].any()
    rows = _rows(both, songs)
    assert rows["one: vocals"].values["si_sdr_improvement"] == pytest.approx(0.0, abs=0.01)


def test_commands_without_their_places_are_refused(songs: Path, tmp_path: Path) -> None:
    for line, words in (
        ("cat {in} {out}", "which source it takes out"),
        ("cat {source} {out}", "given no mixture"),
    ):
        with pytest.raises(InputError, match=words):
            separator_of_command(line)
    _, system = separator_of_command(program(tmp_path, "", "{in} {source} {enrolment} {out}"))
    assert "cannot be filled" in _rows(system, songs)["one: vocals"].problems[0]
    body = COPY + "soundfile.write(arguments[1], x, r, 'FLOAT')\n"
    _, system = separator_of_command(program(tmp_path, body, "{in} {out_voclas}"))
    assert (
        "offers voclas, and the mixture has drums, vocals"
        in (_rows(system, songs)["one: vocals"].problems[0])
    )
