"""The manifest and its split: read what was written, keep speakers and recordings together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from aeolia.data.corpus.manifest import (
    FULL_BAND_HZ,
    HELD_OUT,
    Row,
    read_manifest,
    recording_of,
    split_rows,
    trainable,
    with_splits,
    write_manifest,
)
from aeolia.errors import DataError

REAL = Path(__file__).parents[4] / "shared" / "data" / "manifest.csv"


def speakers(count: int, seconds: float = 10.0) -> list[Row]:
    return [
        Row(f"/x/{s}_{take}.wav", "speech", "made", f"s{s}", seconds)
        for s in range(count)
        for take in range(3)
    ]


def held_out_groups(rows: list[Row]) -> set[str]:
    return {recording_of(row) for row in rows if row.split in HELD_OUT}


def test_written_rows_are_read_back(tmp_path: Path) -> None:
    rows = [
        Row(str(tmp_path / "a/b.wav"), "speech", "made", "s1", 1.25, 16000, 8000.0, "train", "CC0"),
        Row("/elsewhere/n, 1.wav", "noise", "made", "fan", 2.0, 48000, 0.0, "choose"),
    ]
    write_manifest(tmp_path / "m.csv", rows)
    assert read_manifest(tmp_path / "m.csv") == rows
    assert "a/b.wav,speech" in (tmp_path / "m.csv").read_text()  # relative: a corpus can move
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_a_manifest_without_split_and_rate_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "path,kind,source,label,midi,seconds,bandwidth_hz,licence,original\n"
        "speech/a.opus,speech,x,103,,14.09,8000,CC BY 4.0,b.flac\n"
    )
    (row,) = read_manifest(tmp_path / "m.csv")
    assert row == Row(
        str(tmp_path / "speech/a.opus"), "speech", "x", "103", 14.09, 0, 8000.0, "", "CC BY 4.0"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no manifest at"),
        ("a,b\n1,2\n", "must name path and kind"),
        ("path,kind\n", "lists no recordings"),
        (
            "path,kind,split\na.wav,speech,test\n",
            "line 2: split is 'test'; it must be train, choose",
        ),
        (
            "path,kind\na.wav,speech\nb.wav,voice\n",
            "line 3: kind is 'voice'; it must be one of speech, noise, rir, note, drum, stem",
        ),
        ("path,kind,seconds\na.wav,speech,long\n", "line 2: seconds is 'long', not a number"),
        ("path,kind,seconds\na.wav,speech,nan\n", "seconds is 'nan', not a number from 0 up"),
        ("path,kind,midi\na.wav,note,-3\n", "midi is '-3', not a number from 0 up"),
        ("path,kind,sample_rate\na.wav,speech,inf\n", "sample_rate is 'inf', not a number"),
        (f"path,kind,seconds\na.wav,speech,{'9' * 400}\n", "seconds is '99999.*characters"),
        ("path,kind\n,speech\n", "line 2: path names no file"),
        ("path,kind\na\0.wav,speech\n", "line 2: path names no file|not CSV"),
        ("path,path,kind\na,b,speech\n", "line 1: not CSV .two columns of one name"),
        ("path,kind\na, b.wav,speech\n", "line 2: not CSV .more cells than columns; quote texts"),
        ('path,kind\n"a.wav,speech\nb.wav,speech\n', "line .: not CSV .unexpected end of data"),
        (f"path,kind\n{'a' * 200_000},speech\n", "line .: not CSV .*name a manifest"),
    ],
)
def test_a_bad_manifest_is_one_clear_error(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "m.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path / "m.csv")


def test_an_earlier_manifest_validated_on_what_is_now_for_choosing(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,kind,split\na.wav,speech,valid\nb.wav,speech,train\n")
    assert [row.split for row in read_manifest(tmp_path / "m.csv")] == ["choose", "train"]


def test_a_given_split_stays_and_takes_the_rest_of_its_speaker_along() -> None:
    rows = speakers(60)
    drawn = {row.label: row.split for row in split_rows(rows)}
    moved = next(label for label, split in drawn.items() if split == "train")
    rows = [
        replace(row, split="report" if row.path == f"/x/{moved[1:]}_1.wav" else "") for row in rows
    ]
    found = with_splits(rows)
    assert {row.label: row.split for row in found} == {**drawn, moved: "report"}
    assert with_splits(found, seed=5) == found


def test_of_two_groups_held_out_one_is_for_each_side() -> None:
    for seed in range(20):
        rows = split_rows(speakers(20), held_out=0.1, seed=seed)
        held = {row.label: row.split for row in rows if row.split in HELD_OUT}
        assert "choose" in held.values()
        assert ("report" in held.values()) == (len(held) > 1)


def test_no_speaker_is_on_both_sides() -> None:
    sides = defaultdict(set)
    for row in split_rows(speakers(60)):
        sides[row.label].add(row.split)
    assert all(len(split) == 1 for split in sides.values())
    assert {"train", "choose", "report"} == {split for splits in sides.values() for split in splits}


def test_the_share_held_out_is_about_what_was_asked() -> None:
    rows = split_rows(speakers(400), held_out=0.2)
    for split in HELD_OUT:
        assert 0.07 < sum(row.split == split for row in rows) / len(rows) < 0.13


def test_adding_files_moves_nobody() -> None:
    few, many = split_rows(speakers(100)), split_rows(speakers(160))
    before = {row.path: row.split for row in few}
    assert all(before.get(row.path, row.split) == row.split for row in many)


def test_the_seed_changes_the_split_and_repeats_it() -> None:
    rows = speakers(100)
    assert split_rows(rows, seed=1) == split_rows(rows, seed=1)
    assert held_out_groups(split_rows(rows, seed=1)) != held_out_groups(split_rows(rows, seed=2))


def test_even_two_speakers_leave_something_to_validate_on() -> None:
    assert len(held_out_groups(split_rows(speakers(2)))) == 1


def test_one_speaker_is_split_by_file() -> None:
    rows = [Row(f"/x/{n}.wav", "speech", "made", "alone", 5.0) for n in range(50)]
    assert {row.split for row in split_rows(rows)} == {"train", "choose", "report"}


def test_a_dominant_speaker_stays_in_train() -> None:
    for seed in range(30):
        rows = [*speakers(40), Row("/x/big.wav", "speech", "made", "big", 4000.0)]
        assert split_rows(rows, seed=seed)[-1].split == "train"


def test_full_band_speech_is_held_out_at_least_cost() -> None:
    rows = speakers(50)
    for name, seconds in (("long", 1200.0), ("short", 70.0), ("middle", 500.0)):
        rows.append(Row(f"/x/{name}.wav", "speech", "wide", name, seconds, 48000, 20000.0))
    rows = split_rows(rows, seed=3)
    wide = {row.label: row.split for row in rows if row.bandwidth_hz > FULL_BAND_HZ}
    assert wide["short"] in HELD_OUT
    assert "train" in wide.values()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("esc/1-187207-A-20.wav", "esc/1-187207-B-20.wav", True),
        ("esc/1_187207_a.opus", "esc/1_187207_c.opus", True),
        ("esc/1-187207-A-20.wav", "esc/2-187999-A-20.wav", False),
        ("fan_01.wav", "fan_02.wav", True),
        ("fan_01.wav", "street_01.wav", False),
        ("freesound_123456_0.wav", "freesound_123456_1.wav", True),
        ("freesound_123456_0.wav", "freesound_654321_0.wav", False),
    ],
)
def test_pieces_of_one_noise_recording_stay_together(one: str, other: str, together: bool) -> None:
    names = [recording_of(Row(f"/x/{p}", "noise", "made", "", 10.0)) for p in (one, other)]
    assert (names[0] == names[1]) is together


def test_short_noises_stay_with_their_class() -> None:
    keys = [Row(f"/x/{name}.wav", "noise", "kb", "keys", 0.1) for name in ("enter", "space")]
    assert recording_of(keys[0]) == recording_of(keys[1])
    assert recording_of(replace(keys[0], seconds=9.0)) != recording_of(keys[1])


@pytest.mark.parametrize(
    ("row", "free"),
    [
        (Row("a", "noise", "x", licence="CC0"), True),
        (Row("a", "noise", "x"), True),
        (Row("a", "noise", "x", licence="CC BY-SA 3.0"), False),
        (Row("a", "noise", "x", licence="CC0 or CC BY per file, collection CC BY-SA 4.0"), True),
        (Row("a", "rir", "auralizr_openair", licence=""), False),
    ],
)
def test_share_alike_recordings_are_left_out_of_training(row: Row, free: bool) -> None:
    assert trainable(row) is free


@pytest.mark.skipif(not REAL.is_file(), reason="the optional recordings are not here")
def test_the_real_manifest_splits_sensibly() -> None:
    rows = split_rows([r for r in read_manifest(REAL) if r.kind in ("speech", "noise", "rir")])
    for kind in ("speech", "noise"):
        total = sum(r.seconds for r in rows if r.kind == kind)
        valid = sum(r.seconds for r in rows if r.kind == kind and r.split in HELD_OUT)
        assert 0.03 < valid / total < 0.2
    held_out = {r.label for r in rows if r.kind == "speech" and r.split in HELD_OUT and r.label}
    assert not held_out & {r.label for r in rows if r.kind == "speech" and r.split == "train"}
    assert any(
        r.bandwidth_hz > FULL_BAND_HZ for r in rows if r.kind == "speech" and r.split in HELD_OUT
    )


@pytest.mark.parametrize("n_speakers", [5, 8, 30])
def test_no_more_is_held_out_than_twice_the_share(n_speakers: int) -> None:
    """A small corpus keeps what it learns from, whatever the hash and the full-band minute say."""
    for seed in range(20):
        rows = [
            Row(f"s{n}/{k}.wav", "speech", "own", f"s{n}", 5.0, 48000, 20000.0)
            for n in range(n_speakers)
            for k in range(2)
        ]
        held = [row for row in split_rows(rows, 0.1, seed) if row.split != "train"]
        assert 1 <= len({row.label for row in held}) <= max(1, n_speakers // 5)
