"""Which lengths in headers are promises, and which are guesses."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

__all__ = [
    "advice",
    "broken_promise",
    "mp3_bytes_and_samples",
    "mp3_samples",
    "mp3_states_its_length",
]

#: In libsndfile's log of the header: a size that the file is too short (or too long) for, in
#: WAV, AIFF and W64; and a count of frames, in RF64.
_WRONG_BYTES = re.compile(r"^\s*(?:data|SSND|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_WRONG_FRAMES = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")

#: Where an MP3's first frame must begin, behind tags, for its header to be looked at.
_NEAR_START = 8192


def advice(salvage: bool | None) -> str:
    """What to do about a file that is cut off."""
    if salvage is None:
        return "copy or record it again"
    return "copy or record it again, or add --salvage to take what is there"


def broken_promise(header_log: str) -> str | None:
    """What libsndfile noted of a header that promises more than the file holds."""
    for promised, there in _WRONG_BYTES.findall(header_log):
        # Sizes from 2**31 - 2**16 are placeholders of programs that wrote into a pipe.
        if int(there) < int(promised) < 0x7FFF_0000:
            return f"its header promises {promised} bytes of audio and {there} are there"
    for there, promised in _WRONG_FRAMES.findall(header_log):
        if int(there) < int(promised):
            return f"its header promises {promised} samples and {there} are there"
    return None


def mp3_states_its_length(path: Path) -> bool:
    """Whether an MP3's first frame counts the others: a header of Xing, LAME or VBRI does.

    Without one every decoder guesses the length from the size of the file.
    """
    with path.open("rb") as file:
        while (tag := file.read(10))[:3] == b"ID3" and len(tag) == 10:
            size = sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
            file.seek(size + (10 if tag[5] & 0x10 else 0), 1)
        file.seek(-len(tag), 1)
        start = file.read(_NEAR_START)
    for name in (b"Xing", b"Info"):
        at = start.find(name)
        if at >= 0 and len(start) >= at + 8:
            return bool(start[at + 7] & 1)
    return b"VBRI" in start


#: Of MPEG 1, and of 2 and 2.5, layer by layer (ISO/IEC 11172-3 and 13818-3): kbit/s by index.
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mp3_samples(path: Path) -> int:
    """How many samples an MP3's frames hold, whatever lies between and behind them."""
    return mp3_bytes_and_samples(path)[1]


def mp3_bytes_and_samples(path: Path) -> tuple[int, int]:
    """How many bytes an MP3's frames have, and how many samples they hold."""
    n_bytes, n_samples = 0, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, following = 0, False
        while (at := data.find(b"\xff", at)) >= 0:
            length, samples = _frame(data[at : at + 4])
            after = data[at + length : at + length + 4]
            # Between frames anything may look like one: there, two in a row are needed.
            if length and (following or _frame(after)[0]):
                n_bytes, n_samples, at = n_bytes + length, n_samples + samples, at + length
                following = after[:1] == b"\xff"
            else:
                at, following = at + 1, False
    return n_bytes, n_samples


def _frame(header: bytes) -> tuple[int, int]:
    """Bytes and samples of a frame by its first four bytes; zeros if they begin none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return 0, 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or rate == 3 or bitrate in (0, 15):
        return 0, 0
    older = version != 3
    kilobits = _BITRATES[2 if older else 1, layer][bitrate - 1]
    sample_rate = (44100, 48000, 32000)[rate] // {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12000 * kilobits // sample_rate + padding) * 4, 384
    samples = 576 if older and layer == 3 else 1152
    return samples // 8 * 1000 * kilobits // sample_rate + padding, samples
