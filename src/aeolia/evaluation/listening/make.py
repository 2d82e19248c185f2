"""Make a listening test of folders of audio: a page that needs no server, and its sound files.

    OUT/index.html     open it in any browser
    OUT/audio/         every version of every clip, under names that give nothing away

With a reference it is a MUSHRA test (ITU-R BS.1534-3): each version of a clip is rated from 0 to
100 against the open reference, among them the hidden reference and two anchors, the reference
low-passed at 3.5 and 7 kHz. Without one it is an A/B test: which of two is preferred, for every
pair of systems. All versions of a clip are brought to one loudness (ITU-R BS.1770).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.files import AUDIO_SUFFIXES, AudioInfo, read_audio, write_audio
from aeolia.audio.loudness import SILENCE_LUFS, loudness
from aeolia.errors import DataError, InputError
from aeolia.evaluation.listening.page import render_listening_page
from aeolia.evaluation.listening.sounds import ANCHORS_HZ, can_anchor, low_pass, match_loudness
from aeolia.files import new_folder, not_written, write_atomically

__all__ = ["ListeningTest", "make_listening_test"]

#: BS.1534-3 asks for no more than 12 sounds in a trial: these, the reference and two anchors.
_MOST_SYSTEMS = 9
#: Versions of a clip whose loudness differs by more than this before it is matched are remarked on.
_FAR_LU = 15.0


@dataclass(frozen=True)
class ListeningTest:
    """What was made."""

    page: Path
    #: "mushra" or "ab".
    method: str
    clips: int
    #: Screens of the page: clips, or pairs of versions of clips.
    trials: int
    systems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Version:
    """One way to hear every clip: a folder, or an anchor made of the reference's files."""

    name: str
    #: "system", "reference" or "anchor".
    role: str
    #: By the clip's name.
    files: dict[str, Path]
    cutoff_hz: int = 0


