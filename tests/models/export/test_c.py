"""Denoisers as C, compiled: the same sound as ours, alone and in a LADSPA host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.cli import run
from aeolia.config import DenoiseConfig
from aeolia.errors import InputError, ModelError
from aeolia.models.checkpoint import save_checkpoint
from aeolia.models.export.c_source.check import TOLERANCE
from aeolia.models.export.c_source.export import c_files, export_c
from aeolia.models.export.onnx import export_onnx
from aeolia.runtime.live import LiveBlocks
from made.pulse import HAS_PIPEWIRE, PIPEWIRE, Room
from made.recordings import voice_like
from made.tiny_models import TINY, TINY_TEXTBOOK, random_model, with_layers

ROOT = Path(__file__).parents[3]
PAGE, NOISY = ROOT / "docs" / "c.md", ROOT / "examples" / "fan.noisy.wav"
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler: gcc")
HAS_LADSPA = all(map(shutil.which, ("applyplugin", "make")))
needs_ladspa = pytest.mark.skipif(
    COMPILER is None or not HAS_LADSPA, reason="needs make, gcc and Debian's ladspa-sdk"
)

#: What a hop may call: no memory, no locks, no files, no clocks.
PURE = {"memset", "memcpy", "memmove", "fmax", "fmin", "log10", "pow", "powf", "expf", "fmaxf"}
PURE |= {"log1pf", "sqrt", "sqrtf", "_GLOBAL_OFFSET_TABLE_"}


def noisy(rate: int, channels: int) -> np.ndarray:
    """Silence, quiet speech, louder speech with an offset; ends in silence."""
    random = np.random.default_rng(0)
    speech = np.stack([voice_like(0.8, rate, seed=seed) for seed in range(channels)], 1)
    speech = speech + 0.01 * random.standard_normal(speech.shape)
    silence = np.zeros((rate // 4, channels))
    parts = [silence, 0.003 * speech, silence, 0.7 * speech + 0.04, silence]
    return np.concatenate(parts).astype(np.float32)


def as_we_do(model: str | Path, audio: np.ndarray, limit_db: float | None) -> np.ndarray:
    stream = aeolia.Stream(model, channels=audio.shape[1], attenuation_limit_db=limit_db)
    return np.concatenate([stream.push(audio), stream.flush()]).reshape(audio.shape)


def made(folder: Path, *targets: str) -> None:
    """`make` in the folder, quickly: tests are short, and optimising takes a while."""
    done = subprocess.run(
        ["make", "-C", folder, "CFLAGS=-O1", f"CC={COMPILER}", *targets],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def filtered(program: Path, audio: np.ndarray, limit_db: float | None) -> np.ndarray:
    command = [str(program), str(audio.shape[1]), *([] if limit_db is None else [str(limit_db)])]
    done = subprocess.run(command, input=audio.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(audio.shape)


@pytest.fixture(scope="module", params=["denoise-16k", "denoise"])
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a released denoiser is exported to, called by its name."""
    folder = tmp_path_factory.mktemp("c") / request.param
    assert run(["export", request.param, "-o", str(folder), "--for", "c"]) == 0
    return folder


@needs_compiler
def test_released_denoisers_sound_the_same_and_call_nothing_that_waits(released: Path) -> None:
    name = released.name.replace("-", "_")
    made(released, "example")
    rate = aeolia.load(released.name).config.sample_rate
    for channels, limit_db in ((1, None), (2, 12.0)):
        audio = noisy(rate, channels)
        expected = as_we_do(released.name, audio, limit_db)
        assert np.abs(expected - audio).max() > 0.03  # there is something to agree on
        found = filtered(released / name, audio, limit_db)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    if shutil.which("nm"):
        needs = subprocess.check_output(["nm", "-u", released / f"{name}.o"], text=True).split()
        assert set(needs[1::2]) <= PURE | {f"aeolia_{name}_weights"}


@needs_ladspa
@pytest.mark.parametrize("channels", [1, 2])
def test_a_ladspa_host_gets_the_same(released: Path, tmp_path: Path, channels: int) -> None:
    made(released)
    name = f"aeolia_{released.name.replace('-', '_')}"
    rate = aeolia.load(released.name).config.sample_rate
    # The host reads and writes 16 bits.
    pcm = (np.round(noisy(rate, channels) * 32767)).astype(np.int16)
    soundfile.write(tmp_path / "in.wav", pcm, rate)
    label = f"{name}_{'mono' if channels == 1 else 'stereo'}"
    host = ["applyplugin", tmp_path / "in.wav", tmp_path / "out.wav", released / f"{name}.so"]
    subprocess.run([*host, label, "15"], check=True, capture_output=True)
    found, _ = soundfile.read(tmp_path / "out.wav", dtype="float32", always_2d=True)
    stream = aeolia.Stream(released.name, channels=channels, attenuation_limit_db=15.0)
    expected = LiveBlocks(stream).process(pcm.astype(np.float32) / 32768)
    assert stream.latency == LiveBlocks(stream).latency
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=TOLERANCE)
    # Another rate is refused in words.
    soundfile.write(tmp_path / "in.wav", pcm, 44100)
    done = subprocess.run([*host, label, "15"], capture_output=True, text=True)
    assert done.returncode != 0
    assert f"the host runs at 44100 Hz; this plug-in needs {rate} Hz" in done.stderr


