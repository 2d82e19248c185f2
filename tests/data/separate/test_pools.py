"""From rows to mixers: splits kept apart, arrangements made, nothing needed that is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from made.music import hit_rows, note_rows, song_rows
from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.data.corpus.manifest import Row  # noqa: E402
from aeolia.data.separate import pools as separation  # noqa: E402
from aeolia.data.separate.classes import class_mixer  # noqa: E402
from aeolia.data.separate.mix_config import (  # noqa: E402
    ClassMixConfig,
    SpeakerMixConfig,
)
from aeolia.data.separate.pools import class_pools  # noqa: E402
from aeolia.data.separate.rows import split_played, split_songs  # noqa: E402
from aeolia.data.separate.speakers import speaker_mixer  # noqa: E402
from aeolia.errors import DataError  # noqa: E402

RATE = 16000


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    """Speakers s4 and s5, noise n5, song2, and some notes and hits are held out."""
    held = {"s4", "s5", "n5"}
    made = [
        replace(row, split="choose" if row.label in held else "train") for row in made_rows(folder)
    ]
    played = split_played([*note_rows(folder), *hit_rows(folder)])
    return [*made, *split_songs(song_rows(folder), ["song2"]), *played]


@pytest.fixture(autouse=True)
def few_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "_MINUTES", dict.fromkeys(separation._MINUTES, 0.3))


def test_pools_keep_the_split(rows: list[Row], folder: Path) -> None:
    for split, songs in (("train", {"made/song0", "made/song1"}), ("choose", {"made/song2"})):
        pools = class_pools(rows, split, RATE)
        assert {row.source for pool in pools["stems"] for row in pool.rows} == songs
        for kind in ("speech", "noise"):
            assert all(row.split == split for row in pools[kind][0].rows)
        labels = [pool.rows[0].label for pool in pools["arrangements"]]
        assert set(labels) <= {"vocals", "drums", "bass", "other"} and "drums" in labels
    assert set(pools["speech"][0].speeds) == {1.0}


def test_a_class_mixer_is_made_of_rows(rows: list[Row], folder: Path) -> None:
    config = ClassMixConfig(sample_rate=RATE, crop_seconds=1.0, rooms=2)
    batch = class_mixer(rows, "train", config).batch(0, 4)
    assert torch.equal(batch.mixture, batch.stems.sum(1)) and batch.mixture.abs().max() > 0.001


def test_a_speaker_mixer_is_made_of_rows(rows: list[Row], folder: Path) -> None:
    config = SpeakerMixConfig(
        sample_rate=RATE, crop_seconds=1.0, enrolment_seconds=(1.0, 1.5), rooms=2
    )
    train = speaker_mixer(rows, "train", config)
    valid = speaker_mixer(rows, "choose", config)
    assert {voice.person[1] for voice in valid.voices.all} == {"s4", "s5"}
    assert {voice.person[1] for voice in train.voices.all} == {"s0", "s1", "s2", "s3"}
    assert len(train.voices.named) == 20 and train.batch(0, 4).mixture.shape == (4, RATE)
    without = [row for row in rows if row.kind == "noise"]
    with pytest.raises(DataError, match="no speech is in the train split"):
        speaker_mixer(without, "train", config)
