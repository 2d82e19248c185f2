"""What a file holds beside its sound goes along: chunks of WAV, channel masks, tags, pictures."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.bitrates import bitrate_of
from aeolia.audio.files import AudioReader, AudioWriter, read_audio
from aeolia.audio.formats import chosen_form
from aeolia.errors import AudioFileError

AUDIO = 0.1 * np.random.default_rng(0).standard_normal((48000, 2))
EXTENSIBLE_PCM = b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


BEXT = chunk(b"bext", b"take 3".ljust(338, b"\0") + struct.pack("<Q", 172_800_000) + bytes(256))
IXML = chunk(b"iXML", b"<BWFXML><PROJECT>P</PROJECT></BWFXML>")
CUE = chunk(b"cue ", struct.pack("<III4sIII", 1, 1, 24000, b"data", 0, 0, 24000))
LIST = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A title\0") + chunk(b"IKEY", b"keyword\0"))


def rewritten(source: Path, target: Path, **choice: object) -> AudioWriter:
    with AudioReader(source) as reader:
        form = chosen_form(reader.info, target, choice.get("subtype"), choice.get("bitrate"))  # type: ignore[arg-type]
        with AudioWriter(target, form, overwrite=True) as writer:
            for block in reader.blocks(10_000):
                writer.write(block)
    return writer


def wav_with(path: Path, before: bytes, after: bytes) -> None:
    fmt = struct.pack("<HHIIHH", 1, 1, 48000, 96000, 2, 16)
    body = np.rint(AUDIO[:4801, 0] * 32768).astype("<i2").tobytes()
    content = b"WAVE" + before + chunk(b"fmt ", fmt) + chunk(b"data", body) + after
    path.write_bytes(chunk(b"RIFF", content))


@pytest.mark.parametrize("name", ["out.wav", "out.rf64"])
def test_chunks_of_a_wav_go_along(tmp_path: Path, name: str) -> None:
    wav_with(tmp_path / "in.wav", BEXT + chunk(b"JUNK", bytes(99)), CUE + IXML + LIST)
    rewritten(tmp_path / "in.wav", tmp_path / name)
    content = (tmp_path / name).read_bytes()
    for whole in (BEXT, IXML, CUE, LIST):
        assert content.count(whole) == 1
    assert content.count(b"A title") == 1 and b"JUNK" + struct.pack("<I", 99) not in content
    stated = struct.unpack_from("<Q", content, 20) if name == "out.rf64" else None
    assert (stated or struct.unpack_from("<I", content, 4))[0] == len(content) - 8
    np.testing.assert_array_equal(
        read_audio(tmp_path / name)[0], read_audio(tmp_path / "in.wav")[0]
    )
    if name == "out.wav":
        with soundfile.SoundFile(tmp_path / name) as file:
            assert file.title == "A title"


def test_which_channel_is_which(tmp_path: Path) -> None:
    mask = struct.pack("<I", 0x603)  # left, right, and two at the sides
    fmt = struct.pack("<HHIIHHHH", 0xFFFE, 4, 48000, 384000, 8, 16, 22, 16) + mask + EXTENSIBLE_PCM
    body = np.rint(np.tile(AUDIO, 2) * 32768).astype("<i2").tobytes()
    content = b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"data", body)
    (tmp_path / "in.wav").write_bytes(chunk(b"RIFF", content))
    rewritten(tmp_path / "in.wav", tmp_path / "out.wav")
    written = (tmp_path / "out.wav").read_bytes()
    at = written.index(b"fmt ") + 8
    assert written[at : at + 2] == b"\xfe\xff" and written[at + 20 : at + 24] == mask


@pytest.mark.parametrize("source", ["flac", "ogg", "opus", "mp3", "aiff"])
@pytest.mark.parametrize("target", ["flac", "ogg", "opus", "mp3", "aiff", "wav"])
def test_tags_and_pictures_of_every_kind(tmp_path: Path, source: str, target: str) -> None:
    mutagen = pytest.importorskip("mutagen")
    from mutagen.flac import Picture

    from aeolia.audio.tags import _read, _write_comments, _write_id3

    first, second = tmp_path / f"in.{source}", tmp_path / f"out.{target}"
    form = {"format": "OGG", "subtype": "OPUS"} if source == "opus" else {}
    soundfile.write(first, AUDIO, 48000, **form)
    texts = {
        "TITLE": ["Ein Täst ✓"],
        "ARTIST": ["Å", "B"],
        "ALBUMARTIST": ["AA"],
        "COMMENT": ["a fan"],
        "REPLAYGAIN_TRACK_GAIN": ["-6.0 dB"],
    }
    picture = Picture()
    picture.data, picture.mime, picture.type = bytes(range(256)) * 200, "image/jpeg", 3
    file = mutagen.File(first)
    if file.tags is None:
        file.add_tags()
    write = _write_id3 if source in ("mp3", "aiff") else _write_comments
    write(file, texts, [picture])
    file.save()
    writer = rewritten(first, second)
    assert writer.remarks == []
    found, pictures = _read(mutagen.File(second))
    assert {name: found.get(name) for name in texts} == texts
    assert [each.data for each in pictures] == [picture.data]
    assert read_audio(second)[1].sample_rate == 48000


def test_a_word_where_mutagen_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with soundfile.SoundFile(tmp_path / "in.flac", "w", 48000, 2) as file:
        file.title = "Wind"
        file.write(AUDIO)
    soundfile.write(tmp_path / "bare.flac", AUDIO, 48000)
    monkeypatch.setitem(__import__("sys").modules, "mutagen", None)
    (remark,) = rewritten(tmp_path / "in.flac", tmp_path / "out.flac").remarks
    assert "pip install 'aeolia[media]'" in remark
    assert rewritten(tmp_path / "bare.flac", tmp_path / "out.flac").remarks == []
    with soundfile.SoundFile(tmp_path / "in.flac") as file:
        assert file.title == "Wind"


# Bit rates


@pytest.mark.parametrize(
    ("suffix", "level", "within"),
    [("mp3", 0.0, 0.03), ("mp3", 0.5, 0.03), ("opus", 0.5, 0.1), ("ogg", 0.2, 0.05)],
)
def test_the_bit_rate_is_kept(tmp_path: Path, suffix: str, level: float, within: float) -> None:
    form: dict[str, object] = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
    mode = {"bitrate_mode": "CONSTANT"} if suffix == "mp3" else {}
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    sound = np.tile(AUDIO, (4, 1))
    soundfile.write(source, sound, 48000, compression_level=level, **mode, **form)  # type: ignore[arg-type]
    rewritten(source, target)
    before, after = (read_audio(path)[1].bitrate for path in (source, target))
    assert before and after and abs(after / before - 1) < within
    assert abs(target.stat().st_size / source.stat().st_size - 1) < 2 * within


def test_a_bit_rate_is_chosen(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.tile(AUDIO, (4, 1)), 48000)
    for rate in (128, 256):
        for suffix in ("mp3", "opus", "ogg"):
            target = tmp_path / f"out.{suffix}"
            rewritten(tmp_path / "in.wav", target, bitrate=rate)
            info = read_audio(target)[1]
            found = bitrate_of(target, info.subtype, 48000, info.frames)
            assert found is not None and abs(found / rate - 1) < 0.12, (suffix, rate, found)
    with pytest.raises(AudioFileError, match="PCM_16 has no bit rate to choose"):
        rewritten(tmp_path / "in.wav", tmp_path / "out.flac", bitrate=128)


def test_a_sample_format_is_chosen(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", AUDIO, 48000)
    for kind in ("pcm_24", "FLOAT"):
        rewritten(tmp_path / "in.wav", tmp_path / "out.wav", subtype=kind)
        assert soundfile.info(str(tmp_path / "out.wav")).subtype == kind.upper()
    with pytest.raises(AudioFileError, match="FLAC cannot be written as FLOAT; choose from PCM_16"):
        rewritten(tmp_path / "in.wav", tmp_path / "out.flac", subtype="FLOAT")
