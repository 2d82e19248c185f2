"""The map of a synthesiser's timbres, and sound at a point of it that moves while it plays.

GET /api/map                        where each instrument lies
the websocket /api/map/play         the page asks for each block as its queue runs short:

page:    {"x": 0.1, "y": -0.4, "pitch": 60, "velocity": 90, "held": true, "strike": 1}
server:  bytes of the next block, 32-bit floats of one channel; none where nothing sounds

A new number of `strike` is a new note. A held note that has died away, as strings do, is struck
again: there is always something to hear where the pointer is.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from aeolia.api.instruments import NOTES_MODEL, open_synthesiser
from aeolia.errors import AeoliaError, InputError
from aeolia.runtime.synth.held import HeldNote
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.latent_map import LatentMap
from aeolia.runtime.synth.performance import touch
from aeolia.web.routes.requests import check_model

__all__ = ["Dragged", "routes"]

#: Frames of a block: 40 ms of the released notes.
_FRAMES = 4
#: Notes that end at the same time, at most; older ones are cut.
_MOST_NOTES = 4


def routes(own_models: bool) -> list[BaseRoute]:
    """The map, and its websocket."""

    async def places(request: Request) -> Response:
        model = check_model(request.query_params.get("model"), own_models) or NOTES_MODEL
        return JSONResponse(await asyncio.to_thread(_described, model))

    async def play(socket: WebSocket) -> None:
        await socket.accept()
        try:
            model = check_model(socket.query_params.get("model"), own_models) or NOTES_MODEL
            dragged = await asyncio.to_thread(lambda: Dragged(open_synthesiser(model)))
            while True:
                wanted = _read(await socket.receive_text())
                block = await asyncio.to_thread(dragged.next, **wanted)
                await socket.send_bytes(np.ascontiguousarray(block, "<f4").tobytes())
        except AeoliaError as error:
            await socket.send_json({"error": str(error)})
            await socket.close()
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes where text was due
            pass

    return [Route("/api/map", places), WebSocketRoute("/api/map/play", play)]


class Dragged:
    """The notes of one page, block after block."""

    def __init__(self, model: OnnxSynthesiser) -> None:
        self._model = model
        self._map = LatentMap(model)
        self._notes: list[HeldNote] = []
        self._held: HeldNote | None = None
        self._strike = 0
        self._count = 0

    def next(
        self, *, x: float, y: float, pitch: float, velocity: float, held: bool, strike: int
    ) -> np.ndarray:
        """The next block [T]; empty where nothing sounds."""
        push = touch(velocity, self._model.config.velocity_range_db)
        if not held or strike != self._strike or (self._held is not None and self._held.faded):
            self._release()
        if held and self._held is None:
            self._count += 1
            self._held = HeldNote(self._model, pitch, push, seed=self._count)
            self._notes = [*self._notes, self._held][-_MOST_NOTES:]
        self._strike = strike
        if not self._notes:
            return np.zeros(0, np.float32)
        timbre = self._map.at(x, y, pitch, push)
        block = np.sum([note.sound(timbre, _FRAMES) for note in self._notes], axis=0)
        self._notes = [note for note in self._notes if not note.over]
        return np.asarray(block, np.float32)

    def _release(self) -> None:
        if self._held is not None:
            self._held.release()
            self._held = None


def _described(model: str) -> dict[str, Any]:
    opened = open_synthesiser(model)
    places = LatentMap(opened).places
    names = opened.config.instruments
    return {
        "sample_rate": opened.config.sample_rate,
        "places": [
            {"name": name, "x": round(float(x), 4), "y": round(float(y), 4)}
            for name, (x, y) in zip(names, places, strict=True)
        ],
    }


def _read(text: str) -> dict[str, Any]:
    """The arguments of `Dragged.next`.

    Raises:
        InputError: they are none.
    """
    try:
        given = json.loads(text)
        numbers = {key: float(given[key]) for key in ("x", "y", "pitch", "velocity")}
        held, strike = bool(given["held"]), int(given["strike"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError("the map needs x, y, pitch, velocity, held and strike") from error
    if not all(map(math.isfinite, numbers.values())):
        raise InputError("x, y, pitch and velocity are finite numbers")
    if not (0 <= numbers["pitch"] <= 127 and 1 <= numbers["velocity"] <= 127):
        raise InputError("a pitch from 0 to 127 and a velocity from 1 to 127 are needed")
    return {**numbers, "held": held, "strike": strike}
