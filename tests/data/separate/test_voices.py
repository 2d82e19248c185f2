"""VoiceSampler: crops with speech, and enrolment clips that share no sample with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.data.separate.voices import VoiceSampler, median_pitch_hz
from aeolia.errors import InputError
from made.recordings import voice_like, write

RATE = 16000


def rows_of(folder: Path, lengths: dict[str, tuple[float, ...]]) -> list[Row]:
    rows = []
    for number, (speaker, takes) in enumerate(lengths.items()):
        for take, seconds in enumerate(takes):
            audio = voice_like(seconds, RATE, 90.0 + 20 * number, seed=take)
            path = write(folder / f"{speaker or 'none'}{number}/{take}.wav", audio, RATE)
            rows.append(Row(str(path), "speech", "made", speaker, seconds, RATE, split="train"))
    return rows


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> AudioPool:
    """One long clip; several; many short ones; too little; and one that names nobody."""
    folder = tmp_path_factory.mktemp("voices")
    lengths = {
        "long": (6.0,),
        "several": (3.0, 3.5, 4.0),
        "short": (0.7,) * 8,
        "little": (1.2,),
        "": (5.0,),
    }
    return AudioPool.from_manifest(rows_of(folder, lengths), RATE, speeds=(1.0,))


@pytest.fixture(scope="module")
def voices(pool: AudioPool) -> VoiceSampler:
    return VoiceSampler(pool, RATE, RATE)


def test_voices_have_enough_speech(voices: VoiceSampler) -> None:
    assert [voice.person[1] for voice in voices.named] == ["long", "several", "short"]
    assert len(voices.unnamed) == 1 and not voices.unnamed[0].is_named


@pytest.mark.parametrize("length", [RATE, 3 * RATE])
def test_enrolment_shares_nothing_with_the_crop(voices: VoiceSampler, length: int) -> None:
    pool = voices.pool
    for index in range(150):
        rng = np.random.default_rng(index)
        voice = voices.draw(rng, unnamed=0.3)
        crop = voices.crop(voice, rng)
        clip = voices.enrolment(voice, crop, length, rng)
        person = {pool.row(part.item).label for part in (*crop, *clip)}
        assert person == {voice.person[1] if voice.is_named else ""}
        used: dict[int, np.ndarray] = {}
        for part in crop:
            mask = used.setdefault(part.item, np.zeros(pool.lengths[part.item], bool))
            mask[part.start : part.start + part.length] = True
        covered = np.zeros(length, bool)
        for part in clip:
            assert 0 <= part.start and part.start + part.length <= pool.lengths[part.item]
            if part.item in used:
                assert not used[part.item][part.start : part.start + part.length].any()
            assert part.offset + part.length <= length
            covered[part.offset : part.offset + part.length] = True
        assert covered.mean() > 0.98  # the whole of it is speech


def test_a_voice_without_anything_left_gives_no_further_clip(voices: VoiceSampler) -> None:
    rng = np.random.default_rng(0)
    voice = next(voice for voice in voices.named if voice.person[1] == "short")
    clip = voices.enrolment(voice, [], 8 * RATE, rng)  # more than there is, so that it is repeated
    assert clip and voices.enrolment(voice, clip, RATE, rng) == []


def test_crops_fill_their_length(voices: VoiceSampler) -> None:
    for index in range(60):
        rng = np.random.default_rng(index)
        voice = voices.draw(rng)
        parts = voices.crop(voice, rng)
        assert max(part.offset + part.length for part in parts) > 0.97 * RATE
        assert {voices.pool.speeds[part.item] for part in parts} == {1.0}


def test_others_are_other_people(voices: VoiceSampler) -> None:
    for index in range(100):
        rng = np.random.default_rng(index)
        first = voices.draw(rng, 0.5)
        second = voices.draw_other(rng, [first], 0.5)
        third = voices.draw_other(rng, [first, second], 0.5)
        assert len({first.person, second.person, third.person}) == 3
        assert sum(not voice.is_named for voice in (first, second, third)) <= 1


def test_others_of_the_same_source_and_pitch(tmp_path: Path) -> None:
    """Twelve voices of two sources, each 1.06 times as high as the one before."""
    rows = [
        Row(
            str(write(tmp_path / f"{i}.wav", voice_like(2.5, RATE, 90.0 * 1.06**i, seed=i), RATE)),
            "speech",
            "ab"[i % 2],
            f"speaker{i}",
            2.5,
            RATE,
            split="train",
        )
        for i in range(12)
    ]
    pool = AudioPool.from_manifest(rows, RATE, speeds=(1.0,))
    voices = VoiceSampler(pool, RATE, RATE)
    rng = np.random.default_rng(0)
    distances = {0.0: [], 1.0: []}  # type: dict[float, list[float]]
    for share, found in distances.items():
        for _ in range(200):
            first = voices.draw(rng)
            other = voices.draw_other(rng, [first], 0.0, 1.0, share)
            assert other.person[0] == first.person[0] and other.person != first.person
            found.append(abs(np.log(voices.pitch_hz(first) / voices.pitch_hz(other))))
    assert np.mean(distances[1.0]) < 0.6 * np.mean(distances[0.0])
    persons = {voice.person for voice in voices.draw_several(rng, 6)}
    assert len(persons) == 6 and len({source for source, _ in persons}) == 1
    assert len({voice.person for voice in voices.draw_several(rng, 30)}) <= 12


def test_speeds_are_voices_of_their_own(pool: AudioPool, tmp_path: Path) -> None:
    fast = AudioPool.from_manifest(pool.rows, RATE, speeds=(0.9, 1.0))
    voices = VoiceSampler(fast, RATE, RATE)
    assert len(voices.named) == 6
    first = next(voice for voice in voices.named if voice.person[1] == "long")
    for index in range(40):
        rng = np.random.default_rng(index)
        assert voices.draw_other(rng, [first], 0.0).person != first.person


def test_one_speaker_is_refused(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, {"one": (4.0,), "little": (1.0,)})
    pool = AudioPool.from_manifest(rows, RATE, speeds=(1.0,))
    with pytest.raises(InputError, match="1 speakers have enough speech"):
        VoiceSampler(pool, RATE, RATE)


@pytest.mark.parametrize("pitch_hz", [80.0, 120.0, 165.0, 210.0, 300.0])
@pytest.mark.parametrize("rate", [16000, 48000])
def test_the_pitch_of_a_voice_is_found(pitch_hz: float, rate: int) -> None:
    audio = voice_like(2.0, rate, pitch_hz)
    assert median_pitch_hz(audio, rate) == pytest.approx(pitch_hz, rel=0.02)


def test_noise_and_silence_have_no_pitch() -> None:
    assert median_pitch_hz(np.zeros(RATE, np.float32), RATE) == 0.0
    assert median_pitch_hz(np.zeros(10, np.float32), RATE) == 0.0
