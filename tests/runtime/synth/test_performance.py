"""Performances: onsets to the sample, voices summed, levels, ends, bends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.audio.pitch.contour import loudness_contour
from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.score import Curve
from made.tiny_synth import DECAY_DB, FULL_DB

RATE = 48000


@pytest.fixture(scope="module")
def note(synth_folder: Path) -> PlayedNote:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    latent = np.full(4, -20.0, np.float32)
    return PlayedNote(model, 0.0, 0.5, model.instrument("piano"), latent, 69.0, 1.0)


def test_onsets_are_exact_to_the_sample(note: PlayedNote) -> None:
    onsets = [0.0, 0.123456, 1.0 / 3.0, 0.5, 0.50001, 1.7]
    for onset in onsets:
        moved = replace(note, onset_seconds=onset, release_seconds=onset + 0.1)
        audio = Performance([moved]).render()
        first = int(np.flatnonzero(audio)[0])
        # A sine's very first sample is nearly zero: the second is heard.
        assert 0 <= first - round(onset * RATE) <= 1


def test_notes_sum(note: PlayedNote) -> None:
    other = replace(note, onset_seconds=0.2171, release_seconds=0.9, pitch_midi=60.0)
    low = replace(note, onset_seconds=0.01, release_seconds=0.3, pitch_midi=40.0)
    together = Performance([other, note, low]).render()
    alone = [Performance([one]).render() for one in (other, note, low)]
    total = np.zeros(len(together))
    for audio in alone:
        total[: len(audio)] += audio
    np.testing.assert_allclose(together, total, atol=1e-5)


def test_positions_make_it_stereo(note: PlayedNote) -> None:
    def at(*positions: float) -> np.ndarray:
        seconds = 0.25 * np.arange(len(positions))
        return Performance([replace(note, pan=Curve(seconds, np.array(positions)))]).render()

    mono = Performance([note]).render()
    assert mono.ndim == 1
    np.testing.assert_allclose(at(0.0), np.stack([mono, mono], axis=1), atol=1e-6)
    left, right = at(-1.0).T
    np.testing.assert_allclose(left, np.sqrt(2.0) * mono, atol=1e-5)
    assert np.abs(right).max() < 1e-6
    moved = at(-0.6, 0.8)
    power = np.square(moved).sum(axis=1)
    np.testing.assert_allclose(power, 2.0 * np.square(mono), atol=1e-5)
    first, later = moved[: RATE // 5], moved[RATE // 3 : RATE // 2]
    assert np.std(first[:, 0]) > 2.0 * np.std(first[:, 1])
    assert np.std(later[:, 1]) > 2.0 * np.std(later[:, 0])
    # A note without a position beside one that has one lies in the middle.
    both = Performance([note, replace(note, pan=Curve(np.zeros(1), np.ones(1)))]).render()
    np.testing.assert_allclose(both[:, 0], mono, atol=1e-5)


@settings(max_examples=4, deadline=None)
@given(frames=st.sampled_from([1, 3, 8, 64]), seed=st.integers(0, 3))
def test_the_block_size_does_not_matter(note: PlayedNote, frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    notes = [
        replace(
            note,
            onset_seconds=t,
            release_seconds=t + d,
            pitch_midi=float(p),
            pan=Curve(np.array([0.0, 0.4]), np.array([-0.5, 1.0])),
            unpitched=bool(p % 5 == 0),
        )
        for t, d, p in zip(
            rng.uniform(0, 0.5, 5), rng.uniform(0.01, 0.4, 5), rng.integers(30, 90, 5), strict=True
        )
    ]
    whole = Performance(notes, seed=seed).render()
    pieces = np.concatenate(list(Performance(notes, seed=seed, frames_per_block=frames).blocks()))
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_many_voices_run_in_batches(note: PlayedNote) -> None:
    chord = [replace(note, pitch_midi=40.0 + n, velocity=0.3) for n in range(40)]
    audio = Performance(chord).render()
    # Forty voices of unlike pitch: powers add. The middle of what is looked at is at 0.24 s.
    expected = FULL_DB - 0.7 * 40.0 + 10 * np.log10(40) - 0.24 * DECAY_DB
    assert np.median(loudness_contour(audio, 480)[8:40]) == pytest.approx(expected, abs=1.5)


def test_a_note_ends_after_its_release(note: PlayedNote) -> None:
    audio = Performance([note]).render()
    assert 0.5 * RATE < len(audio) < 1.2 * RATE
    assert np.abs(audio[-480:]).max() < 2e-4
    held = Performance([replace(note, release_seconds=30.0)]).render()
    # The tiny model's notes fall by 6 dB a second: inaudible after about eleven.
    assert 10 * RATE < len(held) < 14 * RATE


def test_a_release_that_never_ends_is_faded(note: PlayedNote, monkeypatch) -> None:
    def for_ever(*arguments: np.ndarray) -> np.ndarray:
        return np.full(arguments[4].shape, -20.0, np.float32)

    monkeypatch.setattr(note.model, "envelope", for_ever)
    audio = Performance([note]).render()
    assert 6 * RATE < len(audio) < 8 * RATE
    assert np.abs(audio[-10:]).max() < 5e-3


def test_velocity_is_level_and_monotone(note: PlayedNote) -> None:
    levels = []
    for velocity in (1, 5, 10, 11, 12, 20, 40, 64, 90, 110, 127):
        played = replace(note, velocity=touch(velocity, 40.0))
        levels.append(loudness_contour(Performance([played]).render(), 480)[5:30].max())
    assert (np.diff(levels) > 0).all()
    assert levels[-1] == pytest.approx(FULL_DB, abs=0.5)
    # Thirty decibels a decade.
    assert levels[-1] - levels[-3] == pytest.approx(30 * np.log10(127 / 90), abs=0.1)


def test_touch_stays_within_its_range() -> None:
    values = [touch(velocity, 40.0) for velocity in range(128)]
    assert values[0] == 0.0 and values[127] == 1.0
    assert (np.diff(values) > 0).all()


def test_bend_and_level_follow_the_score(note: PlayedNote) -> None:
    bend = Curve(np.array([-np.inf, 1.25]), np.array([0.0, 12.0]))
    level = Curve(np.array([-np.inf, 1.5]), np.array([0.0, -20.0]))
    bent = replace(note, onset_seconds=1.0, release_seconds=2.0, bend=bend, level_db=level)
    audio = Performance([bent]).render()[RATE:]
    for start, expected in ((0.05, 440), (0.3, 880)):
        part = audio[round(start * RATE) :][: RATE // 10]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), RATE))
        assert abs(int(spectrum.argmax()) - expected) <= 2
    loudness = loudness_contour(audio, 480)
    assert loudness[40] - loudness[60] == pytest.approx(20 + 6 * 0.2, abs=0.2)


def test_no_clicks(note: PlayedNote) -> None:
    """At joins no sample steps further than a sine of that level and pitch does by itself."""
    tune = [
        replace(note, onset_seconds=0.1 * n, release_seconds=0.1 * (n + 1), pitch_midi=69.0 + n)
        for n in range(8)
    ]
    audio = Performance(tune).render()
    steps = np.abs(np.diff(audio))
    highest = 440 * 2 ** (8 / 12)
    # Two notes at most overlap, in a release.
    assert steps.max() < 2 * 2**0.5 * 10 ** (FULL_DB / 20) * 2 * np.pi * highest / RATE


def test_impossible_performances(note: PlayedNote) -> None:
    with pytest.raises(InputError, match="nothing to play"):
        Performance([])
