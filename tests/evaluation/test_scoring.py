"""Scoring: rows are what the metrics say of the system's output, and problems become words."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia import metrics
from aeolia.errors import DataError, InputError, ModelError
from aeolia.evaluation import Pair, evaluate, load_system, score_audio
from aeolia.evaluation.scoring import read_pair, run_system

RATE = 16000


def _make_pair(folder: Path, name: str, *, channels: int = 1, snr_db: float | None = None) -> Pair:
    rng = np.random.default_rng(len(name))
    clean = 0.1 * rng.standard_normal((RATE // 2, channels))
    noisy = clean + 0.05 * rng.standard_normal(clean.shape)
    for side, audio in (("noisy", noisy), ("clean", clean)):
        soundfile.write(folder / f"{name}.{side}.wav", audio, RATE, subtype="FLOAT")
    return Pair(name, folder / f"{name}.noisy.wav", folder / f"{name}.clean.wav", snr_db)


def _halve(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    return 0.5 * audio


CHOSEN = metrics.choose_metrics(["snr", "si_sdr"])


def test_rows_hold_the_metrics_of_the_output(tmp_path: Path) -> None:
    pairs = [_make_pair(tmp_path, "a"), _make_pair(tmp_path, "bb", channels=2, snr_db=3.0)]
    done = []
    rows = evaluate(
        _halve, pairs, label="half", metrics=CHOSEN, on_progress=lambda *n: done.append(n)
    )
    assert done == [(1, 2), (2, 2)]
    noisy, clean, _ = read_pair(pairs[0])
    assert rows[0].values["snr"] == pytest.approx(metrics.snr(clean, 0.5 * noisy))
    assert rows[0].values["si_sdr"] == pytest.approx(metrics.si_sdr(clean, noisy), abs=1e-4)
    assert rows[0].snr_db == pytest.approx(metrics.snr(clean, noisy))
    assert rows[0].snr_measured and not rows[1].snr_measured
    noisy, clean, _ = read_pair(pairs[1])
    expected = np.mean([metrics.snr(clean[:, c], 0.5 * noisy[:, c]) for c in range(2)])
    assert rows[1].values["snr"] == pytest.approx(expected)
    assert (rows[1].system, rows[1].channels, rows[1].seconds) == ("half", 2, 0.5)
    assert 0 < rows[1].real_time_factor < 1


def test_several_jobs_give_the_same_rows(tmp_path: Path) -> None:
    pairs = [_make_pair(tmp_path, "x" * n) for n in range(1, 6)]
    one = evaluate(_halve, pairs, metrics=CHOSEN)
    two = evaluate(_halve, pairs, metrics=CHOSEN, jobs=2)
    assert [(row.name, row.values) for row in one] == [(row.name, row.values) for row in two]
    with pytest.raises(InputError, match="jobs is 0"):
        evaluate(_halve, pairs, jobs=0)


def test_a_bad_clip_becomes_a_row_with_the_reason(tmp_path: Path) -> None:
    pairs = [_make_pair(tmp_path, "a"), _make_pair(tmp_path, "bb"), _make_pair(tmp_path, "ccc")]
    pairs[0].noisy.write_text("no audio")
    soundfile.write(pairs[1].clean, np.zeros(RATE // 2), RATE)
    rows = evaluate(_halve, pairs, metrics=CHOSEN)
    assert "not a readable audio file" in rows[0].problems[0]
    assert "reference is silent" in rows[1].problems[0]
    assert all(math.isnan(row.values["snr"]) for row in rows[:2])
    assert not rows[2].problems and math.isfinite(rows[2].values["snr"])


def test_a_bug_in_the_system_is_not_hidden(tmp_path: Path) -> None:
    def broken(audio: np.ndarray, sample_rate: int) -> np.ndarray:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        evaluate(broken, [_make_pair(tmp_path, "a")], metrics=CHOSEN)


def test_outputs_of_another_shape_or_not_finite_are_refused() -> None:
    audio = np.zeros(100, np.float32)
    with pytest.raises(InputError, match=r"returned shape \[99\] for input of shape \[100\]"):
        run_system(lambda x, _: x[:-1], audio, RATE)
    with pytest.raises(InputError, match="NaN or infinite"):
        run_system(lambda x, _: x * np.nan, audio, RATE)


def test_pairs_that_disagree_are_refused(tmp_path: Path) -> None:
    pair = _make_pair(tmp_path, "a")
    soundfile.write(pair.clean, np.ones(RATE // 2 - 1), RATE)
    with pytest.raises(DataError, match="8000 samples in 1 channel.* and .* has 7999 samples"):
        read_pair(pair)


def test_metrics_above_8_khz_are_left_out_at_16_khz() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE)
    values, problems = score_audio(noise, noise, RATE, ["log_spectral_distance_above_8k"])
    assert math.isnan(values["log_spectral_distance_above_8k"]) and not problems
    values, _ = score_audio(noise, noise, 48000, ["log_spectral_distance_above_8k"])
    assert values["log_spectral_distance_above_8k"] == 0.0


def test_systems_by_name(tmp_path: Path) -> None:
    audio = np.ones(10, np.float32)
    assert np.array_equal(load_system("noisy")(audio, RATE), audio)
    with pytest.raises(ModelError):
        load_system("no-such-model")
    with pytest.raises(ModelError, match="holds no checkpoint"):
        load_system(str(tmp_path))
