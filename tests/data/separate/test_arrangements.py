"""Arrangements: notes of the right pitch at the right time, cached, splits kept apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeolia.data.cache import cache_folder
from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.data.separate.arrangements import (
    Instruments,
    _add_notes,
    arrangement_pool,
    drum_role,
    render_clip,
)
from aeolia.data.separate.scores import ArrangedNote
from made.music import hit_rows, note_rows

RATE = 16000


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    return [*note_rows(folder), *hit_rows(folder)]


@pytest.fixture(scope="module")
def instruments(rows: list[Row], folder: Path) -> Instruments:
    return Instruments(AudioPool.from_manifest(rows, RATE, speeds=(1.0,)))


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("36_ludwig26kick_4_wav", "kick"),
        ("samples_hihat_open_wav", "open"),
        ("samples_hihatclosed_13_hihatclosed_flac", "closed"),
        ("14a_basic_oh_sn_vl11", "snare"),
        ("samples_ridelbell_3", "ride"),
        ("samples_china_1", "crash"),
        ("samples_tom4_10", "tom"),
        ("samples_bongos_1", "hand"),
        ("thing", "hand"),
    ],
)
def test_roles_are_read_from_names(name: str, role: str) -> None:
    assert drum_role(Row(f"/x/{name}.opus", "drum", "kit", name)) == role


def test_a_note_sounds_at_its_pitch_and_time(instruments: Instruments) -> None:
    """Shifted, for no piano note was made at MIDI 62; nothing before it."""
    audio = np.zeros(2 * RATE, np.float32)
    note = ArrangedNote(62, 0.5, 1.0, 0.0)
    rng = np.random.default_rng(0)
    _add_notes(audio, instruments, ("made_piano", "piano"), [note], 0.0, rng)
    assert np.abs(audio[: int(0.49 * RATE)]).max() == 0.0
    onset = np.argmax(np.abs(audio) > 0.1) / RATE
    assert onset == pytest.approx(0.5, abs=0.01)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 18))
    peak_hz = np.argmax(spectrum) * RATE / (1 << 18)
    assert 12 * np.log2(peak_hz / 440.0) + 69 == pytest.approx(62.0, abs=0.4)


def test_what_an_instrument_cannot_reach_moves_by_octaves(instruments: Instruments) -> None:
    rng = np.random.default_rng(0)
    _, shift = instruments.note(("made_piano", "piano"), 100, rng)
    assert shift == 0.0  # 88 is there
    _, shift = instruments.note(("made_electric_bass", "electric_bass"), 70, rng)
    assert abs(shift) <= 7.0
    assert instruments.note(("made_electric_bass", "electric_bass"), 110, rng) is None


@pytest.mark.parametrize("label", ["vocals", "drums", "bass", "other"])
def test_every_class_is_rendered_and_seeded(instruments: Instruments, label: str) -> None:
    def clip(seed: int) -> tuple[np.ndarray, float]:
        return render_clip(instruments, label, 6.0, np.random.default_rng(seed))

    for seed in range(3):
        audio, reach_hz = clip(seed)
        assert audio.shape == (6 * RATE,) and audio.dtype == np.float32
        assert np.isfinite(audio).all() and 0.0 < reach_hz <= RATE / 2
        seconds = np.abs(audio.reshape(6, -1)).max(1)
        assert (seconds > 0.01).sum() >= 4
        assert np.array_equal(audio, clip(seed)[0])
    assert not np.array_equal(clip(1)[0], clip(2)[0])


def test_what_was_not_recorded_is_played_by_what_was(folder: Path) -> None:
    """Snares alone still make grooves and hand patterns that sound."""
    snares = [row for row in hit_rows(folder / "snares") if "snare" in row.label]
    pool = AudioPool.from_manifest(snares, RATE, speeds=(1.0,))
    for seed in range(6):
        audio, _ = render_clip(Instruments(pool), "drums", 6.0, np.random.default_rng(seed))
        assert np.abs(audio).max() > 0.1


def test_bass_lies_below_other(instruments: Instruments) -> None:
    def low_share(label: str) -> float:
        audio, _ = render_clip(instruments, label, 10.0, np.random.default_rng(5))
        power = np.square(np.abs(np.fft.rfft(audio)))
        hz = np.fft.rfftfreq(len(audio), 1 / RATE)
        return power[hz < 150.0].sum() / power.sum()

    assert low_share("bass") > 0.5 > low_share("other")


def test_the_pool_is_made_once_and_from_one_split(
    rows: list[Row], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = [replace(row, split="choose") if row.midi > 60 else row for row in rows]
    played: list[set[float]] = []
    original = Instruments.__init__

    def spy(self: Instruments, pool: AudioPool) -> None:
        played.append({row.midi for row in pool.rows})
        original(self, pool)

    monkeypatch.setattr(Instruments, "__init__", spy)
    pools = {
        split: arrangement_pool(held_out, split, "other", 0.3, RATE, 0)
        for split in ("train", "choose")
    }
    assert max(played[0]) <= 60 < min(played[1])
    train, valid = pools["train"], pools["choose"]
    assert train is not None and valid is not None
    assert train.seconds == pytest.approx(20.0) and {r.label for r in train.rows} == {"other"}
    assert not np.array_equal(train.samples, valid.samples)
    assert np.abs(train.samples.astype(np.int32)).max() <= 32767 * 0.901
    made = {path: path.stat().st_mtime_ns for path in cache_folder().glob("arranged-*")}
    again = arrangement_pool(held_out, "train", "other", 0.3, RATE, 0)
    assert again is not None and np.array_equal(train.samples, again.samples)
    assert made == {path: path.stat().st_mtime_ns for path in cache_folder().glob("arranged-*")}


def test_nothing_to_play_is_no_pool(rows: list[Row], folder: Path) -> None:
    notes = [row for row in rows if row.kind == "note" and row.label == "piano"]
    assert arrangement_pool(notes, "train", "bass", 0.5, RATE, 0) is None
    assert arrangement_pool(notes, "train", "drums", 0.5, RATE, 0) is None
    assert arrangement_pool(notes, "choose", "other", 0.5, RATE, 0) is None
