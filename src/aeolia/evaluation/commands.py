"""Other people's programs as systems: a command line with places for the files.

    sox {in} {out} noisered profile 0.3              a recording in, a recording out
    separator {in} {out_vocals} {out_drums}          all sources of a mixture in one run
    separator --only {source} {in} {out}             a run for each source
    extractor --like {enrolment} {in} {out}          a speaker, with a clip of the voice
    player {instrument} {midi} {velocity} {seconds} {rate} {out}       notes

The line is split as a shell would (quotes and backslashes), the places are filled in afterwards,
and no shell runs: names with spaces or semicolons are names. Every run has a folder of its own,
which goes when it ends; {in} is a WAV in it, and {out} and its like are paths in it ending in .wav.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from aeolia.audio.files import read_samples
from aeolia.audio.levels import peak
from aeolia.errors import InputError
from aeolia.plain_text import printable

__all__ = ["OUT", "Command"]

#: The place of the only output; outputs by name are `out_NAME`.
OUT = "out"
_PLACE = re.compile(r"\{([A-Za-z_][\w+ -]*)\}")
#: As much of what a failing program said is passed on.
_MOST_WORDS = 200


class Command:
    """A command line with places in braces.

    Args:
        line: as it would be typed, such as "sox {in} {out} norm -3".
        known: places that the task can fill, besides outputs.

    Raises:
        InputError: quotes that do not end, an unknown place, no place for an output, or a program
            that is not there.
    """

    def __init__(self, line: str, known: tuple[str, ...]) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise InputError(f"the command {line!r} cannot be split: {error}") from error
        self.places = {name for word in self._words for name in _PLACE.findall(word)}
        #: Names of the outputs that have a place of their own.
        self.named = {name[4:] for name in self.places if name.startswith(f"{OUT}_")}
        unknown = self.places - {OUT, *known} - {f"{OUT}_{name}" for name in self.named}
        if unknown:
            places = ", ".join(f"{{{name}}}" for name in (*known, OUT))
            raise InputError(
                f"the command has {{{min(unknown)}}}, which nothing fills; known are {places}"
            )
        if (OUT in self.places) == bool(self.named):
            raise InputError(
                f"the command {line!r} must say where its output goes: write {{out}}, or "
                "{out_NAME} for each output of several, once"
            )
        program = self._words[0]
        if not _PLACE.search(program) and shutil.which(program) is None:
            raise InputError(f"there is no program {program!r}; install it, or give its path")

    @property
    def name(self) -> str:
        """Of the program, for tables."""
        return Path(self._words[0]).stem

    def run(
        self,
        sounds: Mapping[str, np.ndarray],
        sample_rate: int,
        words: Mapping[str, str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Outputs by name (`OUT` for the only one): [T] or [T, C] each, at `sample_rate`.

        Args:
            sounds: place -> samples [T] or [T, C], written as WAV for the program.
            words: place -> text.

        Raises:
            InputError: the program failed, left no output or one that cannot be read, or its
                output has another sample rate.
        """
        with tempfile.TemporaryDirectory(prefix="aeolia-") as name:
            folder = Path(name)
            filled = dict(words or {})
            for place, samples in sounds.items():
                filled[place] = str(folder / f"{place}.wav")
                # What most programs read; beyond full scale it would clip.
                form = "FLOAT" if peak(samples) > 1.0 else "PCM_24"
                soundfile.write(filled[place], samples, sample_rate, subtype=form)
            outputs = {place: folder / f"output-{n}.wav" for n, place in enumerate(self._outputs)}
            filled |= {place: str(path) for place, path in outputs.items()}
            line = [_PLACE.sub(lambda found: filled[found[1]], word) for word in self._words]
            self._call(line)
            return {
                place.removeprefix(f"{OUT}_"): self._read(path, sample_rate)
                for place, path in outputs.items()
            }

    @property
    def _outputs(self) -> list[str]:
        return sorted(f"{OUT}_{name}" for name in self.named) or [OUT]

    def _call(self, line: list[str]) -> None:
        try:
            done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True)
        except OSError as error:
            raise InputError(f"{line[0]} cannot be run: {error.strerror or error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            last = printable(said.splitlines()[-1])[-_MOST_WORDS:] if said else "it said nothing"
            raise InputError(f"{self.name} ended with exit status {done.returncode}: {last}")

    def _read(self, path: Path, sample_rate: int) -> np.ndarray:
        if not path.is_file():
            raise InputError(f"{self.name} ended well, but left no output at {{out}}")
        audio, rate = read_samples(path)
        if rate != sample_rate:
            raise InputError(
                f"{self.name} wrote {rate} Hz for a clip of {sample_rate} Hz; it must keep the rate"
            )
        return audio
