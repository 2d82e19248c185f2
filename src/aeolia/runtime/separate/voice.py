"""A speaker's voice as a separator knows it: a unit vector, and the small file that keeps it.

A `.voice` file is JSON of a few kilobytes: format version, which model's encoder made it, from
what clip, the vector, and a checksum over all of it. A voice serves only the model that made it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.config.strict import read_object
from aeolia.errors import ConfigError, InputError, ModelError
from aeolia.files import read_limited, write_atomically

__all__ = ["VOICE_SUFFIX", "Voice"]

#: How the name of a saved voice ends.
VOICE_SUFFIX = ".voice"

_FORMAT = 1
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Voice:
    """A voice made by `enrol`, or loaded from a file.

    >>> aeolia.enrol("examples/fan.clean.wav").save("alice.voice")
    >>> voice = aeolia.Voice.load("alice.voice")
    >>> voice.vector.shape, round(voice.seconds, 1)
    ((64,), 6.4)
    """

    #: [K], of length 1.
    vector: np.ndarray
    #: Name of the model it was made for.
    model: str
    #: Hash of that model's voice encoder.
    encoder: str
    #: The clip it was made from, for people to read; several with commas.
    clip: str
    #: How much of the clip was used.
    seconds: float
    #: What was odd about the clip, in words.
    warnings: tuple[str, ...] = ()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the voice into a file, all or nothing.

        Raises:
            InputError: the file exists, is a clip that the voice was made from, or cannot be
                written.
        """
        path = Path(path)
        clips = [self.clip, *self.clip.split(", ")]
        if path.exists() and any(os.path.exists(c) and path.samefile(c) for c in clips):
            raise InputError(
                f"{path}: the clip that the voice was learned from; name another file, such as "
                f"{path.with_suffix(VOICE_SUFFIX)}"
            )
        if path.is_dir():
            raise InputError(f"{path}: a folder; name a file, such as {path / 'alice.voice'}")
        if path.exists() and not overwrite:
            raise InputError(f"{path}: already exists; add --overwrite, or name another file")
        content = {
            "aeolia_voice": _FORMAT,
            "model": self.model,
            "encoder": self.encoder,
            "clip": self.clip,
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
            "vector": [float(value) for value in self.vector.astype(np.float32)],
        }
        text = json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n"
        write_atomically(path, text, overwrite=overwrite, inputs=clips)

    @classmethod
    def load(cls, path: str | Path) -> Voice:
        """Read a voice that `save` wrote.

        Raises:
            InputError: the file is missing, of another version, damaged, or no voice.
        """
        content = _read(Path(path))
        version = content.get("aeolia_voice")
        if version is None:
            raise InputError(
                f"{path}: not a voice of Aeolia's; give a clip of the speaker, or a file that "
                f"--save-voice wrote"
            )
        if version != _FORMAT:
            raise InputError(
                f"{path}: voice format {version!r}, but this version of Aeolia reads format "
                f"{_FORMAT}; make it again from the speaker's clip with --save-voice"
            )
        checksum = content.pop("checksum", None)
        try:
            if checksum != _checksum(content):
                raise ValueError("its checksum does not fit")
            vector = np.array(content["vector"], np.float32)
            if vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1.0) < 1e-3:
                raise ValueError("its vector is not of length 1")
            if not 0.0 <= float(content["seconds"]) < math.inf:
                raise ValueError("its clip has no length")
            return cls(
                vector,
                model=str(content["model"]),
                encoder=str(content["encoder"]),
                clip=str(content["clip"]),
                seconds=float(content["seconds"]),
                warnings=tuple(map(str, content["warnings"])),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(
                f"{path}: a damaged voice file ({reason}); make it again from the speaker's clip "
                f"with --save-voice"
            ) from error

    def check_fits(self, model: str, encoder: str, size: int) -> None:
        """Refuse a voice that another model's encoder made.

        Raises:
            ModelError: naming both models.
        """
        if self.encoder != encoder or self.vector.shape != (size,):
            other = f"for the model {self.model!r}" if self.model != model else "by another version"
            raise ModelError(
                f"the voice of {self.clip} was made {other}, and {model!r} is to be used; make it "
                f"again from the speaker's clip with --save-voice"
            )


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    try:
        data = read_limited(path, "voice file", _MOST_BYTES)
        return read_object(data.decode("utf-8"), "it")
    except (ConfigError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not a readable voice file ({' '.join(str(error).split())[:60]}); give a "
            f"clip of the speaker, or a file that --save-voice wrote"
        ) from error
