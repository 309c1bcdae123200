"""The description says all there is, and nothing else."""

import re
from typing import Any

import msgspec

from mailstead.servers.web.v1.endpoint import PREFIX
from mailstead.servers.web.v1.openapi import describe
from mailstead.servers.web.v1.table import ENDPOINTS
from tests.support.api_scene import Scene


def walk(value: Any) -> Any:
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(child)


async def test_it_is_served_to_everybody(scene: Scene) -> None:
    served = await scene.call("GET", "/openapi.json", by=None)
    assert (served.status, served.body["openapi"]) == (200, "3.1.0")
    assert served.body == msgspec.json.decode(msgspec.json.encode(describe(ENDPOINTS)))
    again = await scene.call("GET", "/openapi.json", by=None, headers={"If-None-Match": served.headers["ETag"]})
    assert again.status == 304


def test_every_route_is_described_and_every_description_a_route() -> None:
    described = {(path, method.upper()) for path, item in describe(ENDPOINTS)["paths"].items() for method in item}
    assert described == {(PREFIX + one.path, one.method) for one in ENDPOINTS}
    names = [one.name for one in ENDPOINTS]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    found = describe(ENDPOINTS)
    schemas = found["components"]["schemas"]
    named = {one["$ref"].rpartition("/")[2] for one in walk(found) if isinstance(one, dict) and "$ref" in one}
    assert named == set(schemas)


def test_every_operation_is_complete() -> None:
    for path, item in describe(ENDPOINTS)["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            parameters = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert parameters == set(re.findall(r"\{([a-z_]+)\}", path)), where
            statuses = set(operation["responses"])
            assert {"400", "500", "503"} <= statuses, where
            assert operation["security"] == [] or {"401", "403"} <= statuses, where
            assert ("requestBody" in operation) <= (method in ("post", "put", "patch", "delete")), where
            assert operation["summary"].endswith("."), where
