"""Which format an output gets: any that can be read becomes any that can be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AUDIO_SUFFIXES, AudioInfo, AudioReader, AudioWriter, read_audio
from aeolia.audio.formats import output_info
from aeolia.errors import AudioFileError

#: RAW has no header, SD2 two files.
CONTAINERS = sorted({*soundfile.available_formats()} - {"RAW", "SD2"})
RATES_AND_CHANNELS = [(48000, 2), (48000, 1), (8000, 1)]


def made(folder: Path, container: str) -> list[Path]:
    """A file for every subtype of a container that this libsndfile writes."""
    paths = []
    for subtype in soundfile.available_subtypes(container):
        for rate, channels in RATES_AND_CHANNELS:
            time = np.arange(4800)[:, None] / rate
            audio = 0.3 * np.hanning(4800)[:, None] * np.sin(2 * np.pi * 440 * time)
            path = folder / f"{container}.{subtype}.{rate}.{channels}"
            try:
                soundfile.write(path, audio.repeat(channels, 1), rate, subtype, format=container)
            except soundfile.LibsndfileError:
                continue
            if not subtype.startswith("DWVW"):  # libsndfile does not read what it wrote
                paths.append(path)
    return paths


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_readable_format_becomes_every_writable_one(tmp_path: Path, container: str) -> None:
    for source in made(tmp_path, container):
        audio, info = read_audio(source)
        for suffix in AUDIO_SUFFIXES:
            target = tmp_path / f"out{suffix}"
            try:
                with AudioWriter(target, info, overwrite=True) as writer:
                    writer.write(audio)
            except AudioFileError as error:
                # The rate is never changed, and some containers state it roughly (HTK, VOC, XI).
                assert "and the rate is never changed" in str(error), (source.name, suffix)
                assert suffix in (".opus", ".mp3") and info.sample_rate not in (8000, 48000)
                continue
            again, written = read_audio(target)
            assert written.sample_rate == info.sample_rate, (source.name, suffix)
            # Block codecs that are kept, and AIFF's pairs of bytes, round the length.
            assert len(again) >= len(audio), (source.name, suffix)
            error = np.sqrt(np.mean((again[: len(audio)] - audio) ** 2) / np.mean(audio**2))
            whole = written.subtype.startswith(("PCM_16", "PCM_24", "PCM_32", "FLOAT"))
            assert error < (1e-3 if whole else 0.4), (source.name, suffix, error)


@pytest.mark.parametrize(
    ("container", "subtype", "suffix", "expected"),
    [
        ("MP3", "MPEG_LAYER_III", ".wav", "PCM_16"),
        ("MP3", "MPEG_LAYER_II", ".mp3", "MPEG_LAYER_III"),
        ("OGG", "OPUS", ".flac", "PCM_16"),
        ("OGG", "VORBIS", ".aiff", "PCM_16"),
        ("FLAC", "PCM_24", ".wav", "PCM_24"),
        ("CAF", "ALAC_24", ".wav", "PCM_24"),
        ("CAF", "ALAC_20", ".wav", "PCM_24"),
        ("CAF", "ALAC_32", ".flac", "PCM_24"),
        ("WAV", "FLOAT", ".sph", "PCM_24"),
        ("WAV", "DOUBLE", ".caf", "DOUBLE"),
        ("WAV", "MS_ADPCM", ".w64", "PCM_16"),
        ("WAV", "MS_ADPCM", ".wav", "MS_ADPCM"),
        ("WAV", "ULAW", ".au", "ULAW"),
    ],
)
def test_as_many_bits_as_the_source_has(
    container: str, subtype: str, suffix: str, expected: str
) -> None:
    source = AudioInfo("in.x", 48000, 1, 100, container, subtype)
    assert output_info(source, f"out{suffix}").subtype == expected


def test_a_codec_that_cannot_hold_the_channels_gives_way() -> None:
    source = AudioInfo("in.wav", 8000, 2, 100, "WAV", "GSM610")
    assert output_info(source, "out.wav").subtype == "PCM_16"


def test_an_mp3_becomes_a_wav_file(tmp_path: Path) -> None:
    audio = 0.3 * np.sin(np.arange(44100) / 20)
    soundfile.write(tmp_path / "in.mp3", audio, 44100)
    with AudioReader(tmp_path / "in.mp3") as reader:
        with AudioWriter(tmp_path / "out.wav", reader.info) as writer:
            for block in reader.blocks(1000):
                writer.write(block)
    found = soundfile.info(str(tmp_path / "out.wav"))
    assert (found.format, found.subtype, found.frames) == ("WAV", "PCM_16", 44100)
