"""What there is: models with their cards, classes, instruments, words."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import aeolia
from aeolia.api.instruments import words
from aeolia.config.classes import CLASSES, STEMS

__all__ = ["routes"]


def routes() -> list[Route]:
    """GET /api/about: all that the page shows choices of."""

    async def about(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(_about))

    return [Route("/api/about", about)]


def _about() -> dict[str, Any]:
    models = [aeolia.describe_model(name) for name in aeolia.released_models()]
    return {
        "version": aeolia.__version__,
        "classes": CLASSES,
        "stems": STEMS,
        "models": [
            {
                "name": model.name,
                "task": model.task,
                "sample_rate": model.sample_rate,
                "latency_ms": model.latency_ms,
                "bytes": model.bytes,
                "card": model.card,
            }
            for model in models
        ],
        "instruments": [
            {"name": one.name, "lowest": one.lowest, "highest": one.highest}
            for one in aeolia.instruments()
        ],
        "drums": [one.name for one in aeolia.instruments("drums")],
        "words": words(),
    }
