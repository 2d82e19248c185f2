"""Jobs of millions, in small: outputs, restarts, retries, and what ends a job."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import soundfile

from aeolia import Denoise, PlayNote, Separate
from aeolia.bulk.choice import Tally
from aeolia.bulk.job import BulkJob, run_bulk
from aeolia.bulk.station import Station
from aeolia.errors import InputError, MissingExtraError
from made.stores import register

Memory = Callable[[str], str]
Rows = Callable[[str], dict[str, dict[str, Any]]]
Make = Callable[..., BulkJob]


@pytest.fixture
def job(recordings: Path, operation: Denoise, memory: Memory, tmp_path: Path) -> Make:
    """A job that runs in this process, for its ledger is in memory."""

    def make(**changes: Any) -> BulkJob:
        usual = {
            "operation": operation,
            "inputs": (str(recordings),),
            "output": str(tmp_path / "out"),
            "ledger": memory("ledger"),
        }
        return BulkJob(**{**usual, **changes})

    return make


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def counts(tally: Tally) -> tuple[int, int, int]:
    return tally.done, tally.failed, tally.skipped


def test_outputs_are_what_the_operation_writes_and_are_told_of(
    job: Make, recordings: Path, operation: Denoise, tmp_path: Path, memory: Memory, rows: Rows
) -> None:
    assert counts(run_bulk(job())) == (4, 0, 0)
    found = files(tmp_path / "out")
    assert sorted(found) == ["a.wav", "b.flac", "deep/c.wav", "deep/er/d.wav"]
    for name, data in found.items():
        operation.run(recordings / name, tmp_path / f"alone{Path(name).suffix}", overwrite=True)
        assert data == (tmp_path / f"alone{Path(name).suffix}").read_bytes()
    row = rows(memory("ledger"))["c.wav"]
    audio, rate = soundfile.read(tmp_path / "out" / "deep" / "c.wav")
    assert row["sha256"] == [hashlib.sha256(found["deep/c.wav"]).hexdigest()]
    assert row["size"] == (recordings / "deep" / "c.wav").stat().st_size
    assert row["outputs"] == [f"file://{tmp_path}/out/deep/c.wav"]
    assert (row["seconds"], row["sample_rate"]) == (len(audio) / rate, rate)
    assert row["peak_dbfs"] == pytest.approx(20 * np.log10(np.abs(audio).max()), abs=1e-3)
    assert row["rms_dbfs"] == pytest.approx(10 * np.log10(np.mean(audio**2)), abs=1e-3)
    assert (row["status"], row["attempt"], row["clipped_samples"]) == ("done", 1, 0)
    assert len(row["model_hash"]) == len(row["operation_hash"]) == 64 and row["aeolia_version"]


def test_started_again_it_does_what_is_new_or_changed(
    job: Make, recordings: Path, tmp_path: Path, make_gain_model: Callable[..., Path]
) -> None:
    model = make_gain_model(gain=0.5)
    made = job(operation=Denoise(str(model)))
    assert counts(run_bulk(made)) == (4, 0, 0)
    assert counts(run_bulk(made)) == (0, 0, 4)
    soundfile.write(recordings / "a.wav", np.zeros(800), 16000)
    shutil.copy(recordings / "b.flac", recordings / "new.flac")
    assert counts(run_bulk(made)) == (2, 0, 3)
    assert soundfile.info(tmp_path / "out" / "a.wav").frames == 800
    # The same name, another model.
    model.write_bytes(make_gain_model(gain=0.25).read_bytes())
    assert counts(run_bulk(made)) == (5, 0, 0)
    louder, _ = soundfile.read(recordings / "b.flac")
    assert np.abs(soundfile.read(tmp_path / "out" / "b.flac")[0]).max() < 0.3 * max(louder)


def test_a_job_that_is_stopped_goes_on(
    job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do, n_done = Station.do, 0

    def until_third(self: Station, work: Any) -> dict[str, Any]:
        nonlocal n_done
        n_done += 1
        if n_done == 3:
            raise KeyboardInterrupt
        return do(self, work)

    with monkeypatch.context() as patch:
        patch.setattr(Station, "do", until_third)
        with pytest.raises(KeyboardInterrupt):
            run_bulk(job())
    assert len(files(tmp_path / "out")) == 2
    assert counts(run_bulk(job())) == (2, 0, 2)
    assert len(files(tmp_path / "out")) == 4


def test_a_bad_file_fails_alone_and_is_left_after_k_tries(
    job: Make, recordings: Path, memory: Memory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    (recordings / "bad.wav").write_text("no sound")
    said: list[str] = []
    tally = run_bulk(job(retry=2), failure=said.append)
    assert counts(tally) == (4, 1, 0) and tally.retried == 1
    assert len(said) == 1 and said[0].startswith(f"file://{recordings}/bad.wav: not a readable")
    row = rows(memory("ledger"))["bad.wav"]
    assert (row["status"], row["attempt"], row["error_kind"]) == ("failed", 2, "AudioFileError")
    assert counts(run_bulk(job(retry=2))) == (0, 1, 4)
    # More tries, or another file by that name.
    assert run_bulk(job(retry=3)).failed == 1
    assert rows(memory("ledger"))["bad.wav"]["attempt"] == 3
    shutil.copy(recordings / "a.wav", recordings / "bad.wav")
    assert counts(run_bulk(job(retry=2))) == (1, 0, 4)


def test_a_fault_that_passes_costs_a_try_and_no_file(
    job: Make, monkeypatch: pytest.MonkeyPatch, memory: Memory, rows: Rows
) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    do, tried = Station._done, set()

    def at_second(self: Station, work: Any) -> dict[str, Any]:
        if work.uri not in tried:
            tried.add(work.uri)
            raise ConnectionResetError("the store hung up")
        return do(self, work)

    monkeypatch.setattr(Station, "_done", at_second)
    tally = run_bulk(job())
    assert counts(tally) == (4, 0, 0) and tally.retried == 4
    assert {row["attempt"] for row in rows(memory("ledger")).values()} == {2}


def test_no_more_than_the_limit_is_done(job: Make) -> None:
    assert counts(run_bulk(job(limit=3))) == (3, 0, 0)
    assert run_bulk(job(limit=3)).done == 1


def test_a_name_given_twice_is_done_once_and_two_for_one_output_are_refused(
    job: Make, recordings: Path, tmp_path: Path
) -> None:
    twice = (str(recordings), str(recordings / "deep" / ".." / "**" / "*.wav"))
    assert counts(run_bulk(job(inputs=twice))) == (4, 0, 3)
    shutil.copytree(recordings, tmp_path / "other")
    said: list[str] = []
    both = (str(recordings), str(tmp_path / "other"))
    assert run_bulk(job(inputs=both, overwrite=True), failure=said.append).failed == 4
    assert "would both become" in said[0]


def test_from_one_store_to_another_and_out_of_an_archive(
    job: Make, recordings: Path, memory: Memory, tmp_path: Path
) -> None:
    store = fsspec.filesystem("memory")
    store.put(str(recordings), memory("in"), recursive=True)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(recordings / "a.wav", "e.wav")
    inputs = (memory("in"), f"zip://*.wav::{tmp_path}/more.zip")
    assert counts(run_bulk(job(inputs=inputs, output=memory("out")))) == (5, 0, 0)
    assert counts(run_bulk(job(inputs=inputs, output=memory("out")))) == (0, 0, 5)
    run_bulk(job(ledger=memory("other")))
    for name in ("a.wav", "deep/er/d.wav"):
        assert store.cat_file(f"{memory('out')}/{name}") == (tmp_path / "out" / name).read_bytes()
    left = [Path(path).name for path in store.find(memory("out"))]
    assert sorted(left) == ["a.wav", "b.flac", "c.wav", "d.wav", "e.wav"]  # and no partials


def test_a_list_of_files_with_outputs_of_its_own(
    job: Make, recordings: Path, tmp_path: Path, separators: Path
) -> None:
    table = tmp_path / "list.csv"
    table.write_text("input,output\nin/a.wav,x/one.wav\nin/b.flac,y/two.flac\n")
    operation = Separate(("speech", "music"), model=str(separators / "classes.onnx"))
    made = job(operation=operation, inputs=(str(table),))
    assert counts(run_bulk(made)) == (2, 0, 0)
    outputs = [f"{stem}.{part}" for stem in ("x/one", "y/two") for part in ("music", "speech")]
    found = sorted(str(Path(name).with_suffix("")) for name in files(tmp_path / "out"))
    assert found == outputs
    assert counts(run_bulk(made)) == (0, 0, 2)
    soundfile.write(recordings / "a.wav", np.zeros(8000), 16000)
    assert counts(run_bulk(made)) == (1, 0, 1)  # asked for, since a list has no versions


def test_outputs_lie_apart_from_inputs(job: Make, recordings: Path) -> None:
    for inputs, output in [
        (recordings, recordings / "clean"),
        (recordings, recordings),
        (recordings / "**" / "*.wav", recordings / "clean"),
        (recordings / "*" / "*.wav", recordings / "clean"),
        (recordings / "*.wav", recordings),
    ]:
        with pytest.raises(InputError, match="the output lies inside the input"):
            run_bulk(job(inputs=(str(inputs),), output=str(output)))
    apart = job(inputs=(str(recordings / "*.wav"),), output=str(recordings / "clean"))
    assert counts(run_bulk(apart)) == (1, 0, 0)


def test_an_output_that_holds_files_is_not_taken_by_a_new_job(job: Make, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.wav").write_text("precious")
    with pytest.raises(InputError, match="holds files, and the ledger is new"):
        run_bulk(job())
    assert (tmp_path / "out" / "a.wav").read_text() == "precious"
    assert run_bulk(job(overwrite=True)).done == 4


@pytest.mark.parametrize(
    ("store", "match"),
    [
        ("full://bucket", "is full"),
        ("quota://bucket", "is full"),
        ("denied://bucket", "no permission"),
        ("https://host/folder", "can only be read"),
    ],
)
def test_a_store_that_takes_nothing_ends_the_job(job: Make, store: str, match: str) -> None:
    register()
    said: list[str] = []
    with pytest.raises(InputError, match=match):
        run_bulk(job(output=store), failure=said.append)
    assert not said


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="a user who may not do all")
def test_a_folder_that_may_not_be_written_ends_the_job(job: Make, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot be written"):
        run_bulk(job())


def test_two_jobs_do_not_write_one_ledger(
    job: Make, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_bulk(job())
    import json

    store = fsspec.filesystem("memory")
    path = f"{memory('ledger')}/state.json"
    state = json.loads(store.cat_file(path))
    store.pipe_file(path, json.dumps({**state, "ended": False}).encode())
    with pytest.raises(InputError, match="another job writes it, process"):
        run_bulk(job())
    dead = {**state, "ended": False, "pid": 2**22 + 1}
    store.pipe_file(path, json.dumps(dead).encode())
    assert run_bulk(job()).skipped == 4


def test_no_output_takes_the_place_of_its_input(
    job: Make, recordings: Path, memory: Memory
) -> None:
    """On a disk and in a store, where nothing else would stop it."""
    store = fsspec.filesystem("memory")
    store.put(str(recordings), memory("in"), recursive=True)
    for number, where in enumerate((f"file://{recordings}", memory("in"))):
        before = fsspec.open(f"{where}/a.wav").open().read()
        said: list[str] = []
        made = job(
            inputs=(f"{where}/a.wav",),
            output=where,
            ledger=memory(f"ledger{number}"),
            overwrite=True,
            retry=1,
        )
        assert run_bulk(made, failure=said.append).failed == 1
        assert "its output would take its place" in said[0]
        assert fsspec.open(f"{where}/a.wav").open().read() == before


def test_what_cannot_be_a_job_is_said_at_once(job: Make, memory: Memory) -> None:
    usual = job()
    with pytest.raises(InputError, match="no engine is called 'spark'"):
        replace(usual, engine="spark")
    with pytest.raises(InputError, match="an address came, and the engine is local"):
        replace(usual, address="auto")
    with pytest.raises(InputError, match="reads no files"):
        replace(usual, operation=PlayNote())
    with pytest.raises(InputError, match="a residual came"):
        replace(usual, operation=Denoise(residual="r.wav"))
    with pytest.raises(InputError, match="no input came"):
        replace(usual, inputs=())
    with pytest.raises(InputError, match="memory:// is seen by this process alone"):
        run_bulk(replace(usual, engine="ray"))


def test_an_empty_folder_pattern_or_list_is_said(job: Make, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.txt").write_text("\n")
    for name in ("empty", "empty/*.wav", "list.txt"):
        with pytest.raises(InputError, match="no files there"):
            run_bulk(job(inputs=(str(tmp_path / name),)))


def test_without_the_extra_it_says_what_to_install(
    job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'aeolia\[cluster\]'"):
            run_bulk(job())
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match="s3:// needs another package.*s3fs"):
        run_bulk(job(output="s3://bucket/out"))
