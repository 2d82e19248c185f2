"""`aeolia synth, transfer, shift, morph, encode, decode`: outputs, codes, a line for each fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from made.midi_bytes import midi_file, track


@pytest.fixture
def call(
    synth_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)

    def command(name: str, *arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([name, "--model", str(synth_folder / "notes.onnx"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def fails(result: tuple[int, str, str], match: str) -> None:
    """Exit code 2, one line, and no file left beside those the test made."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("aeolia: ") and err.count("\n") == 1
    assert match in err


def write_tone(name: str, hz: float = 220.0, seconds: float = 0.8, rate: int = 44100) -> None:
    time = np.arange(round(seconds * rate)) / rate
    audio = 0.1 * sum(np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 7))
    soundfile.write(name, audio, rate)


def names(folder: str = ".") -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file())


def test_a_note(call: Callable) -> None:
    code, out, err = call(
        "synth",
        "-i",
        "alto_sax",
        "--pitch",
        "A4",
        "--velocity",
        "90",
        "--seconds",
        "0.5",
        "-o",
        "note.wav",
    )
    assert (code, err) == (0, "")
    assert out == "note.wav: alto_sax, A4 (69), velocity 90, 0.5 s\n"
    info = soundfile.info("note.wav")
    assert (info.frames, info.samplerate, info.channels) == (24000, 48000, 1)


def test_samples_have_numbers(call: Callable) -> None:
    arguments = ("synth", "-i", "piano", "-s", "0.1", "--sample", "10", "--seed", "1", "-o")
    assert call(*arguments, "a.wav", "-q")[:2] == (0, "")
    assert names() == [f"a-{n:02d}.wav" for n in range(1, 11)]
    assert call(*arguments, "b/a.flac")[0] == 0
    first, second = (soundfile.read(f"a-{n}.wav")[0] for n in ("01", "02"))
    assert not np.array_equal(first, second)
    again, _ = soundfile.read("b/a-01.flac")
    np.testing.assert_array_equal(first, again)


def test_words(call: Callable) -> None:
    code, out, _ = call("synth", "--text", "bright plucked low", "-s", "0.1", "-o", "a.wav")
    assert code == 0 and out.startswith("a.wav: double_bass, A#1 (34)")


def test_list(call: Callable) -> None:
    code, out, _ = call("synth", "--list")
    assert code == 0
    assert "alto_sax     49 to 81 (C#3 to A5)" in out
    assert "words for --text: alto, alto_sax, bass, blown, bright" in out


def test_a_pitch_out_of_range_is_warned_about(call: Callable) -> None:
    code, out, err = call("synth", "-i", "alto_sax", "-p", "20", "-s", "0.1", "-o", "a.wav")
    assert code == 0 and out.startswith("a.wav: ")
    assert err.startswith("aeolia: G#0 is far outside what alto_sax was learned from")


SONG = midi_file(
    track((0, bytes([0xC0, 0])), (0, bytes([0x90, 60, 90])), (480, bytes([0x80, 60, 0]))),
    track((0, bytes([0xC1, 32])), (0, bytes([0x91, 40, 90])), (480, bytes([0x81, 40, 0]))),
    track((0, bytes([0x99, 36, 90])), (48, bytes([0x89, 36, 0]))),
)


def test_a_score(call: Callable, synth_folder: Path) -> None:
    Path("song.mid").write_bytes(SONG)
    code, out, err = call(
        "synth",
        "--midi",
        "song.mid",
        "--map",
        "1=piano",
        "-o",
        "song.flac",
        "--drums",
        str(synth_folder / "drums.onnx"),
    )
    assert (code, err) == (0, "")
    assert out.startswith("song.mid -> song.flac: 3 notes, ")
    assert "; 1=piano, 2=double_bass, 10=drums" in out
    # The kick rings on, six seconds in this model.
    assert 6.0 < soundfile.info("song.flac").duration < 8.0


