"""All endpoints: from this one table come routes, checks, OpenAPI and the reference page."""

from typing import Any, Final

from mailstead.servers.web.v1 import (
    access,
    aliases,
    audit,
    auth,
    blocklist,
    credentials,
    domains,
    quarantine,
    queue,
    totp,
    trace,
    users,
    watching,
)
from mailstead.servers.web.v1.endpoint import Call, Endpoint, Query
from mailstead.servers.web.v1.openapi import describe


async def _openapi(_: Call[Query, None]) -> dict[str, Any]:
    return describe(ENDPOINTS)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(method="GET", path="/openapi.json", name="openapi", act=_openapi, answer=dict[str, Any], is_open=True,
             words="This description."),
    *auth.ENDPOINTS,
    *domains.ENDPOINTS,
    *users.ENDPOINTS,
    *credentials.ENDPOINTS,
    *totp.ENDPOINTS,
    *access.ENDPOINTS,
    *aliases.ENDPOINTS,
    *blocklist.ENDPOINTS,
    *quarantine.ENDPOINTS,
    *queue.ENDPOINTS,
    *trace.ENDPOINTS,
    *audit.ENDPOINTS,
    *watching.ENDPOINTS,
)  # fmt: skip
