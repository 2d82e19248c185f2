"""Enrolment: the same voice from any format, and words for clips that will not do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.errors import AudioFileError, InputError, ModelError
from aeolia.runtime.separate.enrolment import (
    VoiceEncoder,
    encoder_fingerprint,
    enrol,
    read_clip,
)
from made.tiny_separators import tone, write_separator, write_voice_encoder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_separator(tmp_path_factory.mktemp("models") / "tiny.onnx", "speaker")
    write_voice_encoder(path)
    return path


@pytest.fixture(scope="module")
def encoder(model: Path) -> VoiceEncoder:
    return VoiceEncoder(model)


def expected(frequency_hz: float) -> np.ndarray:
    """A sine's neighbouring samples correlate as cos(2 pi f / 16000)."""
    angle = 2 * np.pi * frequency_hz / 16000
    return np.array([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels(encoder: VoiceEncoder, rate: int, channels: int) -> None:
    audio = np.repeat(tone("alice", 4, rate)[:, None], channels, axis=1)
    voice = enrol(audio if channels > 1 else audio[:, 0], rate, encoder, "alice")
    np.testing.assert_allclose(voice.vector, expected(700.0), atol=1e-3)
    assert np.linalg.norm(voice.vector) == pytest.approx(1.0, abs=1e-6)
    assert (voice.model, voice.clip, voice.seconds, voice.warnings) == ("tiny", "alice", 4.0, ())


@pytest.mark.parametrize("offset", [0.005, 0.05, -0.3])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_offset_is_no_voice(encoder: VoiceEncoder, offset: float, channels: int) -> None:
    clip = np.repeat(tone("alice", 4, level=0.02)[:, None], channels, axis=1)
    voice = enrol(clip + np.float32(offset), 16000, encoder, "alice")
    np.testing.assert_allclose(voice.vector, expected(700.0), atol=1e-3)
    assert voice.warnings == (f"alice: a constant offset (DC) of {abs(offset):.2g} was taken off",)


@pytest.mark.parametrize("rms_dbfs", [-70.0, -40.0, -10.0, 20.0])
def test_the_level_does_not_matter(encoder: VoiceEncoder, rms_dbfs: float) -> None:
    clip = tone("alice", 4, level=np.sqrt(2.0) * 10.0 ** (rms_dbfs / 20.0))
    voice = enrol(clip, 16000, encoder, "alice")
    np.testing.assert_allclose(voice.vector, expected(700.0), atol=1e-3)
    assert voice.warnings == ()


def test_a_clip_beyond_32_bits_is_refused(encoder: VoiceEncoder) -> None:
    clip = tone("alice", 4).astype(np.float64)
    clip[100] = 1e39
    with pytest.raises(InputError, match="finite floating-point samples within -1 to 1"):
        enrol(clip, 16000, encoder, "alice")


def test_opposite_phase(encoder: VoiceEncoder) -> None:
    clip = tone("alice", 4)
    voice = enrol(np.stack([clip, -clip], axis=1), 16000, encoder, "alice")
    np.testing.assert_allclose(voice.vector, expected(700.0), atol=1e-3)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_files(tmp_path: Path, encoder: VoiceEncoder, name: str) -> None:
    soundfile.write(tmp_path / name, tone("alice", 3, 48000), 48000)
    audio, rate = read_clip(tmp_path / name)
    np.testing.assert_allclose(enrol(audio, rate, encoder, name).vector, expected(700.0), atol=0.01)


def test_level_changes_nothing(encoder: VoiceEncoder) -> None:
    loud, quiet = (
        enrol(tone("alice", 3, level=level), 16000, encoder, "a").vector for level in (0.9, 0.002)
    )
    np.testing.assert_allclose(loud, quiet, atol=1e-4)


def warnings_of(audio: np.ndarray, encoder: VoiceEncoder) -> str:
    return " | ".join(enrol(audio, 16000, encoder, "clip").warnings)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(16000 * seconds), np.float32)


def test_short_clips(encoder: VoiceEncoder) -> None:
    assert "clip: 1.2 s long; 2 to 30 s" in warnings_of(tone("alice", 1.2), encoder)
    mostly = np.concatenate([silence(4), tone("alice", 0.5), silence(4)])
    assert "silent but for 0.5 s" in warnings_of(mostly, encoder)
    with pytest.raises(InputError, match="0.30 s long; 2 to 30 s of one voice is needed"):
        enrol(tone("alice", 0.3), 16000, encoder, "clip")
    with pytest.raises(InputError, match="0.00 s long"):
        enrol(silence(0), 16000, encoder, "clip")


@pytest.mark.parametrize("hiss", [0.0, 1e-4])
def test_silent_clips(encoder: VoiceEncoder, hiss: float) -> None:
    audio = hiss * np.random.default_rng(0).standard_normal(48000)
    with pytest.raises(InputError, match="clip: silent; .* give a clip in which the speaker talks"):
        enrol(audio, 16000, encoder, "clip")


@pytest.mark.parametrize("bad", [np.full(40000, np.nan), np.ones(40000, np.int16)])
def test_samples_that_are_none(encoder: VoiceEncoder, bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="finite floating-point samples"):
        enrol(bad, 16000, encoder, "clip")


def test_long_clips_are_cut(tmp_path: Path, encoder: VoiceEncoder) -> None:
    audio = np.concatenate([tone("alice", 30), tone("bob", 60)])
    soundfile.write(tmp_path / "long.wav", audio, 16000)
    clip, rate = read_clip(tmp_path / "long.wav")
    assert len(clip) == 31 * rate
    voice = enrol(clip, rate, encoder, "long")
    assert voice.seconds == 30.0 and "longer than 30 s" in voice.warnings[0]
    np.testing.assert_allclose(voice.vector, expected(700.0), atol=1e-3)


@pytest.mark.parametrize("seconds", [(3, 3), (10, 2.5), (2.5, 15)])
def test_two_voices_are_noticed(encoder: VoiceEncoder, seconds: tuple[float, float]) -> None:
    audio = np.concatenate([tone("alice", seconds[0]), tone("bob", seconds[1])])
    assert "several voices" in warnings_of(audio, encoder)


@pytest.mark.parametrize("seconds", [2, 5, 12, 30])
def test_one_voice_with_pauses_is_one(encoder: VoiceEncoder, seconds: int) -> None:
    talk = tone("alice", seconds) * (np.arange(16000 * seconds) // 8000 % 2)
    assert warnings_of(np.concatenate([silence(3), talk, silence(3)])[: 16000 * 30], encoder) == ""


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no such file"):
        read_clip(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(AudioFileError, match="not a readable audio file"):
        read_clip(tmp_path / "text.wav")


def test_models_without_an_encoder(tmp_path: Path, model: Path) -> None:
    alone = write_separator(tmp_path / "alone.onnx", "speaker")
    with pytest.raises(ModelError, match="alone.voice.onnx: no voice encoder lies beside"):
        VoiceEncoder(alone)
    broken = alone.with_suffix(".voice.onnx")
    broken.write_bytes(b"broken")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        VoiceEncoder(alone)
    broken.write_bytes(model.read_bytes())
    with pytest.raises(ModelError, match="no voice encoder"):
        VoiceEncoder(alone)


def test_versions_are_told_apart(tmp_path: Path, model: Path) -> None:
    other = write_separator(tmp_path / "tiny.onnx", "speaker")
    write_voice_encoder(other)
    assert encoder_fingerprint(other) == encoder_fingerprint(model)
    write_voice_encoder(other, version="2")
    assert encoder_fingerprint(other) != encoder_fingerprint(model)
