"""One request, one answer, for other programs: a file goes in and the result comes out.

curl -T talk.wav 'http://127.0.0.1:7860/api/denoise?name=talk.wav' -o clean.wav
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from aeolia.api.operations.registry import OPERATIONS
from aeolia.errors import InputError
from aeolia.web.jobs import FAILED, Jobs
from aeolia.web.openapi import description
from aeolia.web.routes.answers import attachment
from aeolia.web.routes.files import receive
from aeolia.web.routes.jobs import finished, zipped
from aeolia.web.routes.requests import (
    accepted_suffix,
    as_values,
    read_operation,
    target_name,
)
from aeolia.web.store import NotThereError, Store

__all__ = ["routes"]

#: What a request must or might well say, and the files of examples where they are no recordings.
_EXAMPLES = {
    "separate": {"sources": "speech"},
    "transfer": {"to": "cello"},
    "shift": {"semitones": "3"},
    "morph": {"to": "FILE"},
    "play_note": {"instrument": "cello", "pitch": "C3"},
    "export_sfz": {"instrument": "cello"},
}
_EXAMPLE_FILES = {
    "play_score": ("tune.mid", "tune.wav"),
    "encode": ("note.wav", "note.npz"),
    "decode": ("note.npz", "note.wav"),
}
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
            target = await asyncio.to_thread(target_name, operation, source, _format(request))
            job = jobs.submit(operation.as_dict(), source, target, heard=False)
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

    async def explain(request: Request) -> Response:
        name = request.path_params["operation"].replace("-", "_")
        example = _example(name, str(request.base_url).rstrip("/"))  # or says that there is none
        words = f"{request.method} came; POST or PUT is needed, such as: {example}"
        return JSONResponse({"error": words}, 405, {"Allow": "POST, PUT"})

    async def openapi(_: Request) -> Response:
        return JSONResponse(description())

    return [
        Route("/api/openapi.json", openapi),
        Route("/api/{operation:str}", run, methods=["POST", "PUT"]),
        Route("/api/{operation:str}", explain, methods=["GET", "DELETE", "PATCH"]),
    ]


def _format(request: Request) -> str | None:
    """The ending that the query or, after it, the header Accept wants; None for the input's.

    Of an operation that writes no sound, or several files, Accept says nothing.
    """
    if request.query_params.get("format"):
        return request.query_params["format"]
    if request.path_params["operation"] == "encode":
        return None
    return accepted_suffix(request.headers.get("accept", ""))


def _example(name: str, address: str) -> str:
    """A line for the shell that does it.

    Raises:
        NotThereError: no such operation.
    """
    if name not in OPERATIONS:
        raise NotThereError(f"nothing is at /api/{name}; operations are {', '.join(OPERATIONS)}")
    cls = OPERATIONS[name]
    query = "&".join(f"{key}={value}" for key, value in _EXAMPLES.get(name, {}).items())
    if not cls.reads:
        out = "cello.zip" if name == "export_sfz" else "note.wav"
        return f"curl -X POST '{address}/api/{name}?{query}' -o {out}"
    file, out = _EXAMPLE_FILES.get(name, ("talk.wav", "out.wav"))
    more = f"&{query}" if query else ""
    return f"curl -T {file} '{address}/api/{name}?name={file}{more}' -o {out}"


def _answer(outputs: list[tuple[str, Path, str]]) -> Response:
    """The file, or a ZIP of several."""
    if len(outputs) > 1:
        return zipped(outputs)
    _, path, name = outputs[0]
    return FileResponse(path, headers=attachment(name))
