"""Moments of a recording as people write them: 83.5, 1:23.5 or 0:01:23.5."""

from __future__ import annotations

import re

from aeolia.errors import InputError

__all__ = ["stretch_of"]

_MOMENT = r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?)"
_STRETCH = re.compile(rf"\s*{_MOMENT}\s*-\s*{_MOMENT}\s*", re.ASCII)


def stretch_of(text: str) -> tuple[float, float]:
    """Start and end, in seconds, of a stretch such as 0:03-0:08.

    Raises:
        InputError: it is none, or ends before it starts.
    """
    found = _STRETCH.fullmatch(text)
    if found is None:
        raise InputError(
            f"{text!r} is no stretch of a recording; give its start and end in seconds or as "
            f"minutes:seconds, such as 0:03-0:08"
        )
    parts = found.groups(default="0")
    start, end = (
        3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)
        for hours, minutes, seconds in (parts[:3], parts[3:])
    )
    if not start < end:
        raise InputError(f"the stretch {text} ends before it starts; write it as START-END")
    return start, end
