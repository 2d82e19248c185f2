"""Bit rates of lossy files: what one has, and which of libsndfile's settings gives another as many.

libsndfile takes a level from 0 (best) to 1 (smallest). Its encoders make of it: MP3 a rate of 320
to 32 kbit/s (160 to 8 and 64 to 8 at low sample rates), Opus 256 to 6 kbit/s a channel, and Vorbis
a quality, whose nominal rate stands in the header that it writes.
"""

from __future__ import annotations

import functools
import io
import struct
from pathlib import Path
from typing import Any

from aeolia.audio.lengths import mp3_bytes_and_samples
from aeolia.audio.ogg import audio_bytes

__all__ = ["bitrate_of", "encoder_settings"]

_MP3_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)
_VORBIS_LEVELS = [step / 50 for step in range(51)]


def bitrate_of(path: Path, subtype: str, sample_rate: int, frames: int | None) -> float | None:
    """The mean (of Vorbis the nominal) bit rate of a file in kbit/s, without tags and pictures.

    None for what is not lossy, or cannot be told.
    """
    if subtype.startswith("MPEG"):
        n_bytes, n_samples = mp3_bytes_and_samples(path)
        return n_bytes * sample_rate / n_samples / 125 if n_samples else None
    if subtype == "VORBIS":
        with path.open("rb") as file:
            nominal = _nominal(file.read(512))
        if nominal:
            return nominal / 1000
    if subtype in ("VORBIS", "OPUS") and frames and frames < 1 << 62:
        return audio_bytes(path) * sample_rate / frames / 125
    return None


def encoder_settings(
    bitrate: float, subtype: str, sample_rate: int, channels: int
) -> dict[str, Any]:
    """What `soundfile.SoundFile` takes for about `bitrate` kbit/s."""
    if subtype == "OPUS":
        return {"compression_level": _between(1.0 - (bitrate / channels - 6.0) / 250.0)}
    if subtype == "VORBIS":
        wanted = 1000 * bitrate
        nominal = ((_nominal_of(level, sample_rate, channels), level) for level in _VORBIS_LEVELS)
        return {"compression_level": min((abs(rate - wanted), level) for rate, level in nominal)[1]}
    high, low = (320, 32) if sample_rate >= 32000 else (160, 8) if sample_rate >= 16000 else (64, 8)
    constant = any(abs(bitrate - rate) < 0.02 * rate for rate in _MP3_RATES)
    if constant:  # a file of one rate has a little more or less, by its last frame
        bitrate = min(_MP3_RATES, key=lambda rate: abs(rate - bitrate))
    return {
        "compression_level": _between((high - bitrate) / (high - low)),
        "bitrate_mode": "CONSTANT" if constant else "AVERAGE",
    }


def _between(level: float) -> float:
    return min(1.0, max(0.0, level))


@functools.lru_cache(maxsize=512)
def _nominal_of(level: float, sample_rate: int, channels: int) -> int:
    """The rate in the header that libsndfile writes at a level of Vorbis, in bit/s."""
    import soundfile

    made = io.BytesIO()
    form: dict[str, Any] = {"format": "OGG", "subtype": "VORBIS", "compression_level": level}
    with soundfile.SoundFile(made, "w", sample_rate, channels, **form):
        pass
    return _nominal(made.getvalue())


def _nominal(start: bytes) -> int:
    """From a Vorbis identification header (Vorbis I specification, 4.2.2), 0 if it tells none."""
    at = start.find(b"\x01vorbis")
    if at < 0 or len(start) < at + 28:
        return 0
    return max(0, int(struct.unpack("<i", start[at + 20 : at + 24])[0]))
