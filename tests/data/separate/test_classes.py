"""Mixtures of classes: seeded, stems that sum to the mixture, levels and balance as drawn."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from made.music import hit_rows, note_rows, song_rows
from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.config.classes import CLASSES, MUSIC  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402
from aeolia.data.separate.arrangements import arrangement_pool  # noqa: E402
from aeolia.data.separate.classes import ClassMixer  # noqa: E402
from aeolia.data.separate.mix_config import ClassMixConfig  # noqa: E402
from aeolia.errors import InputError  # noqa: E402
from made.mixers import check_draws  # noqa: E402

RATE = 16000
CONFIG = ClassMixConfig(seed=5, sample_rate=RATE, crop_seconds=1.0, rooms=4, coloured=0.3)


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[AudioPool]]:
    folder = tmp_path_factory.mktemp("classes")
    rows = made_rows(folder)
    played = [*note_rows(folder), *hit_rows(folder)]
    found = {
        kind: [AudioPool.from_manifest([r for r in rows if r.kind == kind], RATE)]
        for kind in ("speech", "noise")
    }
    found["stems"] = [AudioPool.from_manifest(song_rows(folder), RATE)]
    made = [arrangement_pool(played, "train", label, 0.3, RATE, 0) for label in MUSIC]
    return {**found, "arrangements": [pool for pool in made if pool is not None]}


@pytest.fixture
def mix(pools: dict[str, list[AudioPool]]):
    def build(without: tuple[str, ...] = (), **changes: object) -> ClassMixer:
        given = {kind: several for kind, several in pools.items() if kind not in without}
        return ClassMixer(given, dataclasses.replace(CONFIG, **changes))

    return build


def plain(**changes: object) -> dict[str, object]:
    """Changes that leave recordings as they are."""
    return {"equaliser": 0.0, "reverb": 0.0, "coloured": 0.0, "sub_bass": 0.0, **changes}


def test_an_item_is_its_seed_step_and_index(mix) -> None:
    check_draws(mix, ("mixture", "stems", "bandwidth_hz"))


def test_stems_sum_to_the_mixture_exactly(mix) -> None:
    mixer = mix()
    for step in range(6):
        batch = mixer.batch(step, 8)
        assert batch.mixture.shape == (8, RATE) and batch.stems.shape == (8, 6, RATE)
        assert batch.mixture.dtype == batch.stems.dtype == torch.float32
        assert torch.equal(batch.mixture, batch.stems.sum(1))
        assert torch.isfinite(batch.stems).all()
        assert max(batch.mixture.abs().max(), batch.stems.abs().max()) <= 0.9901
        assert batch.seconds == pytest.approx(8.0)


def test_one_to_five_classes_are_there_and_sound(mix) -> None:
    mixer = mix()
    counts: Counter[int] = Counter()
    seen: Counter[str] = Counter()
    for step in range(12):
        plans = [mixer.plan(step, i) for i in range(8)]
        batch = mixer.render(plans)
        for plan, stems, reach in zip(plans, batch.stems, batch.bandwidth_hz, strict=True):
            labels = {part.label for part in plan.parts}
            assert len(labels) == len(plan.parts)  # a class is there once
            loud = {CLASSES[k] for k in range(6) if stems[k].abs().max() > 0}
            assert loud == labels
            absent = [k for k, label in enumerate(CLASSES) if label not in labels]
            assert (reach[absent] == RATE / 2).all()
            counts[len(labels)] += 1
            seen.update(labels)
    assert set(counts) <= {1, 2, 3, 4, 5} and len(counts) >= 4
    assert set(seen) == set(CLASSES) and min(seen.values()) > 10


def test_gains_lie_within_the_range_of_equal_level(mix) -> None:
    mixer = mix(**plain(same_song=0.0))
    widest = 0.0
    for step in range(6):
        plans = [mixer.plan(step, i) for i in range(8)]
        batch = mixer.render(plans)
        for plan, stems in zip(plans, batch.stems, strict=True):
            levels = [
                float(20 * torch.log10(active_level(stems[CLASSES.index(p.label)][None], RATE)))
                for p in plan.parts
            ]
            expected = [part.gain_db for part in plan.parts]
            for level, gain in zip(levels, expected, strict=True):
                assert level - levels[0] == pytest.approx(gain - expected[0], abs=0.1)
            widest = max(widest, *(abs(gain) for gain in expected))
    assert 9.0 < widest <= 12.0


def test_a_song_keeps_its_balance(mix, pools: dict[str, list[AudioPool]]) -> None:
    """Stems of one song with their own balance: each is its recording times one factor."""
    mixer = mix(**plain(same_song=1.0, beside_speech=0.0, music_alone=1.0))
    pool = pools["stems"][0]
    seen = 0
    for index in range(30):
        plan = mixer.plan(0, index)
        songs = [part for part in plan.parts if part.pool == "stems 0"]
        assert len({part.segments[0].start for part in songs}) == 1
        if not songs or not songs[0].with_song:
            continue
        stems = mixer.render([plan]).stems[0]
        factors = []
        for part in songs:
            segment = part.segments[0]
            begin = pool.starts[segment.item] + segment.start
            sound = torch.from_numpy(pool.samples[begin : begin + RATE].astype("float32"))
            own = sound * float(pool.peaks[segment.item]) / (0.9 * 32768)
            stem = stems[CLASSES.index(part.label)]
            factors.append(float((stem * own).sum() / own.square().sum()))
            assert torch.allclose(stem, factors[-1] * own, atol=1e-4)
        assert max(factors) / min(factors) < 1.02
        seen += len(factors) > 1
    assert seen > 3


def test_levels_lie_in_the_range(mix) -> None:
    batch = mix(**plain(), level_dbfs=(-40.0, -35.0)).batch(0, 16)
    levels = 20 * torch.log10(active_level(batch.mixture, RATE))
    assert levels.min() > -40.1 and levels.max() < -34.9


def test_classes_without_recordings_stay_absent(mix) -> None:
    mixer = mix(without=("speech", "arrangements", "noise"), coloured=0.0)
    assert mixer.parts.labels == list(MUSIC)
    for step in range(4):
        stems = mixer.batch(step, 8).stems
        assert stems[:, (0, 5)].abs().max() == 0.0
        assert (stems.abs().amax((1, 2)) > 0).all()
    alone = mix(without=("stems", "arrangements", "noise"), coloured=0.0)
    assert alone.parts.labels == ["speech"]
    assert (alone.batch(0, 8).stems[:, 0].abs().amax(-1) > 0).all()


def test_recordings_and_arrangements_take_turns(mix) -> None:
    mixer = mix(same_song=0.0, sub_bass=0.0)
    names = Counter(
        part.pool.split()[0]
        for index in range(150)
        for part in mixer.plan(1, index).parts
        if part.label in ("drums", "bass", "other")
    )
    assert set(names) == {"stems", "arrangements"}
    assert 0.3 < names["stems"] / sum(names.values()) < 0.7


def test_what_does_not_fit_together_is_refused(mix) -> None:
    with pytest.raises(InputError, match="16000 Hz and the mixture 48000"):
        mix(sample_rate=48000)
    with pytest.raises(InputError, match="give recordings of a class"):
        ClassMixer({}, dataclasses.replace(CONFIG, coloured=0.0))
    with pytest.raises(InputError, match="batch of 5 cannot be shared by 2"):
        mix().batch(0, 5, rank=0, world=2)


def test_basses_made_by_rule_are_low_and_repeatable(mix) -> None:
    mixer = mix(**plain(sub_bass=1.0))
    found = 0
    for step in range(4):
        batch = mixer.batch(step, 8)
        assert torch.equal(batch.stems, mixer.batch(step, 8).stems)
        for bass in batch.stems[:, CLASSES.index("bass")]:
            if not bass.any():
                continue
            power = torch.fft.rfft(bass * torch.hann_window(len(bass))).abs().square()
            low = round(160.0 * len(bass) / RATE)
            if power[:low].sum() > 0.9 * power.sum():  # songs' own basses are higher
                found += 1
    assert found >= 4


def test_songs_get_other_basses_that_may_be_far_louder(mix) -> None:
    mixer = mix(**plain(sub_bass=1.0, same_song=1.0, beside_speech=0.0, music_alone=1.0))
    plans = [mixer.plan(1, index) for index in range(40)]
    others = 0
    for plan in plans:
        music = [part for part in plan.parts if part.label != "noise"]
        basses = [part for part in music if part.label == "bass"]
        assert [part.is_sub_bass for part in basses] == [True]
        others += sum(part.with_song for part in music)
    assert others > 0
    gains = [part.gain_db for plan in plans for part in plan.parts if part.is_sub_bass]
    reach = mixer.config.gain_db
    assert -reach <= min(gains) and reach < max(gains) <= reach + 18.0


def test_songs_get_no_basses_where_there_are_none(pools: dict[str, list[AudioPool]]) -> None:
    stems = [pool.subset(lambda row: row.label != "bass") for pool in pools["stems"]]
    settings = plain(sub_bass=1.0, same_song=1.0, beside_speech=0.0, music_alone=1.0)
    mixer = ClassMixer({"stems": stems}, dataclasses.replace(CONFIG, **settings))
    assert "bass" not in mixer.parts.labels
    labels = {part.label for index in range(20) for part in mixer.plan(1, index).parts}
    assert labels == {"vocals", "drums", "other"}


def test_what_may_be_the_bass_of_a_song_is_left_out(pools: dict[str, list[AudioPool]]) -> None:
    """Low notes among drums stay, unless their song has no bass while others have."""
    swapped = {"bass": "drums", "drums": "bass"}
    settings = plain(same_song=1.0, beside_speech=0.0, music_alone=1.0)
    lows = {}
    for songs_with_bass in ("012", "0", ""):
        pool = pools["stems"][0].subset(
            lambda row, kept=songs_with_bass: row.label != "drums" or row.source[-1] in kept
        )
        rows = [
            dataclasses.replace(row, label=swapped.get(row.label, row.label)) for row in pool.rows
        ]
        pool = dataclasses.replace(pool, rows=rows)
        mixer = ClassMixer({"stems": [pool]}, dataclasses.replace(CONFIG, **settings))
        plans = [mixer.plan(0, index) for index in range(24)]
        parts = [part for plan in plans for part in plan.parts if part.label == "drums"]
        for part, sound in zip(parts, mixer.parts.cut(parts), strict=True):
            power = torch.fft.rfft(sound * torch.hann_window(len(sound))).abs().square()
            share = power[: round(110.0 * len(sound) / RATE)].sum() / power.sum()
            has_bass = pool.row(part.segments[0].item).source[-1] in songs_with_bass
            lows.setdefault((songs_with_bass, has_bass), []).append(float(share))
    assert max(lows.pop(("0", False))) < 0.01
    assert set(lows) == {("012", True), ("0", True), ("", False)}
    assert min(min(shares) for shares in lows.values()) > 0.3