def levels_db(samples: np.ndarray, rate: int) -> np.ndarray:
    """Of every tenth of a second."""
    pieces = samples[: len(samples) // (rate // 10) * (rate // 10)].reshape(-1, rate // 10)
    return np.asarray(10 * np.log10(np.mean(np.square(pieces, dtype=np.float64), axis=1) + 1e-12))


@needs_ladspa
@pytest.mark.skipif(not HAS_PIPEWIRE, reason="PipeWire is not installed")
@pytest.mark.parametrize("released", ["denoise"], indirect=True)
def test_pipewire_makes_a_microphone_of_it_as_the_page_says(released: Path) -> None:
    made(released)
    recipe = re.search(r"```\n(context\.modules.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert recipe
    path = "/home/YOU/.ladspa/aeolia_denoise.so"
    assert path in recipe[1]
    folder = Path(tempfile.mkdtemp(prefix="aeolia-"))
    room = Room(folder, PIPEWIRE)
    settings = folder / "config" / "pipewire" / "pipewire.conf.d"
    settings.mkdir(parents=True)
    plug_in = str(released / "aeolia_denoise.so")
    (settings / "aeolia.conf").write_text(recipe[1].replace(path, plug_in))
    try:
        room.start()
        room.wait(lambda: "aeolia" in room.sources())
        assert "Microphone without noise" in room.pactl("list", "sources")
        command = ["parec", "--rate=48000", "--channels=1", "--format=float32le", "--raw"]
        heard = [folder / "before", folder / "after"]
        recorders = []
        for file, name in zip(heard, ("desk_microphone", "aeolia"), strict=True):
            with file.open("wb") as stream:
                recorders.append(
                    room.start_program([*command, f"--device={name}"], stdout=stream.fileno())
                )
        player = ["pacat", "--device=room", "--file-format", str(NOISY)]
        assert room.start_program(player).wait(60) == 0
        for recorder in recorders:
            recorder.terminate()
            recorder.wait()
        before, after = (levels_db(np.fromfile(file, "<f4"), 48000) for file in heard)
    finally:
        room.stop()
        shutil.rmtree(folder, ignore_errors=True)
    before, after = (one[one > -100] for one in (before, after))  # while something is played
    assert len(after) > 30
    assert np.percentile(before, 10) - np.percentile(after, 10) > 10  # the fan
    assert abs(before.max() - after.max()) < 8  # the voice


STRUCTURES = [
    pytest.param(with_layers(TINY, "lstm", "conv_gru"), id="lstm-conv_gru"),
    pytest.param(with_layers(TINY, "conv", "lstm"), id="conv-lstm"),
    pytest.param(replace(TINY, hop_length=128, filter_taps=5), id="four overlaps, five taps"),
    pytest.param(replace(TINY, skips=False, filter_taps=1), id="without skips, one tap"),
    pytest.param(TINY_TEXTBOOK, id="own magnitude"),
]


@needs_compiler
@pytest.mark.parametrize("config", STRUCTURES)
def test_every_structure_goes_through(tmp_path: Path, config: DenoiseConfig) -> None:
    file, folder = tmp_path / "model.onnx", tmp_path / "c"
    export_onnx(random_model(config), file)
    assert 0.0 < export_c(file, folder) < TOLERANCE
    name = config.name.replace("-", "_")
    assert {f"{name}.h", f"{name}.c", "Makefile"} < {path.name for path in folder.iterdir()}
    with pytest.raises(InputError, match="is there already"):
        export_c(file, folder)
    assert export_c(file, folder, overwrite=True) < TOLERANCE


@needs_compiler
def test_a_checkpoint_of_ones_own_goes_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "mine.safetensors", TINY, random_model(TINY).state_dict())
    command = ["export", str(tmp_path / "mine.safetensors"), "-o", str(tmp_path / "c")]
    assert run([*command, "--for", "c"]) == 0
    assert "differs from aeolia.Stream by at most" in capsys.readouterr().out
    assert (tmp_path / "c" / "tiny.h").is_file()


def test_pytorch_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from aeolia.models.export.c_source.export import c_files\n"
        "from aeolia.runtime.catalogue import find_model\n"
        "print(*sorted(c_files(find_model('denoise-16k'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split()[:3] == ["Makefile", "card.md", "denoise_16k.c"], done.stderr


def test_what_cannot_be_written_in_c_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "c"
    command = ["-o", str(folder), "--for", "c"]
    if COMPILER:
        assert run(["export", "separate", *command]) == 2
        assert "takes denoisers, and separate is for the task 'separate'" in capsys.readouterr().err
        assert run(["export", str(tmp_path / "none.onnx"), *command]) == 2
        assert "none.onnx: no such model file" in capsys.readouterr().err
    monkeypatch.setenv("CC", "no-such-compiler")
    assert run(["export", "denoise-16k", *command]) == 2
    assert "no C compiler is here (CC=no-such-compiler); install one" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []
    folder.mkdir()
    (folder / "mine.c").touch()
    assert run(["export", "denoise-16k", *command]) == 2
    assert "holds files; give --overwrite" in capsys.readouterr().err
    assert run(["export", "denoise-16k", "-o", str(folder / "mine.c"), "--for", "c"]) == 2
    assert "is a file; name the folder" in capsys.readouterr().err


def test_unknown_operators_are_named(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(aeolia.released_models()["denoise-16k"])
    for node in proto.graph.node:
        if node.op_type == "Sqrt":
            node.op_type = "Sin"
    onnx.save(proto, tmp_path / "odd.onnx")
    with pytest.raises(ModelError, match="does not know the operator Sin"):
        c_files(tmp_path / "odd.onnx")
