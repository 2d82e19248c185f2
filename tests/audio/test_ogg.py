"""Chained Ogg files: every link, or a refusal in words; files cut off within a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.audio.files import AudioReader, read_audio
from aeolia.audio.ogg import links
from aeolia.errors import AudioFileError

#: Enough for several pages.
N_FRAMES = 100_000


def made(path: Path, subtype: str, *, seed: int = 0, rate: int = 48000, channels: int = 1) -> bytes:
    audio = 0.1 * np.random.default_rng(seed).standard_normal((N_FRAMES, channels))
    soundfile.write(path, audio, rate, subtype, format="OGG")
    return path.read_bytes()


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("block", [777, 1 << 16])
def test_all_links_are_read(tmp_path: Path, subtype: str, block: int) -> None:
    whole, content = [], b""
    for seed in range(3):
        path = tmp_path / f"{seed}.ogg"
        content += made(path, subtype, seed=seed)
        whole.append(read_audio(path)[0])
        assert len(links(path)) == 1
    chained = tmp_path / "chained.ogg"
    chained.write_bytes(content)
    assert len(links(chained)) == 3 and links(chained)[-1][1] == len(content)
    with AudioReader(chained) as reader:
        audio = np.concatenate(list(reader.blocks(block)))
    np.testing.assert_array_equal(audio, np.concatenate(whole))
    assert reader.info.frames is None and reader.info.subtype == subtype


@pytest.mark.parametrize(("change", "words"), [({"rate": 24000}, "Hz"), ({"channels": 2}, "chan")])
def test_links_of_another_kind_are_refused(
    tmp_path: Path, change: dict[str, int], words: str
) -> None:
    content = made(tmp_path / "a.ogg", "VORBIS") + made(tmp_path / "b.ogg", "VORBIS", **change)
    (tmp_path / "chained.ogg").write_bytes(content)
    with pytest.raises(AudioFileError, match=f"2 Ogg streams, of which number 2 has .* {words}"):
        AudioReader(tmp_path / "chained.ogg")


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_page_cut_in_two(tmp_path: Path, subtype: str) -> None:
    content = made(tmp_path / "a.ogg", subtype)
    (tmp_path / "cut.ogg").write_bytes(content[: len(content) * 2 // 3])
    with AudioReader(tmp_path / "cut.ogg", salvage=True) as reader:
        audio = np.concatenate(list(reader.blocks(1000)))
    assert N_FRAMES / 4 < len(audio) < N_FRAMES
    np.testing.assert_array_equal(audio, read_audio(tmp_path / "a.ogg")[0][: len(audio)])
    assert reader.remarks == ("truncated: it ends within a page; what is there was taken",)
