"""One request, one answer, for other programs: a file goes in and the result comes out.

curl -T talk.wav 'http://127.0.0.1:7860/api/denoise?name=talk.wav' -o clean.wav
"""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

import aeolia
from aeolia.api.operations.registry import OPERATIONS
from aeolia.errors import InputError
from aeolia.web.jobs import FAILED, Jobs
from aeolia.web.routes.answers import attachment
from aeolia.web.routes.files import receive
from aeolia.web.routes.jobs import finished, zipped
from aeolia.web.routes.requests import as_values, read_operation, target_name
from aeolia.web.store import Store

__all__ = ["routes"]

#: Of the query, what is no setting of an operation.
_OURS = ("name", "format")


def routes(store: Store, jobs: Jobs, own_models: bool) -> list[Route]:
    """POST or PUT /api/OPERATION, and what there is: GET /api/openapi.json."""

    async def run(request: Request) -> Response:
        name = request.path_params["operation"].replace("-", "_")
        query = {k: v for k, v in request.query_params.items() if k not in _OURS}
        values = as_values(name, query)
        source = await receive(request, store) if OPERATIONS[name].reads else None
        try:
            operation = await asyncio.to_thread(read_operation, values, store, own_models)
            wanted = request.query_params.get("format")
            job = jobs.submit(operation.as_dict(), source, target_name(operation, source, wanted))
            await job.ended.wait()
            if job.state == FAILED:
                jobs.remove(job)
                raise InputError(job.error)
            answer = _answer(finished(job).outputs())
            # Nobody asks for it again: a server that other programs use must not fill the disk.
            answer.background = BackgroundTask(jobs.remove, job)
            return answer
        finally:
            if source is not None:
                store.remove(source.id)

    async def openapi(_: Request) -> Response:
        return JSONResponse(_description())

    return [
        Route("/api/openapi.json", openapi),
        Route("/api/{operation:str}", run, methods=["POST", "PUT"]),
    ]


def _answer(outputs: list[tuple[str, Path, str]]) -> Response:
    """The file, or a ZIP of several."""
    if len(outputs) > 1:
        return zipped(outputs)
    _, path, name = outputs[0]
    return FileResponse(path, headers=attachment(name))


def _description() -> dict[str, Any]:
    """All operations as OpenAPI 3.1 has it, made from their classes."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Aeolia", "version": aeolia.__version__},
        "paths": {f"/api/{name}": {"post": _operation(cls)} for name, cls in OPERATIONS.items()},
    }


def _operation(cls: Any) -> dict[str, Any]:
    fields = [field for field in dataclasses.fields(cls) if field.name not in ("residual",)]
    parameters = [
        {
            "name": field.name,
            "in": "query",
            "required": field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING,
            "description": f"{field.type}, as JSON or as plain text"
            + (" with commas between" if str(field.type).startswith("tuple") else ""),
            "schema": {},
        }
        for field in fields
    ]
    described: dict[str, Any] = {
        "summary": (cls.__doc__ or "").strip().splitlines()[0],
        "parameters": [*parameters, *_COMMON],
        "responses": {
            "200": {"description": "the file, or a ZIP of several"},
            "400": {"description": 'what is wrong: {"error": TEXT}'},
        },
    }
    if cls.reads:
        any_bytes: dict[str, Any] = {"application/octet-stream": {}}
        described["requestBody"] = {"required": True, "content": any_bytes}
    return described


_COMMON = [
    {"name": name, "in": "query", "required": False, "description": text, "schema": {}}
    for name, text in (
        ("name", "what the file is called; its ending tells the format"),
        ("format", "ending of the output, such as .flac; the input's by default"),
    )
]
