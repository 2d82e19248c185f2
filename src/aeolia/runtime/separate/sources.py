"""The sources that a user names, in words, as the model's condition.

    "speech"            one class
    "music"             vocals + drums + bass + other
    "vocals+drums"      a sum of classes
    "guitar and bass"   a tag in free text: words that stand for classes
    "kick", "hi-hat"    parts of a drum kit, of a model that tells them apart

Each word of a tag is looked up in a vocabulary. A word that is not there stands for the one whose
letters are most similar to its own ("guitars", "drumms"), compared by hashed groups of three
letters; when none is similar enough, that is an error which names the nearest.
"""

from __future__ import annotations

import difflib
import functools
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.config.classes import MUSIC, STEMS
from aeolia.errors import InputError

__all__ = [
    "Source",
    "file_label",
    "is_partition",
    "parse_source",
    "parse_sources",
    "stem_sources",
    "with_rap",
]

#: The stems without the voice.
_BAND = tuple(name for name in STEMS if name != "vocals")

#: What counts as what in a song: a rap is sung, and applause is no fifth stem.
_SONG = {
    **{stem: (stem,) for stem in STEMS},
    "vocals": ("vocals", "speech"),
    "other": ("other", "noise"),
}

#: Classes -> words that stand for them, beside the names of the classes themselves.
_VOCABULARY: dict[tuple[str, ...], str] = {
    ("speech",): "talk talking speaking spoken speaker dialogue dialog narration narrator",
    ("speech", "vocals"): "voice voices human",
    ("vocals",): "vocal singing singer sing choir acapella rap",
    ("drums",): "drum percussion beat beats",
    ("kick",): "bass-drum",
    ("toms",): "tom",
    ("hihat",): "hi-hat hats",
    ("cymbals",): "crash ride",
    ("bass",): "bassline bass-guitar double-bass",
    ("other",): "guitar piano keyboard keys synth synthesiser strings violin cello flute brass "
    "trumpet saxophone organ harp",
    _BAND: "accompaniment instruments instrumental karaoke backing",
    ("noise",): "ambience traffic wind hum hiss rumble fan engine crowd street rain",
    MUSIC: "music song band",
}

#: Two words that mean something else than each alone.
_PHRASES = {
    "bass guitar": "bass-guitar",
    "double bass": "double-bass",
    "bass drum": "bass-drum",
    "kick drum": "kick",
    "snare drum": "snare",
    "hi hat": "hi-hat",
    "hi hats": "hi-hat",
}

#: Words of a tag that name nothing.
_FILLERS = {"a", "all", "an", "and", "of", "plus", "the", "with"}

#: Cosine of hashed letters above which an unknown word stands for a known one.
_SIMILAR = 0.6
_HASH_SIZE = 512


@dataclass(frozen=True, eq=False)
class Source:
    """One output of a separator."""

    #: As the user called it: the key of the result.
    name: str
    #: [K]: multi-hot over a model's classes, or a voice's unit vector.
    condition: np.ndarray


def parse_sources(texts: Sequence[str], classes: Sequence[str]) -> list[Source]:
    """The conditions for several sources of a model with these `classes`.

    Raises:
        InputError: no source, one that cannot be read, or one that is requested twice.
    """
    if isinstance(texts, str):
        texts = [texts]
    if not texts:
        raise InputError(f"no source is requested; name some of {_choice(classes)}")
    sources = [parse_source(text, classes) for text in texts]
    labels = [file_label(source.name) for source in sources]
    for source, label in zip(sources, labels, strict=True):
        if labels.count(label) > 1:
            raise InputError(f"the source {source.name!r} is requested twice; name it once")
    return sources


def stem_sources(classes: Sequence[str]) -> list[Source]:
    """The conditions of a song's four stems, which hold every class of the model once.

    Speech counts as vocals and noise as other, so that the stems sum to the song.

    Raises:
        InputError: the model lacks a stem, or has a class that belongs to none.
    """
    homeless = set(classes) - {name for names in _SONG.values() for name in names}
    if homeless or not set(STEMS) <= set(classes):
        raise InputError(
            f"stems are {', '.join(STEMS)}, and this model tells {', '.join(classes)} apart; name "
            f"sources of its own, or use the model 'separate'"
        )
    return [
        Source(stem, np.array([name in own for name in classes], np.float32))
        for stem, own in _SONG.items()
    ]


