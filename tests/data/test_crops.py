"""Crops: inside their recordings, of one voice at one speed, filled and balanced."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from made.recordings import made_rows, voice_like, write

torch = pytest.importorskip("torch")

from aeolia.data.corpus.manifest import Row  # noqa: E402
from aeolia.data.crops import CropSampler, Segment, cut  # noqa: E402
from aeolia.data.pool import AudioPool  # noqa: E402

RATE, LENGTH = 16000, 16000


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> AudioPool:
    folder = tmp_path_factory.mktemp("crops")
    return AudioPool.from_manifest(made_rows(folder), RATE)


@pytest.fixture(scope="module")
def speech(pool: AudioPool) -> AudioPool:
    return pool.subset(lambda row: row.kind == "speech")


@pytest.fixture(scope="module")
def noise(pool: AudioPool) -> AudioPool:
    return pool.subset(lambda row: row.kind == "noise")


def check_inside(pool: AudioPool, segments: list[Segment]) -> None:
    for part in segments:
        assert 0 <= part.start and part.start + part.length <= pool.lengths[part.item]
        assert 0 <= part.offset and part.offset + part.length <= LENGTH
        assert 2 * part.fade <= max(part.length, 2 * part.fade) and part.length > 0


def test_speech_is_one_voice_at_one_speed(speech: AudioPool) -> None:
    sampler, rng = CropSampler(speech, LENGTH), np.random.default_rng(0)
    joined = 0
    for _ in range(300):
        segments = sampler.draw_speech(rng)
        check_inside(speech, segments)
        assert len({speech.row(part.item).label for part in segments}) == 1
        assert len({speech.speeds[part.item] for part in segments}) == 1
        for part, following in pairwise(segments):
            assert following.offset >= part.offset + part.length
        joined += len(segments) > 1
    assert joined > 30


def test_noise_fills_the_crop(noise: AudioPool) -> None:
    sampler, rng = CropSampler(noise, LENGTH), np.random.default_rng(0)
    sparse_seen = False
    for _ in range(300):
        segments, sparse = sampler.draw_noise(rng)
        check_inside(noise, segments)
        sparse_seen |= sparse
        audio = cut(noise, [segments], LENGTH)
        assert audio.square().mean() > 1e-5
        if not sparse:
            assert audio.unfold(-1, 800, 800).square().mean(-1).min() > 1e-4  # no holes
    assert sparse_seen


def test_cut_is_the_sound_of_the_pool(speech: AudioPool) -> None:
    audio = cut(speech, [[Segment(1, 50, 1000, 0, 0)], [Segment(1, 0, 100, 300, 0)]], 1000)
    begin = speech.starts[1]
    expected = np.asarray(speech.samples[begin : begin + 1050], np.float32) / 32768
    assert np.array_equal(audio[0].numpy(), expected[50:])
    assert np.array_equal(audio[1, 300:400].numpy(), expected[:100])
    assert audio[1, :300].abs().max() == 0 and audio[1, 400:].abs().max() == 0


def test_edges_inside_the_crop_are_soft(noise: AudioPool) -> None:
    whole = cut(noise, [[Segment(5, 0, 2000, 0, 0)]], 4000)[0, :2000]
    faded = cut(noise, [[Segment(5, 0, 2000, 1000, 80)]], 4000)[0, 1000:3000]
    assert abs(faded[0]) < 0.01 and abs(faded[-1]) < 0.01
    assert torch.allclose(faded[80:-80], whole[80:-80])


def test_one_long_voice_does_not_dominate(tmp_path: Path) -> None:
    rows = []
    for name, seconds in (("long", 60.0), *((f"s{i}", 2.0) for i in range(5))):
        path = write(tmp_path / f"{name}.wav", voice_like(seconds, 8000), 8000)
        rows.append(Row(str(path), "speech", "x", name, seconds))
    pool = AudioPool.from_manifest(rows, 8000, speeds=(1.0,))
    sampler, rng = CropSampler(pool, 8000), np.random.default_rng(0)
    drawn = Counter(sampler.draw_label(rng)[1] for _ in range(2000))
    assert 0.45 < drawn["long"] / 2000 < 0.6  # 86 % of the seconds; sqrt(60) of all roots: 52 %
    assert len(drawn) == 6


def test_the_full_band_share_is_met(tmp_path: Path) -> None:
    rows = []
    for source, reach in (("wide", 0.0), ("narrow", 8000.0)):
        rng = np.random.default_rng(1)
        audio = (0.1 * rng.standard_normal(96000)).astype(np.float32)
        path = write(tmp_path / f"{source}.wav", audio, 48000)
        rows.append(Row(str(path), "speech", source, "s", 2.0, 48000, bandwidth_hz=reach))
    pool = AudioPool.from_manifest(rows, 48000, speeds=(1.0,))
    sampler, rng = CropSampler(pool, 8000, full_band_share=0.8), np.random.default_rng(0)
    wide = sum(sampler.draw_label(rng)[0] == "wide" for _ in range(1000))
    assert 0.76 < wide / 1000 < 0.84


def test_nearly_silent_places_are_avoided(tmp_path: Path) -> None:
    audio = np.zeros(10 * 8000, np.float32)
    audio[: 5 * 8000] = voice_like(5.0, 8000)
    row = Row(str(write(tmp_path / "v.wav", audio, 8000)), "speech", "x", "s", 10.0)
    pool = AudioPool.from_manifest([row], 8000, speeds=(1.0,))
    sampler, rng = CropSampler(pool, 8000), np.random.default_rng(0)
    silent = sum(sampler.draw_speech(rng)[0].start >= 5 * 8000 for _ in range(300))
    assert silent / 300 < 0.1  # plain chance is 0.44
