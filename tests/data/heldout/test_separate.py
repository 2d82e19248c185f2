"""Held-out sets: levels as said, references that sum, silence where absent, the same each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made.corpora import held_out_rows

torch = pytest.importorskip("torch")

from aeolia.data.corpus.manifest import Row  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.heldout.separate import (  # noqa: E402
    class_mixtures,
    song_excerpts,
    speaker_mixtures,
)
from aeolia.data.separate import pools as separation  # noqa: E402
from aeolia.errors import DataError  # noqa: E402

RATE = 16000


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    return held_out_rows(folder)


def level_db(audio: np.ndarray) -> float:
    return float(20 * torch.log10(active_level(torch.from_numpy(audio)[None], RATE)))


def test_classes_are_at_equal_level_and_sum_up(
    rows: list[Row], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separation, "_MINUTES", dict.fromkeys(separation._MINUTES, 3.0))
    made = list(class_mixtures(rows, 4, 1.0, RATE))
    assert {str(one.facts["music"]).split()[0] for one in made} == {"song", "arrangement"}
    for one in made:
        assert list(one.references) == ["speech", "music", "noise"]
        levels = [level_db(reference) for reference in one.references.values()]
        assert max(levels) - min(levels) < 0.1
        assert np.allclose(sum(one.references.values()), one.mixture, atol=1e-6)
        assert np.abs(one.mixture).max() < 1.0
    again = list(class_mixtures(rows, 4, 1.0, RATE))
    assert all(np.array_equal(a.mixture, b.mixture) for a, b in zip(made, again, strict=True))


def test_songs_keep_their_own_balance(rows: list[Row], folder: Path) -> None:
    """Drums were written at 1, bass at 0.7: the mixture is the sum of the files as they are."""
    import soundfile

    made = list(song_excerpts(rows, 4, 1.0, RATE))
    assert len({(one.facts["song"], one.facts["start_seconds"]) for one in made}) > 1
    for one in made:
        assert set(one.references) == {"vocals", "drums", "bass", "other"}
        assert np.allclose(sum(one.references.values()), one.mixture, atol=1e-5)
        start = int(float(one.facts["start_seconds"]) * RATE)
        assert float(one.facts["start_seconds"]) >= 2.0  # vocals are silent before 3 s
        files = {
            name: soundfile.read(folder / f"songs/{one.facts['song']}/{name}.wav")[0]
            for name in one.references
        }
        whole = sum(audio[start : start + RATE] for audio in files.values())
        scale = np.dot(one.mixture, whole) / np.dot(whole, whole)
        for name, audio in files.items():
            part = scale * audio[start : start + RATE]
            assert np.allclose(one.references[name], part, atol=2e-3)


def test_without_a_bass_stem_other_is_called_bass_and_other(rows: list[Row], folder: Path) -> None:
    fewer = [row for row in rows if row.label != "bass"]
    one = next(iter(song_excerpts(fewer, 1, 1.0, RATE)))
    assert set(one.references) == {"vocals", "drums", "bass+other"}


def speakers(rows: list[Row], folder: Path, n: int = 10, **changes: object) -> list:
    return list(
        speaker_mixtures(
            rows,
            n,
            1.5,
            2.0,
            source="people",
            sample_rate=RATE,
            **changes,
        )
    )


def test_two_speakers_at_equal_level_by_gender(rows: list[Row], folder: Path) -> None:
    made = speakers(rows, folder)
    assert [one.facts["genders"] for one in made] == ["same", "cross"] * 5
    high = {"p0": False, "p1": False, "p2": True, "p3": True, "p4": True}
    for one in made:
        first, second = str(one.facts["voices"]).split("+")
        assert first == one.facts["target"] != second
        assert (high[first] == high[second]) == (one.facts["genders"] == "same")
        assert one.enrolment is not None and one.enrolment.shape == (2 * RATE,)
        target, background = one.references["target"], one.references["background"]
        assert level_db(target) == pytest.approx(level_db(background), abs=0.1)
        assert np.allclose(target + background, one.mixture, atol=1e-6)
    again = speakers(rows, folder)
    assert all(np.array_equal(a.mixture, b.mixture) for a, b in zip(made, again, strict=True))


def test_noise_is_added_to_the_same_voices(rows: list[Row], folder: Path) -> None:
    quiet, noisy = speakers(rows, folder, 2), speakers(rows, folder, 2, noise_snr_db=10.0)
    for clean, one in zip(quiet, noisy, strict=True):
        assert clean.facts == one.facts
        scale = np.linalg.norm(one.references["target"])
        scale /= np.linalg.norm(clean.references["target"])
        noise = one.mixture - scale * clean.mixture
        assert level_db(one.references["target"]) - level_db(noise) == pytest.approx(10.0, abs=0.2)


def test_an_absent_speaker_is_a_third_one(rows: list[Row], folder: Path) -> None:
    for one in speakers(rows, folder, absent=True):
        assert one.facts["target"] not in str(one.facts["voices"]).split("+")
        assert np.abs(one.references["target"]).max() == 0.0
        assert np.array_equal(one.references["background"], one.mixture)
        assert np.abs(one.mixture).max() > 0.01


def test_what_is_not_held_out_is_said(rows: list[Row], folder: Path) -> None:
    trained = [replace(row, split="train") for row in rows]
    with pytest.raises(DataError, match="no speech is held out"):
        next(iter(class_mixtures(trained, 1, 1.0, RATE)))
    with pytest.raises(DataError, match="no song is held out"):
        next(iter(song_excerpts(trained, 1, 1.0, RATE)))
    with pytest.raises(DataError, match="no speech, or no noise, is held out"):
        next(iter(speaker_mixtures(trained, 1)))
