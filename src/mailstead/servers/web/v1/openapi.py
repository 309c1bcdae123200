"""OpenAPI 3.1 from the table of endpoints: every parameter, body, answer and refusal there is, and no other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec

from mailstead import __version__
from mailstead.servers.web.v1.endpoint import PREFIX, Endpoint
from mailstead.servers.web.v1.problems import Problem

Json = dict[str, Any]
_REF: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_ALWAYS: Final = (400, 429, 500, 503)
_WITH_LOGIN: Final = (401, 403)
_WITH_BODY: Final = (413, 415)
_SECURITY: Final[Json] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token: `POST /auth/login`, or a key."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same in another header."},
}
_PATHS: Final[Mapping[str, tuple[str, Json]]] = {
    "login": ("The login of a user.", {"type": "string", "maxLength": 320}),
    "address": ("An address.", {"type": "string", "maxLength": 320}),
    "name": ("A name.", {"type": "string", "maxLength": 255}),
    "selector": ("The selector of a key.", {"type": "string", "maxLength": 63}),
    "id": ("The number of a letter.", {"type": "string", "pattern": "^[0-9]{1,19}$"}),
}


@cache
def describe(endpoints: Sequence[Endpoint]) -> Json:
    """The whole description; made once."""
    types = [kind for one in endpoints for kind in (one.body, one.answer, one.query) if kind is not None]
    _, components = msgspec.json.schema_components([*dict.fromkeys(types), Problem], ref_template=_REF)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, components)
    queries = {one.query.__name__ for one in endpoints}
    schemas = {name: schema for name, schema in components.items() if name not in queries}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mailstead",
            "version": __version__,
            "summary": "The server's administration, for people and programs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }


def _operation(endpoint: Endpoint, components: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.words,
        "tags": [endpoint.path.split("/")[1]],
        "parameters": [*_path(endpoint), *_query(endpoint, components), *_headers(endpoint)],
        "responses": {str(status): answer for status, answer in _answers(endpoint)},
    }
    if endpoint.is_open:
        operation["security"] = []
    else:
        scopes = [f"{endpoint.resource}:{endpoint.verb.value}"] if endpoint.resource else []
        operation["security"] = [{"bearer": scopes}, {"key": scopes}]
    if endpoint.body is not None:
        needs = bool(components[endpoint.body.__name__].get("required"))
        content = {"application/json": {"schema": {"$ref": _REF.format(name=endpoint.body.__name__)}}}
        operation["requestBody"] = {"required": needs, "content": content}
    return operation


def _path(endpoint: Endpoint) -> Iterable[Json]:
    for name in _PARAMETER.findall(endpoint.path):
        words, schema = _PATHS[name]
        yield {
            "name": name, "in": "path", "required": True, "description": words, "schema": {"minLength": 1, **schema},
        }  # fmt: skip


def _query(endpoint: Endpoint, components: Mapping[str, Json]) -> Iterable[Json]:
    schema = components[endpoint.query.__name__]
    for name, value in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": value}


def _headers(endpoint: Endpoint) -> Iterable[Json]:
    if endpoint.has_key:
        words = "The same request with the same key is done once, and answered alike for a day."
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        yield {"name": "Idempotency-Key", "in": "header", "description": words, "schema": schema}
    if endpoint.has_match:
        words = "ETags: change it only if it is still so."
        yield {"name": "If-Match", "in": "header", "description": words, "schema": _TAGS}
    if endpoint.method == "GET":
        words = "ETags: 304 if it is still so."
        yield {"name": "If-None-Match", "in": "header", "description": words, "schema": _TAGS}


_TAGS: Final[Json] = {"type": "string"}  # RFC 9110 §13.1: what is no tag is one that nothing has


def _answers(endpoint: Endpoint) -> Iterable[tuple[int, Json]]:
    yield endpoint.status, _good(endpoint)
    if endpoint.method == "GET":
        yield 304, {"description": "It is still so."}
    statuses = [*_ALWAYS, *endpoint.refusals]
    statuses += () if endpoint.is_open else _WITH_LOGIN
    statuses += _WITH_BODY if endpoint.method != "GET" else (413, 415)
    statuses += (412,) if endpoint.has_match else ()
    statuses += (409,) if endpoint.has_key else ()
    for status in sorted(set(statuses)):
        content = {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}}
        yield status, {"description": HTTPStatus(status).phrase, "content": content}


def _good(endpoint: Endpoint) -> Json:
    headers: Json = {}
    if endpoint.read is not None or endpoint.method == "GET":
        headers["ETag"] = {"schema": {"type": "string"}}
    if endpoint.location is not None:
        headers["Location"] = {"schema": {"type": "string"}}
    if endpoint.answer is None:
        return {"description": "Done."}
    schema = {"type": "object"} if endpoint.name == "openapi" else _schema_of(endpoint.answer)
    found: Json = {"description": endpoint.words, "content": {"application/json": {"schema": schema}}}
    return found | ({"headers": headers} if headers else {})


def _schema_of(answer: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([answer], ref_template=_REF)
    found: Json = dict(schema)
    return found
