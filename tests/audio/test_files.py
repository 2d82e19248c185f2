"""Audio files: round trips of every format, and every way a file can be bad."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.audio.files import (
    AUDIO_SUFFIXES,
    AudioInfo,
    AudioReader,
    AudioWriter,
    read_audio,
    read_samples,
    write_audio,
)
from aeolia.audio.formats import output_info, quantise
from aeolia.audio.lengths import mp3_samples
from aeolia.audio.quiet import without_remarks_of_mpg123
from aeolia.audio.sink import Sink
from aeolia.errors import AudioFileError, InputError
from made.full_disk import file_size_limit, tiny_disk

FORMATS = [
    ("WAV", "PCM_U8", "wav"),
    ("WAV", "PCM_16", "wav"),
    ("WAV", "PCM_24", "wav"),
    ("WAV", "PCM_32", "wav"),
    ("WAV", "FLOAT", "wav"),
    ("WAV", "DOUBLE", "wav"),
    ("WAV", "ULAW", "wav"),
    ("WAVEX", "PCM_24", "wav"),
    ("RF64", "PCM_16", "wav"),
    ("FLAC", "PCM_16", "flac"),
    ("FLAC", "PCM_24", "flac"),
    ("AIFF", "PCM_16", "aiff"),
    ("AIFF", "FLOAT", "aif"),
    ("W64", "PCM_24", "w64"),
    ("CAF", "PCM_16", "caf"),
    ("CAF", "ALAC_16", "caf"),
    ("CAF", "ALAC_24", "caf"),
    ("OGG", "VORBIS", "ogg"),
    ("OGG", "OPUS", "opus"),
    ("OGG", "OPUS", "ogg"),
    ("MP3", "MPEG_LAYER_III", "mp3"),
]
LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_III")


def tone(length: int, channels: int) -> np.ndarray:
    t = np.arange(length)[:, None] / 48000
    envelope = 0.5 * np.hanning(length + 2)[1:-1, None]
    return (envelope * np.sin(2 * np.pi * 440 * (1 + np.arange(channels)) * t)).astype(np.float32)


def copy(source: Path, target: Path | str, block: int = 777) -> AudioWriter:
    with AudioReader(source) as reader, AudioWriter(target, reader.info) as writer:
        for samples in reader.blocks(block):
            writer.write(samples)
    return writer


def no_leftovers(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if ".partial-" in path.name]


@pytest.mark.parametrize(("container", "subtype", "suffix"), FORMATS)
@pytest.mark.parametrize("length", [1, 4801])
def test_round_trip(tmp_path: Path, container: str, subtype: str, suffix: str, length: int) -> None:
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    soundfile.write(source, tone(length, 2), 48000, subtype, format=container)
    copy(source, target)
    before, after = soundfile.info(str(source)), soundfile.info(str(target))
    for name in ("format", "subtype", "samplerate", "channels", "frames", "endian"):
        assert getattr(before, name) == getattr(after, name), name
    first, _ = soundfile.read(source, dtype="float64")
    second, _ = soundfile.read(target, dtype="float64")
    if subtype in LOSSY:
        if length > 1:
            error = np.sum((first - second) ** 2) / np.sum(first**2)
            assert error < 0.01, "the lossy copy is not aligned with its source"
    elif subtype in ("PCM_32", "DOUBLE"):
        np.testing.assert_allclose(first, second, atol=1e-7)
    else:
        np.testing.assert_array_equal(first, second)
    assert no_leftovers(tmp_path)


@pytest.mark.parametrize("container", ["AIFF", "CAF", "WAV"])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_byte_order_is_kept(tmp_path: Path, container: str, endian: str) -> None:
    suffix = {"AIFF": "aif", "CAF": "caf", "WAV": "wav"}[container]
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    soundfile.write(source, tone(100, 1), 16000, "PCM_16", endian, container)
    copy(source, target)
    start = slice(0, 4096)
    if container == "WAV":
        assert target.read_bytes()[:4] == source.read_bytes()[:4]
    assert target.read_bytes()[start][-200:] == source.read_bytes()[start][-200:]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "aiff", "caf"])
def test_tags_are_kept(tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    subtype = "OPUS" if suffix == "opus" else None
    container = "OGG" if suffix == "opus" else None
    with soundfile.SoundFile(source, "w", 48000, 1, subtype, format=container) as file:
        file.title, file.artist = "Wind", "Åsa"
        file.write(tone(4800, 1))
    copy(source, target)
    with soundfile.SoundFile(target) as file:
        assert (file.title, file.artist) == ("Wind", "Åsa")


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, 3000),
    channels=st.integers(1, 8),
    rate=st.integers(8000, 65535),  # beyond, FLAC holds only some rates
    block=st.integers(1, 4000),
    kind=st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_24"), ("W64", "FLOAT")]),
)
def test_any_length_rate_channels_and_blocks(
    tmp_path_factory: pytest.TempPathFactory,
    length: int,
    channels: int,
    rate: int,
    block: int,
    kind: tuple[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("any")
    source, target = folder / f"in.{kind[0].lower()}", folder / f"out.{kind[0].lower()}"
    audio = np.random.default_rng(length).uniform(-0.9, 0.9, (length, channels))
    soundfile.write(source, audio, rate, kind[1])
    copy(source, target, block)
    first, _ = soundfile.read(source, always_2d=True)
    second, second_rate = soundfile.read(target, always_2d=True)
    assert second_rate == rate
    np.testing.assert_array_equal(first, second)


@settings(deadline=None)
@given(bits=st.sampled_from([8, 16, 20, 24]), seed=st.integers(0, 99))
def test_integers_survive_quantising(bits: int, seed: int) -> None:
    limit = 2 ** (bits - 1)
    integers = np.random.default_rng(seed).integers(-limit, limit, 50)
    integers[:2] = -limit, limit - 1
    floats = (integers / limit).astype(np.float32)
    output, n_clipped = quantise(floats, bits)
    width = 16 if bits <= 16 else 32
    np.testing.assert_array_equal(output.astype(np.int64), integers << (width - bits))
    assert n_clipped == 0


def test_clipping_is_clamped_and_counted_never_rescaled(tmp_path: Path) -> None:
    audio = np.array([[0.5], [1.5], [-3.0], [-1.0], [0.25]], np.float32)
    info = AudioInfo("x.wav", 16000, 1, 5)
    with AudioWriter(tmp_path / "out.wav", info) as writer:
        writer.write(audio)
    assert writer.n_clipped == 2
    output, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert output.tolist() == [16384, 32767, -32768, -32768, 8192]
    assert write_audio(tmp_path / "float.wav", audio, 16000) == 0
    floats, info = read_audio(tmp_path / "float.wav")
    np.testing.assert_array_equal(floats, audio)


def test_whole_files_as_arrays_are_passed_around(tmp_path: Path) -> None:
    for channels, shape in ((1, (1000,)), (2, (1000, 2))):
        soundfile.write(tmp_path / "a.wav", tone(1000, channels), 16000, "FLOAT")
        audio, rate = read_samples(tmp_path / "a.wav")
        assert (audio.shape, audio.dtype, rate) == (shape, np.float32, 16000)
        np.testing.assert_array_equal(audio.reshape(-1, channels), tone(1000, channels))


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_every_suffix_of_a_folder_can_be_written_and_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_audio(path, tone(4800, 1), 48000)
    audio, rate = read_samples(path)
    assert rate == 48000 and audio.ndim == 1 and len(audio) >= 4800


@pytest.mark.parametrize(
    ("subtype", "suffix", "expected"),
    [
        ("PCM_24", ".flac", ("FLAC", "PCM_24")),
        ("FLOAT", ".flac", ("FLAC", "PCM_24")),
        ("FLOAT", ".aiff", ("AIFF", "FLOAT")),
        ("PCM_U8", ".flac", ("FLAC", "PCM_16")),
        ("PCM_16", ".opus", ("OGG", "OPUS")),
        ("PCM_16", ".ogg", ("OGG", "VORBIS")),
        ("PCM_16", ".mp3", ("MP3", "MPEG_LAYER_III")),
        ("PCM_32", ".w64", ("W64", "PCM_32")),
    ],
)
def test_another_suffix_gets_the_nearest_format(
    subtype: str, suffix: str, expected: tuple[str, str]
) -> None:
    info = output_info(AudioInfo("in.wav", 48000, 2, 10, "WAV", subtype), f"out{suffix}")
    assert (info.container, info.subtype) == expected


def test_formats_that_cannot_hold_it() -> None:
    source = AudioInfo("in.wav", 44100, 6, 10)
    with pytest.raises(AudioFileError, match=r"Opus cannot hold 44100 Hz \(only 8000.*name the"):
        output_info(source, "out.opus")
    with pytest.raises(AudioFileError, match="MP3 holds at most 2 channels and there are 6"):
        output_info(source, "out.mp3")
    with pytest.raises(AudioFileError, match=r"ending '.xyz' tells no audio format; use one of"):
        output_info(source, "out.xyz")


def test_more_than_four_gigabytes_become_rf64() -> None:
    hours = 48000 * 3600 * 10
    assert output_info(AudioInfo("a.wav", 48000, 2, hours), "b.wav").container == "RF64"
    assert output_info(AudioInfo("a.wav", 48000, 2, 48000), "b.wav").container == "WAV"


# Bad inputs


def fails(path: Path | str, match: str) -> None:
    with pytest.raises(AudioFileError, match=match) as caught:
        read_audio(path)
    assert "\n" not in str(caught.value)


def wav_with(tmp_path: Path, offset: int, value: bytes) -> Path:
    """A WAV whose header has been changed."""
    path = tmp_path / "changed.wav"
    soundfile.write(path, tone(1000, 1), 16000)
    content = bytearray(path.read_bytes())
    content[offset : offset + len(value)] = value
    path.write_bytes(content)
    return path


def test_missing(tmp_path: Path) -> None:
    fails(tmp_path / "none.wav", "none.wav: no such file")


def test_folder(tmp_path: Path) -> None:
    fails(tmp_path, "a folder")


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    fails(tmp_path / "empty.wav", r"empty \(0 bytes\)")


def test_text_named_wav(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("Hello, this is no audio.\n" * 10)
    fails(tmp_path / "text.wav", "not a readable audio file .*Format not recognised.*is needed")


def test_video_container_names_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "call.m4a").write_bytes(bytes(1000))
    fails(tmp_path / "call.m4a", "convert it first, such as with `ffmpeg -i call.m4a call.wav`")


def test_zero_channels(tmp_path: Path) -> None:
    fails(wav_with(tmp_path, 22, b"\0\0"), "its header says 0 channels; at least 1 is needed")


@pytest.mark.parametrize("rate", [0, 1, 7999, 192001])
def test_sample_rate(tmp_path: Path, rate: int) -> None:
    path = wav_with(tmp_path, 24, struct.pack("<I", rate))
    fails(path, f"its sample rate is {rate} Hz; 8000 to 192000 Hz is needed")


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "w64", "caf", "mp3", "rf64"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut.{suffix}"
    audio = 0.1 * np.random.default_rng(0).standard_normal((20000, 2))
    soundfile.write(path, audio, 48000, format="RF64" if suffix == "rf64" else None)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 1])
    fails(path, "truncated|not a readable audio file")


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "w64", "caf", "mp3", "rf64"])
def test_what_is_there_is_salvaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut.{suffix}"
    audio = 0.1 * np.random.default_rng(0).standard_normal((60000, 2))
    soundfile.write(path, audio, 48000, format="RF64" if suffix == "rf64" else None)
    whole, _ = read_audio(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 1])
    if suffix != "caf":  # cut off, libsndfile cannot tell it from another fault
        with pytest.raises(AudioFileError, match="add --salvage to take what is there"):
            with AudioReader(path, salvage=False) as reader:
                list(reader.blocks(7000))
    with AudioReader(path, salvage=True) as reader:
        salvaged = np.concatenate(list(reader.blocks(7000)))
    assert len(salvaged) > 27000
    np.testing.assert_array_equal(salvaged, whole[: len(salvaged)])
    (remark,) = reader.remarks
    assert "truncated" in remark and ("was taken" in remark or "were taken" in remark)


def unfinished(path: Path, zeros: dict[bytes, tuple[int, int]]) -> None:
    """Set sizes to 0: chunk's name -> where, from its start, and how many bytes."""
    content = bytearray(path.read_bytes())
    for name, (offset, count) in zeros.items():
        at = content.index(name) + offset
        content[at : at + count] = bytes(count)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAVEX", "PCM_24"), ("WAV", "IMA_ADPCM")],
)
@pytest.mark.parametrize("riff", [True, False])
def test_a_recorder_that_crashed_left_a_size_of_zero(
    tmp_path: Path, container: str, subtype: str, riff: bool
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(4801, 2), 48000, subtype, format=container)
    whole, _ = read_audio(path)
    unfinished(path, {b"data": (4, 4), **({b"RIFF": (4, 4)} if riff else {})})
    before = path.read_bytes()
    with AudioReader(path) as reader:
        audio = np.concatenate(list(reader.blocks(1000)))
    np.testing.assert_array_equal(audio[: len(whole)], whole)
    assert reader.info.frames == len(audio)
    (remark,) = reader.remarks
    assert "its header says 0 bytes of audio" in remark and "0.1 s that are there" in remark
    assert path.read_bytes() == before


