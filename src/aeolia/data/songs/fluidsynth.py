"""The program FluidSynth, which plays notes with a soundfont's instruments."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from aeolia.errors import DataError, MissingExtraError
from aeolia.plain_text import printable

__all__ = ["FluidSynth", "Room"]

_INSTALL = (
    "songs are played by the program FluidSynth, which is not installed; "
    "`apt-get install fluidsynth`, `brew install fluid-synth`, or see fluidsynth.org"
)
#: Loudest sum of many voices without clipping; the output is in floats, so this only scales.
_GAIN = 0.6
_VOICES = 256
#: A part of a minute takes seconds; a synthesiser that hangs shall not hang all.
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Room:
    """FluidSynth's reverb, size and damping from 0 to 1, and its chorus; unused ones cost time."""

    size: float
    damping: float
    has_reverb: bool = True
    has_chorus: bool = True


class FluidSynth:
    """The installed program.

    Raises:
        MissingExtraError: there is none on the path.
    """

    def __init__(self) -> None:
        found = shutil.which("fluidsynth")
        if found is None:
            raise MissingExtraError(_INSTALL)
        self._program = found

    def play(
        self, midi: bytes, soundfont: Path, sample_rate: int, room: Room, gain: float = _GAIN
    ) -> np.ndarray:
        """What a MIDI file sounds like, [T, 2] float32, with the tail of its last notes.

        Args:
            gain: FluidSynth's, whose own default is 0.2.

        Raises:
            DataError: FluidSynth could not play it.
        """
        with tempfile.TemporaryDirectory(prefix="aeolia-") as folder:
            score, sound = Path(folder) / "part.mid", Path(folder) / "part.wav"
            score.write_bytes(midi)
            settings = {
                "synth.dynamic-sample-loading": "1",
                "synth.polyphony": f"{_VOICES}",
                "synth.reverb.room-size": f"{room.size:.3f}",
                "synth.reverb.damp": f"{room.damping:.3f}",
                "synth.reverb.level": "0.8",
                "synth.reverb.active": f"{int(room.has_reverb)}",
                "synth.chorus.active": f"{int(room.has_chorus)}",
            }
            options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
            rendering = ["-r", f"{sample_rate}", "-g", f"{gain}", "-O", "float", "-T", "wav"]
            # Without configuration files: whoever has one would get other songs.
            command = [self._program, "-niq", "-f", os.devnull, *rendering, *options]
            command += ["-F", str(sound), str(soundfont.resolve()), str(score)]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE_SECONDS,
            )
            if done.returncode or not sound.is_file():
                said = printable(" ".join(done.stderr.split())[-200:])
                raise DataError(f"FluidSynth could not play with {soundfont}: {said or 'no word'}")
            audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
        return np.asarray(audio)
