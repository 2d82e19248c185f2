"""How files are read and written, whatever is done to the sound in between."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from aeolia.config.ranges import check_fields

__all__ = ["USUAL", "FileOptions"]


@dataclass(frozen=True)
class FileOptions:
    """Settings of `denoise_file`, `separate_file` and their operations for the files themselves.

    Raises:
        ConfigError: a setting that cannot be.
    """

    #: Take what is there of a file that is cut off, and say so, where it is otherwise refused.
    salvage: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    def as_dict(self) -> dict[str, Any]:
        """The settings that are not the usual ones."""
        return {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


#: The usual settings.
USUAL = FileOptions()