def test_sizes_of_zero_in_rf64_and_aiff(tmp_path: Path) -> None:
    long, apple = tmp_path / "a.rf64", tmp_path / "a.aiff"
    soundfile.write(long, tone(4801, 2), 48000, format="RF64")
    soundfile.write(apple, tone(4801, 2), 48000)
    unfinished(long, {b"ds64": (16, 8)})
    unfinished(apple, {b"SSND": (4, 4), b"COMM": (10, 4), b"FORM": (4, 4)})
    for path in (long, apple):
        audio, info = read_audio(path)
        assert info.frames == len(audio) == 4801
        np.testing.assert_allclose(audio, tone(4801, 2), atol=4e-5)
    content = long.read_bytes()
    at = content.index(b"ds64") + 8
    long.write_bytes(content[:at] + b"\xff" * 24 + content[at + 24 :])
    audio, info = read_audio(long)
    assert info.frames == len(audio) == 4801


def test_an_empty_file_with_chunks_behind_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((0, 1)), 16000)
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0INFO")
    fails(path, r"holds no audio \(0 samples\)")


def mp3(path: Path, rate: int, seconds: float = 3.0) -> np.ndarray:
    """A mono MP3 of few bits, whose frames lean much on those before; how it sounds in one go."""
    noise = np.random.default_rng(0).standard_normal(int(seconds * rate))
    audio = 0.1 * np.convolve(noise, np.ones(8) / 3, "same")
    mode = {"compression_level": 0.9, "bitrate_mode": "CONSTANT"}
    with soundfile.SoundFile(path, "w", rate, 1, format="MP3", **mode) as file:
        file.write(audio)
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
@pytest.mark.parametrize("block", [777, 4096, 44100])
def test_mp3_in_blocks_is_the_whole(
    tmp_path: Path, rate: int, block: int, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = mp3(tmp_path / "a.mp3", rate)
    capfd.readouterr()
    with AudioReader(tmp_path / "a.mp3") as reader:
        blocks = list(reader.blocks(block))
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    assert capfd.readouterr().err == ""


def test_mp3_without_a_count_of_its_frames_is_read_to_its_end(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = mp3(tmp_path / "a.mp3", 44100)
    content = (tmp_path / "a.mp3").read_bytes()
    first = content.index(b"\xff\xfb")
    second = content.index(b"\xff\xfb", first + 4)
    assert b"Info" in content[first:second]
    # What a guess from the size makes of a long tail would be a promise that nobody made.
    (tmp_path / "a.mp3").write_bytes(content[second:] + b"TAG" + bytes(125) + bytes(3000))
    audio, info = read_audio(tmp_path / "a.mp3")
    assert info.frames is None
    # Without the header nobody knows how much of the ends is the encoder's delay.
    assert len(whole) <= len(audio) < len(whole) + 3 * 1152
    assert capfd.readouterr().err == ""
    # Damage in the middle is something else: there is more behind it.
    half = len(content) // 2
    (tmp_path / "a.mp3").write_bytes(content[second:half] + bytes(9000) + content[half:])
    fails(tmp_path / "a.mp3", "damaged or truncated: it cannot be read beyond 1.")


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_frames_of_an_mp3_are_counted(tmp_path: Path, rate: int, channels: int) -> None:
    soundfile.write(tmp_path / "a.mp3", tone(30000, channels), rate)
    size = 1152 if rate == 48000 else 576
    # One more frame, which counts the others, and what the encoder's delay takes.
    assert 30000 <= mp3_samples(tmp_path / "a.mp3") <= 30000 + 5 * size


def test_others_may_print_while_libmpg123_must_not(capfd: pytest.CaptureFixture[str]) -> None:
    with without_remarks_of_mpg123():
        os.write(2, b"[src/libmpg123/layer3.c] error: too large\nnot its line\n")
    assert capfd.readouterr().err == "not its line\n"


def test_header_only(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2)), 16000)
    fails(tmp_path / "none.wav", r"holds no audio \(0 samples\)")


