"""Recordings as a synthesiser's input: encoded, saved, read back, sounded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("swift_f0")

from aeolia.audio.pitch.tracker import PitchTrack
from aeolia.errors import InputError
from aeolia.runtime.synth.encoding import Encoding, check_monophonic, encode_recording
from aeolia.runtime.synth.instrument import OnnxSynthesiser

RATE = 48000


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def note(model: OnnxSynthesiser, name: str, seconds: float, hz: float = 262.0) -> np.ndarray:
    """A note [T] as this very model plays it, with some of the second harmonic."""
    count = round(seconds * 100)
    latent = np.zeros(4)
    loudness = np.linspace(-20, -30, count)
    return model.decode(latent, model.instrument(name), np.full(count, hz), loudness)[0]


@pytest.fixture(scope="module")
def encoding(model: OnnxSynthesiser) -> Encoding:
    return encode_recording(note(model, "piano", 1.2), RATE, model)


def test_what_is_in_it(model: OnnxSynthesiser, encoding: Encoding) -> None:
    assert encoding.latent.shape == (1, 4) and encoding.latent_seconds.tolist() == [0.6]
    assert encoding.pitch_hz.shape == encoding.loudness_db.shape == (120,)
    assert np.median(np.abs(1200 * np.log2(encoding.pitch_hz[10:-10] / 262.0))) < 10
    np.testing.assert_allclose(
        encoding.loudness_db[10:-10], np.linspace(-20, -30, 120)[10:-10], atol=0.3
    )
    assert (encoding.model, encoding.instruments) == ("notes", model.config.instruments)
    assert encoding.n_samples == encoding.original_samples == 57600
    assert (encoding.channels, encoding.original_rate) == (1, RATE)


def test_who_plays(model: OnnxSynthesiser, encoding: Encoding) -> None:
    # The tiny piano is its first harmonic, the others' second and third are far from it.
    np.testing.assert_array_equal(encoding.instrument, model.instrument("piano"))
    given = encode_recording(note(model, "piano", 0.8), RATE, model, "alto_sax").instrument
    np.testing.assert_array_equal(given, model.instrument("alto_sax"))
    with pytest.raises(InputError, match="no instrument 'sax'"):
        encode_recording(note(model, "piano", 0.8), RATE, model, "sax")


@pytest.mark.parametrize("gain_db", [-30.0, -45.0, 60.0])
def test_at_any_level(model: OnnxSynthesiser, encoding: Encoding, gain_db: float) -> None:
    gain = 10.0 ** (gain_db / 20.0)
    found = encode_recording(gain * note(model, "piano", 1.2), RATE, model)
    np.testing.assert_allclose(found.latent, encoding.latent, atol=1e-3)
    np.testing.assert_allclose(found.pitch_hz, encoding.pitch_hz, rtol=1e-4)
    np.testing.assert_allclose(found.loudness_db, encoding.loudness_db + gain_db, atol=0.01)


@pytest.mark.parametrize("channels", [1, 2])
def test_an_offset_is_not_encoded(
    model: OnnxSynthesiser, encoding: Encoding, channels: int
) -> None:
    sound = np.repeat(note(model, "piano", 1.2)[:, None], channels, axis=1) + 0.2
    found = encode_recording(sound if channels > 1 else sound[:, 0], RATE, model)
    np.testing.assert_allclose(found.latent, encoding.latent, atol=1e-3)
    np.testing.assert_allclose(found.loudness_db, encoding.loudness_db, atol=0.01)


def test_rates_and_channels(model: OnnxSynthesiser) -> None:
    import soxr

    audio = soxr.resample(note(model, "piano", 0.7), RATE, 44100)[:30001]
    stereo = np.stack([audio, audio], axis=1)
    encoding = encode_recording(stereo, 44100, model)
    assert (encoding.channels, encoding.original_rate) == (2, 44100)
    assert encoding.original_samples == 30001
    assert encoding.n_samples == round(30001 * 48000 / 44100)
    assert len(encoding.sound(model)) == encoding.n_samples


def test_long_recordings_have_several_timbres(model: OnnxSynthesiser) -> None:
    encoding = encode_recording(note(model, "piano", 7.0), RATE, model)
    assert len(encoding.latent) == len(encoding.latent_seconds) > 2
    assert (np.diff(encoding.latent_seconds) > 0).all()
    frames = encoding.latent_frames()
    assert frames.shape == (700, 4)
    at = round(encoding.latent_seconds[1] * 100)
    np.testing.assert_allclose(frames[at], encoding.latent[1], atol=0.05)
    assert len(encoding.sound(model)) == 7 * RATE


def test_saved_and_read_back(tmp_path: Path, model: OnnxSynthesiser, encoding: Encoding) -> None:
    path = tmp_path / "new" / "note.npz"
    encoding.save(path)
    again = Encoding.load(path)
    for name, value in vars(encoding).items():
        np.testing.assert_array_equal(getattr(again, name), value, err_msg=name)
    np.testing.assert_array_equal(again.sound(model, seed=3), encoding.sound(model, seed=3))
    assert [p.name for p in path.parent.iterdir()] == ["note.npz"]
    with pytest.raises(InputError, match="already exists; add --overwrite"):
        encoding.save(path)
    encoding.save(path, overwrite=True)
    with pytest.raises(InputError, match="a folder"):
        encoding.save(tmp_path)
    with pytest.raises(InputError, match="give it a name ending in .npz"):
        encoding.save(tmp_path / "note.wav")
    assert not (tmp_path / "note.wav").exists()


def test_files_that_are_no_encodings(tmp_path: Path, encoding: Encoding) -> None:
    bad = tmp_path / "bad.npz"
    with pytest.raises(InputError, match="no such encoding; check the path"):
        Encoding.load(bad)
    for content in (b"", b"text", b"PK\x03\x04broken"):
        bad.write_bytes(content)
        with pytest.raises(InputError, match="not an encoding|cannot be read") as caught:
            Encoding.load(bad)
        assert "\n" not in str(caught.value)
    np.savez(bad, a=np.zeros(3))
    with pytest.raises(InputError, match="not an encoding of format 1 .it has no latent"):
        Encoding.load(bad)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(InputError, match="not an encoding"):
        Encoding.load(tmp_path / "array.npy")
    values = {"format": 1, **vars(encoding)}
    for name, value in (
        ("pitch_hz", np.zeros(7)),
        ("latent", np.zeros((2, 4))),
        ("instrument", np.zeros(9)),
        ("latent", np.full((1, 4), np.nan)),
        ("n_samples", 10**9),
        ("channels", 2**62),
        ("channels", 0),
        ("channels", -1),
        ("channels", np.uint64(2**64 - 1)),
        ("original_samples", 2**40),
        ("original_samples", 5),
        ("original_rate", 1),
        ("sample_rate", 0),
        ("hop_length", 0),
        ("hop_length", 2**31),
        ("pitch_hz", np.full(120, 1e300)),
        ("pitch_hz", np.full(120, -1.0)),
        ("loudness_db", np.full(120, 3e38, np.float32)),
        ("latent", np.zeros((1, 0))),
        ("latent_seconds", np.array([np.inf])),
        ("model", np.array(["notes"])),
    ):
        np.savez(bad, **{**values, name: value})
        with pytest.raises(InputError, match="do not fit together"):
            Encoding.load(bad)


def test_another_models_encoding(synth_folder: Path, encoding: Encoding) -> None:
    drums = OnnxSynthesiser(synth_folder / "drums.onnx")
    with pytest.raises(InputError, match="'notes''s, whose latent or instruments differ"):
        encoding.sound(drums)


def test_recordings_that_cannot_be_encoded(model: OnnxSynthesiser) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="x.wav: no pitch was found"):
        encode_recording(0.1 * rng.standard_normal(RATE), RATE, model, name="x.wav")
    with pytest.raises(InputError, match="no pitch was found"):
        encode_recording(np.zeros(RATE), RATE, model)
    with pytest.raises(InputError, match="empty"):
        encode_recording(np.zeros(0), RATE, model)
    with pytest.raises(InputError, match="50 minutes long; at most 30"):
        encode_recording(np.broadcast_to(0.0, 50 * 60 * RATE), RATE, model)


def test_chords_are_refused() -> None:
    time = np.arange(2 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * k * f * time) / k for f in (262, 330, 415) for k in range(1, 7))
    # Trackers answer chords with a common divisor, or with nothing.
    for hz, sure in ((262.0, 1.0), (0.0, 0.0)):
        track = PitchTrack(np.full(126, hz), np.full(126, sure))
        with pytest.raises(InputError, match="duo.wav: several pitches sound at the same time"):
            check_monophonic(0.1 * chord, RATE, track, "duo.wav")
