"""Work in the background: begun, watched, cancelled; its results heard, seen, downloaded."""

from __future__ import annotations

import asyncio
import io
import secrets
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from aeolia.errors import InputError
from aeolia.plain_text import printable
from aeolia.web.jobs import DONE, Job, Jobs
from aeolia.web.look import contour, picture, waveform
from aeolia.web.routes.answers import attachment, number, object_of
from aeolia.web.routes.requests import read_operation, target_name
from aeolia.web.sounds import write_mix
from aeolia.web.store import NotThereError, Store

__all__ = ["finished", "routes", "zipped"]

_WIDTH, _HEIGHT = 1200, 240
_CHUNK = 1 << 20


def routes(store: Store, jobs: Jobs, own_models: bool) -> list[Route]:
    """POST /api/jobs begins one; the others are about one of them, or zip several.

    {"file": ID or null, "operation": {...}, "format": ".flac" or null, "heard": true}
    """

    async def post(request: Request) -> Response:
        values = await object_of(request)
        source = store.upload(values["file"]) if values.get("file") else None
        described = values.get("operation")
        if not isinstance(described, dict):
            raise InputError('"operation" must be an object such as {"operation": "denoise"}')
        # A speaker's clip is listened to here, and that takes a moment.
        operation = await asyncio.to_thread(read_operation, described, store, own_models)
        if operation.reads != (source is not None):
            raise InputError(f"{operation.name} {'needs' if operation.reads else 'reads no'} file")
        name = await asyncio.to_thread(target_name, operation, source, values.get("format"))
        heard = values.get("heard") is not False
        job = jobs.submit(operation.as_dict(), source, name, heard=heard)
        return JSONResponse({"id": job.id}, 202)

    async def get(request: Request) -> Response:
        return JSONResponse(_described(jobs.job(request.path_params["id"]), jobs))

    async def delete(request: Request) -> Response:
        jobs.remove(jobs.job(request.path_params["id"]))
        return Response(status_code=204)

    async def output(request: Request) -> Response:
        outputs = finished(jobs.job(request.path_params["id"])).outputs()
        index = int(request.path_params["index"])
        if index >= len(outputs):
            raise NotThereError(f"there are {len(outputs)} outputs")
        _, path, name = outputs[index]
        return FileResponse(path, headers=attachment(name))

    async def player(request: Request) -> Response:
        job = finished(jobs.job(request.path_params["id"]))
        if not job.player.is_file():
            raise NotThereError("too long to be played in the page; download it")
        return FileResponse(job.player, media_type="audio/wav")

    async def look(request: Request) -> Response:
        job = finished(jobs.job(request.path_params["id"]))
        settings = _looked_at(request, job)
        width = int(number(request, "width", _WIDTH))
        if request.path_params["how"] == "waveform":
            values = await asyncio.to_thread(waveform, **settings, width=width)
            return JSONResponse(values)
        size = width, int(number(request, "height", _HEIGHT))
        png = await asyncio.to_thread(picture, **settings, size=size)
        return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=3600"})

    async def melody(request: Request) -> Response:
        settings = _looked_at(request, finished(jobs.job(request.path_params["id"])))
        del settings["stretch"]
        return JSONResponse(await asyncio.to_thread(contour, **settings))

    async def mix(request: Request) -> Response:
        job = finished(jobs.job(request.path_params["id"]))
        outputs = job.outputs()
        levels = _levels(request.query_params.get("levels", ""))
        _, first, name = outputs[0]
        target = job.folder / f"{secrets.token_urlsafe(8)}{first.suffix}"
        sources = [path for _, path, _ in outputs]
        await asyncio.to_thread(write_mix, target, sources, levels)
        stem = name.removesuffix(f".{outputs[0][0]}{first.suffix}")
        return FileResponse(
            target,
            headers=attachment(f"{stem}.mix{first.suffix}"),
            background=BackgroundTask(target.unlink),
        )

    async def archive(request: Request) -> Response:
        names = request.query_params.get("jobs", "").split(",")
        made = [one for name in names for one in finished(jobs.job(name)).outputs()]
        return zipped(made)

    return [
        Route("/api/jobs", post, methods=["POST"]),
        Route("/api/jobs/{id}", get),
        Route("/api/jobs/{id}", delete, methods=["DELETE"]),
        Route("/api/jobs/{id}/outputs/{index:int}", output),
        Route("/api/jobs/{id}/player.wav", player),
        Route("/api/jobs/{id}/mix", mix),
        Route("/api/jobs/{id}/melody/{track:int}", melody),
        Route("/api/jobs/{id}/{how:str}/{track:int}", look),
        Route("/api/zip", archive),
    ]


def finished(job: Job) -> Job:
    """The same job, if it is done.

    Raises:
        NotThereError: it is not.
    """
    if job.state != DONE:
        raise NotThereError(f"this result is not there: the work is {job.state}")
    return job


def _described(job: Job, jobs: Jobs) -> dict[str, Any]:
    values: dict[str, Any] = {"id": job.id, "state": job.state, "error": printable(job.error)}
    values["salvageable"] = job.salvageable
    values |= {"done": job.done, "of": job.of, "ahead": jobs.ahead_of(job)}
    if job.state == DONE:
        values["outputs"] = [
            {"label": label, "name": name, "bytes": path.stat().st_size}
            for label, path, name in job.outputs()
        ]
        values["player"] = job.result["player"]
        values["report"] = job.result["report"]
    return values


def _looked_at(request: Request, job: Job) -> dict[str, Any]:
    player = job.result["player"]
    if player is None or not player["playable"]:
        raise NotThereError("too long to be looked at in the page; download it")
    seconds = player["frames"] / player["sample_rate"]
    return {
        "path": job.player,
        "channels": player["channels"],
        "track": int(request.path_params["track"]),
        "stretch": (number(request, "start", 0.0), number(request, "stop", seconds)),
    }


def _levels(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"levels is {text!r}; numbers with commas between are needed") from None


def zipped(files: list[tuple[str, Path, str]]) -> Response:
    """An answer with files in a ZIP that is written as it is sent."""
    return StreamingResponse(
        _zip_chunks(files), media_type="application/zip", headers=attachment("aeolia.zip")
    )


async def _zip_chunks(files: list[tuple[str, Path, str]]) -> AsyncIterator[bytes]:
    pipe = _Pipe()
    taken: set[str] = set()
    with zipfile.ZipFile(pipe, "w") as archive:
        for _, path, name in files:
            name = _untaken(name, taken)
            with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as member:
                while chunk := await asyncio.to_thread(source.read, _CHUNK):
                    member.write(chunk)
                    yield pipe.taken()
    yield pipe.taken()


def _untaken(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{stem} ({count}){dot}{ending}"
    taken.add(unique)
    return unique


class _Pipe(io.RawIOBase):
    """What a ZIP is written to: bytes that wait to be sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: Any) -> int:
        """Keep bytes."""
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data