def test_lengths_of_pipe_writers_are_no_truncation(tmp_path: Path) -> None:
    path = wav_with(tmp_path, 40, struct.pack("<I", 0xFFFFFFFF))
    assert len(read_audio(path)[0]) == 1000


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(tmp_path: Path, bad: float) -> None:
    audio = np.zeros((9000, 2), np.float32)
    audio[8000, 1] = bad
    soundfile.write(tmp_path / "bad.wav", audio, 16000, "FLOAT")
    fails(tmp_path / "bad.wav", r"bad.wav: sample 8000 of channel 1 \(at 0.500 s\) is")


# Bad outputs


@pytest.fixture
def source(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "in.wav", tone(1000, 1), 16000)
    return tmp_path / "in.wav"


def test_existing_output(tmp_path: Path, source: Path) -> None:
    (tmp_path / "out.wav").write_text("mine")
    with pytest.raises(AudioFileError, match="already exists; add --overwrite"):
        copy(source, tmp_path / "out.wav")
    assert (tmp_path / "out.wav").read_text() == "mine"


def test_output_is_the_input(tmp_path: Path, source: Path) -> None:
    (tmp_path / "link.wav").symlink_to(source)
    for path in (source, tmp_path / "link.wav"):
        with AudioReader(source) as reader:
            with pytest.raises(AudioFileError, match="is the input itself"):
                AudioWriter(path, reader.info, overwrite=True)


