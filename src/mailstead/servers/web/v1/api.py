"""From a request to an endpoint and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.directory import UserRole
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.permission import Reach
from mailstead.servers.web.caller import Caller, Sight
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.endpoint import PREFIX, AnyCall, Call, Endpoint
from mailstead.servers.web.v1.problems import Problem, answer_problem, problem_of
from mailstead.servers.web.v1.reading import digest_of, read_body, read_key, read_octets, read_query
from mailstead.servers.web.v1.riding import ENCODER, Replayed, Ride, etag_of, matches
from mailstead.servers.web.v1.site import Site
from mailstead.telemetry import incident

_HEADERS: Final = {"X-Content-Type-Options": "nosniff"}
_KEPT: Final = "private, no-cache"
"""A client may keep it and has to ask whether it is still so."""
_JSON: Final = "application/json"
_NOBODY: Final = Actor("nobody", Through.API)


@dataclass(frozen=True, slots=True)
class Api:
    """All endpoints on one application."""

    site: Site
    endpoints: Sequence[Endpoint]

    def attach(self, app: web.Application) -> None:
        """Add all routes, and one for what is none."""
        for endpoint in self.endpoints:
            app.router.add_route(endpoint.method, PREFIX + endpoint.path, self._guard(endpoint))
        app.router.add_route("*", PREFIX + "/{tail:.*}", self._strange)

    def _guard(self, endpoint: Endpoint) -> Any:
        async def guarded(request: web.Request) -> web.Response:
            try:
                response = await self._answer(endpoint, request)
            except Replayed as replayed:
                response = _response(replayed.body or None, replayed.status, {"Idempotency-Replayed": "true"})
            except (MailError, Refused) as error:
                response = answer_problem(problem_of(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
                why = f"a fault of ours, incident {incident(error, subsystem='api')}"
                what = Problem(error="internal error", why=why, fix="look for the incident in the log", status=500)
                response = answer_problem(what)
            response.headers.update(_HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded

    async def _answer(self, endpoint: Endpoint, request: web.Request) -> web.Response:
        caller = await self._identify(endpoint, request)
        sight = caller.sight(endpoint.resource, endpoint.verb) if endpoint.resource else Sight(caller, Reach.OWN)
        octets = await read_octets(request)
        call: AnyCall = Call(
            site=self.site,
            caller=caller,
            sight=sight,
            directory=self.site.directory.by(caller.actor),
            params=request.match_info,
            query=read_query(endpoint, request),
            body=read_body(endpoint, request, octets),
            client_ip=caller.actor.address,
        )
        if endpoint.act is None:
            return await _show(endpoint, call, request)
        return await _change(endpoint, call, request, octets)

    async def _identify(self, endpoint: Endpoint, request: web.Request) -> Caller:
        if endpoint.is_open:
            return Caller(actor=replace(_NOBODY, address=request.remote or ""), role=UserRole.USER)
        return await self.site.gatekeeper.enter(request)

    async def _strange(self, request: web.Request) -> web.Response:
        """405 where the path is one, with another method; else 404."""
        allowed = sorted({
            route.method
            for route in request.app.router.routes()
            if route.resource is not None and route.method != "*" and _is_of(route.resource, request)
        })  # fmt: skip
        if not allowed:
            what = Problem(error="not found", why="there is no such call", fix=f"see {PREFIX}/openapi.json", status=404)
            return answer_problem(what, _HEADERS)
        words = f"{request.method} is none of {', '.join(allowed)}"
        what = Problem(error="method not allowed", why=words, fix="use one of these methods", status=405)
        return answer_problem(what, {**_HEADERS, "Allow": ", ".join(allowed)})


def _is_of(resource: web.AbstractResource, request: web.Request) -> bool:
    pattern = resource.get_info().get("pattern")
    if pattern is not None:
        return bool(pattern.fullmatch(request.rel_url.raw_path))
    return resource.canonical == request.path


async def _show(endpoint: Endpoint, call: AnyCall, request: web.Request) -> web.Response:
    read = endpoint.read
    assert read is not None
    body = ENCODER.encode(await call.directory.store.read(lambda tx: read(tx, call, None)))
    headers = {"ETag": etag_of(body), "Cache-Control": _KEPT}
    if matches(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return _response(body, endpoint.status, headers)


async def _change(endpoint: Endpoint, call: AnyCall, request: web.Request, octets: bytes) -> web.Response:
    assert endpoint.act is not None
    if endpoint.read is None:
        value = await endpoint.act(call)
        body = ENCODER.encode(value) if endpoint.answer is not None else None
        if endpoint.method == "GET" and body is not None:
            tag = etag_of(body)
            if matches(request.headers.get("If-None-Match", ""), tag):
                return web.Response(status=304, headers={"ETag": tag, "Cache-Control": _KEPT})
            return _response(body, endpoint.status, {"ETag": tag, "Cache-Control": _KEPT})
        return _response(body, endpoint.status, {})
    if_match = request.headers.get("If-Match") if endpoint.has_match else None
    ride = Ride(endpoint, call, if_match, read_key(endpoint, request), digest_of(request, octets))
    await endpoint.act(replace(call, directory=replace(call.directory, rider=ride)))
    headers = {"ETag": etag_of(ride.body)} if ride.body is not None else {}
    if endpoint.location is not None:
        headers["Location"] = PREFIX + endpoint.location(ride.shown)
    return _response(ride.body, endpoint.status, headers)


def _response(body: bytes | None, status: int, headers: Mapping[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=204, headers=headers)
    return web.Response(body=body, status=status, headers=headers, content_type=_JSON)
