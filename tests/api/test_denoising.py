"""The public functions: arrays, files, streams, and the package's lazy names."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import aeolia
from aeolia.api.file_options import FileOptions
from aeolia.errors import InputError, ModelError


def noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def test_every_public_name_is_there() -> None:
    for name in aeolia.__all__:
        assert getattr(aeolia, name) is not None
        assert name in dir(aeolia)
    with pytest.raises(AttributeError, match="no attribute 'denoize'"):
        aeolia.denoize  # noqa: B018
    assert issubclass(aeolia.AudioFileError, aeolia.AeoliaError)


@settings(max_examples=20, deadline=None)
@given(
    length=st.integers(0, 3000),
    channels=st.sampled_from([None, 1, 2, 5]),
    rate=st.sampled_from([8000, 16000, 44100, 48000]),
    kind=st.sampled_from(["float32", "float64"]),
)
def test_arrays_keep_shape_and_rate(
    gain_model: Path, length: int, channels: int | None, rate: int, kind: str
) -> None:
    audio = noise(length) if channels is None else noise(length, channels)
    output = aeolia.denoise(audio.astype(kind), rate, model=gain_model)
    assert output.shape == audio.shape and output.dtype == np.float32
    if rate == 16000:
        np.testing.assert_allclose(output, 0.5 * audio, atol=1e-7)


def test_paths_and_open_models(tmp_path: Path, gain_model: Path) -> None:
    soundfile.write(tmp_path / "in.wav", noise(1000, 2), 16000, "FLOAT")
    soundfile.write(tmp_path / "mono.wav", noise(1000), 16000, "FLOAT")
    model = aeolia.load(gain_model)
    stereo = aeolia.denoise(tmp_path / "in.wav", model=model)
    np.testing.assert_allclose(stereo, 0.5 * noise(1000, 2), atol=1e-7)
    assert aeolia.denoise(str(tmp_path / "mono.wav"), model=model).shape == (1000,)


@pytest.mark.parametrize(("rate", "suffix"), [(8000, "-16k"), (16000, "-16k"), (22050, "")])
def test_the_model_fits_the_rate_unless_it_is_named(tmp_path: Path, rate: int, suffix: str) -> None:
    """Up to 16 kHz the narrow model, above the full-band one; what is whole is heard ahead."""
    audio = noise(3 * rate // 4)
    ahead, causal = (
        aeolia.denoise(audio, rate, model=name + suffix) for name in ("denoise-studio", "denoise")
    )
    other = aeolia.denoise(audio, rate, model="denoise-studio" if suffix else "denoise-studio-16k")
    assert not np.array_equal(ahead, causal) and not np.array_equal(ahead, other)
    np.testing.assert_array_equal(aeolia.denoise(audio, rate), ahead)
    np.testing.assert_array_equal(aeolia.Stream(sample_rate=rate).process(audio), causal)
    soundfile.write(tmp_path / "in.wav", audio, rate, "FLOAT")
    aeolia.denoise_file(tmp_path / "in.wav", tmp_path / "out.wav")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], ahead)


def test_a_pipe_does_not_wait_for_what_is_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = noise(12000)
    soundfile.write(tmp_path / "in.wav", audio, 16000, "FLOAT")
    with (tmp_path / "in.wav").open("rb") as piped:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(piped))
        aeolia.denoise_file("-", tmp_path / "out.wav", options=FileOptions(subtype="FLOAT"))
    causal = aeolia.denoise(audio, 16000, model="denoise-16k")
    np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0], causal, atol=1e-6)


def test_file_equals_array_equals_stream(tmp_path: Path, gain_model: Path) -> None:
    audio = noise(30_001, 2)
    soundfile.write(tmp_path / "in.wav", audio, 44100, "FLOAT")
    seen: list[tuple[int, int | None]] = []
    report = aeolia.denoise_file(
        tmp_path / "in.wav",
        tmp_path / "out.wav",
        model=gain_model,
        progress=lambda done, total: seen.append((done, total)),
    )
    from_file, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert (rate, report.frames, report.channels, report.clipped_samples) == (44100, 30_001, 2, 0)
    assert seen[-1] == (30_001, 30_001)
    assert report.seconds == pytest.approx(30_001 / 44100)
    whole = aeolia.denoise(audio, 44100, model=gain_model)
    stream = aeolia.Stream(gain_model, sample_rate=44100, channels=2)
    pieces = [stream.push(audio[start : start + 313]) for start in range(0, len(audio), 313)]
    streamed = np.concatenate([*pieces, stream.flush()])
    np.testing.assert_allclose(from_file, whole, atol=1e-5)
    np.testing.assert_allclose(streamed, whole, atol=1e-5)


def test_clipping_is_reported(tmp_path: Path, make_gain_model) -> None:
    loud = np.tile(np.float32([0.6, -0.6]), 500)
    soundfile.write(tmp_path / "in.wav", loud, 16000, "PCM_16")
    report = aeolia.denoise_file(
        tmp_path / "in.wav", tmp_path / "out.wav", model=make_gain_model(gain=2.0)
    )
    assert report.clipped_samples == 1000
    output, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert set(output.tolist()) == {32767, -32768}


def test_one_sample(tmp_path: Path, gain_model: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.array([0.5]), 48000, "FLOAT")
    aeolia.denoise_file(tmp_path / "in.wav", tmp_path / "out.wav", model=gain_model)
    assert soundfile.info(str(tmp_path / "out.wav")).frames == 1


def test_bad_arguments(tmp_path: Path, gain_model: Path) -> None:
    audio = noise(100)
    soundfile.write(tmp_path / "in.wav", audio, 16000)
    with pytest.raises(InputError, match="sample_rate is missing"):
        aeolia.denoise(audio, model=gain_model)
    with pytest.raises(InputError, match="which has its own"):
        aeolia.denoise(tmp_path / "in.wav", 16000, model=gain_model)
    with pytest.raises(InputError, match=r"shape \(2, 3, 4\)"):
        aeolia.denoise(noise(2, 3, 4), 16000, model=gain_model)
    with pytest.raises(InputError, match="transpose it"):
        aeolia.denoise(noise(2, 16000), 16000, model=gain_model)
    with pytest.raises(InputError, match="sample 7 of channel 0 is nan"):
        aeolia.denoise(np.where(np.arange(9) == 7, np.nan, 0.0), 16000, model=gain_model)
    with pytest.raises(ModelError, match="no model is named 'nothing'"):
        aeolia.denoise(audio, 16000, model="nothing")
    with pytest.raises(InputError, match="sample 7 of channel 0 is 1e\\+39; at most 1e\\+18"):
        aeolia.denoise(np.where(np.arange(9) == 7, 1e39, 0.0), 16000, model=gain_model)
    soundfile.write(tmp_path / "big.wav", np.full(900, 1e39), 16000, "DOUBLE")
    with pytest.raises(InputError, match="sample 0 of channel 0 .at 0.000 s. is inf; only finite"):
        aeolia.denoise_file(tmp_path / "big.wav", tmp_path / "out.wav", model=gain_model)
    assert not (tmp_path / "out.wav").exists()


def test_a_quiet_file_is_the_same_as_the_array(tmp_path: Path, gain_model: Path) -> None:
    """Both know their beginning; a gain of the level stage leaves rounding behind."""
    audio = 1e-3 * noise(20 * 16000, 2) + 0.01
    soundfile.write(tmp_path / "in.wav", audio, 16000, "DOUBLE")
    aeolia.denoise_file(tmp_path / "in.wav", tmp_path / "out.wav", model=gain_model)
    found, _ = soundfile.read(tmp_path / "out.wav")
    np.testing.assert_allclose(found, aeolia.denoise(audio, 16000, model=gain_model), atol=1e-8)


def test_a_file_gets_one_remark_for_each_oddity(tmp_path: Path, gain_model: Path) -> None:
    time = np.arange(64000) / 16000
    audio = 0.1 * np.sin(2 * np.pi * 200.0 * time) * (np.sin(2 * np.pi * time) > 0)
    soundfile.write(tmp_path / "in.wav", 32767 * (audio + 0.05), 16000, "FLOAT")
    report = aeolia.denoise_file(tmp_path / "in.wav", tmp_path / "out.wav", model=gain_model)
    assert [words.split(",")[0] for words in report.warnings] == [
        "a constant offset (DC) of 1.6e+03",
        "samples reach 4915",
    ]
    soundfile.write(tmp_path / "in.wav", audio, 16000, "FLOAT")
    report = aeolia.denoise_file(
        tmp_path / "in.wav", tmp_path / "out.wav", model=gain_model, overwrite=True
    )
    assert report.warnings == ()


@pytest.mark.parametrize("name", ["denoise", "denoise-16k", "denoise-studio", "denoise-studio-16k"])
class TestReleased:
    """What every released denoiser must do, whatever its weights."""

    def test_any_partition_equals_the_whole(self, name: str) -> None:
        for rate in (aeolia.load(name).config.sample_rate, 44100):
            audio = noise(rate, 2)
            stream = aeolia.Stream(name, sample_rate=rate, channels=2)
            whole = stream.process(audio)
            cuts = np.sort(np.random.default_rng(1).integers(0, rate, 60))
            pieces = [stream.push(block) for block in np.split(audio, cuts)]
            np.testing.assert_allclose(np.concatenate([*pieces, stream.flush()]), whole, atol=1e-5)

    def test_dual_mono_is_channel_by_channel_everywhere(self, name: str, tmp_path: Path) -> None:
        audio = noise(24000, 2) * [1.0, 0.3]
        audio[:, 1] += 0.2 * np.sin(2 * np.pi * 300.0 * np.arange(24000) / 48000)
        apart = aeolia.denoise(audio, 48000, model=name, dual_mono=True)
        assert np.abs(apart - aeolia.denoise(audio, 48000, model=name)).max() > 1e-3
        for channel in range(2):
            alone = aeolia.denoise(audio[:, channel], 48000, model=name)
            np.testing.assert_allclose(apart[:, channel], alone, atol=1e-6)
        stream = aeolia.Stream(name, 48000, 2, dual_mono=True)
        np.testing.assert_allclose(stream.process(audio), apart, atol=1e-6)
        soundfile.write(tmp_path / "in.wav", audio, 48000, "FLOAT")
        operation = aeolia.Denoise(name, dual_mono=True)
        operation.run(tmp_path / "in.wav", tmp_path / "out.wav")
        np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0], apart, atol=1e-5)
        np.testing.assert_allclose(operation.stream(48000, 2).process(audio), apart, atol=1e-6)

    def test_noise_goes_down_and_silence_stays_silent(self, name: str) -> None:
        audio = noise(48000)
        output = aeolia.denoise(audio, 48000, model=name)
        assert np.std(output[24000:]) < 0.5 * np.std(audio)
        limited = aeolia.denoise(audio, 48000, model=name, attenuation_limit_db=6)
        assert np.std(limited[24000:]) > 0.4 * np.std(audio)
        assert np.abs(aeolia.denoise(np.zeros(48000), 48000, model=name)).max() < 1e-4
