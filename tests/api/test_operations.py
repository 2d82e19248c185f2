"""Operations as values: compared, pickled, read from JSON; they do the same wherever they run."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import pickle
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aeolia
from aeolia.api import opening
from aeolia.api.operations.registry import OPERATIONS
from aeolia.cli import run as shell
from made.midi_bytes import midi_file, track
from made.tiny_separators import tone

EXAMPLES = (
    aeolia.Denoise("denoise-16k", 12.0, dual_mono=True, residual="taken-out.wav"),
    aeolia.Separate(("speech", "vocals+drums"), rest=True),
    aeolia.Separate(speaker="alice.voice", model="mine.onnx"),
    aeolia.Separate(speaker=("alice.wav", "later.wav")),
    aeolia.Separate(speaker_from=(3.0, 8.0), rest=True),
    aeolia.Transfer("tuba", transpose=-12, snap=True),
    aeolia.Shift(4.5, "move", "cello", seed=3),
    aeolia.Morph("b.wav", steps=3),
    aeolia.PlayNote("piano", "A4", velocity=90, seconds=0.2, samples=2, seed=1),
    aeolia.PlayNote(pitch=60.5, text="bright plucked"),
    aeolia.PlayScore(((1, "flute"), (4, "tuba")), drums=None),
    aeolia.ExportSfz("piano", drawn=True, seed=4, keys="C3:F3"),
    aeolia.ExportSfz(timbre="flute.npz"),
    aeolia.Encode("cello"),
    aeolia.Decode(seed=2, model="notes"),
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: recordings in 32-bit floats and a score."""
    monkeypatch.chdir(tmp_path)
    noise = 0.1 * np.random.default_rng(0).standard_normal((30_001, 2))
    soundfile.write("mix.wav", noise, 44100, "FLOAT")
    soundfile.write("alice.wav", tone("alice", 3), 16000)
    time = np.arange(35_280) / 44100
    for name, hz in (("a.wav", 220.0), ("b.wav", 330.0)):
        harmonics = [np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 7)]
        soundfile.write(name, 0.1 * np.sum(harmonics, axis=0), 44100, "FLOAT")
    notes = track((0, bytes([0x90, 60, 90])), (480, bytes([0x80, 60, 0])))
    Path("song.mid").write_bytes(midi_file(notes))
    return tmp_path


def read(name: str | Path) -> np.ndarray:
    return soundfile.read(name, dtype="float32")[0]


# Values


@pytest.mark.parametrize("operation", EXAMPLES, ids=lambda operation: operation.name)
def test_json_and_pickles_give_equal_ones(operation: aeolia.Operation[Any]) -> None:
    for again in (
        aeolia.operation_from_json(operation.to_json()),
        pickle.loads(pickle.dumps(operation)),
        dataclasses.replace(operation),
    ):
        assert again == operation and hash(again) == hash(operation)
        assert type(again) is type(operation)
    assert operation != aeolia.Denoise("another")
    for field in dataclasses.fields(operation):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(operation, field.name, None)


def test_every_operation_is_among_the_examples() -> None:
    assert {type(operation) for operation in EXAMPLES} == set(OPERATIONS.values())
    assert all(name == cls.name for name, cls in OPERATIONS.items())


