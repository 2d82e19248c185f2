"""The gallery: clips become sound and pictures, and its pages show each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from handbook import gallery


def test_a_clip_becomes_sound_and_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "CLIPS", {"fan": gallery.CLIPS["fan"]})
    gallery.make(tmp_path)
    assert len(list(tmp_path.iterdir())) == 6
    lengths = {soundfile.info(path).frames for path in tmp_path.glob("*.opus")}
    assert lengths == {soundfile.info(gallery.EXAMPLES_FOLDER / "fan.noisy.wav").frames}
    assert all(path.stat().st_size < 150_000 for path in tmp_path.iterdir())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_every_clip(language: str) -> None:
    page = gallery.page(language)
    for clip, shown in gallery.CLIPS.items():
        assert f"{{ #{clip} }}" in page
        assert page.count(f"sounds/{clip}-") == 2 * len(shown.labels)
