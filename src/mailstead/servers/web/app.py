"""The aiohttp application: routes, JSON errors, limits. aiohttp is imported here only, when a worker serves HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from mailstead.net.guest import Guest
from mailstead.servers.web.admin import AdminApi
from mailstead.servers.web.quarantine import QuarantinePages
from mailstead.servers.web.queue import QueueApi
from mailstead.servers.web.v1.api import Api
from mailstead.telemetry import incident
from mailstead.telemetry.exposition import CONTENT_TYPE, render_metrics
from mailstead.telemetry.metrics import Snapshot

MOST_BODY: Final = 1024 * 1024
MOST_LINE: Final = 8190
MOST_HEADER: Final = 16 * 1024
KEEP_ALIVE: Final = 30.0
REQUEST_TIME: Final = 60.0
GUESTS: Final = web.AppKey("guests", dict[asyncio.Protocol, Guest])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What is shown: why the program is not well (empty: it is), the merged numbers of all workers, the queue."""

    illness: Callable[[], Awaitable[str]]
    metrics: Callable[[], Awaitable[Snapshot]]
    queue: QueueApi | None = None
    admin: AdminApi | None = None
    v1: Api | None = None
    quarantine: QuarantinePages | None = None


class Pages:
    """The two pages there are."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def health(self, _: web.Request) -> web.Response:
        """For load balancers and people: 200 or 503."""
        try:
            reason = await self._sources.illness()
        except TimeoutError:
            reason = "the supervisor does not answer"
        if reason:
            return web.json_response({"status": "unhealthy", "reason": reason}, status=503)
        return web.json_response({"status": "healthy"})

    async def metrics(self, _: web.Request) -> web.Response:
        """For Prometheus."""
        try:
            snapshot = await self._sources.metrics()
        except TimeoutError:
            return web.json_response({"error": "the supervisor does not answer"}, status=503)
        return web.Response(body=render_metrics(snapshot).encode(), headers={"Content-Type": CONTENT_TYPE})


@web.middleware
async def within_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request has so long, body and answer included; then the next has to come, whole, in its own time."""
    guest = request.app[GUESTS].get(request.protocol)
    if guest is not None:
        guest.busy()
    try:
        async with asyncio.timeout(REQUEST_TIME):
            return await handler(request)
    except TimeoutError:
        why = f"it took longer than {REQUEST_TIME:.0f} seconds"
        body = {"error": "request timeout", "why": why, "fix": "send it again, and faster", "status": 408}
        return web.json_response(body, status=408)
    finally:
        if guest is not None:
            guest.idle(KEEP_ALIVE)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is JSON; a fault of ours shows its incident id and nothing else."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        headers = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else None
        body = {"error": refusal.reason.lower(), "status": refusal.status}
        return web.json_response(body, status=refusal.status, headers=headers)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
        name = incident(error, subsystem="web")
        return web.json_response({"error": "internal error", "status": 500, "incident": name}, status=500)


async def _hide_versions(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "mailstead"


def build_app(sources: Sources) -> web.Application:
    """Routes and limits."""
    pages = Pages(sources)
    app = web.Application(middlewares=[within_time, errors_as_json], client_max_size=MOST_BODY)
    app.on_response_prepare.append(_hide_versions)
    app.router.add_get("/health", pages.health)
    app.router.add_get("/metrics", pages.metrics)
    if sources.queue is not None:
        sources.queue.attach(app)
    if sources.admin is not None:
        sources.admin.attach(app)
    if sources.v1 is not None:
        sources.v1.attach(app)
    if sources.quarantine is not None:
        sources.quarantine.attach(app)
    return app