def test_defaults_and_friendly_types() -> None:
    read_back = aeolia.operation_from_json('{"operation": "denoise", "model": "denoise-16k"}')
    assert read_back == aeolia.Denoise(model="denoise-16k", attenuation_limit_db=None)
    assert aeolia.Denoise(Path("my.onnx")) == aeolia.Denoise("my.onnx")  # type: ignore[arg-type]
    assert aeolia.Separate(["speech"]) == aeolia.Separate(("speech",))  # type: ignore[arg-type]
    assert aeolia.Separate("speech") == aeolia.Separate(("speech",))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object, not list"),
        ("{}", "'operation' is missing; it is one of denoise, separate"),
        ('{"operation": "denoize"}', "no operation is called 'denoize'; did you mean 'denoise'"),
        ('{"operation": 7}', "no operation is called 7; known: denoise"),
        ('{"operation": ["denoise"]}', "no operation is called"),
        ('{"operation": "denoise", "modle": "x"}', "no key 'modle'; did you mean 'model'"),
        ('{"operation": "denoise", "model": 5}', "Denoise.model is 5; it must be of type str"),
        ('{"operation": "denoise", "attenuation_limit_db": -1}', "is -1.0; it must be at least 0"),
        ('{"operation": "denoise", "attenuation_limit_db": NaN}', "NaN is no number of JSON"),
        ('{"operation": "separate"}', "sources, stems or a speaker, and none of them was"),
        ('{"operation": "separate", "sources": ["a"], "speaker": "b"}', "and several of them were"),
        ('{"operation": "separate", "sources": "speech"}', "must be a list"),
        ('{"operation": "transfer"}', "Transfer needs the key 'to'"),
        ('{"operation": "transfer", "to": "tuba", "transpose": 99}', "between -60 and 60"),
        ('{"operation": "shift", "semitones": 1, "formants": "up"}', "one of keep, move"),
        ('{"operation": "morph", "to": "b.wav", "steps": 1}', "between 2 and 999"),
        ('{"operation": "play_note", "velocity": 0}', "between 1 and 127"),
        ('{"operation": "play_note", "pitch": []}', "PlayNote.pitch is"),
        ('{"operation": "play_note", "seed": -1}', "seed is -1; it must be at least 0"),
        ('{"operation": "play_score", "players": [[17, "tuba"]]}', "channels are 1 to 16"),
        ('{"operation": "play_score", "players": [[1, "a"], [1, "b"]]}', "channel 1 twice"),
        ('{"operation": "play_score", "players": [["1", "a"]]}', "must be of type int"),
    ],
)
def test_bad_json_is_a_config_error(text: str, match: str) -> None:
    with pytest.raises(aeolia.ConfigError, match=match):
        aeolia.operation_from_json(text)


# ONNX Runtime sets denormals to zero in the threads it runs in, so there may be none to draw.
FLOATS = st.floats(allow_subnormal=False)
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=5)
JSON_VALUES = SCALARS | st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=2)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(OPERATIONS)), data=st.data())
def test_any_values_make_an_operation_or_a_config_error(name: str, data: st.DataObject) -> None:
    keys = [field.name for field in dataclasses.fields(OPERATIONS[name])]
    chosen = data.draw(st.dictionaries(st.sampled_from(keys), JSON_VALUES))
    try:
        operation = aeolia.operation_from_json(json.dumps({"operation": name, **chosen}))
    except aeolia.ConfigError:
        return
    assert aeolia.operation_from_json(operation.to_json()) == operation


# Runs


def test_separation_from_the_shell_and_from_python_is_the_same(
    desk: Path, separators: Path
) -> None:
    classes, speaker = str(separators / "classes.onnx"), str(separators / "speaker.onnx")
    for request, arguments in (
        (
            aeolia.Separate(("speech", "music"), rest=True, model=classes),
            ["-m", classes, "-s", "speech", "-s", "music", "--rest"],
        ),
        (
            aeolia.Separate(speaker="alice.wav", rest=True, model=speaker),
            ["-m", speaker, "--speaker", "alice.wav"],
        ),
    ):
        report = request.run("mix.wav", "api", overwrite=True)
        assert shell(["separate", "mix.wav", "-o", "shell", "-q", "--overwrite", *arguments]) == 0
        assert tuple(Path(output.path).name for output in report.outputs) == tuple(
            f"mix.{label}.wav" for label in request.labels
        )
        for output in report.outputs:
            np.testing.assert_array_equal(
                read(output.path), read(f"shell/{Path(output.path).name}")
            )


def test_denoising_from_the_shell_from_python_and_from_arrays_is_the_same(
    desk: Path, gain_model: Path
) -> None:
    operation = aeolia.Denoise(str(gain_model), attenuation_limit_db=6)
    seen: list[tuple[int, int | None]] = []
    report = operation.run("mix.wav", "api.wav", progress=lambda *at: seen.append(at))
    assert shell(["denoise", "mix.wav", "-o", "shell.wav", "-a", "6", "-m", str(gain_model)]) == 0
    np.testing.assert_array_equal(read("api.wav"), read("shell.wav"))
    whole = aeolia.denoise("mix.wav", model=gain_model, attenuation_limit_db=6)
    np.testing.assert_allclose(read("api.wav"), whole, atol=1e-6)
    streamed = operation.stream(44100, 2).process(read("mix.wav"))
    np.testing.assert_allclose(streamed, whole, atol=1e-6)
    assert seen[-1] == (30_001, 30_001)
    assert (report.input, report.output, report.sample_rate) == ("mix.wav", "api.wav", 44100)


