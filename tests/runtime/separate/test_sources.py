"""What people ask for, as conditions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import InputError
from aeolia.runtime.separate.sources import (
    file_label,
    is_partition,
    parse_source,
    parse_sources,
    stem_sources,
    with_rap,
)


def classes_of(text: str) -> set[str]:
    source = parse_source(text, CLASSES)
    assert source.condition.shape == (6,) and source.condition.dtype == np.float32
    assert set(source.condition) <= {0.0, 1.0}
    return {name for name, value in zip(CLASSES, source.condition, strict=True) if value}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_their_own_rows(name: str) -> None:
    assert classes_of(name) == classes_of(f" {name.upper()} ") == {name}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("music", "vocals drums bass other"),
        ("vocals+drums", "vocals drums"),
        ("Speech + noise", "speech noise"),
        ("voice", "speech vocals"),
        ("singing", "vocals"),
        ("guitar and bass", "other bass"),
        ("the bass guitar", "bass"),
        ("the drum beat & percussion", "drums"),
        ("guitars", "other"),  # not in the vocabulary: like "guitar"
        ("karaoke", "drums bass other"),
        ("dialogue with music", "speech vocals drums bass other"),
    ],
)
def test_sums_and_tags(text: str, expected: str) -> None:
    assert classes_of(text) == set(expected.split())


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.sampled_from(CLASSES), min_size=1))
def test_sums_are_unions(names: list[str]) -> None:
    assert classes_of("+".join(names)) == set(names)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("speach", "called 'speach'; did you mean 'speech'"),
        ("pinao", "did you mean 'piano'"),
        (
            "xyzzy",
            "called 'xyzzy'; name some of speech, .*, music, or a sum such as .*; words that stand "
            "for them are acapella, .*, guitar, .*, rap,",
        ),
        ("drums and xyzzy", r"called 'xyzzy' \(of 'drums and xyzzy'\)"),
        ("", "names nothing"),
        (" + ", "names nothing"),
        ("the", "names nothing"),
    ],
)
def test_what_cannot_be_read(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        parse_source(text, CLASSES)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=20))
def test_any_text_is_a_condition_or_an_error_in_words(text: str) -> None:
    try:
        assert classes_of(text)
    except InputError as error:
        assert "name some of" in str(error)


def test_models_with_other_classes() -> None:
    rooms = ("birds", "rain", "speech")
    assert list(parse_source("birds+rain", rooms).condition) == [1, 1, 0]
    assert list(parse_source("talking", rooms).condition) == [0, 0, 1]
    with pytest.raises(InputError, match="no source is called 'music'"):
        parse_source("music", rooms)
    # A class is itself, whatever the word stands for elsewhere.
    assert list(parse_source("rain", rooms).condition) == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kick", "kick"),
        ("bass drum", "kick"),
        ("kick drum and snare drum", "kick snare"),
        ("Snares + tom", "snare toms"),
        ("hi hat, hi-hats & hats", "hihat"),
        ("crash and ride", "cymbals"),
    ],
)
def test_parts_of_a_kit(text: str, expected: str) -> None:
    condition = parse_source(text, KIT).condition
    named = {name for name, value in zip(KIT, condition, strict=True) if value}
    assert named == set(expected.split())
    # They are no other word for all drums.
    with pytest.raises(InputError, match="name some of speech, vocals, drums, "):
        parse_source(text, CLASSES)


def test_several() -> None:
    one = parse_sources("speech", CLASSES)
    assert [source.name for source in one] == ["speech"]
    with pytest.raises(InputError, match="no source is requested"):
        parse_sources([], CLASSES)
    with pytest.raises(InputError, match="'Speech ?' is requested twice|'speech' is requested"):
        parse_sources(["speech", "Speech "], CLASSES)


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["speech", "music", "noise"], True),
        (list(CLASSES), True),
        (["music"], False),
        (["speech", "music", "noise", "drums"], False),
        (["speech+music+noise"], True),
    ],
)
def test_partition(texts: list[str], whole: bool) -> None:
    assert is_partition(parse_sources(texts, CLASSES)) is whole


def test_labels_are_parts_of_file_names() -> None:
    assert file_label("guitar and bass") == "guitar-and-bass"
    assert file_label("vocals+drums") == "vocals+drums"
    assert file_label("a/../b\\c:d") == "a-b-c-d"


@pytest.mark.parametrize(
    ("texts", "spoken"),
    [
        (["vocals"], ["vocals"]),
        (["vocals+drums", "bass"], ["vocals+drums"]),
        (["rap", "karaoke"], ["rap"]),
        (["vocals", "music"], ["vocals"]),  # a film's speech is not of its music
        (["vocals", "speech"], ["speech"]),
        (["singing", "dialogue with noise"], ["dialogue with noise"]),
        (["music", "noise"], []),
        (["drums", "bass"], []),
    ],
)
def test_a_rap_is_vocals_where_nobody_asks_for_speech(texts: list[str], spoken: list[str]) -> None:
    plain = parse_sources(texts, CLASSES)
    sources = with_rap(plain, CLASSES)
    assert [source.name for source in sources if source.condition[0]] == spoken
    for before, after in zip(plain, sources, strict=True):
        assert before.name == after.name
        assert after.condition.max() == 1.0
        assert before.condition[1:].tolist() == after.condition[1:].tolist()


def test_a_rap_is_what_other_models_call_it() -> None:
    for classes in (("vocals", "drums", "bass", "other"), ("speech", "vocals", "noise")):
        (vocals,) = with_rap(parse_sources(["vocals"], classes), classes)
        assert vocals.condition.sum() == 1.0


def test_stems_hold_every_class_once() -> None:
    sources = stem_sources(CLASSES)
    assert [source.name for source in sources] == ["vocals", "drums", "bass", "other"]
    assert is_partition(sources)
    vocals, *_, other = (source.condition.tolist() for source in sources)
    assert vocals == [1, 1, 0, 0, 0, 0] and other == [0, 0, 0, 0, 1, 1]
    assert is_partition(stem_sources(("vocals", "drums", "bass", "other")))
    for classes in (("speech", "noise"), ("vocals", "drums", "bass", "other", "dogs")):
        with pytest.raises(InputError, match="stems are vocals, drums, bass, other, and this"):
            stem_sources(classes)
