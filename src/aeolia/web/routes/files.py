"""Files come in: the body of a request is the file, and its name is in the query."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeolia.api.instruments import NOTES_MODEL, open_synthesiser
from aeolia.audio.files import AudioReader
from aeolia.errors import AeoliaError, InputError
from aeolia.runtime.synth.orchestra import parts_of
from aeolia.runtime.synth.score_reader import read_score
from aeolia.web.look import MOST_PIXELS
from aeolia.web.routes.answers import number
from aeolia.web.sounds import peaks_of, write_stretch
from aeolia.web.store import Store, Upload

__all__ = ["receive", "routes"]

#: Endings of files that are no sound and are read by operations all the same.
_SCORES = (".mid", ".midi", ".rmi", ".kar")
_NO_SOUND = (".npz", ".voice")


def routes(store: Store) -> list[Route]:
    """POST /api/files?name=NAME takes one in, DELETE /api/files/ID forgets it.

    GET /api/files/ID/waveform?width= is what it looks like, and
    POST /api/files/ID/stretch?start=&stop= makes another of a part of it, in seconds.
    """

    async def post(request: Request) -> Response:
        upload = await receive(request, store)
        try:
            found = await asyncio.to_thread(_described, upload)
        except AeoliaError as error:
            words = store.in_owners_words(str(error))
            store.remove(upload.id)
            raise InputError(words) from error
        return JSONResponse({"id": upload.id, "name": upload.name, **found}, 201)

    async def stretch(request: Request) -> Response:
        whole = store.upload(request.path_params["id"])
        start, stop = number(request, "start"), number(request, "stop")
        part = store.add(f"{whole.stem} {start:g}-{stop:g} s.wav", ".wav")
        try:
            await asyncio.to_thread(write_stretch, whole.path, part.path, start, stop)
        except BaseException:
            store.remove(part.id)
            raise
        found = await asyncio.to_thread(_described, part)
        return JSONResponse({"id": part.id, "name": part.name, **found}, 201)

    async def waveform(request: Request) -> Response:
        width = int(number(request, "width", 800.0))
        if not 16 <= width <= MOST_PIXELS:
            raise InputError(f"a width of {width}; 16 to {MOST_PIXELS} points are possible")
        upload = store.upload(request.path_params["id"])
        seconds, peaks = await asyncio.to_thread(peaks_of, upload.path, width)
        return JSONResponse({"seconds": seconds, "peaks": peaks})

    async def delete(request: Request) -> Response:
        store.remove(request.path_params["id"])
        return Response(status_code=204)

    return [
        Route("/api/files", post, methods=["POST", "PUT"]),
        Route("/api/files/{id}/waveform", waveform),
        Route("/api/files/{id}/stretch", stretch, methods=["POST"]),
        Route("/api/files/{id}", delete, methods=["DELETE"]),
    ]


async def receive(request: Request, store: Store) -> Upload:
    """Keep the body of a request.

    Raises:
        TooLargeError, InputError: see `Store.receive`.
    """
    length = request.headers.get("content-length", "")

    async def chunks() -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            yield chunk

    name = request.query_params.get("name", "sound")
    return await store.receive(name, chunks(), int(length) if length.isdigit() else None)


def _described(upload: Upload) -> dict[str, Any]:
    """Rate, channels and length of a sound; the parts of a score; nothing of another file."""
    if upload.path.suffix in _SCORES:
        score = read_score(upload.path)
        parts = parts_of(score, open_synthesiser(NOTES_MODEL))
        return {
            "seconds": score.seconds,
            "parts": [dataclasses.asdict(part) for part in parts],
            "remarks": list(score.remarks),
        }
    if upload.path.suffix in _NO_SOUND:
        return {}
    # What is cut off may be salvaged by an operation, which otherwise says what is missing.
    with AudioReader(upload.path, salvage=True) as reader:
        info = reader.info
        seconds = None if info.frames is None else info.frames / info.sample_rate
        return {
            "sample_rate": info.sample_rate,
            "channels": info.channels,
            "seconds": seconds,
            "remarks": list(reader.remarks),
        }
