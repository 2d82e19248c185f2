"""Commands as systems: quoted safely, and every way in which one can fail is a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError
from aeolia.evaluation.commands import OUT, Command
from made.programs import program

RATE = 16000
HALVE = "x, r = soundfile.read(arguments[0])\nsoundfile.write(arguments[1], 0.5 * x, r, 'FLOAT')\n"


def _noise(channels: int = 1, level: float = 0.1) -> np.ndarray:
    noise = level * np.random.default_rng(0).standard_normal((RATE // 4, channels))
    return noise[:, 0] if channels == 1 else noise


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("level", [0.1, 0.5])
def test_a_program_gets_the_sound_and_gives_one_back(
    channels: int, level: float, tmp_path: Path
) -> None:
    audio = _noise(channels, level)  # at 0.5 beyond full scale, which no step may clip
    assert (np.abs(audio).max() > 1) == (level == 0.5)
    command = Command(program(tmp_path, HALVE, "{in} {out}"), ("in",))
    made = command.run({"in": audio}, RATE)[OUT]
    assert made.shape == audio.shape
    assert np.allclose(made, 0.5 * audio, atol=1e-6)


def test_words_are_split_like_a_shells_and_no_shell_runs(tmp_path: Path) -> None:
    log = tmp_path / "said; rm -rf $HOME"
    body = "open(arguments[2], 'w').write('|'.join(arguments[3:]))\nshutil.copy(*arguments[:2])\n"
    line = program(tmp_path, body, f"{{in}} {{out}} '{log}' 'two words' \"$HOME\" `id` {{source}}")
    Command(line, ("in", "source")).run({"in": _noise()}, RATE, {"source": "a; b"})
    assert log.read_text() == "two words|$HOME|`id`|a; b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a folder", log.name]


def test_outputs_by_name(tmp_path: Path) -> None:
    body = (
        "x, r = soundfile.read(arguments[0])\n"
        "for path, gain in zip(arguments[1:], (0.25, 0.75)):\n"
        "    soundfile.write(path, gain * x, r, 'FLOAT')\n"
    )
    line = program(tmp_path, body, "{in} {out_vocals} {out_bass+other}")
    command = Command(line, ("in",))
    assert command.named == {"vocals", "bass+other"}
    made = command.run({"in": _noise()}, RATE)
    assert np.allclose(made["vocals"], 0.25 * _noise(), atol=1e-6)
    assert np.allclose(made["bass+other"], 0.75 * _noise(), atol=1e-6)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "sys.stderr.write('one\\nno weights found\\n'); sys.exit(3)",
            "status 3: no weights found",
        ),
        ("sys.exit(1)", "exit status 1: it said nothing"),
        ("pass", "left no output"),
        ("open(arguments[1], 'w').write('x')", "not a readable audio file"),
        ("x, r = soundfile.read(arguments[0]); soundfile.write(arguments[1], x, 8000)", "8000 Hz"),
    ],
)
def test_what_a_program_does_wrong_is_said(body: str, words: str, tmp_path: Path) -> None:
    command = Command(program(tmp_path, body, "{in} {out}"), ("in",))
    with pytest.raises(InputError, match=words) as raised:
        command.run({"in": _noise()}, RATE)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cat 'x {in} {out}", "cannot be split"),
        ("cat {in} {outt}", r"has \{outt\}, which nothing fills; known are \{in\}, \{out\}"),
        ("cat {in}", "must say where its output goes"),
        ("cat {in} {out} {out_vocals}", "must say where its output goes"),
        ("", "must say where its output goes"),
        ("no-such-program-here {in} {out}", "no program 'no-such-program-here'"),
    ],
)
def test_lines_that_cannot_run_are_refused_at_once(line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Command(line, ("in",))
