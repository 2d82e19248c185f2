"""The server as a program asks it: what comes back is what the API of Python makes."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

import aeolia
from aeolia.config.classes import CLASSES, KIT
from aeolia.web.app import make_app
from aeolia.web.routes.requests import as_values, target_name
from aeolia.web.store import Upload

RATE = 16000
_PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A server with one worker."""
    app = make_app(["test:1"], n_workers=1)
    with TestClient(app, base_url="http://test:1") as opened:
        yield opened


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo file of two seconds: a tone that comes and goes in noise."""
    rng = np.random.default_rng(5)
    times = np.arange(2 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * times) * (np.sin(4 * np.pi * times) > 0)
    audio = tone[:, None] * [1.0, 0.5] + 0.05 * rng.standard_normal((2 * RATE, 2))
    path = tmp_path_factory.mktemp("sound") / "talk.wav"
    soundfile.write(path, audio, RATE, subtype="PCM_16")
    return path


def upload(client: TestClient, data: bytes, name: str) -> dict[str, Any]:
    answer = client.post("/api/files", params={"name": name}, content=data)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def done(client: TestClient, file: str | None, **values: Any) -> dict[str, Any]:
    """A job, when it has ended."""
    answer = client.post("/api/jobs", content=json.dumps({"file": file, **values}))
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (job := client.get(f"/api/jobs/{answer.json()['id']}").json())["state"] in (
        "waiting",
        "running",
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(job)


def test_one_request_gives_what_denoise_file_gives(
    client: TestClient, talk: Path, tmp_path: Path
) -> None:
    query = {"name": "talk.wav", "model": "denoise-16k", "attenuation_limit_db": "12"}
    answer = client.put("/api/denoise", params=query, content=talk.read_bytes())
    expected = tmp_path / "clean.wav"
    aeolia.denoise_file(talk, expected, model="denoise-16k", attenuation_limit_db=12.0)
    assert answer.content == expected.read_bytes()
    assert 'filename="talk.after.wav"' in answer.headers["content-disposition"]


def test_another_format_is_written(client: TestClient, talk: Path) -> None:
    query = {"name": "talk.wav", "format": ".flac", "model": "denoise-16k"}
    answer = client.post("/api/denoise", params=query, content=talk.read_bytes())
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert (file.format, file.frames, file.channels) == ("FLAC", 2 * RATE, 2)


@pytest.mark.parametrize("sources", ['["speech"]', "speech"])
def test_several_outputs_come_as_a_zip(client: TestClient, talk: Path, sources: str) -> None:
    query = {"name": "talk.wav", "sources": sources, "rest": "true"}
    answer = client.post("/api/separate", params=query, content=talk.read_bytes())
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["talk.speech.wav", "talk.rest.wav"]
        parts = [soundfile.read(io.BytesIO(archive.read(name)))[0] for name in archive.namelist()]
    assert np.allclose(sum(parts), soundfile.read(talk)[0], atol=2 / 32768)


def test_what_the_page_offers_has_a_model(client: TestClient) -> None:
    about = client.get("/api/about").json()
    assert about["classes"] == list(CLASSES) and about["kit"] in ([], list(KIT))
    for name in (*about["classes"], *about["kit"]):
        aeolia.Separate(sources=(name,)).check()


def test_lists_in_a_query_are_json_or_have_commas_between() -> None:
    for text in ('["speech", "noise"]', "speech,noise"):
        assert as_values("separate", {"sources": text})["sources"] == ["speech", "noise"]
    assert as_values("denoise", {"model": "a,b"})["model"] == "a,b"


def test_an_encoding_is_a_file_of_numpy() -> None:
    source = Upload("1", "talk.wav", Path("1.wav"))
    assert target_name(aeolia.Encode(), source, None) == "sound.npz"
    assert target_name(aeolia.Encode(), source, ".npz") == "sound.npz"
    with pytest.raises(aeolia.InputError, match=r"'\.wav' is no ending of an encoding"):
        target_name(aeolia.Encode(), source, ".wav")


def test_encoded_and_decoded_over_http(client: TestClient, tmp_path: Path) -> None:
    pytest.importorskip("swift_f0")
    note, rate = aeolia.synthesise("cello", "C3", seconds=1.5)
    soundfile.write(tmp_path / "note.wav", note, rate)
    body = (tmp_path / "note.wav").read_bytes()
    answer = client.post("/api/encode", params={"name": "note.wav"}, content=body)
    assert answer.status_code == 200 and "note.after.npz" in answer.headers["content-disposition"]
    with np.load(io.BytesIO(answer.content)) as encoding:
        assert "latent" in encoding
    again = client.post("/api/decode", params={"name": "note.npz"}, content=answer.content)
    with soundfile.SoundFile(io.BytesIO(again.content)) as file:
        assert (file.format, file.frames, file.samplerate) == ("WAV", len(note), rate)


def test_a_job_is_heard_seen_and_downloaded(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "talk.wav")
    assert (file["sample_rate"], file["channels"], file["seconds"]) == (RATE, 2, 2.0)
    job = done(client, file["id"], operation={"operation": "denoise", "model": "denoise-16k"})
    assert job["state"] == "done", job["error"]
    path = f"/api/jobs/{job['id']}"
    after, rate = soundfile.read(io.BytesIO(client.get(f"{path}/outputs/0").content))
    before = soundfile.read(talk)[0]
    played, played_rate = soundfile.read(io.BytesIO(client.get(f"{path}/player.wav").content))
    assert played_rate == rate == RATE
    assert np.array_equal(played, np.concatenate([before, after], axis=1))
    part = client.get(f"{path}/player.wav", headers={"Range": "bytes=44-51"})
    assert (part.status_code, len(part.content)) == (206, 8)
    tracks = job["player"]["tracks"]
    assert [track["label"] for track in tracks] == ["before", "after"]
    assert tracks[0]["peak_dbfs"] == pytest.approx(20 * np.log10(np.abs(before).max()), abs=0.06)
    assert max(tracks[0]["peaks"]) == pytest.approx(np.abs(before).max(), abs=1e-4)
    png = client.get(f"{path}/picture/1", params={"start": 0.5, "stop": 1, "width": 64}).content
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20], "big") == 64
    wave = client.get(f"{path}/waveform/0", params={"width": 20}).json()
    assert wave == pytest.approx(np.abs(before).reshape(20, -1, 2).max(axis=(1, 2)), abs=1e-3)
    assert client.delete(path).status_code == 204
    assert client.get(f"{path}/outputs/0").status_code == 404


def test_jobs_together_as_a_zip_keep_names_of_one_name(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "第1集.wav")
    operation = {"operation": "denoise", "model": "denoise-16k"}
    ids = [done(client, file["id"], operation=operation)["id"] for _ in range(2)]
    answer = client.get("/api/zip", params={"jobs": ",".join(ids)})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["第1集.after.wav", "第1集.after (2).wav"]


def test_a_speaker_is_an_upload(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "talk.wav")
    operation = {"operation": "separate", "speaker": file["id"]}
    job = done(client, file["id"], operation=operation)
    assert [output["label"] for output in job["outputs"]] == ["speaker"]
    path = {"operation": "separate", "speaker": str(talk)}
    answer = client.post("/api/jobs", json={"file": file["id"], "operation": path})
    assert (answer.status_code, "send it again" in answer.json()["error"]) == (404, True)


def test_a_stretch_of_a_recording_is_another_upload(client: TestClient, talk: Path) -> None:
    whole = upload(client, talk.read_bytes(), "talk.wav")["id"]
    path = f"/api/files/{whole}/stretch"
    part = client.post(path, params={"start": 0.5, "stop": 1.25}).json()
    assert (part["seconds"], part["channels"], part["name"]) == (0.75, 2, "talk 0.5-1.25 s.wav")
    job = done(client, whole, operation={"operation": "separate", "speaker": part["id"]})
    assert [output["label"] for output in job["outputs"]] == ["speaker"], job["error"]
    for start, stop, words in ((1, 1, "no stretch"), (-1, 1, "no stretch"), (7, 8, "ends before")):
        answer = client.post(path, params={"start": start, "stop": stop})
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_the_waveform_of_an_upload(client: TestClient) -> None:
    audio = np.concatenate([np.full(3 * RATE, 0.25), np.full(RATE, 0.75)])
    body = io.BytesIO()
    soundfile.write(body, audio, RATE, format="WAV")
    file = upload(client, body.getvalue(), "steps.wav")["id"]
    wave = client.get(f"/api/files/{file}/waveform", params={"width": 40}).json()
    assert wave["seconds"] == 4.0 and len(wave["peaks"]) == 40
    assert wave["peaks"][:29] == [0.25] * 29 and wave["peaks"][31:] == [0.75] * 9
    assert client.get(f"/api/files/{file}/waveform", params={"width": 1}).status_code == 400


def test_a_model_by_its_path_has_its_card(client: TestClient, gain_model: Path) -> None:
    found = client.get("/api/model", params={"path": str(gain_model)}).json()
    assert (found["value"], found["task"]) == (str(gain_model), "denoise")
    for path in ("", "/nothing/there.onnx"):
        assert client.get("/api/model", params={"path": path}).status_code == 400
    with TestClient(make_app(["test:1"], own_models=False), base_url="http://test:1") as other:
        answer = other.get("/api/model", params={"path": str(gain_model)})
        assert answer.status_code == 400 and "no model of this server" in answer.json()["error"]


def test_stems_are_mixed_at_levels(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    operation = {"operation": "separate", "sources": ["speech"], "rest": True}
    job = done(client, file, operation=operation)
    path = f"/api/jobs/{job['id']}"
    parts = [
        soundfile.read(io.BytesIO(client.get(f"{path}/outputs/{n}").content))[0] for n in (0, 1)
    ]
    answer = client.get(f"{path}/mix", params={"levels": "0.5,1"})
    assert 'filename="talk.mix.wav"' in answer.headers["content-disposition"]
    mixed = soundfile.read(io.BytesIO(answer.content))[0]
    assert np.allclose(mixed, 0.5 * parts[0] + parts[1], atol=1 / 32768)
    for levels in ("1", "1,x", "1,-1", "1,nan", "1,9"):
        assert client.get(f"{path}/mix", params={"levels": levels}).status_code == 400


def test_melodies_are_drawn(client: TestClient, talk: Path) -> None:
    pytest.importorskip("swift_f0")
    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    job = done(client, file, operation={"operation": "denoise", "model": "denoise-16k"})
    melody = client.get(f"/api/jobs/{job['id']}/melody/0").json()
    voiced = [hz for hz in melody["hz"] if hz]
    assert melody["step"] == 0.016 and len(voiced) > 20
    assert np.median(voiced) == pytest.approx(220, rel=0.01)


def test_a_score_and_a_note(client: TestClient) -> None:
    score = Path(__file__).parents[2] / "examples"
    midi = next(iter(sorted(score.rglob("*.mid"))))
    file = upload(client, midi.read_bytes(), midi.name)
    job = done(client, file["id"], operation={"operation": "play_score"}, format=".wav")
    assert job["state"] == "done", job["error"]
    assert [track["label"] for track in job["player"]["tracks"]] == ["after"]
    query = {"instrument": "piano", "pitch": "C4", "seconds": 0.5, "velocity": 80}
    note, rate = soundfile.read(
        io.BytesIO(client.get("/api/note", params=query).content), dtype="float32"
    )
    expected, expected_rate = aeolia.synthesise("piano", "C4", seconds=0.5, velocity=80)
    assert rate == expected_rate and np.array_equal(note, expected)


def test_an_instrument_for_samplers(client: TestClient) -> None:
    """Files keep the names that the SFZ calls them by; there is nothing to hear."""
    operation = {"operation": "export_sfz", "instrument": "flute", "keys": "72:72"}
    job = done(client, None, operation=operation)
    assert job["state"] == "done", job["error"]
    assert job["player"] is None
    answer = client.post("/api/export_sfz", params={"instrument": "flute", "keys": "72:72"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        inside = zipped.namelist()
        text = zipped.read("flute.sfz").decode()
    assert sorted(re.findall(r"sample=(\S+)", text)) == sorted(set(inside) - {"flute.sfz"})
    assert len(inside) == 5


def test_several_draws_of_a_note(client: TestClient) -> None:
    query = {"instrument": "flute", "seconds": 0.1, "samples": 2}
    answer = client.post("/api/play_note", params=query)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        assert len(zipped.namelist()) == 2


def test_live_sound_is_that_of_a_stream(client: TestClient) -> None:
    rng = np.random.default_rng(2)
    audio = (0.1 * rng.standard_normal(RATE)).astype(np.float32)
    operation = {"operation": "denoise", "model": "denoise-16k"}
    parts = []
    with client.websocket_connect("ws://test:1/api/live") as socket:
        socket.send_json({"operation": operation, "sample_rate": RATE})
        latency = socket.receive_json()["latency"]
        for block in audio.reshape(-1, 1000):
            socket.send_bytes(block.tobytes())
            parts.append(np.frombuffer(socket.receive_bytes()[4:], np.float32))
    stream = aeolia.Stream("denoise-16k", RATE, resample_quality="LQ")
    assert latency == stream.latency
    expected = np.concatenate([stream.push(block) for block in audio.reshape(-1, 1000)])
    assert np.array_equal(np.concatenate(parts), expected)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("{}", "begins with an operation"),
        ("[", "begins with an operation"),
        ('{"operation": {"operation": "shift", "semitones": 2}, "sample_rate": 16000}', "live"),
        ('{"operation": {"operation": "denoise"}, "sample_rate": 7}', "7"),
    ],
)
def test_live_sound_that_cannot_be(client: TestClient, first: str, words: str) -> None:
    with client.websocket_connect("ws://test:1/api/live") as socket:
        socket.send_text(first)
        assert words in socket.receive_json()["error"]


BAD_FILES = {
    "empty": (b"", "empty"),
    "no sound": (b"hello, world" * 100, "audio"),
    "cut off": (b"RIFF\x00\x10\x00\x00WAVE", "audio"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_named_as_their_owner_does(client: TestClient, case: str) -> None:
    data, words = BAD_FILES[case]
    name = "<b>mine</b>.wav"
    answer = client.post("/api/files", params={"name": f"../../{name}"}, content=data)
    error = answer.json()["error"]
    assert answer.status_code == 400 and words in error
    # "/b>..." is what stands behind the last slash; no path of the server is told.
    assert "aeolia-web-" not in error


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"operation": {"operation": "denoise", "model": "nothing"}}, "nothing"),
        ({"operation": {"operation": "denoize"}}, "denoise"),
        ({"operation": {"operation": "denoise", "residual": "/tmp/x.wav"}}, "residual"),
        ({"operation": {"operation": "denoise", "attenuation_limit_db": -1}}, "attenuation"),
        ({"operation": {"operation": "denoise"}, "format": "../x"}, "ending"),
        ({"operation": {"operation": "play_note"}}, "reads no file"),
        ({"operation": "denoise"}, "object"),
        ({}, "object"),
    ],
)
def test_requests_that_cannot_be(
    client: TestClient, talk: Path, values: dict[str, Any], words: str
) -> None:
    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    answer = client.post("/api/jobs", json={"file": file, **values})
    assert answer.status_code == 400 and words in answer.json()["error"], answer.text


def test_formats_that_cannot_be_are_said(client: TestClient, talk: Path) -> None:
    query = {"name": "talk.wav", "format": ".xyz"}
    answer = client.post("/api/denoise", params=query, content=talk.read_bytes())
    assert answer.status_code == 400 and ".flac" in answer.json()["error"]
    assert client.post("/api/denoize", content=b"x").status_code == 400
    assert client.post("/api/jobs", content=b"[1]").status_code == 400
    assert client.get("/api/jobs/none").status_code == 404
    assert client.get("/api/note", params={"pitch": "H9"}).status_code == 400
    assert client.get("/api/note", params={"seconds": "nan"}).status_code == 400


def test_too_large_a_file_is_refused_and_not_kept() -> None:
    app = make_app(["test:1"], n_workers=1, most_bytes=1000)
    with TestClient(app, base_url="http://test:1") as small:
        answer = small.post("/api/files", content=b"x" * 1001)
        assert (answer.status_code, "larger than" in answer.json()["error"]) == (413, True)
        chunks = small.post("/api/files", content=(b"x" * 400 for _ in range(4)))
        assert chunks.status_code == 413


def test_paths_of_the_machine_are_for_its_own_user_only(talk: Path, gain_model: Path) -> None:
    query = {"name": "talk.wav", "model": str(gain_model)}
    for own, status in ((True, 200), (False, 400)):
        app = make_app(["test:1"], own_models=own, n_workers=1)
        with TestClient(app, base_url="http://test:1") as one:
            answer = one.post("/api/denoise", params=query, content=talk.read_bytes())
            assert answer.status_code == status, answer.text


def test_cancelled_work_ends_and_the_next_goes_on(client: TestClient, talk: Path) -> None:
    long = np.tile(soundfile.read(talk, dtype="int16")[0], (60, 1))
    buffer = io.BytesIO()
    soundfile.write(buffer, long, RATE, format="WAV")
    file = upload(client, buffer.getvalue(), "long.wav")["id"]
    values = {"file": file, "operation": {"operation": "separate", "stems": True}}
    first, second = (client.post("/api/jobs", json=values).json()["id"] for _ in range(2))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not client.get(f"/api/jobs/{first}").json()["done"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for name in (second, first):
        assert client.delete(f"/api/jobs/{name}").status_code == 204
        assert client.get(f"/api/jobs/{name}").json()["state"] == "cancelled"
    short = upload(client, talk.read_bytes(), "talk.wav")["id"]
    job = done(client, short, operation={"operation": "denoise", "model": "denoise-16k"})
    assert job["state"] == "done", job["error"]


def test_one_request_leaves_nothing_behind(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    query = {"name": "talk.wav", "model": "denoise-16k"}
    with TestClient(make_app(["test:1"], n_workers=1), base_url="http://test:1") as one:
        for more, status in (({}, 200), ({"format": ".xyz"}, 400)):
            answer = one.post("/api/denoise", params=query | more, content=talk.read_bytes())
            assert answer.status_code == status
            assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_process_that_cannot_begin_fails_its_job_and_not_the_next(
    client: TestClient, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.web import jobs

    async def failing(*_: object) -> dict[str, Any]:
        raise OSError("no more processes")

    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    operation = {"operation": "denoise", "model": "denoise-16k"}
    with monkeypatch.context() as patched:
        patched.setattr(jobs._Worker, "run", failing)
        job = done(client, file, operation=operation)
        assert job["state"] == "failed" and "no more processes" in job["error"]
    assert done(client, file, operation=operation)["state"] == "done"


def test_everything_goes_with_the_server(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TestClient(make_app(["test:1"], n_workers=1), base_url="http://test:1") as one:
        upload(one, talk.read_bytes(), "talk.wav")
        assert list(tmp_path.rglob("*.wav"))
    assert not list(tmp_path.iterdir())


def test_the_description_names_every_operation(client: TestClient) -> None:
    from aeolia.api.operations.registry import OPERATIONS

    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]) == {f"/api/{name}" for name in OPERATIONS}
    parameters = described["paths"]["/api/transfer"]["post"]["parameters"]
    assert {"to", "transpose", "snap", "model"} <= {one["name"] for one in parameters}
    assert [one["name"] for one in parameters if one.get("required")] == ["to"]
    assert all(one["description"] and one["schema"] for one in parameters), parameters
    shift = {
        one["name"]: one["schema"] for one in described["paths"]["/api/shift"]["post"]["parameters"]
    }
    assert shift["semitones"] == {"type": "number", "minimum": -36, "maximum": 36}
    assert shift["formants"] == {"type": "string", "enum": ["keep", "move"], "default": "keep"}


@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        ({}, "*/*", "FLAC"),  # the body's own, whatever it is called
        ({}, "text/html, audio/x-wav;q=0.5, audio/ogg;q=0.8", "OGG"),
        ({"format": ".wav"}, "audio/ogg", "WAV"),
    ],
)
def test_the_format_of_an_answer(
    client: TestClient, talk: Path, query: dict[str, str], accept: str, form: str
) -> None:
    audio, rate = soundfile.read(talk, frames=RATE // 2)
    body = io.BytesIO()
    soundfile.write(body, audio, rate, format="FLAC")
    answer = client.put(
        "/api/denoise",
        params={"model": "denoise-16k", **query},
        content=body.getvalue(),
        headers={"Accept": accept},
    )
    assert answer.status_code == 200, answer.text
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert file.format == form


def test_a_request_by_the_wrong_method_says_the_right_one(client: TestClient) -> None:
    answer = client.get("/api/denoise")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT")
    assert "curl -T talk.wav 'http://test:1/api/denoise?name=talk.wav'" in answer.json()["error"]
    assert client.get("/api/nothing").status_code == 404


def test_what_nobody_hears_is_not_written_to_be_heard(talk: Path, tmp_path: Path) -> None:
    from aeolia.web.worker import work

    request = {
        "operation": {"operation": "denoise", "model": "denoise-16k"},
        "source": str(talk),
        "target": str(tmp_path / "out.wav"),
        "player": None,
    }
    answer = work(request, lambda _: None)
    assert answer["player"] is None and [one.name for one in tmp_path.iterdir()] == ["out.wav"]


def test_the_parts_of_a_score_get_other_instruments(client: TestClient, tmp_path: Path) -> None:
    midi = Path(__file__).parents[2] / "examples" / "greensleeves.mid"
    file = upload(client, midi.read_bytes(), midi.name)
    parts = {part["channel"]: part for part in file["parts"]}
    assert parts[1]["player"] == "alto_sax" and parts[1]["programs"] == ["Alto Sax"]
    assert (parts[10]["player"], parts[10]["programs"]) == ("drums", [])
    answer = client.post("/api/files", params={"name": "x.mid"}, content=b"MThd" * 9)
    assert answer.status_code == 400 and answer.json()["error"].startswith("x.mid")


def test_the_map_sounds_where_it_is_touched(client: TestClient) -> None:
    found = client.get("/api/map").json()
    assert found["sample_rate"] == 48000 and len(found["places"]) == len(aeolia.instruments())
    flute = next(place for place in found["places"] if place["name"] == "flute")
    wanted = {"x": flute["x"], "y": flute["y"], "pitch": 69, "velocity": 90, "strike": 1}
    with client.websocket_connect("ws://test:1/api/map/play") as socket:

        def block(held: bool) -> np.ndarray:
            socket.send_json({**wanted, "held": held})
            return np.frombuffer(socket.receive_bytes(), np.float32)

        assert len(block(held=False)) == 0
        held = np.concatenate([block(held=True) for _ in range(20)])
        spectrum = np.abs(np.fft.rfft(held[-24000:] * np.hanning(24000)))
        harmonic = np.argmax(spectrum) * 2 / 440
        assert harmonic == pytest.approx(round(harmonic), abs=0.02) and round(harmonic) >= 1
        after = [block(held=False) for _ in range(200)]
        assert len(after[0]) and not len(after[-1]), "the release ends"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("[]", "the map needs"),
        ('{"x": 0, "y": 0, "pitch": 900, "velocity": 9, "held": 1, "strike": 1}', "pitch from 0"),
        ('{"x": NaN, "y": 0, "pitch": 60, "velocity": 9, "held": 1, "strike": 1}', "finite"),
    ],
)
def test_what_the_map_cannot_sound(client: TestClient, wanted: str, words: str) -> None:
    with client.websocket_connect("ws://test:1/api/map/play") as socket:
        socket.send_text(wanted)
        assert words in socket.receive_json()["error"]


def listening_test(client: TestClient, talk: Path, **more: Any) -> Any:
    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    operation = {"operation": "denoise", "model": "denoise-16k"}
    job = done(client, file, operation=operation, heard=False)["id"]
    clip = {"name": "talk", "sounds": [{"file": file}, {"job": job}], **more}
    return client.post("/api/listening", json={"systems": ["as is", "cleaned"], "clips": [clip]})


RATED = "test,method,rater,trial,item,position,system,role,rating\r\n"


def test_a_listening_test_is_made_played_and_analysed(client: TestClient, talk: Path) -> None:
    answer = listening_test(client, talk)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["method"], made["trials"]) == ("ab", 1)
    path = f"/api/listening/{made['id']}"
    page = client.get(f"{path}/")
    policy = page.headers["content-security-policy"]
    assert "'sha256-" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    (first, second) = sorted(set(re.findall(r"audio/\w+\.flac", page.text)))
    sounds = [
        soundfile.read(io.BytesIO(client.get(f"{path}/{n}").content)) for n in (first, second)
    ]
    assert [sound.shape for sound, _ in sounds] == [(2 * RATE, 2)] * 2
    assert client.get(f"{path}/results").status_code == 400  # nobody has rated yet
    identity = re.search(r'"id": "(\w+)"', page.text)
    assert identity
    for rater in ("ann", "bob", "ann"):  # an export again counts once
        rows = [f"{identity[1]},ab,{rater},1,talk,{p},{s},system,{r}\r\n" for p, s, r in _CHOICE]
        csv = RATED + "".join(rows)
        assert client.post(f"{path}/ratings", json={"csv": csv}).status_code == 204
    (table,) = client.get(f"{path}/results").json()["tables"]
    assert table["rows"][0][0] == "cleaned over as is" and table["rows"][0][-1] == "2"
    with zipfile.ZipFile(io.BytesIO(client.get(f"{path}/test.zip").content)) as archive:
        assert "index.html" in archive.namelist() and first in archive.namelist()
    assert client.post(f"{path}/ratings", json={"csv": "a,b\r\n1,2\r\n"}).status_code == 400


_CHOICE = (("A", "cleaned", 1), ("B", "as is", 0))


def test_references_make_it_mushra(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "clean.wav")["id"]
    made = listening_test(client, talk, reference={"file": file}).json()
    assert (made["method"], made["trials"]) == ("mushra", 1)


def test_listening_tests_that_cannot_be(client: TestClient, talk: Path) -> None:
    file = upload(client, talk.read_bytes(), "talk.wav")["id"]
    short = io.BytesIO()
    soundfile.write(short, np.ones(RATE) * 0.1, RATE, format="WAV")
    other = upload(client, short.getvalue(), "short.wav")["id"]
    one = {"systems": ["a"], "clips": [{"sounds": [{"file": file}]}]}
    unlike = {"systems": ["a", "b"], "clips": [{"sounds": [{"file": file}, {"file": other}]}]}
    none = {"systems": ["a", "b"], "clips": []}
    odd = {"systems": ["a", "b"], "clips": [{"sounds": [{"path": "/etc/passwd"}, 1]}]}
    for request, words in ((one, "nothing to compare"), (unlike, "must agree")):
        answer = client.post("/api/listening", json=request)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
        assert "aeolia-web-" not in answer.text
    for request in (none, odd, {}):
        assert client.post("/api/listening", json=request).status_code == 400
    assert client.get("/api/listening/none/").status_code == 404
    assert client.get("/api/listening/none/audio/..%2f..%2fx").status_code == 404
