"""Whether a stream may be audio, by the bytes that it begins with."""

from __future__ import annotations

__all__ = ["may_be_audio"]

#: WAV in its kinds, W64, AIFF, FLAC, Ogg, MP3 with tags, CAF, AU, NIST SPHERE.
_BEGINNINGS = tuple(b"RIFF RIFX RF64 riff FORM fLaC OggS ID3 caff .snd dns. NIST_1A".split())


def may_be_audio(start: bytes) -> bool:
    """Whether bytes [at least four] begin as a format does that libsndfile can read from a pipe."""
    # An MP3 without tags begins with its first frame: eleven bits that are set.
    is_frame = len(start) > 1 and start[0] == 0xFF and start[1] >= 0xE0
    return start.startswith(_BEGINNINGS) or is_frame
