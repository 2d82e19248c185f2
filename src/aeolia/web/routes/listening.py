"""Listening tests: made of what is here, played in a frame of the page, rated and analysed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from aeolia.errors import AeoliaError, InputError
from aeolia.web.jobs import Jobs
from aeolia.web.listening import Clip, PlayedTest, make_test
from aeolia.web.routes.answers import object_of
from aeolia.web.routes.jobs import finished, zipped
from aeolia.web.store import NotThereError, Store

__all__ = ["routes"]

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.S)


def routes(store: Store, jobs: Jobs) -> list[Route]:
    """POST /api/listening makes a test; the others are about one of them.

    {"systems": [NAME ...], "clips": [{"name": TEXT, "sounds": [SOUND ...], "reference": SOUND}]}
    with a SOUND for each system: {"file": ID} of an upload, or {"job": ID} of a result.
    """
    tests: dict[str, PlayedTest] = {}

    def named(request: Request) -> PlayedTest:
        if request.path_params["id"] not in tests:
            raise NotThereError("this test is not there; the server was restarted: make it again")
        return tests[request.path_params["id"]]

    def path_of(sound: Any) -> tuple[Path, str]:
        """A sound's path, and what its owner calls it."""
        if isinstance(sound, dict) and isinstance(sound.get("file"), str):
            upload = store.upload(sound["file"])
            return upload.path, upload.name
        if isinstance(sound, dict) and isinstance(sound.get("job"), str):
            job = finished(jobs.job(sound["job"]))
            _, path, name = job.outputs()[0]
            return path, name
        raise InputError('a sound is {"file": ID} or {"job": ID}')

    async def post(request: Request) -> Response:
        systems, clips = _read(await object_of(request), path_of)
        id_, folder = store.new_folder()
        try:
            tests[id_] = await asyncio.to_thread(make_test, folder, systems, clips)
        except AeoliaError as error:
            words = store.in_owners_words(str(error)).replace(f"{folder}/systems/", "")
            raise InputError(words.replace(f"{folder}/", "")) from error
        made = tests[id_].made
        answer = {"id": id_, "method": made.method, "trials": made.trials, "notes": made.notes}
        return JSONResponse(answer, 201)

    async def page(request: Request) -> Response:
        text = (named(request).folder / "index.html").read_text(encoding="utf-8")
        return HTMLResponse(text, headers={"Content-Security-Policy": _policy(text)})

    async def sound(request: Request) -> Response:
        path = named(request).folder / "audio" / request.path_params["name"]
        if not path.is_file():
            raise NotThereError("no such sound")
        return FileResponse(path, media_type="audio/flac")

    async def archive(request: Request) -> Response:
        folder = named(request).folder
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return zipped([("", path, path.relative_to(folder).as_posix()) for path in files])

    async def rate(request: Request) -> Response:
        csv = (await object_of(request)).get("csv")
        if not isinstance(csv, str):
            raise InputError('{"csv": TEXT} is needed, as the test exports it')
        await asyncio.to_thread(named(request).keep, csv)
        return Response(status_code=204)

    async def results(request: Request) -> Response:
        analysis = await asyncio.to_thread(named(request).analysis)
        tables = [
            {
                "title": table.title,
                "columns": table.columns,
                "rows": table.rows,
                "labels": table.n_labels,
                "note": table.note,
            }
            for table in analysis.tables()
        ]
        return JSONResponse({"tables": tables, "words": analysis.words()})

    return [
        Route("/api/listening", post, methods=["POST"]),
        Route("/api/listening/{id}/", page),
        Route("/api/listening/{id}/audio/{name}", sound),
        Route("/api/listening/{id}/test.zip", archive),
        Route("/api/listening/{id}/ratings", rate, methods=["POST"]),
        Route("/api/listening/{id}/results", results),
    ]


def _read(values: dict[str, Any], path_of: Any) -> tuple[list[str], list[Clip]]:
    """Systems and clips.

    Raises:
        InputError: the request is none.
        NotThereError: a sound is not there.
    """
    systems, given = values.get("systems"), values.get("clips")
    if not isinstance(systems, list) or not all(isinstance(name, str) for name in systems):
        raise InputError('"systems" is a list of names')
    if not isinstance(given, list) or not given:
        raise InputError('"clips" is a list; at least one clip is needed')
    clips: list[Clip] = []
    for one in given:
        sounds = one.get("sounds") if isinstance(one, dict) else None
        if not isinstance(sounds, list) or len(sounds) != len(systems):
            raise InputError('each clip has "sounds", one for each system')
        found = [path_of(sound) for sound in sounds]
        reference = path_of(one["reference"]) if one.get("reference") else None
        clips.append(
            Clip(
                str(one.get("name") or found[0][1]),
                tuple(path for path, _ in found),
                reference[0] if reference else None,
            )
        )
    return systems, clips


def _policy(page: str) -> str:
    """Of the page of a test: its own script and style, and the frame of ours around it."""
    found: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        found[kind].append(f"'sha256-{digest}'")
    return (
        f"default-src 'none'; script-src {' '.join(found['script'])}; "
        f"style-src {' '.join(found['style'])}; media-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
