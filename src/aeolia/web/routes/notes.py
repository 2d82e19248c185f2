"""Single notes for the keyboard of the page: small and at once, so no job."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import numpy as np
import soundfile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import aeolia
from aeolia.api.instruments import NOTES_MODEL
from aeolia.errors import InputError
from aeolia.web.routes.answers import number
from aeolia.web.routes.requests import check_model

__all__ = ["routes"]

_MOST_SECONDS = 10.0


def routes(own_models: bool) -> list[Route]:
    """GET /api/note?instrument=&pitch=&velocity=&seconds=&text=&seed=&model=: a WAV."""

    async def note(request: Request) -> Response:
        query = request.query_params
        seconds = number(request, "seconds", 2.0)
        if not 0 < seconds <= _MOST_SECONDS:
            raise InputError(f"a note of {seconds:g} s; above 0 and up to {_MOST_SECONDS:g} are")
        settings: dict[str, Any] = {
            "instrument": query.get("instrument") or None,
            "pitch": query.get("pitch") or None,
            "text": query.get("text") or None,
            "seconds": seconds,
            "model": check_model(query.get("model") or NOTES_MODEL, own_models),
        }
        if query.get("velocity"):
            settings["velocity"] = int(number(request, "velocity"))
        if query.get("seed"):
            settings["seed"] = int(number(request, "seed"))
        audio, rate = await asyncio.to_thread(lambda: aeolia.synthesise(**settings))
        return Response(_wav(audio, rate), media_type="audio/wav")

    return [Route("/api/note", note)]


def _wav(audio: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, audio, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()