def test_a_loud_score_is_lowered_and_said_so(call: Callable, synth_folder: Path) -> None:
    keys = range(40, 88)
    chord = track(
        *((0, bytes([0x90, key, 127])) for key in keys),
        *((480, bytes([0x80, key, 0])) for key in keys),
    )
    Path("loud.mid").write_bytes(midi_file(chord))
    code, out, _ = call("synth", "--midi", "loud.mid", "-o", "loud.wav")
    assert code == 0 and "lowered by" in out and "because its peak was +" in out
    assert np.abs(soundfile.read("loud.wav")[0]).max() < 0.9


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("-i", "piano"), "no output is named"),
        (("-o", "x.wav"), "no instrument is named"),
        (("-i", "pianno", "-o", "x.wav"), "did you mean 'piano'"),
        (("-i", "piano", "-p", "H4", "-o", "x.wav"), "the pitch 'H4' is none"),
        (("-i", "piano", "-p", "300", "-o", "x.wav"), "beyond what can be played"),
        (("-i", "piano", "-v", "0", "-o", "x.wav"), "velocity is 0"),
        (("-i", "piano", "-s", "-1", "-o", "x.wav"), "seconds is -1"),
        (("-i", "piano", "--sample", "-1", "-o", "x.wav"), "samples is -1"),
        (("-i", "piano", "--sample", "2", "-o", "-"), "takes one note"),
        (("--text", "brigth", "-o", "x.wav"), "did you mean 'bright'"),
        (("-i", "piano", "-o", "old.wav"), "old.wav: already exists; add --overwrite"),
        (("-i", "piano", "-o", "x.doc"), "'.doc' tells no audio format"),
        (("--midi", "none.mid", "-o", "x.wav"), "none.mid: no such MIDI file"),
        (("--midi", "old.wav", "-o", "x.wav"), "not a MIDI file"),
        (("--midi", "half.mid", "-o", "x.wav"), "a damaged MIDI file: truncated"),
        (("--midi", "song.mid", "-o", "old.wav"), "already exists"),
        (("--midi", "song.mid", "-i", "piano", "-o", "x.wav"), "--instrument is for single notes"),
        (("--midi", "song.mid", "--map", "1:piano", "-o", "x.wav"), "write channel=instrument"),
        (("--midi", "song.mid", "--map", "1=pinao", "-o", "x.wav"), "did you mean 'piano'"),
        (("--midi", "song.mid", "--map", "7=piano", "-o", "x.wav"), "names channel 7, on which"),
        (("--midi", "song.mid", "--map", "99=piano", "-o", "x.wav"), "channels are 1 to 16"),
        (("-i", "piano", "--map", "1=piano", "-o", "x.wav"), "--map is for scores"),
        (("-i", "piano", "--dry", "-o", "x.wav"), "--dry is for scores"),
        (("--midi", "song.mid", "--dry", "--mono", "-o", "x.wav"), "--dry and --mono were both"),
    ],
)
def test_faults_of_synth(call: Callable, arguments: tuple[str, ...], match: str) -> None:
    write_tone("old.wav")
    Path("song.mid").write_bytes(SONG)
    Path("half.mid").write_bytes(SONG[:12])
    before = names()
    result = call("synth", *arguments)
    if "-o" in arguments and arguments[-1] == "-":
        assert result[0] == 2
    else:
        fails(result, match)
    assert names() == before


def test_an_instrument_for_samplers(call: Callable) -> None:
    code, out, err = call("synth", "-i", "piano", "--keys", "C4:D#4", "--sfz", "to/piano")
    assert (code, err) == (0, "")
    assert out.startswith("to/piano: piano, keys 60 to 63, 8 samples (0 with loops), ")
    expected = [
        f"piano-{key}-v{top}.flac" for key in ("061", "063") for top in ("031", "063", "095", "127")
    ]
    assert names("to/piano") == sorted([*expected, "piano.sfz"])
    # Again, of other keys: what was there before is replaced as a whole, if it is asked for.
    fails(call("synth", "-i", "piano", "--keys", "60:61", "--sfz", "to/piano"), "--overwrite")
    assert names("to/piano") == sorted([*expected, "piano.sfz"])
    again = ("synth", "-i", "piano", "--keys", "60:61", "--sfz", "to/piano", "--overwrite")
    assert call(*again)[0] == 0
    assert [name for name in names("to/piano") if "060" in name] and len(names("to/piano")) == 5
    Path("to/piano/diary.txt").write_text("mine")
    mine = names("to/piano")
    fails(call(*again), "it holds more than an SFZ and its samples")
    assert names("to/piano") == mine


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((), "the range '70' is none; write lowest:highest"),
        (("--keys", "C5:C4"), "ends below its start"),
        (("--keys", "H4:C5"), "the pitch 'H4' is none"),
        (("--keys", "C4:200"), "beyond what can be played"),
        (("--keys", "60.5:70"), "whole semitones"),
        (("--sample", "2"), "--sample of several timbres is not for --sfz"),
        (("-p", "60"), "--pitch is not for --sfz"),
        (("-o", "x.wav"), "--output is not for --sfz"),
        (("--midi", "song.mid"), "--midi is not for --sfz"),
        (("--text", "low piano"), "how low, high, soft or loud"),
        (("--timbre", "none.npz"), "none.npz"),
        (("-i", "pianno"), "did you mean 'piano'"),
        (("--sfz", "-"), "name a folder"),
        (("--sfz", "file.txt"), "file.txt: is there already"),
    ],
)
def test_faults_of_samplers(call: Callable, arguments: tuple[str, ...], match: str) -> None:
    Path("file.txt").write_text("mine")
    usual = () if "--keys" in arguments else ("--keys", "70" if not arguments else "60:60")
    where = () if "--sfz" in arguments else ("--sfz", "new")
    who = () if {"-i", "--timbre"} & set(arguments) else ("-i", "piano")
    fails(call("synth", *who, *usual, *where, *arguments), match)
    assert names() == ["file.txt"]
    fails(call("synth", "-i", "piano", "--keys", "60:61", "-o", "x.wav"), "give it with --sfz")