def make_listening_test(
    systems: Sequence[Path | str],
    out: Path | str,
    *,
    reference: Path | str | None = None,
    seed: int = 0,
) -> ListeningTest:
    """Write the page and its audio into a new folder.

    Args:
        systems: folders with the same file names in each (their endings may differ).
        out: folder to make.
        reference: the folder of references, or the name of one of `systems`: makes it MUSHRA.
        seed: with the listener's name, decides the orders.

    Raises:
        DataError: folders that hold no audio or not the same clips, versions of a clip that
            differ in length, rate or channels, a silent reference, too few or too many systems.
        InputError: `out` is there already or cannot be written.
        AudioFileError: a file cannot be read.
    """
    folders = [Path(folder) for folder in systems]
    versions = _versions(folders, None if reference is None else Path(reference))
    method = "ab" if reference is None else "mushra"
    names = sorted(versions[0].files)
    digest = hashlib.sha256(repr((method, [v.name for v in versions], names)).encode())
    items, notes = [], []
    with _new_folder(Path(out)) as folder:
        (folder / "audio").mkdir()
        for name in names:
            sounds, sample_rate, remarks = _clip(versions, name)
            notes += [f"{name}: {remark}" for remark in remarks]
            files: list[str | None] = []
            for version, sound in zip(versions, sounds, strict=True):
                files.append(None if sound is None else _file_name(seed, name, version.name))
                if sound is not None:
                    digest.update(sound.tobytes())
                    write_audio(folder / str(files[-1]), sound, sample_rate)
            items.append(_item(name, versions, files))
        page = render_listening_page(
            identity=digest.hexdigest()[:12],
            title="Listening test",
            method=method,
            seed=seed,
            systems=[{"name": version.name, "role": version.role} for version in versions],
            items=items,
        )
        write_atomically(folder / "index.html", page)
    tested = tuple(version.name for version in versions if version.role == "system")
    trials = len(names) * (1 if reference else len(tested) * (len(tested) - 1) // 2)
    return ListeningTest(Path(out) / "index.html", method, len(names), trials, tested, tuple(notes))


def _versions(folders: list[Path], reference: Path | None) -> list[_Version]:
    """The tested systems, then the hidden reference and its anchors."""
    if reference is not None:
        reference = _named(reference, folders)
    tested = [f for f in folders if reference is None or f.resolve() != reference.resolve()]
    _check_count(tested, reference)
    everything = tested if reference is None else [*tested, reference]
    for number, folder in enumerate(everything):
        if folder.resolve() in [other.resolve() for other in everything[:number]]:
            raise DataError(f"{folder} came twice; name each system once")
    clips = {folder: _clips_of(folder) for folder in everything}
    _check_same_clips(clips)
    short = [folder.resolve().name for folder in everything]
    names = short if len(set(short)) == len(short) else [str(folder) for folder in everything]
    versions = [
        _Version(name, "reference" if folder == reference else "system", clips[folder])
        for name, folder in zip(names, everything, strict=True)
    ]
    if reference is not None:
        versions += [
            _Version(f"anchor {hz / 1000:g} kHz", "anchor", clips[reference], hz)
            for hz in ANCHORS_HZ
        ]
    return versions


def _named(reference: Path, folders: list[Path]) -> Path:
    """The folder that --reference means: a path, or the last part of a system's."""
    if not reference.is_dir():
        for folder in folders:
            if folder.resolve().name == str(reference):
                return folder
    return reference


def _check_count(tested: list[Path], reference: Path | None) -> None:
    if not tested:
        raise DataError(f"only the reference {reference} came; name at least one system to judge")
    if reference is None and len(tested) == 1:
        raise DataError(
            f"only one system came, {tested[0]}; name two or more to compare, or its reference "
            "recordings with --reference"
        )
    if reference is not None and len(tested) > _MOST_SYSTEMS:
        raise DataError(
            f"{len(tested)} systems came; nobody can rate more than {_MOST_SYSTEMS} beside the "
            "reference and its anchors (BS.1534): make several tests"
        )


def _clips_of(folder: Path) -> dict[str, Path]:
    """Audio files below a folder by relative path without its ending."""
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {found}; a system is a folder of audio files")
    clips: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in AUDIO_SUFFIXES or path.name.startswith("."):
            continue
        if path.exists() and not path.is_file():
            continue  # a pipe or a device, which would be waited for
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in clips:
            raise DataError(f"{clips[name]} and {path} are both the clip {name!r}; keep one")
        clips[name] = path
    if not clips:
        raise DataError(f"{folder} holds no audio files ({' '.join(AUDIO_SUFFIXES)})")
    return clips


def _check_same_clips(clips: dict[Path, dict[str, Path]]) -> None:
    everywhere = set().union(*clips.values())
    for folder, there in clips.items():
        missing = sorted(everywhere - set(there))
        if missing:
            other = next(folder for folder, found in clips.items() if missing[0] in found)
            raise DataError(
                f"{folder} lacks {len(missing)} of {len(everywhere)} clips, such as "
                f"{missing[0]!r}, which {other} has; every system needs the same file names"
            )


def _clip(versions: list[_Version], name: str) -> tuple[list[np.ndarray | None], int, list[str]]:
    """Every version of a clip as it will be heard (None: it cannot be made), [T, C] each.

    Also returned: the sample rate, and remarks.
    """
    read: dict[Path, tuple[np.ndarray, AudioInfo]] = {}
    for version in versions:
        path = version.files[name]
        if path not in read:
            read[path] = read_audio(path)
            _check_same_form(next(iter(read.items())), (path, read[path]))
    sample_rate = next(iter(read.values()))[1].sample_rate
    sounds: dict[int, np.ndarray] = {}
    remarks = []
    for number, version in enumerate(versions):
        audio = read[version.files[name]][0]
        if version.cutoff_hz and not can_anchor(version.cutoff_hz, sample_rate):
            remarks.append(f"no {version.name}: there is nothing above at {sample_rate} Hz")
        else:
            sounds[number] = (
                low_pass(audio, sample_rate, version.cutoff_hz) if version.cutoff_hz else audio
            )
            if loudness(sounds[number], sample_rate) == SILENCE_LUFS:
                _check_may_be_silent(version, name)
                remarks.append(f"{version.name} is silent there, and stays so")
    matched, distance = match_loudness(list(sounds.values()), sample_rate)
    if distance > _FAR_LU:
        remarks.append(f"its versions were {distance:.0f} LU apart before they were matched")
    by_number = dict(zip(sounds, matched, strict=True))
    return [by_number.get(number) for number in range(len(versions))], sample_rate, remarks


def _check_same_form(
    first: tuple[Path, tuple[np.ndarray, AudioInfo]],
    other: tuple[Path, tuple[np.ndarray, AudioInfo]],
) -> None:
    def words(audio: np.ndarray, info: AudioInfo) -> str:
        return f"{len(audio)} samples in {info.channels} channel(s) at {info.sample_rate} Hz"

    described = [words(*version) for _, version in (first, other)]
    if described[0] != described[1]:
        raise DataError(
            f"{other[0]} has {described[1]}, and {first[0]} {described[0]}; all versions of a "
            "clip must agree, aligned in time: resample, cut or pad them first"
        )


def _check_may_be_silent(version: _Version, name: str) -> None:
    if version.role == "reference":
        raise DataError(
            f"{version.files[name]} is silent (nothing above -70 LUFS), and there is nothing to "
            "compare with a silent reference; leave this clip out of every folder"
        )


def _file_name(seed: int, clip: str, version: str) -> str:
    return f"audio/{hashlib.sha256(repr((seed, clip, version)).encode()).hexdigest()[:12]}.flac"


def _item(name: str, versions: list[_Version], files: list[str | None]) -> dict[str, Any]:
    roles = [version.role for version in versions]
    reference = files[roles.index("reference")] if "reference" in roles else None
    return {"name": name, "reference": reference, "sounds": files}


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """`aeolia.files.new_folder`, whose errors are said in words."""
    try:
        with new_folder(out) as folder:
            yield folder
    except OSError as error:
        if isinstance(error, FileExistsError) and out.exists():
            raise InputError(f"{out} is there already; name a new folder for the test") from error
        raise InputError(not_written(out, error)) from error
