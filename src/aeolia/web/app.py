"""The server as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from aeolia.errors import AeoliaError
from aeolia.web import in_browser
from aeolia.web.guard import Guard
from aeolia.web.jobs import Jobs
from aeolia.web.routes import files, listening, live, map, models, notes, simple
from aeolia.web.routes import jobs as job_routes
from aeolia.web.routes.answers import failed
from aeolia.web.store import MOST_BYTES, Store

__all__ = ["make_app"]

_STATIC = Path(__file__).parent / "static"


def make_app(
    hosts: Iterable[str],
    *,
    password: str = "",
    own_models: bool = True,
    n_workers: int | None = None,
    most_bytes: int = MOST_BYTES,
) -> Starlette:
    """All routes behind the guard.

    Args:
        hosts: names, with port, that it answers to; see `Guard`.
        password: needed from everybody; "" for none.
        own_models: whether a model may be a path of this machine.
        n_workers: processes that run operations; as many as there are cores when None.
        most_bytes: size of a file.
    """
    store = Store(most_bytes)
    jobs = Jobs(store, n_workers)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        jobs.start()
        yield
        await jobs.close()
        store.close()

    return Starlette(
        routes=[
            *files.routes(store),
            *job_routes.routes(store, jobs, own_models),
            *listening.routes(store, jobs),
            *models.routes(own_models),
            *notes.routes(own_models),
            *live.routes(store, own_models),
            *map.routes(own_models),
            *simple.routes(store, jobs, own_models),
            *in_browser.routes(),
            Mount("/", StaticFiles(directory=_STATIC, html=True)),
        ],
        middleware=[Middleware(Guard, hosts=tuple(hosts), password=password)],
        exception_handlers={AeoliaError: failed},
        lifespan=lifespan,
    )
