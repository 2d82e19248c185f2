"""Live sound over a websocket: blocks of 32-bit floats in and out, through `aeolia.Stream`.

page:    {"operation": {...}, "sample_rate": 48000}     one message of text
server:  {"latency": SAMPLES}  or  {"error": TEXT}
page:    bytes of a block, one channel                  again and again
server:  bytes of what is ready, a time in front: the milliseconds that it took (a float)
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from typing import Any

import numpy as np
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from aeolia.api.operations.operation import Filter
from aeolia.errors import AeoliaError, InputError
from aeolia.web.routes.requests import read_operation
from aeolia.web.store import Store

__all__ = ["routes"]

#: More than a block of any page.
_MOST_SAMPLES = 1 << 16


def routes(store: Store, own_models: bool) -> list[WebSocketRoute]:
    """The websocket /api/live."""

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        try:
            stream = await asyncio.to_thread(
                _opened, await socket.receive_text(), store, own_models
            )
            await socket.send_json({"latency": stream.latency})
            while True:
                block = _block(await socket.receive_bytes())
                started = time.perf_counter()
                ready = await asyncio.to_thread(stream.push, block)
                taken_ms = 1000 * (time.perf_counter() - started)
                if isinstance(ready, dict):
                    ready = next(iter(ready.values()))
                samples = np.ascontiguousarray(ready, "<f4").tobytes()
                await socket.send_bytes(struct.pack("<f", taken_ms) + samples)
        except AeoliaError as error:
            await socket.send_json({"error": str(error)})
            await socket.close()
        except (WebSocketDisconnect, KeyError):  # KeyError: text where bytes were due
            pass

    return [WebSocketRoute("/api/live", live)]


def _opened(text: str, store: Store, own_models: bool) -> Any:
    try:
        values = json.loads(text)
        described, rate = dict(values["operation"]), int(values["sample_rate"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("live sound begins with an operation and a sample rate") from error
    operation = read_operation(described, store, own_models)
    if not isinstance(operation, Filter):
        raise InputError(f"{operation.name} needs a whole recording; it cannot be live")
    return operation.stream(rate, 1, resample_quality="LQ")


def _block(data: bytes) -> np.ndarray:
    if len(data) % 4 or len(data) > 4 * _MOST_SAMPLES:
        raise InputError(f"a block of {len(data)} bytes; 4 a sample are needed, not too many")
    samples = np.frombuffer(data, "<f4")
    return np.asarray(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0))
