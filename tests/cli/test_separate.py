"""`aeolia separate`: outputs, what it says, exit codes, and one line for every bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from made.tiny_separators import tone, write_separator, write_voice_encoder

SOURCE = Path(__file__).parents[2] / "src"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
ALL_THREE = ("-s", "speech", "-s", "music", "-s", "noise")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("mix.wav", noise(16000, 2), 16000)
    for name in ("alice", "bob"):
        soundfile.write(f"{name}.wav", tone(name, 4), 16000)
    return tmp_path


Result = tuple[int, str, str]


@pytest.fixture
def call(separators: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def separate(*arguments: str) -> Result:
        capsys.readouterr()
        model = separators / ("speaker.onnx" if "--speaker" in str(arguments) else "classes.onnx")
        code = run(["separate", "--model", str(model), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return separate


def noise(length: int, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((length, channels))


def fails(result: Result, match: str) -> None:
    """Exit code 2 and one line."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("aeolia: ") and err.count("\n") == 1
    assert match in err


def names(folder: Path) -> list[str]:
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return [name for name in found if name not in ("mix.wav", "alice.wav", "bob.wav")]


def read(name: str) -> np.ndarray:
    return soundfile.read(name)[0]


def test_sources_sum(folder: Path, call: Callable) -> None:
    code, out, err = call("mix.wav", *ALL_THREE, "-o", "parts")
    assert (code, err) == (0, "")
    assert out.startswith("mix.wav -> parts/mix.speech.wav (-8.0 dB), parts/mix.music.wav (-6.0 dB")
    assert names(folder) == ["parts/mix.music.wav", "parts/mix.noise.wav", "parts/mix.speech.wav"]
    np.testing.assert_allclose(read("parts/mix.speech.wav"), 0.4 * read("mix.wav"), atol=2e-5)
    total = sum(read(f"parts/mix.{name}.wav") for name in ("speech", "music", "noise"))
    np.testing.assert_allclose(total, read("mix.wav"), atol=1e-9)


def test_beside_the_input_with_the_rest(folder: Path, call: Callable) -> None:
    soundfile.write("song.flac", noise(4000, 2), 44100)
    assert call("song.flac", "--source", "vocals + drums", "--rest", "--quiet") == (0, "", "")
    assert names(folder) == ["song.flac", "song.rest.flac", "song.vocals-+-drums.flac"]
    total = read("song.rest.flac") + read("song.vocals-+-drums.flac")
    np.testing.assert_allclose(total, read("song.flac"), atol=1e-9)


def test_speaker_and_background(folder: Path, call: Callable) -> None:
    soundfile.write("meet.wav", tone("alice", 2) + 0.3 * tone("bob", 2), 16000)
    code, out, err = call("meet.wav", "--speaker", "alice.wav", "-o", "out")
    assert code == 0 and err == "" and out.count("\n") == 1
    assert names(folder / "out") == ["meet.background.wav", "meet.speaker.wav"]
    assert "meet.speaker.wav (-0.3 dB, confidence 0.97" in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_absent_speaker_is_said(folder: Path, call: Callable, form: str) -> None:
    options = ["mix.wav", "--speaker", "bob.wav", "-o", "out"]
    if form == "text":
        _, out, _ = call(*options)
        assert "mix.wav: the speaker seems absent: the output is silent" in out.splitlines()[1]
    else:
        content = json.loads(call(*options, "--json")[1])
        assert content["speaker"]["clip"] == "bob.wav"
        outputs = content["files"][0]["outputs"]
        assert [(o["name"], o["absent"]) for o in outputs] == [
            ("speaker", True),
            ("background", False),
        ]
    assert np.abs(read("out/mix.speaker.wav")).max() < 1e-3


def test_a_source_that_is_hardly_there_is_said(folder: Path, call: Callable) -> None:
    _, out, _ = call("mix.wav", "-s", "speech", "-s", "vocals", "-o", "parts")
    assert (
        "mix.wav: the model found hardly any vocals, there or not: the output is 26 dB below the "
        "mixture"
    ) in out


def test_stems_sum_and_take_speech_and_noise_along(folder: Path, call: Callable) -> None:
    code, out, err = call("mix.wav", "--stems", "-o", "parts")
    assert (code, err, out.count("\n")) == (0, "", 1)
    stems = ("vocals", "drums", "bass", "other")
    assert names(folder) == sorted(f"parts/mix.{stem}.wav" for stem in stems)
    # Speech counts as vocals, noise as other: 0.4 + 0.05 and 0.2 + 0.1 of everything.
    np.testing.assert_allclose(read("parts/mix.vocals.wav"), 0.45 * read("mix.wav"), atol=5e-5)
    total = sum(read(f"parts/mix.{stem}.wav") for stem in stems)
    np.testing.assert_allclose(total, read("mix.wav"), atol=1e-9)


