"""Crops of stems: where they sound, aligned within a song."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.data.separate.stems import StemCrops
from made.music import song_rows
from made.recordings import write

RATE = 16000


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> AudioPool:
    folder = tmp_path_factory.mktemp("stems")
    return AudioPool.from_manifest(song_rows(folder), RATE)


def test_crops_lie_inside_and_where_the_stem_sounds(pool: AudioPool) -> None:
    crops = StemCrops(pool, RATE)
    assert crops.labels == ["bass", "drums", "other", "vocals"] and crops.has_songs
    for index in range(200):
        rng = np.random.default_rng(index)
        (part,) = crops.draw("vocals", rng)
        assert pool.row(part.item).label == "vocals"
        assert 0 <= part.start <= pool.lengths[part.item] - RATE
        begin = pool.starts[part.item] + part.start
        sound = pool.samples[begin : begin + RATE].astype(float)
        assert np.abs(sound[RATE // 2 :]).max() > 3000  # the first half of a song is silent


def test_the_stems_of_a_song_are_aligned(pool: AudioPool) -> None:
    crops = StemCrops(pool, RATE)
    sizes = set()
    for index in range(100):
        song = crops.draw_song(np.random.default_rng(index))
        parts = [parts[0] for parts in song.values()]
        assert len({part.start for part in parts}) == 1
        assert len({pool.row(part.item).source for part in parts}) == 1
        assert len({pool.speeds[part.item] for part in parts}) == 1
        assert all(pool.row(part.item).label == label for label, (part,) in song.items())
        sizes.add(len(song))
    assert sizes == {3, 4}  # the vocals are silent at times


def test_the_balance_of_a_song_is_known(pool: AudioPool) -> None:
    """Peaks before scaling: 0.5, 1, 0.7 and 0.25 of one note, at every speed."""
    for song in range(3):
        peaks = {
            pool.row(i).label: pool.peaks[i]
            for i in range(len(pool))
            if pool.row(i).source.endswith(str(song)) and pool.speeds[i] == 1.0
        }
        assert peaks["vocals"] / peaks["drums"] == pytest.approx(0.5, rel=0.15)
        assert peaks["other"] / peaks["bass"] == pytest.approx(0.25 / 0.7, rel=0.15)


def test_other_that_is_bass_is_passed_over(tmp_path: Path) -> None:
    time = np.arange(4 * RATE) / RATE
    rows = []
    for name, pitch_hz in (("deep", 50.0), ("high", 600.0)):
        audio = (0.3 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)
        path = write(tmp_path / f"{name}.wav", audio, RATE)
        rows.append(Row(str(path), "stem", name, "other", 4.0, RATE, split="train"))
    pool = AudioPool.from_manifest(rows, RATE, speeds=(1.0,))
    crops = StemCrops(pool, RATE)
    drawn = {crops.draw("other", np.random.default_rng(i))[0].item for i in range(30)}
    assert {pool.row(item).source for item in drawn} == {"high"}


def test_a_short_stem_stands_between_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "hit.wav", np.full(RATE // 4, 0.5, np.float32), RATE)
    row = Row(str(path), "stem", "hit", "drums", 0.25, RATE, split="train")
    pool = AudioPool.from_manifest([row], RATE, speeds=(1.0,))
    offsets = set()
    for index in range(20):
        (part,) = StemCrops(pool, RATE).draw("drums", np.random.default_rng(index))
        assert part.length == RATE // 4 and 0 <= part.offset <= RATE - part.length
        offsets.add(part.offset)
    assert len(offsets) > 10


def test_drums_and_other_of_songs_without_a_bass_stem_may_hold_it(pool: AudioPool) -> None:
    assert not StemCrops(pool, RATE).with_hidden_bass
    partly = pool.subset(lambda row: row.label != "bass" or row.source.endswith("0"))
    hidden = StemCrops(partly, RATE).with_hidden_bass
    rows = [partly.row(item) for item in hidden]
    assert {row.label for row in rows} == {"drums", "other"}
    assert rows and not any(row.source.endswith("0") for row in rows)
    alone = pool.subset(lambda row: row.label == "drums")
    assert not StemCrops(alone, RATE).with_hidden_bass  # a folder of drums is no song
