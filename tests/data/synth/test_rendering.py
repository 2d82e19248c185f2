"""Notes that a soundfont plays: which there are, how they are called, and that they are learned."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from aeolia.config import SynthConfig
from aeolia.data.songs.soundfont import read_soundfont
from aeolia.data.synth.files import find_notes
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import read_notes
from aeolia.data.synth.rendering import MANIFEST, Grid, render_notes
from aeolia.errors import DataError
from aeolia.training.synth.task import gather_notes
from made.tiny_soundfont import write_soundfont

pytestmark = pytest.mark.skipif(
    shutil.which("fluidsynth") is None, reason="needs the program fluidsynth"
)
GRID = Grid((57, 69, 81), (50, 110), (100,), held_seconds=0.6)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("played")
    font = read_soundfont(write_soundfont(folder / "tiny.sf2", programs=(0, 119)))
    render_notes(folder / "notes", [(font, GRID)], "CC0")
    return folder / "notes"


def test_every_note_and_key_is_there_under_general_midis_name(played: Path) -> None:
    with (played / MANIFEST).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    notes = [row for row in rows if row["kind"] == "note"]
    assert {row["label"] for row in notes} == {"acoustic_grand_piano", "reverse_cymbal"}
    assert len(notes) == 2 * 3 * 2
    drums = {row["label"] for row in rows if row["kind"] == "drum"}
    assert len(drums) == 47 and {"bass_drum_1", "open_triangle"} <= drums
    assert {row["licence"] for row in rows} == {"CC0"}
    assert {row["source"] for row in notes} == {"Tiny"}
    assert all((played / row["path"]).is_file() for row in rows)


def test_notes_are_in_tune_and_louder_where_they_are_struck_harder(played: Path) -> None:
    folder = played / "tiny" / "000_acoustic_grand_piano"
    soft, loud = (soundfile.read(folder / f"069_{v:03d}.flac")[0] for v in (50, 110))
    assert np.abs(loud).max() > 2 * np.abs(soft).max()
    part = loud[4800:][:24000]
    peak = np.abs(np.fft.rfft(part * np.hanning(len(part)), 480000)).argmax()
    assert peak / 10 == pytest.approx(440.0, abs=1.0)
    assert len(loud) == pytest.approx(0.605 * 48000, abs=2)


def test_a_second_run_leaves_what_is_there(played: Path) -> None:
    file = played / "tiny" / "000_acoustic_grand_piano" / "069_050.flac"
    before = file.stat().st_mtime_ns
    font = read_soundfont(played.parent / "tiny.sf2")
    render_notes(played, [(font, GRID)], "CC0")
    assert file.stat().st_mtime_ns == before


def test_a_pitch_that_is_not_heard_counts_as_it_was_asked_for(tmp_path: Path) -> None:
    # Three semitones above its label.
    gong = 0.3 * np.sin(2 * np.pi * 311.1 * np.arange(48000) / 48000)
    soundfile.write(tmp_path / "gong.wav", gong, 48000)
    head = "path,kind,label,midi,pitch_is_exact\n"
    for exact, left in ((1, 1), (0, 0)):
        (tmp_path / "notes.csv").write_text(f"{head}gong.wav,note,gong,60,{exact}\n")
        files = find_notes(tmp_path / "notes.csv")
        if left:
            (note,) = read_notes(files, SynthConfig()).notes
            assert note.midi == 60.0 and np.ptp(note.pitch_hz) == 0.0
            assert note.pitch_hz[0] == pytest.approx(261.6256, rel=1e-5)
        else:
            with pytest.raises(DataError, match="pitch doubtful"):
                read_notes(files, SynthConfig())


def test_recordings_join_general_midis_instruments_if_asked(tmp_path: Path) -> None:
    times = np.arange(24000) / 48000
    for midi in (57, 60, 63, 66):
        tone = np.exp(-3 * times) * sum(
            np.sin(2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * k * times) / k for k in (1, 2, 3)
        )
        soundfile.write(tmp_path / f"piano_{midi:03d}.wav", 0.3 * tone, 48000)
    for asked, name in ((True, "acoustic_grand_piano"), (False, "piano")):
        mix = NoteMixConfig(least_notes=1, general_midi=asked)
        assert gather_notes(tmp_path, SynthConfig(), mix).instruments == (name,)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    font = write_soundfont(tmp_path / "tiny.sf2", programs=(5,))
    out = tmp_path / "notes"
    told = ["data", "notes", "--out", f"{out}", "--soundfont", f"{font}", "--step", "24"]
    assert run([*told, "--velocity", "100", "-j", "1"]) == 0
    assert "programs and drum keys" in capsys.readouterr().out
    assert {file.instrument for file in find_notes(out / MANIFEST)} == {"electric_piano_2"}
    assert run(["data", "notes", "--out", f"{out}", "--soundfont", f"{tmp_path / 'no.sf2'}"]) == 2
    assert "no soundfont at" in capsys.readouterr().err
