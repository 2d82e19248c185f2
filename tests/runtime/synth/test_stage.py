"""Levels, seats, releases, vibrato and the room of a score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import aeolia
from aeolia.audio.loudness import loudest_moment
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.orchestra import orchestrate
from aeolia.runtime.synth.performance import Performance, PlayedNote
from aeolia.runtime.synth.score import Curve, Note, Score
from aeolia.runtime.synth.stage.manners import RINGS_ON, Vibrato, release_of, vibrato_of
from aeolia.runtime.synth.stage.room import RoomFilter, room_response
from aeolia.runtime.synth.stage.seats import drum_seat, seat_of
from made.tiny_synth import DECAY_DB

RATE = 48000


@pytest.fixture(scope="module")
def note(synth_folder: Path) -> PlayedNote:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    latent = np.full(4, -20.0, np.float32)
    return PlayedNote(model, 0.0, 1.0, model.instrument("piano"), latent, 69.0, 1.0)


def fixed(value: float) -> Curve:
    return Curve(np.zeros(1), np.array([value]))


# --- one voice ---


@pytest.mark.parametrize("seconds", [0.05, 0.5, 2.0])
def test_a_release_takes_its_time(note: PlayedNote, seconds: float) -> None:
    audio = Performance([replace(note, fall_seconds=seconds)]).render()
    levels = loudness_contour(np.pad(audio, (0, RATE)), 480)
    # The tiny model says 60 dB in 0.1 s, and calls that 0.25: a factor that is its own.
    model_seconds = seconds * 0.1 / note.model.config.release_seconds
    below = np.flatnonzero(levels[100:] < levels[95] - 40.0)[0] / 100
    expected = 40.0 / (60.0 / model_seconds + DECAY_DB)
    assert below == pytest.approx(expected, abs=0.03)


def test_what_nothing_damps_rings_on(note: PlayedNote) -> None:
    released = Performance([replace(note, fall_seconds=RINGS_ON)]).render()
    held = Performance([replace(note, release_seconds=3.0)]).render()
    np.testing.assert_array_equal(released[: 3 * RATE], held[: 3 * RATE])


def test_vibrato_swings_around_the_note(note: PlayedNote) -> None:
    plain = replace(note, release_seconds=3.0)
    swung = replace(plain, vibrato=Vibrato(5.0, 19.0))
    still, cents = (_cents(Performance([one]).render(), 440.0) for one in (plain, swung))
    assert np.abs(still[20:280]).max() < 2.0
    # Nothing yet in the first three tenths of a second; later 19 cents to either side.
    assert np.abs(cents[5:28]).max() < 2.0
    late = cents[100:280]
    assert 16.0 < late.max() < 20.0 and -20.0 < late.min() < -16.0
    assert abs(late.mean()) < 2.0
    spectrum = np.abs(np.fft.rfft((late - late.mean()) * np.hanning(len(late))))
    assert np.argmax(spectrum) * 100 / len(late) == pytest.approx(5.0, abs=0.6)
    # Two players' are not in step.
    both = Performance([swung, replace(swung, onset_seconds=0.0)])
    assert both._voices[0][2].vibrato == both._voices[1][2].vibrato


def test_the_wheel_adds_vibrato(note: PlayedNote) -> None:
    up = replace(
        note, release_seconds=2.0, modulation=Curve(np.array([0.0, 1.0]), np.array([0, 1]))
    )
    cents = _cents(Performance([up]).render(), 440.0)
    assert np.abs(cents[20:98]).max() < 2.0
    assert 40.0 < np.abs(cents[110:190]).max() < 53.0


def _cents(audio: np.ndarray, hz: float) -> np.ndarray:
    """The fundamental's pitch beside `hz`, a value each 10 ms, by its phase."""
    turned = audio * np.exp(-2j * np.pi * hz * np.arange(len(audio)) / RATE)
    kernel = np.hanning(960)
    low = np.convolve(turned, kernel / kernel.sum(), "same")[::480]
    more_hz = np.diff(np.unwrap(np.angle(low))) * 100 / (2 * np.pi)
    return 1200 * np.log2(1 + more_hz / hz)


# --- the room ---