def test_sounds_from_the_shell_and_from_python_are_the_same(desk: Path, synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    note = aeolia.PlayNote("piano", "C4", seconds=0.2, samples=2, seed=5, model=model)
    assert [one.path for one in note.run(None, "api.wav").notes] == ["api-1.wav", "api-2.wav"]
    words = "-i piano -p C4 -s 0.2 --sample 2 --seed 5 -o shell.wav".split()
    assert shell(["synth", "-m", model, *words]) == 0
    for number in "12":
        np.testing.assert_array_equal(read(f"api-{number}.wav"), read(f"shell-{number}.wav"))
    score = aeolia.PlayScore(((1, "piano"),), drums=None, model=model)
    report = score.run("song.mid", "api.wav")
    assert (report.notes, report.players) == (1, {1: "piano"})
    assert (
        shell(["synth", "-m", model, "--midi", "song.mid", "--map", "1=piano", "-o", "s.wav"]) == 0
    )
    np.testing.assert_array_equal(read("api.wav"), read("s.wav"))
    np.testing.assert_allclose(
        read("api.wav"),
        aeolia.play_score("song.mid", players={1: "piano"}, model=model)[0],
        atol=1e-6,
    )


def test_spaces_from_the_shell_and_from_python_are_the_same(desk: Path, synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    for space, channels in (("dry", 2), ("mono", 1)):
        report = aeolia.PlayScore(space=space, drums=None, model=model).run("song.mid", "api.wav")
        assert report.channels == channels
        words = ["-m", model, "--midi", "song.mid", f"--{space}", "-o", "shell.wav"]
        assert shell(["synth", *words]) == 0
        np.testing.assert_array_equal(read("api.wav"), read("shell.wav"))
        Path("api.wav").unlink()
        Path("shell.wav").unlink()


def test_samplers_files_from_the_shell_and_from_python_are_the_same(
    desk: Path, synth_folder: Path
) -> None:
    model = str(synth_folder / "notes.onnx")
    operation = aeolia.ExportSfz(text="bright sax", drawn=True, seed=2, keys="60:60", model=model)
    operation.run(None, "api")
    words = ["--text", "bright sax", "--sample", "1", "--seed", "2", "--keys", "60:60"]
    assert shell(["synth", "-m", model, *words, "--sfz", "shell", "-q"]) == 0
    files = sorted(path.name for path in Path("api").iterdir())
    assert len(files) == 5
    for name in files:
        assert (Path("api") / name).read_bytes() == (Path("shell") / name).read_bytes()


def test_reshaping_from_the_shell_and_from_python_is_the_same(
    desk: Path, synth_folder: Path
) -> None:
    pytest.importorskip("swift_f0")
    model = str(synth_folder / "notes.onnx")
    operations: list[tuple[aeolia.Operation[Any], str, list[str]]] = [
        (aeolia.Transfer("piano", 3, model=model), "t.wav", ["--to", "piano", "--transpose", "3"]),
        (aeolia.Shift(2, "move", model=model), "s.wav", ["-s", "2", "--formants", "move"]),
        (aeolia.Morph("b.wav", model=model), "g.wav", ["b.wav"]),
        (aeolia.Encode("piano", model=model), "e.npz", ["-i", "piano"]),
    ]
    for operation, target, arguments in operations:
        report = operation.run("a.wav", target)
        command = [operation.name, "a.wav", *arguments, "-m", model, "-o", f"shell-{target}"]
        assert shell(command) == 0
        if target.endswith(".wav"):
            np.testing.assert_array_equal(read(target), read(f"shell-{target}"))
        assert report.input == "a.wav" and report.frames > 0
    aeolia.Decode(model=model).run("e.npz", "d.wav")
    assert shell(["decode", "shell-e.npz", "-m", model, "-o", "shell-d.wav"]) == 0
    np.testing.assert_array_equal(read("d.wav"), read("shell-d.wav"))
    steps = aeolia.Morph("b.wav", steps=2, model=model).run("a.wav", "between")
    sounds, _ = aeolia.morph("a.wav", "b.wav", steps=2, model=model)
    for path, sound in zip(steps.outputs, sounds, strict=True):
        np.testing.assert_allclose(read(path), sound, atol=1e-6)


def _run(operation: aeolia.Operation[Any], source: str, target: str) -> aeolia.Report:
    report: aeolia.Report = operation.run(source, target)
    return report


def test_a_pool_of_processes_runs_pickled_operations(
    desk: Path, gain_model: Path, separators: Path, synth_folder: Path
) -> None:
    """New interpreters, which know nothing but what was pickled."""
    denoise = aeolia.Denoise(str(gain_model))
    separate = aeolia.Separate(("speech",), model=str(separators / "classes.onnx"))
    score = aeolia.PlayScore(model=str(synth_folder / "notes.onnx"), drums=None)
    denoise.check()  # opened here, so that a model to pickle would be there
    work = [
        (denoise, "mix.wav", str(desk / "denoised-1.wav")),
        (denoise, "mix.wav", str(desk / "denoised-2.wav")),
        (separate, "mix.wav", str(desk / "parts")),
        (score, "song.mid", str(desk / "song.wav")),
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        jobs = [pool.submit(_run, *args) for args in work]
        reports = [job.result(timeout=120) for job in jobs]
    assert [report.frames for report in reports[:3]] == [30_001] * 3
    denoise.run("mix.wav", "here.wav")
    for number in "12":
        np.testing.assert_array_equal(read(f"denoised-{number}.wav"), read("here.wav"))
    score.run("song.mid", "here-song.wav")
    np.testing.assert_array_equal(read("song.wav"), read("here-song.wav"))


@pytest.mark.parametrize("kind", ["denoise", "separate", "note"])
def test_sixteen_threads_give_what_one_gives(
    desk: Path, gain_model: Path, separators: Path, synth_folder: Path, kind: str
) -> None:
    """Over one opened model; the files differ, so that a mix-up of states would show."""
    opening._made.cache_clear()
    operation: aeolia.Operation[Any] = {
        "denoise": aeolia.Denoise(str(gain_model)),
        "separate": aeolia.Separate(("speech",), model=str(separators / "classes.onnx")),
        "note": aeolia.PlayNote("piano", seconds=0.1, model=str(synth_folder / "notes.onnx")),
    }[kind]
    for n in range(16):
        noise = 0.1 * np.random.default_rng(n).standard_normal(20_000 + n)
        soundfile.write(f"{n}.wav", noise, 44100, "FLOAT")
    together = threading.Barrier(16)

    def work(n: int) -> None:
        together.wait(30)
        operation.run(*_paths(kind, n, "many"))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert opening._made.cache_info().misses == 1, "the model was opened more than once"
    for n in range(16):
        operation.run(*_paths(kind, n, "one"))
        name = f"{n}.speech.wav" if kind == "separate" else f"{n}.wav"
        np.testing.assert_array_equal(read(f"many/{name}"), read(f"one/{name}"))


def _paths(kind: str, n: int, folder: str) -> tuple[str | None, str]:
    """Source and target of a run."""
    target = folder if kind == "separate" else f"{folder}/{n}.wav"
    return (None if kind == "note" else f"{n}.wav"), target


def test_a_model_file_that_is_replaced_is_opened_again(desk: Path, make_gain_model: Any) -> None:
    shutil.copy(make_gain_model(gain=0.5), "mine.onnx")
    operation = aeolia.Denoise("mine.onnx")
    operation.run("mix.wav", "half.wav")
    shutil.copy(make_gain_model(gain=0.25), "new.onnx")
    Path("new.onnx").replace("mine.onnx")
    operation.run("mix.wav", "quarter.wav")
    np.testing.assert_allclose(read("half.wav"), 2 * read("quarter.wav"), atol=1e-6)


def test_a_clip_is_learned_once(
    desk: Path, separators: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.api import voices

    learned: list[str] = []
    enrol = voices.enrol_clip

    def counted(audio: np.ndarray, rate: int, encoder: Any, name: str) -> aeolia.Voice:
        learned.append(name)
        return enrol(audio, rate, encoder, name)

    monkeypatch.setattr(voices, "enrol_clip", counted)
    operation = aeolia.Separate(speaker="alice.wav", model=str(separators / "speaker.onnx"))
    operation.check()
    for folder in ("one", "two"):
        operation.run("mix.wav", folder)
    assert learned == ["alice.wav"]
    voice = operation.voice()
    assert voice is not None and voice.clip == "alice.wav"


def test_check_says_what_is_wrong_before_any_file(
    gain_model: Path, separators: Path, synth_folder: Path
) -> None:
    classes, notes = str(separators / "classes.onnx"), str(synth_folder / "notes.onnx")
    cases: list[tuple[aeolia.Operation[Any], type[Exception], str]] = [
        (aeolia.Denoise("denoize"), aeolia.ModelError, "did you mean 'denoise'"),
        (aeolia.Denoise(classes), aeolia.ModelError, "'separate'; 'denoise' needs another"),
        (aeolia.Separate(("speach",), model=classes), aeolia.InputError, "'speech'"),
        (aeolia.Separate(speaker="none.wav"), aeolia.AudioFileError, "none.wav: no such file"),
        (aeolia.Transfer("pianno", model=notes), aeolia.InputError, "did you mean 'piano'"),
        (aeolia.Encode("pianno", model=notes), aeolia.InputError, "did you mean 'piano'"),
        (aeolia.Decode(model=str(gain_model)), aeolia.ModelError, "'synth' needs another"),
    ]
    for operation, error, match in cases:
        with pytest.raises(error, match=match):
            operation.check()
    aeolia.PlayNote("piano", model=notes).check()


def test_sources_are_there_where_they_are_read(desk: Path) -> None:
    with pytest.raises(aeolia.InputError, match="denoise needs a file to read"):
        aeolia.Denoise().run(None, "out.wav")
    with pytest.raises(aeolia.InputError, match="play_note reads no file, and mix.wav came"):
        aeolia.PlayNote().run("mix.wav", "out.wav")


def test_reports_are_one_family(desk: Path, gain_model: Path, synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    reports = [
        aeolia.Denoise(str(gain_model)).run("mix.wav", "out.wav"),
        aeolia.PlayNote("alto_sax", pitch=20.0, seconds=0.1, model=model).run(None, "note.wav"),
        aeolia.PlayScore(drums=None, model=model).run("song.mid", "song.wav"),
    ]
    for report in reports:
        values = json.loads(json.dumps(report.as_dict()))
        assert {
            "input",
            "output",
            "sample_rate",
            "channels",
            "frames",
            "seconds",
            "wall_seconds",
            "real_time_factor",
            "clipped_samples",
            "warnings",
        } <= set(values)
        assert str(report) == report.line() and "\n" not in str(report)
        assert values["seconds"] == pytest.approx(report.frames / report.sample_rate)
        assert values["real_time_factor"] == pytest.approx(report.seconds / report.wall_seconds)
    assert reports[0].as_dict()["output"] == "out.wav" and reports[0].seconds > 0.6
    assert "far outside what alto_sax was learned from" in reports[1].warnings[0]


# Streams


def test_streams_of_all_tasks_are_streams(
    gain_model: Path, separators: Path, synth_folder: Path
) -> None:
    classes, notes = separators / "classes.onnx", synth_folder / "notes.onnx"
    for stream in (
        aeolia.Stream(gain_model),
        aeolia.Stream(classes, sources=["speech"]),
        aeolia.Stream(notes, to="piano"),
        aeolia.Denoise(str(gain_model)).stream(),
        aeolia.Separate(("speech",), model=str(classes)).stream(44100, 2),
        aeolia.Transfer("piano", model=str(notes)).stream(),
    ):
        assert isinstance(stream, aeolia.Stream)
        assert stream.latency > 0
    assert not isinstance(np.zeros(3), aeolia.Stream)
    with pytest.raises(aeolia.InputError, match="transpose is for transferring; leave it out"):
        aeolia.Stream(gain_model, transpose=3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="no argument 'sample'"):
        aeolia.Stream(gain_model, sample=3)  # type: ignore[call-overload]


def test_load_reads_the_task_from_the_file(
    gain_model: Path, separators: Path, synth_folder: Path
) -> None:
    models = (gain_model, separators / "classes.onnx", synth_folder / "notes.onnx")
    tasks = [aeolia.load(path).config.task for path in models]
    assert tasks == ["denoise", "separate", "synth"]
    assert aeolia.load("notes").instrument("piano").sum() == 1.0
    for path, task in zip(models, tasks, strict=True):
        assert type(aeolia.load(path, task)) is type(aeolia.load(path))
        with pytest.raises(aeolia.ModelError, match="needs another one"):
            aeolia.load(path, tasks[tasks.index(task) - 1])
