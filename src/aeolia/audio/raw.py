"""Raw samples through pipes, without a header: their format is said, such as s16le:16000:1."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.errors import InputError

__all__ = ["RawFormat", "raw_format"]

#: As FFmpeg and SoX call them -> libsndfile's names.
_SUBTYPES = {
    "u8": "PCM_U8",
    "s16le": "PCM_16",
    "s24le": "PCM_24",
    "s32le": "PCM_32",
    "f32le": "FLOAT",
    "f64le": "DOUBLE",
}


@dataclass(frozen=True)
class RawFormat:
    """What a stream of samples is, channels side by side."""

    subtype: str
    sample_rate: int
    channels: int


def raw_format(text: str) -> RawFormat:
    """Read FORMAT:RATE:CHANNELS.

    Raises:
        InputError: it is not of that form.
    """
    kind, *numbers = text.lower().split(":")
    good = kind in _SUBTYPES and len(numbers) == 2 and all(map(str.isdecimal, numbers))
    if not good or not 1 <= int(numbers[1]) <= 1024:
        raise InputError(
            f"raw audio of {text!r} came; FORMAT:RATE:CHANNELS is needed, such as s16le:16000:1, "
            f"with a format of {', '.join(_SUBTYPES)}"
        )
    return RawFormat(_SUBTYPES[kind], int(numbers[0]), int(numbers[1]))
