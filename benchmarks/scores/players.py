"""Who plays scores: our instruments by the command, and FluidSynth with soundfonts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from aeolia.api.instruments import open_synthesiser
from aeolia.data.songs.fluidsynth import FluidSynth, Room
from aeolia.data.songs.soundfont import read_soundfont
from aeolia.errors import ModelError
from aeolia.runtime.catalogue import load
from aeolia.runtime.synth.orchestra import orchestrate
from aeolia.runtime.synth.performance import Performance
from aeolia.runtime.synth.score_reader import read_score
from benchmarks.results import Entry, digest_of

__all__ = ["RATE", "Ours", "Player", "SoundfontPlayer", "processor_seconds"]

RATE = 48000
#: FluidSynth's own defaults.
_GAIN, _ROOM = 0.2, Room(0.2, 0.0)
_DRY = Room(0.2, 0.0, has_reverb=False, has_chorus=False)


class Player(Protocol):
    """Somebody who plays MIDI files at `RATE`."""

    @property
    def entry(self) -> Entry:
        """For the results."""
        ...

    def play(self, midi: bytes) -> np.ndarray:
        """A whole song as the program plays it unless told otherwise, [T, 2], by a process of its
        own."""
        ...

    def play_alone(self, midi: bytes) -> np.ndarray:
        """A channel without a room, [T] or [T, 2]; at the level that it has in its song."""
        ...


@dataclass(frozen=True)
class SoundfontPlayer:
    """FluidSynth with a soundfont."""

    soundfont: Path

    @property
    def entry(self) -> Entry:
        """For the results.

        Raises:
            DataError: there is no such file, or it is no soundfont.
        """
        found = read_soundfont(self.soundfont)
        key = f"{found.name} {self.soundfont.stat().st_size}"
        return Entry(self.soundfont.stem, RATE, digest_of(key.encode()))

    def play(self, midi: bytes) -> np.ndarray:
        """With FluidSynth's reverb and chorus."""
        return FluidSynth().play(midi, self.soundfont, RATE, _ROOM, _GAIN)

    def play_alone(self, midi: bytes) -> np.ndarray:
        """Without them."""
        return FluidSynth().play(midi, self.soundfont, RATE, _DRY, _GAIN)


class Ours:
    """`aeolia synth --midi`, with the models of notes and of drums."""

    def __init__(self, model: str, drums: str) -> None:
        self._words = ("--model", model, "--drums", drums)
        self._model, self._drums = open_synthesiser(model), open_synthesiser(drums)
        paths: list[Path] = [load(name, "synth").path for name in (model, drums)]
        self.entry = Entry(
            "aeolia", RATE, digest_of(b"".join(path.read_bytes() for path in paths)), ours=True
        )

    def play(self, midi: bytes) -> np.ndarray:
        """By the command.

        Raises:
            ModelError: it failed.
        """
        with tempfile.TemporaryDirectory(prefix="aeolia-") as folder:
            score, sound = Path(folder) / "song.mid", Path(folder) / "song.wav"
            score.write_bytes(midi)
            command = [sys.executable, "-m", "aeolia", "synth", "--midi", str(score), *self._words]
            done = subprocess.run(
                [*command, "-o", str(sound), "--quiet"],
                stdout=subprocess.DEVNULL,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            if done.returncode:
                raise ModelError(
                    f"`aeolia synth --midi` ended with code {done.returncode}; see above"
                )
            audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
        return np.asarray(audio)

    def play_alone(self, midi: bytes) -> np.ndarray:
        """In the middle, in this process; not lowered where it would clip."""
        with tempfile.TemporaryDirectory(prefix="aeolia-") as folder:
            path = Path(folder) / "part.mid"
            path.write_bytes(midi)
            orchestra = orchestrate(read_score(path), self._model, self._drums)
        return Performance(orchestra.voices, channels=1).render()


def processor_seconds() -> float:
    """Of all processes that this one started and that have ended; POSIX only."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