def test_output_below_a_file_or_at_a_device(tmp_path: Path, source: Path) -> None:
    with pytest.raises(AudioFileError, match="cannot be written"):
        copy(source, source / "out.wav")
    with pytest.raises(AudioFileError, match="a device, not a file"):
        copy(source, os.devnull)


def test_read_only_folder(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # tests may run as root, whom nothing is denied
    with pytest.raises(AudioFileError, match=r"cannot be written \(Permission denied\); choose"):
        copy(source, tmp_path / "out.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav"]


NOISE = 0.1 * np.random.default_rng(0).standard_normal((30_000, 2)).astype(np.float32)


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_full_disk(tmp_path: Path, suffix: str) -> None:
    """Wherever it ends: in the midst, at what is written when closed, at the last byte."""
    path = tmp_path / f"out{suffix}"
    write_audio(path, NOISE, 48000)
    size = path.stat().st_size
    path.unlink()
    for there in (size // 2, size - 8000, size - 2000, size - 300, size - 1):
        with file_size_limit(there):
            with pytest.raises(AudioFileError, match="File too large.*nothing was left, free some"):
                write_audio(path, NOISE, 48000)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".opus", ".ogg", ".mp3"])
def test_full_tiny_disk(tmp_path: Path, suffix: str) -> None:
    noise = np.tile(NOISE, (10, 1))
    with tiny_disk(tmp_path / "disk", 80_000):
        with pytest.raises(AudioFileError, match="No space left on device.*nothing was left"):
            write_audio(tmp_path / "disk" / f"out{suffix}", noise, 48000)
        assert not list((tmp_path / "disk").iterdir())


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".opus"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_within_libsndfile(
    tmp_path: Path, suffix: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of the time is spent there, and C code lets no exception through."""
    calls = 0

    def write(sink: Sink, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise error
        return real(sink, data)

    real = Sink.write
    monkeypatch.setattr(Sink, "write", write)
    with pytest.raises(error):
        write_audio(tmp_path / f"out{suffix}", NOISE, 48000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, AudioFileError])
def test_nothing_is_left_after_an_error(
    tmp_path: Path, source: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), AudioReader(source) as reader:
        with AudioWriter(tmp_path / "out.wav", reader.info) as writer:
            writer.write(reader.read(100))
            raise error
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_overwriting_keeps_the_old_file_until_the_end(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_text("old")
    with AudioReader(source) as reader:
        with AudioWriter(target, reader.info, overwrite=True) as writer:
            writer.write(reader.read(1000))
            assert target.read_text() == "old"
    assert soundfile.info(str(target)).frames == 1000


def test_long_names(tmp_path: Path, source: Path) -> None:
    name = "ö" * 125 + ".wav"
    copy(source, tmp_path / name)
    assert (tmp_path / name).is_file()


def test_write_audio_refuses_other_shapes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"shape \(2, 2, 2\)"):
        write_audio(tmp_path / "out.wav", np.zeros((2, 2, 2)), 16000)


# Pipes


class FakeStandard:
    """Stands in for sys.stdin or sys.stdout."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def from_pipe(content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, AudioInfo]:
    monkeypatch.setattr("sys.stdin", FakeStandard(content))
    return read_audio("-")


@pytest.mark.parametrize(
    ("container", "subtype"),
    [(c, s) for c, s, _ in FORMATS if c in ("WAV", "WAVEX", "RF64", "FLAC", "OGG")],
)
def test_pipe_in_equals_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, subtype: str
) -> None:
    path = tmp_path / "in.bin"
    soundfile.write(path, tone(1000, 3), 48000, subtype, format=container)
    expected, _ = read_audio(path)
    audio, info = from_pipe(path.read_bytes(), monkeypatch)
    np.testing.assert_array_equal(audio, expected)
    assert (info.sample_rate, info.channels, info.frames) == (48000, 3, 1000)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("known", [True, False])