def with_rap(sources: Sequence[Source], classes: Sequence[str]) -> list[Source]:
    """Vocals with speech in them, where nobody asks for speech.

    To the model a rap is more speech than vocals, and who wants a song's voice wants both. Who does
    not asks for speech beside the vocals: then each is what it is called. Music as a whole stays
    without speech, which in a film is not its own; so do models that know no songs.
    """
    if not {"speech", *STEMS} <= set(classes):
        return list(sources)
    whole = np.array([name in MUSIC for name in classes])
    speech, vocals = classes.index("speech"), classes.index("vocals")
    if any(source.condition[speech] for source in sources):
        return list(sources)
    rap = np.array([name == "speech" for name in classes], np.float32)
    return [
        Source(source.name, source.condition + rap)
        if source.condition[vocals] and not source.condition[whole].all()
        else source
        for source in sources
    ]


def parse_source(text: str, classes: Sequence[str]) -> Source:
    """The multi-hot condition [len(classes)] for a class, a sum of them, or a tag.

    Raises:
        InputError: a word that stands for none of the `classes`, naming the nearest.
    """
    words = re.split(r"[\s+,&/]+", text.strip().lower())
    chosen: set[str] = set()
    for word in _with_phrases([word for word in words if word and word not in _FILLERS]):
        chosen |= _classes_of(word, text, classes)
    if not chosen:
        raise InputError(f"the source {text!r} names nothing; name some of {_choice(classes)}")
    condition = np.array([name in chosen for name in classes], np.float32)
    return Source(text.strip(), condition)


def is_partition(sources: Sequence[Source]) -> bool:
    """Whether multi-hot conditions hold every class exactly once: the sources are the mixture."""
    return bool(np.all(np.sum([source.condition for source in sources], axis=0) == 1.0))


def file_label(name: str) -> str:
    """A source's name as a part of a file's name: "guitar and bass" -> "guitar-and-bass"."""
    return re.sub(r"[^\w+]+", "-", name.strip().lower()).strip("-")


def _with_phrases(words: list[str]) -> list[str]:
    text = " ".join(words)
    for phrase, word in _PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", word, text)
    return text.split()


def _classes_of(word: str, text: str, classes: Sequence[str]) -> set[str]:
    known = _known_words(classes)
    nearest = word
    if word not in known:
        letters = _hashed_letters(word)
        similarity = {name: float(letters @ _hashed_letters(name)) for name in known}
        nearest = max(similarity, key=lambda name: similarity[name])
        if similarity[nearest] < _SIMILAR:
            near = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
            hint = f"did you mean {near[0]!r}? " if near else ""
            called = repr(text) if word == text.strip().lower() else f"{word!r} (of {text!r})"
            words = ", ".join(sorted(set(known) - set(classes) - {"music"}))
            raise InputError(
                f"no source is called {called}; {hint}name some of {_choice(classes)}; words that "
                f"stand for them are {words}"
            )
    return set(known[nearest])


def _known_words(classes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Word -> classes, for the words whose classes the model has, and the classes' own names."""
    words = {
        word: names
        for names, words in _VOCABULARY.items()
        if set(names) <= set(classes)
        for word in words.split()
    }
    return {**words, **{name.lower(): (name,) for name in classes}}


@functools.lru_cache(maxsize=256)
def _hashed_letters(word: str) -> np.ndarray:
    """Unit vector of how often each group of three letters is in the word, ends included."""
    vector = np.zeros(_HASH_SIZE)
    for start in range(len(word)):
        group = f"^{word}$"[start : start + 3]
        vector[zlib.crc32(group.encode()) % _HASH_SIZE] += 1.0
    norm = np.linalg.norm(vector)
    return vector / norm if norm else vector


def _choice(classes: Sequence[str]) -> str:
    music = ["music"] if set(MUSIC) <= set(classes) else []
    example = f", or a sum such as {classes[0]}+{classes[1]}" if len(classes) > 1 else ""
    return ", ".join([*classes, *music]) + example
