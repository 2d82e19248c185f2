"""Pitch contours: the tracker on sounds of known pitch, and mending on contours of known faults."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from aeolia.audio.pitch.tracker import MEND_FRAMES, PitchTrack, mend, track_pitch
from aeolia.errors import MissingExtraError


def tone(hz: np.ndarray, sample_rate: int) -> np.ndarray:
    cycles = np.cumsum(hz) / sample_rate
    return 0.1 * sum(np.sin(2 * np.pi * k * cycles) / k for k in range(1, 8))


def cents(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 1200 * np.log2(a / b)


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_a_gliding_tone(sample_rate: int) -> None:
    pytest.importorskip("swift_f0")
    time = np.arange(2 * sample_rate) / sample_rate
    track = track_pitch(tone(220.0 * 2 ** (time / 2), sample_rate), sample_rate)
    times = np.arange(0.1, 1.9, 0.01)
    off = np.abs(cents(track.at(times), 220.0 * 2 ** (times / 2)))
    assert np.median(off) < 3 and off.max() < 15


@pytest.mark.parametrize("hz", [97.0, 220.0, 443.0, 881.0, 1700.0])
def test_steady_tones_to_a_cent(hz: float) -> None:
    pytest.importorskip("swift_f0")
    track = track_pitch(tone(np.full(16000, hz), 16000), 16000)
    assert np.abs(cents(track.pitch_hz[8:-8], hz)).max() < 1.5


@pytest.mark.parametrize("peak", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 32767.0])
def test_at_any_level(peak: float) -> None:
    pytest.importorskip("swift_f0")
    sound = tone(np.full(16000, 220.0), 16000)
    track = track_pitch(sound / np.abs(sound).max() * peak, 16000)
    assert np.abs(cents(track.pitch_hz[8:-8], 220.0)).max() < 1.5


def test_silence_has_no_pitch() -> None:
    pytest.importorskip("swift_f0")
    floor = 1e-5 * np.random.default_rng(0).standard_normal(16000)
    for sound in (np.zeros(16000), floor):
        assert track_pitch(sound, 16000).voiced.mean() < 0.1
    assert len(track_pitch(np.zeros(100), 16000).pitch_hz) == 1


def test_vibrato() -> None:
    pytest.importorskip("swift_f0")
    time = np.arange(2 * 48000) / 48000
    track = track_pitch(tone(440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * time)), 48000), 48000)
    times = np.arange(0.1, 1.9, 0.016)
    true = 440 * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 5.5 * times))
    assert np.percentile(np.abs(cents(track.at(times), true)), 95) < 10


def test_noise_and_silence_have_no_pitch() -> None:
    pytest.importorskip("swift_f0")
    noise = 0.1 * np.random.default_rng(0).standard_normal(16000)
    audio = np.concatenate([noise, np.zeros(16000), tone(np.full(16000, 300.0), 16000)])
    track = track_pitch(audio, 16000)
    assert len(track.pitch_hz) == len(audio) // 256 + 1
    assert track.voiced[:58].mean() < 0.1
    assert track.voiced[65:120].mean() < 0.05
    assert track.voiced[130:180].all()


def test_long_audio_is_tracked_in_parts_that_join() -> None:
    pytest.importorskip("swift_f0")
    audio = np.tile(tone(np.full(16000, 200.0), 16000), 33)
    track = track_pitch(audio, 16000)
    assert len(track.pitch_hz) == 33 * 16000 // 256 + 1
    assert np.abs(cents(track.pitch_hz[5:-5], 200.0)).max() < 30


def test_nothing_is_no_track() -> None:
    track = track_pitch(np.zeros(0), 48000)
    assert len(track.pitch_hz) == 0
    np.testing.assert_array_equal(track.at(np.array([0.0, 1.0])), 0)


def test_a_missing_tracker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from aeolia.audio.pitch import tracker as pitch

    pitch._tracker.cache_clear()
    monkeypatch.setitem(sys.modules, "swift_f0", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'aeolia\[pitch\]'"):
        track_pitch(np.zeros(16000), 16000)
    pitch._tracker.cache_clear()


SURE = np.ones(60)


@pytest.mark.parametrize("ratio", [2.0, 0.5, 3.0, 1 / 3, 4.0, 0.25])
@pytest.mark.parametrize("length", [1, 3, 5])
def test_short_leaps_by_octaves_are_undone(ratio: float, length: int) -> None:
    true = 200.0 * 2 ** (np.sin(np.arange(60) / 4) / 24)
    slipped = true.copy()
    slipped[25 : 25 + length] *= ratio
    np.testing.assert_allclose(mend(slipped, SURE), true)


def test_true_leaps_stay() -> None:
    leaps = np.repeat([200.0, 400.0, 150.0, 600.0], 15)
    np.testing.assert_allclose(mend(leaps, SURE), leaps)


def test_voicing_is_voted_on() -> None:
    pitch = np.full(60, 200.0)
    confidence = np.zeros(60)
    confidence[10:40] = 0.9
    confidence[[20, 30, 31]] = 0.1  # gaps of one and two frames are filled
    confidence[[50, 51]] = 0.9  # two frames alone are no voice
    pitch[[20, 30, 31]] = 377.0  # what the tracker guesses there does not count
    mended = mend(pitch, confidence)
    expected = np.zeros(60)
    expected[10:40] = 200.0
    np.testing.assert_allclose(mended, expected)


def test_mending_looks_no_farther_than_declared() -> None:
    rng = np.random.default_rng(0)
    pitch, confidence = rng.uniform(100, 800, 80), rng.uniform(0, 1, 80)
    whole = mend(pitch, confidence)
    for start, stop in ((0, 30), (17, 60), (40, 80)):
        part = mend(pitch[start:stop], confidence[start:stop])
        inside = slice(MEND_FRAMES if start else 0, len(part) - (MEND_FRAMES if stop < 80 else 0))
        np.testing.assert_array_equal(part[inside], whole[start:stop][inside])


def test_reading_between_frames() -> None:
    track = PitchTrack(np.array([100.0, 400.0, 0.0]), np.ones(3))
    times = np.array([-1.0, 0.0, 0.008, 0.016, 0.023, 0.025, 1.0])
    np.testing.assert_allclose(track.at(times), [100, 100, 200, 400, 400, 0, 0], rtol=1e-6)


def test_partials_that_hide_the_first_are_no_octave() -> None:
    """A high clarinet's: the third and fifth partial stand 15 dB above the first, the second and
    fourth below it; the tracker alone answers with the octave."""
    pytest.importorskip("swift_f0")
    phase = 2 * np.pi * 554.0 * np.arange(16000) / 16000
    levels_db = (-15.0, -24.0, -2.0, -9.0, 0.0, -26.0, -26.0)
    reed = sum(10 ** (db / 20) * np.sin(k * phase) for k, db in enumerate(levels_db, 1))
    track = track_pitch(0.1 * reed, 16000)
    assert np.abs(cents(track.pitch_hz[8:-8], 554.0)).max() < 5