def test_four_sources_that_are_no_whole_song_are_remarked_on(folder: Path, call: Callable) -> None:
    four = [word for stem in ("vocals", "drums", "bass", "other") for word in ("-s", stem)]
    _, out, _ = call("mix.wav", *four, "-o", "parts")
    said = "mix.wav: noise was not requested, so the outputs do not sum to the song; stems do"
    assert said in out
    np.testing.assert_allclose(read("parts/mix.vocals.wav"), 0.45 * read("mix.wav"), atol=5e-5)
    for whole in (["--rest"], ["-s", "noise"], ["-s", "speech", "-s", "noise"]):
        _, out, _ = call("mix.wav", *four, *whole, "-o", "".join(whole))
        assert "not requested" not in out


def test_saved_voices(folder: Path, call: Callable) -> None:
    code, out, _ = call("--speaker", "alice.wav", "--save-voice", "alice.voice")
    assert code == 0 and out == "alice.wav -> alice.voice: a voice, from 4.0 s\n"
    call("mix.wav", "--speaker", "alice.voice", "-o", "a")
    call("mix.wav", "--speaker", "alice.wav", "-o", "b", "--save-voice", "again.voice", "--json")
    assert read("a/mix.speaker.wav").tolist() == read("b/mix.speaker.wav").tolist()
    assert Path("again.voice").read_text() == Path("alice.voice").read_text()
    fails(call("--speaker", "bob.wav", "--save-voice", "alice.voice"), "already exists")


def test_several_clips_of_one_voice(folder: Path, call: Callable) -> None:
    soundfile.write("later.flac", tone("alice", 2, 44100), 44100)
    both = ("--speaker", "alice.wav", "--speaker", "later.flac")
    code, out, err = call(*both, "--save-voice", "alice.voice")
    assert (code, err) == (0, "")
    assert out == "alice.wav, later.flac -> alice.voice: a voice, from 6.0 s\n"
    assert call("mix.wav", *both, "-o", "a")[0] == 0
    call("mix.wav", "--speaker", "alice.voice", "-o", "b")
    assert read("a/mix.speaker.wav").tolist() == read("b/mix.speaker.wav").tolist()
    code, _, err = call("mix.wav", "--speaker", "alice.wav", "--speaker", "bob.wav", "-o", "c")
    assert code == 0 and "alice.wav and bob.wav: seem to be of two voices" in err
    fails(call(*both, "--save-voice", "later.flac", "--overwrite"), "later.flac")
    fails(call("--speaker", "bob.wav", "--save-voice", "bob.wav", "--overwrite"), "name another")
    assert soundfile.info("later.flac").frames == 88200


def test_a_voice_from_the_mixture_itself(folder: Path, call: Callable) -> None:
    for own, other in (("alice", "bob"), ("bob", "alice")):
        talk = np.concatenate([tone(own, 3), tone(other, 3), tone(own, 1) + tone(other, 1)])
        soundfile.write(f"meet-{own}.wav", talk, 16000)
    mixtures = ("meet-alice.wav", "meet-bob.wav")
    code, _, err = call(*mixtures, "--speaker-from", "0:00-0:03", "-o", "out")
    assert (code, err) == (0, "")
    for own in ("alice", "bob"):  # each mixture holds its own voice
        call(f"meet-{own}.wav", "--speaker", f"{own}.wav", "-o", "clip")
        found, wanted = (read(f"{where}/meet-{own}.speaker.wav") for where in ("out", "clip"))
        np.testing.assert_allclose(found, wanted, atol=2e-3)
    _, out, _ = call("meet-bob.wav", "--speaker-from", "1-2.5", "-o", "short")
    assert "meet-bob.wav from 1 to 2.5 s: 1.5 s long" in out


def test_bad_stretches(folder: Path, call: Callable) -> None:
    soundfile.write("pause.wav", np.concatenate([np.zeros(32000), tone("alice", 1)]), 16000)
    for stretch, match in (
        ("3", "no stretch of a recording"),
        ("0:03-0:0x", "no stretch of a recording"),
        ("0:08-0:03", "ends before it starts"),
        ("0:02-1:00", "ends before 60 s"),
        ("9:00-9:04", "ends before 544 s"),
        ("0-2", "silent; 2 to 30 s"),
    ):
        code, _, err = call("pause.wav", "--speaker-from", stretch, "-o", "out")
        assert code == 2 and match in err and err.count("\n") == 1, err
    both = ("--speaker-from", "0-1", "--speaker", "alice.wav")
    fails(call("pause.wav", *both), "--speaker and --speaker-from were given")
    code, _, err = call("-", "--speaker-from", "0-1")
    assert code == 2 and "a pipe is read once" in err
    assert not Path("out").exists()


