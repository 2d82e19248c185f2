"""Corpora whose folders mean something: speaker, class and kind read from a path.

`describe(relative path)` asks each known layout in turn; the first that recognises the path
answers. Whatever none recognises belongs to a plain folder: the folder a file lies in is its label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from aeolia.config.classes import STEMS
from aeolia.errors import DataError
from aeolia.files import read_rows

__all__ = [
    "LAYOUTS",
    "PathFacts",
    "describe",
    "describe_stem",
    "esc50_classes",
    "named_class",
    "song_folders",
]


@dataclass(frozen=True)
class PathFacts:
    """What a path says about a recording.

    `kind` "" means that the path does not say. `split` is set where a corpus has its own test
    part. `skip` says why a recording is no material for training, "" where it is. `source` is
    the song of a stem.
    """

    layout: str
    kind: str
    label: str
    split: str = ""
    skip: str = ""
    source: str = ""


def _librispeech(path: PurePath) -> PathFacts | None:
    """speaker/chapter/speaker-chapter-utterance.flac"""
    match = re.fullmatch(r"(\d+)-(\d+)-\d+", path.stem)
    if match and path.parts[-3:-1] == match.groups():
        return PathFacts("LibriSpeech", "speech", match[1])
    return None


def _voicebank(path: PurePath) -> PathFacts | None:
    """clean_trainset_*/pNNN_NNN.wav with noisy_trainset_* beside, and the same as testset."""
    folder = path.parts[-2].lower() if len(path.parts) > 1 else ""
    match = re.match(r"(clean|noisy)_(train|test)set", folder)
    if not match:
        return None
    return PathFacts(
        "VoiceBank-DEMAND",
        "speech",
        path.stem.split("_")[0],
        split="report" if match[2] == "test" else "",
        skip="noisy copy of a clean recording" if match[1] == "noisy" else "",
    )


def _vctk(path: PurePath) -> PathFacts | None:
    """wav48*/pNNN/pNNN_NNN[_micN].flac"""
    if len(path.parts) < 2:
        return None
    speaker = path.parts[-2]
    if not re.fullmatch(r"[ps]\d{1,3}", speaker) or not path.stem.startswith(f"{speaker}_"):
        return None
    second = path.stem.endswith("_mic2")
    return PathFacts("VCTK", "speech", speaker, skip="second microphone" if second else "")


def _dns_challenge(path: PurePath) -> PathFacts | None:
    """datasets*/{clean,noise,impulse_responses}*/...; readers are named in the file's name."""
    parts = [part.lower() for part in path.parts[:-1]]
    # A folder given as .../datasets_fullband itself leaves its name out of the path.
    kinds = (("clean", "speech"), ("noise", "noise"), ("impulse_responses", "rir"))
    known = any(part.startswith("datasets") for part in parts) or "impulse_responses" in parts
    if not known:
        return None
    for start, kind in kinds:
        if any(part.startswith(start) for part in parts):
            reader = re.search(r"reader_(\d+)", path.stem)
            label = reader[1] if reader else ""
            return PathFacts("DNS-Challenge", kind, label if kind == "speech" else "")
    return None


def _esc50(path: PurePath) -> PathFacts | None:
    """fold-recording-take-class.wav"""
    match = re.fullmatch(r"[1-5]-\d+-[A-Z]-(\d+)", path.stem)
    return PathFacts("ESC-50", "noise", f"class {match[1]}") if match else None


def _librimix(path: PurePath) -> PathFacts | None:
    """{train-*,dev,test}/{mix_clean,mix_both,mix_single,s1,s2,s3,noise}/UTTERANCE_UTTERANCE.wav"""
    utterances = path.stem.split("_")
    if len(path.parts) < 2 or len(utterances) < 2:
        return None
    if not all(re.fullmatch(r"\d+-\d+-\d+", utterance) for utterance in utterances):
        return None
    folder = path.parts[-2]
    set_name = path.parts[-3] if len(path.parts) > 2 else ""
    split = "choose" if set_name == "dev" else ""
    skip = "kept for evaluation" if set_name == "test" else ""
    if match := re.fullmatch(r"s([1-9])", folder):
        index = int(match[1]) - 1
        if index < len(utterances):
            speaker = utterances[index].split("-")[0]
            return PathFacts("LibriMix", "speech", speaker, split, skip)
    if folder == "noise":
        return PathFacts("LibriMix", "noise", "", split, skip)
    if folder.startswith("mix_"):
        return PathFacts(
            "LibriMix", "speech", "", skip="a mixture; its sources are used themselves"
        )
    return None