def test_pipe_out_is_a_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtype: str, known: bool
) -> None:
    audio = tone(1001, 2)
    audio[3, 0] = 2.0
    standard = FakeStandard()
    monkeypatch.setattr("sys.stdout", standard)
    info = AudioInfo("x", 44100, 2, 1001 if known else None, "WAV", subtype)
    with AudioWriter("-", info) as writer:
        writer.write(audio[:500])
        writer.write(audio[500:])
    path = tmp_path / "out.wav"
    path.write_bytes(standard.buffer.getvalue())
    output, output_format = read_audio(path)
    assert (output_format.subtype, output_format.sample_rate) == (subtype, 44100)
    floating = subtype in ("FLOAT", "DOUBLE")
    expected = audio if floating else np.clip(audio, -1, 1)
    np.testing.assert_allclose(output, expected, atol=8e-3 if subtype == "PCM_U8" else 4e-5)
    assert writer.n_clipped == (0 if floating else 1)
    again, _ = from_pipe(standard.buffer.getvalue(), monkeypatch)
    np.testing.assert_array_equal(again, output)


def test_bad_pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.wav"
    soundfile.write(path, tone(1000, 1), 16000)
    content = path.read_bytes()
    for data, match in [
        (b"", "standard input: empty"),
        (b"just text, no audio at all", "standard input: no audio by its first bytes; WAV"),
        (content[:1000], "standard input: truncated: its header promises 1000 samples"),
        (content[:40] + b"\xff\xff\xff\xff", "holds no audio"),
    ]:
        with pytest.raises(AudioFileError, match=match):
            from_pipe(data, monkeypatch)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe(tmp_path: Path) -> None:
    path, pipe = tmp_path / "in.wav", tmp_path / "pipe"
    soundfile.write(path, tone(1000, 1), 16000)
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    audio, _ = read_audio(pipe)
    writer.join()
    np.testing.assert_array_equal(audio, read_audio(path)[0])


def test_chunks_after_the_samples_are_not_audio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.wav"
    soundfile.write(path, tone(1000, 1), 16000)
    audio, _ = from_pipe(path.read_bytes() + b"LIST\x04\0\0\0INFO", monkeypatch)
    assert len(audio) == 1000