def test_odd_clips_are_warned_about(folder: Path, call: Callable) -> None:
    soundfile.write("short.wav", tone("alice", 1.0), 16000)
    soundfile.write("two.wav", np.concatenate([tone("alice", 4), tone("bob", 4)]), 16000)
    for clip, words in (("short.wav", "1.0 s long"), ("two.wav", "several voices")):
        code, _, err = call("mix.wav", "--speaker", clip, "-o", clip[:3])
        assert code == 0 and err.startswith(f"aeolia: warning: {clip}: ") and words in err
        assert call("mix.wav", "--speaker", clip, "-o", f"{clip}q", "-q") == (0, "", "")


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_folders_keep_their_tree(folder: Path, call: Callable, jobs: str) -> None:
    for name in ("in/a.wav", "in/b/c.flac", "in/b/d/e.ogg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(name, noise(4000), 16000)
    assert call("in", "-r", "-o", "out", "-s", "speech", "--jobs", jobs)[0] == 0
    assert names(folder / "out") == ["a.speech.wav", "b/c.speech.flac", "b/d/e.speech.ogg"]
    # Beside their inputs, and not taken for inputs when it is done again.
    for _ in range(2):
        assert call("in", "-r", "-s", "speech", "--overwrite")[0] == 0
    assert len(names(folder / "in")) == 6


def test_a_batch_does_the_good_ones(folder: Path, call: Callable) -> None:
    Path("in").mkdir()
    soundfile.write("in/a.wav", noise(4000), 16000)
    Path("in/empty.wav").touch()
    code, _, err = call("in", "missing.wav", "-o", "out", *ALL_THREE)
    assert code == 1
    assert names(folder / "out") == ["a.music.wav", "a.noise.wav", "a.speech.wav"]
    assert err.splitlines()[-1] == (
        "aeolia: 1 of 3 files separated, 2 failed (their reasons are above)"
    )


def test_pipes(folder: Path, separators: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "aeolia",
        "separate",
        "-",
        "-s",
        "speech",
        "-m",
        str(separators / "classes.onnx"),
    ]
    mixture = Path("mix.wav").read_bytes()
    done = subprocess.run(command, input=mixture, capture_output=True, env=ENVIRONMENT, timeout=60)
    assert done.returncode == 0, done.stderr
    Path("piped.wav").write_bytes(done.stdout)
    np.testing.assert_allclose(read("piped.wav"), 0.4 * read("mix.wav"), atol=2e-5)
    done = subprocess.run(
        [*command, "--rest", "-o", "out"],
        input=mixture,
        env=ENVIRONMENT,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )
    assert done.returncode == 0
    assert names(folder / "out") == ["stdin.rest.wav", "stdin.speech.wav"]


def test_an_interrupt_leaves_nothing(folder: Path, separators: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "aeolia",
            "separate",
            "-",
            "-o",
            "out",
            *ALL_THREE,
            "-m",
            str(separators / "classes.onnx"),
        ],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(Path("mix.wav").read_bytes()[:40_000])
    process.stdin.flush()
    deadline = time.monotonic() + 50
    while len(names(folder)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len([name for name in names(folder) if ".partial-" in name]) == 3
    process.send_signal(signal.SIGINT)
    message = process.stderr.read()
    assert process.wait(20) == 130
    assert message == b"aeolia: interrupted; no partial output was left\n"
    assert names(folder) == []
    process.stdin.close()


# Bad input


def test_bad_requests(folder: Path, call: Callable) -> None:
    fails(call("mix.wav"), "nothing to take out was given; add --source")
    fails(call(), "no mixture to separate was given")
    fails(call("mix.wav", "-s", "speach"), "did you mean 'speech'")
    fails(call("mix.wav", "-s", "speech", "-s", "speech"), "requested twice")
    fails(call("mix.wav", "-s", "speech", "--speaker", "alice.wav"), "give one of them")
    fails(call("mix.wav", "-s", "speech", "--save-voice", "x.voice"), "add --speaker CLIP")
    fails(call("mix.wav", *ALL_THREE, "-o", "-"), "3 outputs (speech, music, noise) do not fit")
    fails(call("mix.wav", "-s", "speech", "-o", "mix.wav"), "is a file, and a folder is needed")
    assert names(folder) == []


def test_bad_mixtures(folder: Path, call: Callable) -> None:
    Path("empty.wav").touch()
    Path("text.wav").write_text("Dear diary, " * 50)
    Path("cut.wav").write_bytes(Path("mix.wav").read_bytes()[:9000])
    soundfile.write("zero.wav", noise(0), 16000)
    bad = noise(90_000)
    bad[80_000] = np.inf
    soundfile.write("inf.wav", bad, 16000, "FLOAT")
    for name, match in (
        ("none.wav", "no such file"),
        ("empty.wav", "empty (0 bytes)"),
        ("text.wav", "not a readable audio file"),
        ("cut.wav", "truncated"),
        ("zero.wav", "0 samples"),
        ("inf.wav", "sample 80000 of channel 0"),
    ):
        fails(call(name, *ALL_THREE, "-o", "out"), match)
    assert not Path("out").exists() or names(folder / "out") == []
    soundfile.write("one.wav", noise(1), 16000)
    assert call("one.wav", *ALL_THREE, "-o", "out")[0] == 0
    assert soundfile.info("out/one.music.wav").frames == 1


def test_outputs_that_exist(folder: Path, call: Callable) -> None:
    Path("mix.music.wav").write_text("mine")
    fails(call("mix.wav", *ALL_THREE), "mix.music.wav: already exists; add --overwrite")
    assert names(folder) == ["mix.music.wav"]
    assert call("mix.wav", *ALL_THREE, "--overwrite")[0] == 0


def test_bad_speakers(folder: Path, call: Callable, separators: Path) -> None:
    soundfile.write("silent.wav", np.zeros(48000), 16000)
    soundfile.write("blip.wav", tone("alice", 0.2), 16000)
    Path("text.wav").write_text("no audio")
    Path("odd.voice").write_text("{")
    call("--speaker", "alice.wav", "--save-voice", "mine.voice")
    damaged = Path("mine.voice").read_text().replace("0.9", "0.8", 1)
    Path("damaged.voice").write_text(damaged)
    for name, match in (
        ("none.wav", "no such file"),
        ("none.voice", "no such voice file"),
        ("silent.wav", "silent.wav: silent; 2 to 30 s"),
        ("blip.wav", "0.20 s long; 2 to 30 s"),
        ("text.wav", "not a readable audio file"),
        ("odd.voice", "not a readable voice file"),
        ("damaged.voice", "a damaged voice file"),
    ):
        fails(call("mix.wav", "--speaker", name, "-o", "out"), match)
    assert not Path("out").exists()


def test_bad_models(folder: Path, separators: Path, gain_model: Path, capsys) -> None:
    other = write_separator(folder / "other.onnx", "speaker")
    write_voice_encoder(other, version="2")
    assert (
        run(["separate", "-m", str(other), "--speaker", "alice.wav", "--save-voice", "other.voice"])
        == 0
    )
    classes, speaker = str(separators / "classes.onnx"), str(separators / "speaker.onnx")
    (folder / "broken.onnx").write_bytes(b"broken")
    for arguments, match in (
        (["-m", str(gain_model), "-s", "speech"], "a model for the task 'denoise'; 'separate'"),
        (["-m", speaker, "-s", "speech"], "takes a speaker's voice, and sources by name came"),
        (["-m", classes, "--speaker", "other.voice"], "takes sources by name"),
        (["-m", classes, "--speaker", "alice.wav"], "no voice encoder lies beside"),
        (["-m", speaker, "--speaker", "other.voice"], "made for the model 'other', and 'speaker'"),
        (["-m", "broken.onnx", "-s", "speech"], "not a readable ONNX model"),
        (["-m", "none.onnx", "-s", "speech"], "no such model file"),
    ):
        capsys.readouterr()
        code = run(["separate", "mix.wav", *arguments, "-o", "out"])
        captured = capsys.readouterr()
        fails((code, captured.out, captured.err), match)
    assert not Path("out").exists()
    assert run(["denoise", "mix.wav", "-m", classes]) == 2
    assert "task 'separate'; 'denoise' needs" in capsys.readouterr().err


def test_a_second_run_skips_what_has_all_its_outputs(folder: Path, call: Callable) -> None:
    soundfile.write("other.wav", noise(4000), 16000)
    assert call("mix.wav", "-s", "speech", "-s", "music", "-o", "parts")[0] == 0
    again = ("mix.wav", "other.wav", "-s", "speech", "-s", "music", "-o", "parts")
    code, out, err = call(*again, "--skip-existing")
    assert code == 0 and out.startswith("other.wav -> ")
    assert "1 of 2 files separated, 1 skipped (1 already there)" in err
    # With one output missing it is not finished, and nothing is replaced unasked.
    Path("parts/mix.music.wav").unlink()
    code, out, err = call(*again, "--skip-existing")
    assert (code, out) == (1, "") and "already exists" in err


def test_a_page_to_compare(folder: Path, call: Callable) -> None:
    code, out, _ = call("mix.wav", "-s", "speech", "--rest", "-o", "parts", "--compare", "p.html")
    assert code == 0 and out.endswith("p.html: a page to listen and compare\n")
    page = Path("p.html").read_text(encoding="utf-8")
    assert [
        label
        for label in ("before", "speech", "rest", "taken out")
        if f"<figcaption>{label}" in page
    ] == ["before", "speech", "rest"]
