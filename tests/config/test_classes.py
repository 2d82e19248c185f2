"""The classes of sound: released separators were trained on their order."""

from __future__ import annotations

from aeolia.config.classes import CLASSES, MUSIC, STEMS
from aeolia.runtime.catalogue import load


def test_the_order_is_that_of_the_released_models() -> None:
    assert CLASSES == ("speech", "vocals", "drums", "bass", "other", "noise")
    assert load("separate", "separate").config.classes == CLASSES


def test_music_is_the_stems_of_a_song() -> None:
    assert set(MUSIC) == set(STEMS) == set(CLASSES) - {"speech", "noise"}
