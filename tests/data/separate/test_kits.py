"""Mixtures of a drum kit: seeded, stems that sum to the mixture, never without a kit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from made.music import kit_rows as made_songs

torch = pytest.importorskip("torch")

from aeolia.config.classes import KIT, PERCUSSION  # noqa: E402
from aeolia.data.corpus.manifest import Row, write_manifest  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402
from aeolia.data.separate.kits import KitMixer, kit_mixer  # noqa: E402
from aeolia.data.separate.mix_config import KitMixConfig  # noqa: E402
from aeolia.data.separate.rows import kit_rows  # noqa: E402
from aeolia.errors import DataError  # noqa: E402
from made.mixers import check_draws  # noqa: E402

RATE = 16000
CONFIG = KitMixConfig(seed=5, sample_rate=RATE, crop_seconds=1.0, rooms=2)
#: What leaves the songs as they are.
PLAIN = {"equaliser": 0.0, "reverb": 0.0, "gain_db": 0.0, "swapped": 0.0, "backing": 0.0}

Mix = Callable[..., KitMixer]


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Mix:
    folder = tmp_path_factory.mktemp("kits")
    songs = [row for row in made_songs(folder) if row.label != "drums"]
    bare = [row for row in songs if row.label in KIT]
    pools = {True: AudioPool.from_manifest(bare, RATE), False: AudioPool.from_manifest(songs, RATE)}

    def build(bare: bool = False, **changes: object) -> KitMixer:
        return KitMixer(pools[bare], dataclasses.replace(CONFIG, **changes))  # type: ignore[arg-type]

    return build


def test_an_item_is_its_seed_step_and_index(mix: Mix) -> None:
    check_draws(mix, ("mixture", "stems", "bandwidth_hz"))


def test_a_kit_alone_is_the_sum_of_its_parts_exactly(mix: Mix) -> None:
    batch = mix(bare=True, swapped=0.5, reverb=0.5, equaliser=0.5).batch(0, 12)
    assert batch.stems.shape == (12, len(KIT), RATE)
    assert torch.equal(batch.mixture, batch.stems.sum(1))
    assert max(batch.mixture.abs().max(), batch.stems.abs().max()) <= 0.9901
    assert (batch.bandwidth_hz >= 0.9 * RATE / 2).all()  # played slower, they reach less high


def test_a_part_of_the_kit_always_sounds(mix: Mix) -> None:
    """The first half of every made song has none, and would be drawn half of the time."""
    for swapped in (0.0, 1.0):
        batch = mix(swapped=swapped).batch(0, 40)
        level = 10.0 * torch.log10(batch.stems.square().mean(2).amax(1))
        assert level.min() > -70.0


def test_percussion_stands_beside_and_a_backing_at_its_level(mix: Mix) -> None:
    backing_db = (-7.0, -7.0)
    without = mix(**PLAIN)
    beside = mix(**{**PLAIN, "backing": 1.0, "backing_db": backing_db})
    plans = [beside.plan(0, i) for i in range(6)]
    assert all({part.label for part in plan.parts} > {PERCUSSION, "bass"} for plan in plans)
    bare = [
        dataclasses.replace(plan, parts=[p for p in plan.parts if p.label != "bass"])
        for plan in plans
    ]
    whole, drums = beside.render(plans), without.render(bare)
    rest = drums.mixture - drums.stems.sum(1)
    assert (rest.abs().amax(1) > 0.0).all()
    # The two are scaled as a whole, each to its level: by what the kick says.
    scale = (whole.stems.abs().amax((1, 2)) / drums.stems.abs().amax((1, 2)))[:, None]
    backing = whole.mixture - drums.mixture * scale
    ratio = active_level(backing, RATE) / active_level(drums.mixture * scale, RATE)
    assert 20.0 * torch.log10(ratio) == pytest.approx(torch.full((6,), -7.0), abs=0.1)


def test_swapped_parts_come_from_other_songs(mix: Mix) -> None:
    def songs(mixer: KitMixer, index: int) -> set[str]:
        parts = [part for part in mixer.plan(0, index).parts if part.label in KIT]
        return {mixer._pool.row(part.segment.item).source for part in parts}

    assert all(len(songs(mix(swapped=0.0), i)) == 1 for i in range(20))
    assert sum(len(songs(mix(swapped=1.0), i)) > 1 for i in range(20)) > 10


def test_what_cannot_be_mixed_is_refused(tmp_path: Path) -> None:
    rows = made_songs(tmp_path, 1)
    with pytest.raises(DataError, match="no parts of a drum kit are in the choose split"):
        kit_mixer(rows, "choose", CONFIG)
    silent = [dataclasses.replace(row, seconds=6.0) for row in rows if row.label in KIT]
    pool = AudioPool.from_manifest(silent, RATE, (1.0,))
    with pytest.raises(DataError, match="nothing sounds in any part"):
        KitMixer(dataclasses.replace(pool, peaks=0.0 * pool.peaks), CONFIG)


def test_rows_of_a_kit_say_what_they_are(tmp_path: Path) -> None:
    songs = [*made_songs(tmp_path), *made_songs(tmp_path, 1, split="choose")]
    odd = Row(songs[0].path, "stem", songs[0].source, "choir", 6.0, RATE, split="train")
    other = Row(songs[1].path, "stem", "made/elsewhere", "bass", 6.0, RATE, split="train")
    write_manifest(tmp_path / "manifest.csv", [*songs, odd, other])
    rows, words, left_out = kit_rows(tmp_path / "manifest.csv")
    assert {row.label for row in rows} == {*KIT, PERCUSSION, "bass"}
    assert {(one.reason, one.detail) for one in left_out} == {
        ("no such stem", "choir"),
        ("a song without parts of a kit", "bass"),
    }
    assert "part snare: 4 songs, 3 to train, 1 to choose, 0 to report" in words
    assert "beside the kit percussion: 4 songs, 3 to train, 1 to choose, 0 to report" in words
    write_manifest(tmp_path / "manifest.csv", [other])
    with pytest.raises(DataError, match="holds no parts of a drum kit to train on"):
        kit_rows(tmp_path / "manifest.csv")