LAYOUTS: tuple[Callable[[PurePath], PathFacts | None], ...] = (
    _librimix,
    _librispeech,
    _voicebank,
    _vctk,
    _dns_challenge,
    _esc50,
)

#: Words in the names of folders that give the kind where no layout does.
_KIND_WORDS = {
    "rir": r"rirs?|impulse[ _-]?responses?|brirs?",
    "noise": r"noises?|ambien\w*|background\w*|musan|demand|wham\w*",
    "speech": r"speech|voices?|speakers?|clean|utterances|dialogue|vocals?",
}

#: Folder names that say nothing about who or what was recorded.
_DULL_FOLDERS = {"wav", "wavs", "flac", "audio", "clips", "data", "train", "test", "valid", "dev"}


def describe(path: PurePath, above: PurePath = PurePath()) -> PathFacts:
    """What a path relative to the scanned folder says.

    `above` is the scanned folder's own name and what is known of the folders it lies in.
    """
    whole = above / path
    for layout in LAYOUTS:
        if facts := layout(whole):
            return facts
    kind = ""
    for part in reversed(whole.parts[:-1]):
        words = re.split(r"[^a-z]+", part.lower())
        for name, pattern in _KIND_WORDS.items():
            if not kind and any(re.fullmatch(pattern, word) for word in words):
                kind = name
    folders = [part for part in path.parts[:-1] if part.lower() not in _DULL_FOLDERS]
    return PathFacts("plain folder", kind, folders[-1] if folders else "")


def song_folders(files: Iterable[Path]) -> set[Path]:
    """Folders that hold a song's stems: two or more files named vocals, drums, bass or other."""
    stems: dict[Path, set[str]] = {}
    for file in files:
        if file.stem.lower() in STEMS:
            stems.setdefault(file.parent, set()).add(file.stem.lower())
    return {folder for folder, names in stems.items() if len(names) >= 2}


def describe_stem(path: PurePath) -> PathFacts:
    """What the path of a file in a song's folder says, relative to the scanned folder.

    [train|test]/SONG/{mixture,vocals,drums,bass,other}.wav, which is MUSDB18-HQ's layout.
    """
    name, song = path.stem.lower(), path.parent.name or "song"
    skip = ""
    if name in ("mixture", "mix"):
        skip = "the sum of its stems, which are used themselves"
    elif name not in STEMS:
        skip = f"no stem; stems are named {', '.join(STEMS)}"
    split = "report" if "test" in (part.lower() for part in path.parts[:-2]) else ""
    return PathFacts("songs with stems", "stem", name, split, skip, source=song)


#: Words in the names of folders that hold one class of sound each.
_CLASS_WORDS = {
    "speech": r"speech|voices?|speakers?|dialog(ue)?s?|talk|talking",
    "vocals": r"vocals?|singing|singers?|acapellas?",
    "drums": r"drums?|percussion|beats?",
    "bass": r"bass(es)?|basslines?",
    "other": r"other|instruments?|guitars?|pianos?|keys|keyboards?|synths?|strings|brass|winds",
    "noise": r"noises?|ambien\w*|backgrounds?|sfx|effects|machines?",
}


def named_class(folder: str) -> str:
    """The class of sound that a folder's name gives: its first word that gives one, or ""."""
    for word in re.split(r"[^a-z]+", folder.lower()):
        for name, pattern in _CLASS_WORDS.items():
            if re.fullmatch(pattern, word):
                return name
    return ""


def esc50_classes(root: Path) -> dict[str, str]:
    """Class names by file name, from meta/esc50.csv where the folder has it."""
    table = root / "meta" / "esc50.csv"
    if not table.is_file():
        return {}
    _, rows = read_rows(table, "table of ESC-50", DataError)
    return {
        row["filename"]: row["category"]
        for row in rows
        if row.get("filename") and row.get("category")
    }