def test_the_room_in_blocks_is_the_room_at_once() -> None:
    rng = np.random.default_rng(0)
    sent = rng.standard_normal(50_000)
    expected = np.stack([np.convolve(sent, side) for side in room_response(RATE)], axis=1)
    room, parts, at = RoomFilter(RATE), [], 0
    for size in (1, 480, 40_000, 9_519):
        parts.append(room.push(sent[at : at + size]))
        at += size
    heard = np.concatenate([*parts, room.flush()])
    np.testing.assert_allclose(heard, expected, atol=1e-4)


def test_the_room_is_small_and_wide() -> None:
    response = room_response(RATE)
    assert not response[:, : round(0.011 * RATE)].any()
    power = np.square(response).sum(axis=0)
    left = np.cumsum(power[::-1])[::-1] / power.sum()
    fall = 10 * np.log10(left[[round(0.1 * RATE), round(0.3 * RATE)]])
    assert 0.35 < 60 * 0.2 / (fall[0] - fall[1]) < 0.65  # reverberation time, s
    assert abs(np.corrcoef(response)[0, 1]) < 0.15
    assert np.square(response[0]).sum() == pytest.approx(np.square(response[1]).sum(), rel=0.4)


def test_sends_decide_how_much_of_it(note: PlayedNote) -> None:
    def tail_db(send: Curve | None) -> float:
        voice = replace(note, send=send, fall_seconds=0.01)
        audio = Performance([voice], channels=2, room=True).render()
        end = round(1.06 * RATE)
        return float(10 * np.log10(np.square(audio[end : end + RATE // 5]).mean() + 1e-12))

    usual, full, none = tail_db(None), tail_db(fixed(1.0)), tail_db(fixed(0.0))
    assert full - usual == pytest.approx(20 * np.log10(127 / 40), abs=0.1)
    assert none < usual - 40
    dry = Performance([note], channels=2).render()
    mono = Performance([note], channels=1).render()
    np.testing.assert_allclose(dry, np.stack([mono, mono], axis=1), atol=1e-6)


def test_blocks_do_not_matter_in_a_room(note: PlayedNote) -> None:
    voices = [
        replace(note, pan=fixed(-0.4), vibrato=Vibrato(5.0, 20.0)),
        replace(note, onset_seconds=0.3, pitch_midi=60.0, gain_db=-3.0, fall_seconds=0.3),
    ]
    whole = Performance(voices, channels=2, room=True).render()
    pieces = Performance(voices, channels=2, room=True, frames_per_block=3).render()
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


# --- scores ---


def score(*notes: Note, **more: object) -> Score:
    return Score(notes, **more)  # type: ignore[arg-type]


def test_programs_are_as_loud_beside_each_other_as_in_soundfonts() -> None:
    """In the middle of the range, at one velocity. By themselves models have all at one peak."""
    model = OnnxSynthesiser(find_model("notes"))
    wanted = {"acoustic_grand_piano": -0.7, "tenor_sax": 7.8, "electric_guitar_muted": -2.5}
    wanted |= {"distortion_guitar": 10.2, "flute": 7.0, "koto": 2.9, "voice": 5.2}
    heard = {}
    for name in wanted:
        low, high = model.range_of(model.instrument(name))
        one = score(Note(0.0, 1.0, round((low + high) / 2), 100))
        (voice,) = orchestrate(one, model, None, {1: name}).voices
        audio = Performance([voice], channels=1).render()[: 3 * RATE // 2]
        heard[name] = loudest_moment(audio, RATE)
    beside = {name: level - heard["voice"] + wanted["voice"] for name, level in heard.items()}
    assert beside == pytest.approx(wanted, abs=2.5)


def test_drums_are_as_loud_beside_the_snare_as_a_soundfonts() -> None:
    notes, drums = (OnnxSynthesiser(find_model(name)) for name in ("notes", "drums"))
    heard = {}
    for key in (36, 38, 42, 46, 49, 51):
        one = score(Note(0.0, 0.1, key, 100, channel=10))
        (voice,) = orchestrate(one, notes, drums).voices
        audio = Performance([voice], channels=1).render()[: 3 * RATE // 2]
        heard[key] = loudest_moment(audio, RATE)
    beside = {key: level - heard[38] for key, level in heard.items()}
    wanted = {36: 0.8, 38: 0.0, 42: -8.2, 46: -5.9, 49: 3.3, 51: -5.4}
    assert beside == pytest.approx(wanted, abs=1.0)


def test_hits_end_when_they_are_not_heard_any_more() -> None:
    notes, drums = (OnnxSynthesiser(find_model(name)) for name in ("notes", "drums"))
    seconds = {}
    for key in (36, 38, 42, 49, 69):
        (voice,) = orchestrate(score(Note(0.0, 0.1, key, 100, channel=10)), notes, drums).voices
        hit = Performance([voice], channels=1).render()
        seconds[key] = len(hit) / RATE
        levels = loudness_contour(hit, 480)
        assert levels[-3:].max() < levels.max() - 30.0  # nothing was cut off that is heard
    assert max(seconds[key] for key in (36, 38, 42, 69)) < 1.5
    assert seconds[49] > 2.5  # a crash rings on


def test_instruments_sit_as_an_orchestra_unless_the_score_says(synth_folder: Path) -> None:
    model = OnnxSynthesiser(synth_folder / "notes.onnx")
    notes = [Note(0.0, 1.0, 60, 90, channel=n, program=p) for n, p in ((1, 0), (2, 65), (3, 65))]
    seats = [voice.pan for voice in orchestrate(score(*notes), model).voices]
    positions = [float(pan.values[0]) for pan in seats if pan is not None]
    assert positions == [-0.25, 0.3, -0.3]  # the second saxophone sits across the stage
    placed = score(*notes, pans={2: fixed(-0.9)})
    pans = [voice.pan for voice in orchestrate(placed, model).voices]
    assert pans[0] is None and pans[2] is None and pans[1] is placed.pans[2]


def test_a_closed_hihat_ends_the_open_one(synth_folder: Path) -> None:
    notes, drums = (OnnxSynthesiser(synth_folder / f"{n}.onnx") for n in ("notes", "drums"))
    hits = [Note(t, t + 0.05, key, 90, channel=10) for t, key in ((0, 46), (0.4, 42), (0.8, 46))]
    first, closed, last = orchestrate(score(*hits), notes, drums).voices
    assert (first.release_seconds, first.fall_seconds) == (0.4, pytest.approx(0.08))
    assert closed.fall_seconds == last.fall_seconds == RINGS_ON
    assert first.pan is not None and first.pan.values[0] == drum_seat(46) > 0


def test_words_choose_manners() -> None:
    assert release_of({"piano", "keys", "struck", "strings"}) == 0.5
    assert release_of({"steel", "drum", "metal", "struck"}) == RINGS_ON
    assert release_of({"cello", "pizzicato", "bowed"}) == 0.6
    assert release_of({"kazoo"}) is None
    assert vibrato_of({"cello", "bowed"}) == Vibrato(5.6, 19.0)
    assert vibrato_of({"cello", "pizzicato", "bowed"}) is None
    assert vibrato_of({"piano"}) is None
    assert seat_of({"violin", "bowed"}) == -0.5
    assert seat_of({"violin", "bowed"}, {-0.5}) == 0.5
    assert seat_of({"kazoo"}) == 0.0


def test_sixty_four_loud_voices_do_not_clip(synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    notes = [Note(0.0, 0.5, 36 + n, 127) for n in range(64)]
    audio, _ = aeolia.play_score(score(*notes), model=model, drums=None)
    assert audio.shape[1] == 2
    assert np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-6


def test_spaces(synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    played = {
        space: aeolia.play_score(
            score(Note(0.0, 0.5, 60, 90)), model=model, drums=None, space=space
        )[0]
        for space in ("room", "dry", "mono")
    }
    assert [audio.ndim for audio in played.values()] == [2, 2, 1]
    mono = played["mono"]
    power = np.square(played["dry"]).sum(axis=1)
    np.testing.assert_allclose(power, 2 * np.square(mono), atol=1e-5)
    assert len(played["room"]) > len(mono) + RATE // 2
    with pytest.raises(aeolia.InputError, match="the space 'hall' is none; it is one of room, dry"):
        aeolia.play_score(score(Note(0.0, 0.5, 60, 90)), model=model, space="hall")