class TestRecordings:
    """Commands that listen, which need the tracker."""

    @pytest.fixture(autouse=True)
    def tracker(self) -> None:
        pytest.importorskip("swift_f0")

    def test_transfer(self, call: Callable) -> None:
        write_tone("in.wav")
        code, out, err = call("transfer", "in.wav", "--to", "piano", "-o", "out.wav")
        assert (code, err) == (0, "")
        assert out.startswith("in.wav -> out.wav: piano, 0.8 s in ")
        assert soundfile.info("out.wav").frames == soundfile.info("in.wav").frames

    def test_shift(self, call: Callable) -> None:
        write_tone("in.wav")
        for formants in ("keep", "move"):
            code, out, _ = call(
                "shift",
                "in.wav",
                "--semitones",
                "-4",
                "--formants",
                formants,
                "-o",
                f"{formants}.wav",
            )
            assert code == 0
            assert out == f"in.wav -> {formants}.wav: -4 semitones, formants {formants}\n"

    def test_morph(self, call: Callable) -> None:
        write_tone("a.wav", 220)
        write_tone("b.wav", 330)
        assert call("morph", "a.wav", "b.wav", "--steps", "3", "-o", "between")[0] == 0
        assert names("between") == ["morph-1.wav", "morph-2.wav", "morph-3.wav"]
        code, out, err = call("morph", "a.wav", "b.wav", "-o", "glide.wav")
        assert code == 0 and "a glide of 0.8 s" in out + err
        fails(call("morph", "a.wav", "b.wav", "-o", "between"), "already exists")
        fails(call("morph", "a.wav", "b.wav", "--steps", "1", "-o", "new"), "between 2 and 999")
        assert not Path("new").exists()

    def test_encode_and_decode(self, call: Callable) -> None:
        write_tone("in.wav")
        code, out, _ = call("encode", "in.wav", "-o", "in.npz")
        assert code == 0 and out.startswith("in.wav -> in.npz: 1 timbres of 4 values, 80 frames")
        assert call("decode", "in.npz", "-o", "again.wav")[0] == 0
        first, again = (soundfile.info(name) for name in ("in.wav", "again.wav"))
        assert (first.frames, first.samplerate) == (again.frames, again.samplerate)
        fails(call("decode", "in.wav", "-o", "x.wav"), "in.wav: not an encoding")

    def test_faults(self, call: Callable) -> None:
        soundfile.write("noise.wav", 0.1 * np.random.default_rng(0).standard_normal(48000), 48000)
        write_tone("in.wav")
        Path("there.npz").write_bytes(b"kept")
        before = names()
        fails(call("transfer", "noise.wav", "--to", "piano", "-o", "x.wav"), "no pitch was found")
        fails(call("transfer", "in.wav", "--to", "tuba", "-o", "x.wav"), "no instrument 'tuba'")
        fails(call("transfer", "in.wav", "--to", "piano", "-o", "noise.wav"), "already exists")
        fails(call("transfer", "none.wav", "--to", "piano", "-o", "x.wav"), "none.wav")
        fails(call("transfer", "-", "--to", "piano", "-o", "x.wav"), "a pipe cannot")
        fails(
            call("transfer", "in.wav", "--to", "piano", "--transpose", "99", "-o", "x.wav"),
            "transpose is 99",
        )
        fails(call("shift", "in.wav", "-s", "99", "-o", "x.wav"), "semitones is 99")
        fails(
            call("shift", "in.wav", "-s", "1", "--formants", "up", "-o", "x.wav"),
            "one of keep, move",
        )
        fails(call("shift", "noise.wav", "-s", "1", "-o", "x.wav"), "no pitch was found")
        fails(call("encode", "in.wav", "-o", "noise.wav"), "ending in .npz")
        fails(call("encode", "in.wav", "-o", "there.npz"), "already exists")
        assert Path("there.npz").read_bytes() == b"kept"
        assert names() == before
