"""What a file holds beside its sound goes along to the file that is made of it."""

from __future__ import annotations

from pathlib import Path

from aeolia.audio.formats import AudioInfo
from aeolia.audio.tags import carry_tags
from aeolia.audio.wav_chunks import carry_chunks
from aeolia.errors import MissingExtraError

__all__ = ["carry_metadata", "carries_chunks"]

_WITH_CHUNKS = ("WAV", "WAVEX", "RF64")


def carries_chunks(source: AudioInfo, written: AudioInfo) -> bool:
    """Whether both are WAV, whose chunks are copied as they are."""
    return (
        source.origin is not None
        and source.container in _WITH_CHUNKS
        and written.container in _WITH_CHUNKS
    )


def carry_metadata(source: AudioInfo, written: AudioInfo, target: Path) -> str:
    """Give a complete file what its source holds beside the sound.

    Returns:
        A sentence on what could not go along, or nothing.
    """
    if source.origin is None:
        return ""
    if carries_chunks(source, written):
        carry_chunks(source.origin, target)
        return ""
    try:
        carry_tags(source.origin, target)
    except MissingExtraError as error:
        # libsndfile wrote what it knows: title, artist, album and a few more.
        return str(error) if source.tags else ""
    except Exception as error:
        # Damaged tags raise all kinds of errors in mutagen; the sound is not the worse for them.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"its tags could not all be carried ({reason})"
    return ""
