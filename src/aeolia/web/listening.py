"""Listening tests of results of the page: made here, played in the page, analysed here.

A test's folder, below the store's:

    systems/NAME/CLIP.wav     what is compared, and reference/CLIP.wav
    test/index.html, audio/   the page that `aeolia listen-test` makes, which needs no server
    ratings/*.csv             what listeners said, a file each
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aeolia.audio.files import AudioReader, read_audio, write_audio
from aeolia.errors import InputError
from aeolia.evaluation.listening.analysis import Analysis, analyse_ratings
from aeolia.evaluation.listening.make import ListeningTest, make_listening_test
from aeolia.evaluation.listening.ratings import read_ratings
from aeolia.files import write_atomically
from aeolia.plain_text import file_stem

__all__ = ["MOST_SECONDS", "Clip", "PlayedTest", "make_test"]

#: Nobody compares minutes; ten seconds are usual (BS.1534-3).
MOST_SECONDS = 300
_UNSAFE = re.compile(r"[\x00-\x1f/\\:*?\"<>|]+")
_REFERENCE = "reference"


@dataclass(frozen=True)
class Clip:
    """One recording in all its versions."""

    name: str
    #: A file for each system.
    sounds: tuple[Path, ...]
    #: What it should sound like; None in an A/B test.
    reference: Path | None = None


class PlayedTest:
    """A test that was made, and its listeners' ratings."""

    def __init__(self, folder: Path, made: ListeningTest) -> None:
        self.made = made
        #: index.html and audio/.
        self.folder = folder / "test"
        self._ratings = folder / "ratings"
        self._ratings.mkdir()

    def keep(self, csv: str) -> None:
        """Keep a listener's ratings; newer ones take the place of older ones.

        Raises:
            DataError: they are no export of a listening test.
        """
        fresh = self._ratings / "fresh.csv"
        write_atomically(fresh, csv, overwrite=True)
        try:
            raters = read_ratings([fresh]).raters
            name = hashlib.sha256(repr(raters).encode()).hexdigest()[:16]
            write_atomically(self._ratings / f"{name}.csv", csv, overwrite=True)
        finally:
            fresh.unlink()

    def analysis(self) -> Analysis:
        """What the ratings say.

        Raises:
            InputError: there are none yet.
            DataError: all listeners were careless.
        """
        files = sorted(self._ratings.glob("*.csv"))
        if not files:
            raise InputError("nobody has rated anything yet; rate at least one clip")
        return analyse_ratings(read_ratings(files))


def make_test(folder: Path, systems: Sequence[str], clips: Sequence[Clip]) -> PlayedTest:
    """Make a test in an empty folder.

    Args:
        systems: what the versions are called in the results.
        clips: with a reference each (MUSHRA), or none (A/B).

    Raises:
        DataError, InputError, AudioFileError: with one line on what is wrong.
    """
    names = _folder_names(systems)
    stems = _folder_names([clip.name for clip in clips])
    with_reference = [clip for clip in clips if clip.reference is not None]
    if with_reference and len(with_reference) < len(clips):
        missing = next(clip.name for clip in clips if clip.reference is None)
        raise InputError(f"{missing} has no reference; give one for every file, or none at all")
    if not names or (len(names) == 1 and not with_reference):
        raise InputError("nothing to compare; add another version, or give references")
    if with_reference and _REFERENCE in names:
        raise InputError(f"no system can be called {_REFERENCE!r}; rename it")
    for clip, stem in zip(clips, stems, strict=True):
        for name, sound in zip(names, clip.sounds, strict=True):
            _copy(sound, folder / "systems" / name / f"{stem}.wav")
        if clip.reference is not None:
            _copy(clip.reference, folder / _REFERENCE / f"{stem}.wav")
    made = make_listening_test(
        [folder / "systems" / name for name in names],
        folder / "test",
        reference=folder / _REFERENCE if with_reference else None,
    )
    return PlayedTest(folder, made)


def _folder_names(names: Sequence[str]) -> list[str]:
    """The same as names of files that are all different."""
    taken: list[str] = []
    for name in names:
        safe = file_stem(_UNSAFE.sub(" ", name)).strip(" .") or "sound"
        same = sum(one == safe or one.startswith(f"{safe} (") for one in taken)
        taken.append(f"{safe} ({same + 1})" if same else safe)
    return taken


def _copy(source: Path, target: Path) -> None:
    with AudioReader(source) as reader:
        seconds = reader.info.seconds or 0.0
    if seconds > MOST_SECONDS:
        raise InputError(
            f"{source}: {seconds:.0f} s long; listeners compare clips of up to {MOST_SECONDS} s: "
            "cut it"
        )
    audio, info = read_audio(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_audio(target, audio, info.sample_rate)
