"""Transfer: pitch and loudness kept, stream equals whole, snapping."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("swift_f0")

from aeolia.audio.pitch.contour import loudness_contour
from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.audio.pitch.tracker import track_pitch
from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.transfer import TransferStream
from aeolia.runtime.synth.transfer.tuning import snapped

RATE = 48000


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


@pytest.fixture(scope="module")
def tune() -> np.ndarray:
    """Three seconds [T]: a voice with vibrato that rises, fades, stops for a breath, and ends."""
    time = np.arange(3 * RATE) / RATE
    number = 60.0 + 2 * np.floor(2 * time) + 0.3 * np.sin(2 * np.pi * 5 * time)
    cycles = np.cumsum(midi_to_hz(number)) / RATE
    voice = sum(np.sin(2 * np.pi * k * cycles) / k for k in range(1, 9))
    voice *= 0.1 * (0.6 + 0.4 * np.sin(2 * np.pi * 1.3 * time))
    breath = slice(RATE, RATE + RATE // 4)
    voice[breath] = 0.02 * np.random.default_rng(0).standard_normal(RATE // 4)
    voice[-RATE // 8 :] = 0.0
    return voice.astype(np.float32)


def contours(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = len(audio) // 480
    return track_pitch(audio, RATE).at(np.arange(count) * 0.01), loudness_contour(audio, 480, count)


def test_pitch_and_loudness_are_kept(model: OnnxSynthesiser, tune: np.ndarray) -> None:
    output = TransferStream(model, model.instrument("piano")).process(tune)
    assert output.shape == tune.shape and output.dtype == np.float32
    pitch, loudness = contours(tune)
    played, level = contours(output)
    both = (pitch > 0) & (played > 0)
    cents = np.abs(1200 * np.log2(played[both] / pitch[both]))
    assert np.percentile(cents, 90) < 25 and np.median(cents) < 10
    assert ((pitch > 0) != (played > 0)).mean() < 0.08
    active = loudness > -60
    assert np.corrcoef(loudness[active], level[active])[0, 1] > 0.9
    # The breath is noise, at its level.
    assert (played[105:120] == 0).all()
    assert np.median(level[105:120] - loudness[105:120]) == pytest.approx(0, abs=1.0)


def test_opposite_phase_is_heard(model: OnnxSynthesiser, tune: np.ndarray) -> None:
    expected = TransferStream(model, model.instrument("piano")).process(tune)
    stream = TransferStream(model, model.instrument("piano"), channels=2)
    found = stream.process(np.stack([tune, -tune], axis=1))
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (44100, 2), (16000, 1)])
def test_any_partition_equals_the_whole(
    model: OnnxSynthesiser, tune: np.ndarray, rate: int, channels: int
) -> None:
    audio = np.repeat(tune[: 3 * rate // 2, None], channels, axis=1)
    audio[rate:, -1] *= -1.0 if channels > 1 else 1.0
    stream = TransferStream(model, model.instrument("alto_sax"), rate, channels, snap=True)
    whole = stream.process(audio)
    assert whole.shape == audio.shape
    assert np.array_equal(whole[:, 0], whole[:, -1])
    cuts = np.sort(np.random.default_rng(1).integers(0, len(audio), 20))
    pieces, pushed, returned = [], 0, 0
    for block in np.split(audio, cuts):
        pieces.append(stream.push(block))
        pushed, returned = pushed + len(block), returned + len(pieces[-1])
        assert returned >= pushed - stream.latency
    pieces.append(stream.flush())
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-4)
    assert stream.latency_seconds < 0.5


def test_transposed(model: OnnxSynthesiser, tune: np.ndarray) -> None:
    plain, _ = contours(TransferStream(model, model.instrument("piano")).process(tune))
    lower, _ = contours(
        TransferStream(model, model.instrument("piano"), transpose=-7.0).process(tune)
    )
    both = (plain > 0) & (lower > 0)
    interval = 12 * np.log2(lower[both] / plain[both])
    assert np.median(interval) == pytest.approx(-7.0, abs=0.1)


def test_snap_takes_the_vibrato_away(model: OnnxSynthesiser, tune: np.ndarray) -> None:
    stream = TransferStream(model, model.instrument("piano"), snap=True)
    pitch, _ = contours(stream.process(tune))
    within = [slice(12, 45), slice(62, 95), slice(162, 195)]
    for part, number in zip(within, (60, 62, 66), strict=True):
        assert np.abs(hz_to_midi(pitch[part]) - number).max() < 0.2


def test_a_timbre_may_be_given(model: OnnxSynthesiser, tune: np.ndarray) -> None:
    condition = model.instrument("piano")
    dull = TransferStream(model, condition, latent=np.full(4, -9.0)).process(tune)
    bright = TransferStream(model, condition, latent=np.full(4, 9.0)).process(tune)
    # Before the breath, which is noise in both.
    dull, bright = dull[: RATE // 2], bright[: RATE // 2]
    slope = [np.square(np.diff(audio)).mean() / np.square(audio).mean() for audio in (dull, bright)]
    assert slope[1] > 1.5 * slope[0]


def test_snapping_holds_and_glides() -> None:
    nan = np.array(np.nan)
    number = np.array([60.3, 60.3, 60.6, 60.7, 60.7, 60.7, np.nan, 61.6])
    result, semitone, position = snapped(number, 0.01, nan, nan)
    # 60.6 does not leave 60 yet, 60.7 does; a new start is at its semitone at once.
    np.testing.assert_allclose(result[:3], 60.0)
    assert 60.0 < result[3] < result[4] < result[5] < 61.0
    assert np.isnan(result[6]) and result[7] == 62.0
    assert (float(semitone), float(position)) == (62.0, 62.0)
    # In two parts, the same.
    first, *state = snapped(number[:4], 0.01, nan, nan)
    second, *_ = snapped(number[4:], 0.01, *state)
    np.testing.assert_array_equal(np.concatenate([first, second]), result)


def test_impossible_arguments(model: OnnxSynthesiser) -> None:
    with pytest.raises(InputError, match="transpose is 99"):
        TransferStream(model, model.instrument("piano"), transpose=99)
    with pytest.raises(InputError, match="transpose is nan"):
        TransferStream(model, model.instrument("piano"), transpose=float("nan"))
    with pytest.raises(InputError, match="sample_rate is 4000"):
        TransferStream(model, model.instrument("piano"), 4000)


def test_after_a_pause_a_note_begins_anew(
    model: OnnxSynthesiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder starts a voice for each note, and is given the instrument's own loudness."""
    step, began, given = model.step, [], []

    def watched(latent, instrument, pitch_hz, loudness_db, noise, state):
        began.append(all(not np.any(v) for n, v in state.items() if not n.endswith("tail")))
        given.append(loudness_db[0])
        return step(latent, instrument, pitch_hz, loudness_db, noise, state)

    time = np.arange(RATE // 2) / RATE
    tone = 0.1 * sum(np.sin(2 * np.pi * k * 220.0 * time) / k for k in range(1, 9))
    pause = np.zeros(RATE // 2)
    audio = np.concatenate([pause, tone, pause, tone, pause]).astype(np.float32)
    stream = TransferStream(model, model.instrument("piano"))
    monkeypatch.setattr(model, "step", watched)
    stream.process(audio)
    audible = [number for number, new in enumerate(began) if new and given[number].max() > -80.0]
    assert len(audible) == 2
    first, second = (np.concatenate(given[start : start + 8]) for start in audible)
    assert np.allclose(first[:20], second[:20], atol=0.5)
    assert np.ptp(first[5:20]) > 0.5  # the tone is steady; the instrument's own envelope is not
