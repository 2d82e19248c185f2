"""What there is: models with their cards, classes, instruments, words."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import aeolia
from aeolia.api.instruments import open_synthesiser, words
from aeolia.api.separators import KIT_MODEL
from aeolia.config.classes import CLASSES, KIT, STEMS
from aeolia.errors import InputError
from aeolia.web import in_browser
from aeolia.web.routes.requests import check_model

__all__ = ["routes"]


def routes(own_models: bool) -> list[Route]:
    """GET /api/about: all that the page shows choices of; GET /api/model?path=: a file's model."""

    async def about(_: Request) -> Response:
        now = {"own_models": own_models, "in_browser": in_browser.is_built()}
        return JSONResponse({**await asyncio.to_thread(_about), **now})

    async def model(request: Request) -> Response:
        path = check_model(request.query_params.get("path", ""), own_models)
        if not path.strip():
            raise InputError("the path of a model file is needed, such as /home/ann/mine.onnx")
        return JSONResponse(await asyncio.to_thread(_described, path))

    return [Route("/api/about", about), Route("/api/model", model)]


def _described(model: str) -> dict[str, Any]:
    """A model by name or path, and "value", what a request calls it."""
    info = aeolia.describe_model(model)
    described: dict[str, Any] = {
        "value": model,
        "name": info.name,
        "task": info.task,
        "sample_rate": info.sample_rate,
        "latency_ms": info.latency_ms,
        "bytes": info.bytes,
        "card": info.card,
    }
    if info.task == "synth":
        described["unpitched"] = open_synthesiser(model).unpitched
        described["instruments"] = [
            {"name": one.name, "lowest": one.lowest, "highest": one.highest}
            for one in aeolia.instruments(model)
        ]
    return described


@functools.cache
def _about() -> dict[str, Any]:
    """Of the package alone, so once: opening all models takes a quarter of a second."""
    names = aeolia.released_models()
    return {
        "version": aeolia.__version__,
        "classes": CLASSES,
        "kit": KIT if KIT_MODEL in names else (),
        "stems": STEMS,
        "models": [_described(name) for name in names],
        "instruments": [
            {"name": one.name, "lowest": one.lowest, "highest": one.highest}
            for one in aeolia.instruments()
        ],
        "drums": [one.name for one in aeolia.instruments("drums")],
        "words": words(),
    }
