"""Scanning: layouts are known, every problem is found and said in words, splits hold."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path, PurePath

import numpy as np
import pytest
import soundfile

from aeolia.data.corpus.layouts import describe
from aeolia.data.corpus.manifest import Row, read_manifest, write_manifest
from aeolia.data.corpus.scan import PROBLEMS, Scan, load_rows, scan
from aeolia.errors import DataError
from made.recordings import noise_like, voice_like, write

RATE = 16000


def problems(found: Scan) -> dict[str, set[str]]:
    by_kind = defaultdict(set)
    for problem, path, _ in found.problems:
        by_kind[problem].add(path)
    return dict(by_kind)


@pytest.mark.parametrize(
    ("path", "layout", "kind", "label"),
    [
        ("train-clean-100/19/198/19-198-0001.flac", "LibriSpeech", "speech", "19"),
        ("198/19/19-198-0001.flac", "plain folder", "", "19"),
        ("wav48/p225/p225_001.wav", "VCTK", "speech", "p225"),
        ("wav48_silence_trimmed/p225/p225_001_mic1.flac", "VCTK", "speech", "p225"),
        ("clean_trainset_28spk_wav/p226_001.wav", "VoiceBank-DEMAND", "speech", "p226"),
        ("datasets_fullband/noise_fullband/abc_1.wav", "DNS-Challenge", "noise", ""),
        (
            "datasets/clean/read_speech/book_1_chp_2_reader_07_3.wav",
            "DNS-Challenge",
            "speech",
            "07",
        ),
        ("datasets/impulse_responses/SLR26/r1.wav", "DNS-Challenge", "rir", ""),
        ("audio/1-100032-A-0.wav", "ESC-50", "noise", "class 0"),
        ("my noises/fan/one.wav", "plain folder", "noise", "fan"),
        ("speakers/anna/wavs/one.wav", "plain folder", "speech", "anna"),
        ("one.wav", "plain folder", "", ""),
    ],
)
def test_layouts_are_recognised(path: str, layout: str, kind: str, label: str) -> None:
    facts = describe(PurePath(path))
    assert (facts.layout, facts.kind, facts.label) == (layout, kind, label)
    assert not facts.skip


def test_layouts_know_what_not_to_train_on() -> None:
    assert describe(PurePath("noisy_trainset_wav/p226_001.wav")).skip
    assert describe(PurePath("wav48_silence_trimmed/p225/p225_001_mic2.flac")).skip
    assert describe(PurePath("clean_testset_wav/p232_001.wav")).split == "report"


def test_speakers_of_a_librispeech_tree_are_split(tmp_path: Path) -> None:
    for speaker in range(12):
        for take in range(2):
            audio = voice_like(0.6, RATE, 90.0 + 10 * speaker, seed=take)
            write(tmp_path / f"{speaker}/7/{speaker}-7-{take:04d}.flac", audio, RATE)
    found = scan(tmp_path)
    assert len(found.rows) == 24 and not found.problems
    sides = defaultdict(set)
    for row in found.rows:
        sides[row.label].add(row.split)
        assert row.kind == "speech" and row.sample_rate == RATE and row.seconds == 0.6
    assert len(sides) == 12 and all(len(side) == 1 for side in sides.values())
    assert {"train"} in sides.values() and {"choose"} in sides.values()
    assert any("12 speakers" in line for line in found.words())
    assert "no problems found" in found.words()
    assert scan(tmp_path).rows == found.rows


def test_every_problem_is_found_and_said(tmp_path: Path) -> None:
    good = voice_like(1.0, RATE)
    good = np.round(good * 32768).astype(np.int16).astype(np.float32) / 32768
    write(tmp_path / "good.wav", np.int16(good * 32768), RATE)
    write(tmp_path / "other.wav", voice_like(1.0, RATE, 200.0), RATE)
    write(tmp_path / "same.flac", np.int16(good * 32768), RATE)
    write(tmp_path / "rate.wav", voice_like(1.0, 44100), 44100)
    write(tmp_path / "short.wav", good[:1000], RATE)
    write(tmp_path / "silent.wav", np.zeros(RATE, np.float32), RATE)
    write(tmp_path / "clipped.wav", np.clip(20 * good, -0.9, 0.9), RATE)
    write(tmp_path / "zero.wav", good[:0], RATE)
    nan = good.copy()
    nan[5] = np.nan
    soundfile.write(tmp_path / "nan.wav", nan, RATE, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("this is not audio at all")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.txt").write_text("not looked at")
    write(tmp_path / "noisy_trainset_wav/p1_1.wav", voice_like(1.0, RATE, 300.0), RATE)
    found = scan(tmp_path)
    assert {Path(row.path).name for row in found.rows} == {"good.wav", "other.wav", "rate.wav"}
    assert problems(found) == {
        "unreadable": {"text.wav", "empty.wav"},
        "not finite": {"nan.wav"},
        "too short": {"short.wav", "zero.wav"},
        "silent": {"silent.wav"},
        "clipped": {"clipped.wav"},
        "duplicate": {"same.flac"},
        "skipped": {"noisy_trainset_wav/p1_1.wav"},
        "mixed rates": {"rate.wav"},
    }
    text = "\n".join(found.words())
    assert all(problem in text for problem in PROBLEMS)
    assert "same as good.wav" in text and "44100 Hz" in text
    assert "no speaker is named" in text and "taken as speech" in text


def test_loud_recordings_without_flat_tops_are_not_called_clipped(tmp_path: Path) -> None:
    voice = voice_like(2.0, RATE)
    write(tmp_path / "loud.wav", voice / np.abs(voice).max(), RATE)
    tone = np.sin(2 * np.pi * 110.0 * np.arange(RATE) / RATE).astype(np.float32)
    write(tmp_path / "tone.wav", tone, RATE)
    assert not scan(tmp_path).problems


def test_the_bandwidth_is_measured(tmp_path: Path) -> None:
    import soxr

    up = soxr.resample(noise_like(2.0, 16000), 16000, 48000)
    write(tmp_path / "noise/up.wav", up, 48000)
    write(tmp_path / "noise/full.wav", noise_like(2.0, 48000), 48000)
    reach = {Path(row.path).stem: row.bandwidth_hz for row in scan(tmp_path).rows}
    assert 7000 < reach["up"] < 8100 and reach["full"] == 24000


def test_esc50_classes_come_from_its_table(tmp_path: Path) -> None:
    for index in range(3):
        name = f"audio/{index + 1}-10{index}32-A-0.wav"
        write(tmp_path / name, noise_like(0.5, RATE, seed=index), RATE)
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/esc50.csv").write_text(
        "filename,fold,target,category\n1-10032-A-0.wav,1,0,dog\n"
    )
    found = scan(tmp_path)
    assert {row.kind for row in found.rows} == {"noise"}
    assert {row.label for row in found.rows} == {"dog", "class 0"}


def test_the_kind_can_be_given(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", noise_like(0.2, RATE), RATE)
    assert scan(tmp_path, kind="noise").rows[0].kind == "noise"
    with pytest.raises(DataError, match="kind 'music' is unknown"):
        scan(tmp_path, kind="music")


def test_a_useless_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone does not exist; name a folder"):
        scan(tmp_path / "gone")
    (tmp_path / "file.wav").write_text("x")
    with pytest.raises(DataError, match="file.wav is a file"):
        scan(tmp_path / "file.wav")
    with pytest.raises(DataError, match="can be used: 1 unreadable"):
        scan(tmp_path)
    (tmp_path / "file.wav").unlink()
    with pytest.raises(DataError, match="holds no audio files"):
        scan(tmp_path)


def test_load_rows_scans_or_reads_a_manifest(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"speech/s{number}/a.wav", voice_like(0.6, RATE, seed=number), RATE)
        write(tmp_path / f"noise/n{number}.wav", noise_like(0.6, RATE, seed=number), RATE)
    scanned, words, _ = load_rows(tmp_path / "speech", "speech")
    assert len(scanned) == 4 and "4 speakers" in words[0]
    listed = [
        Row(str(path), path.parts[len(tmp_path.parts)], "made", path.stem, 0.6, licence=licence)
        for path, licence in zip(
            sorted(tmp_path.glob("*/**/*.wav")), ["CC BY-SA"] + ["CC0"] * 7, strict=True
        )
    ]
    write_manifest(tmp_path / "manifest.csv", listed)
    noise, words, left_out = load_rows(tmp_path / "noise", "noise")
    assert len(noise) == 3 and "left out, licence: 1: n0.wav (CC BY-SA)" in words
    assert left_out == [(str(tmp_path / "noise" / "n0.wav"), "licence", "CC BY-SA")]
    assert {row.split for row in noise} == {"train", "choose"}
    assert load_rows(tmp_path / "manifest.csv", "noise")[0] == noise
    assert len(load_rows(tmp_path)[0]) == 7
    assert len(read_manifest(tmp_path / "manifest.csv")) == 8
    with pytest.raises(DataError, match="no usable rir"):
        load_rows(tmp_path / "manifest.csv", "rir")


@pytest.mark.skipif(sys.platform != "linux", reason="names there are any bytes")
def test_names_that_are_no_utf8_and_pipes(tmp_path: Path) -> None:
    speakers = [tmp_path / os.fsdecode(b"in/speech/s\xdb%d" % number) for number in range(6)]
    for number, folder in enumerate(speakers):
        folder.mkdir(parents=True)
        path = os.fsencode(folder) + b"/\xff.wav"
        soundfile.write(path, voice_like(1.0, RATE, 100.0 + number, seed=number), RATE)
    os.mkfifo(tmp_path / "in/speech/pipe.wav")
    found = scan(tmp_path / "in")
    assert len(found.rows) == 6
    assert found.problems == [("unreadable", "speech/pipe.wav", "a pipe, socket or device")]
    write_manifest(tmp_path / "manifest.csv", found.rows)
    rows = read_manifest(tmp_path / "manifest.csv")
    assert [row.path for row in rows] == [row.path for row in found.rows]
    assert {row.label for row in rows} == {folder.name for folder in speakers}
