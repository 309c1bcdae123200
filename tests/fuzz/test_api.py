"""schemathesis holds the API to its own description: requests are made from it, some of them wrong on purpose."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mailstead.servers.web.v1.openapi import describe
from mailstead.servers.web.v1.table import ENDPOINTS
from tests.support.api_scene import TOKEN, Scene, build_scene, furnish
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.record import record

EXAMPLES = 12
EXAMPLES_OF_SOAK = 1000
LINE_MAX = 8000
ASKED: list[int] = []
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, negative_data_rejection,
]  # fmt: skip


@contextmanager
def running() -> Iterator[str]:
    """The API on a store of its own, in a loop of its own; where it is served."""
    where: list[str] = []
    is_up, loop = threading.Event(), asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        clock = FakeClock()
        with tempfile.TemporaryDirectory() as folder:
            async with open_directory(Path(folder), clock) as directory:
                scene: Scene = await build_scene(directory, clock)
                await furnish(scene)
                where.append(str(scene.client.make_url("/")).rstrip("/"))
                is_up.set()
                await end.wait()
                await scene.client.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert is_up.wait(60)
        yield where[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(60)
        loop.close()


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    ASKED.clear()
    with running() as where:
        yield where
    if request.config.option.markexpr == "soak":
        record(
            "Requests that schemathesis made from the API's description", requests=sum(ASKED), endpoints=len(ENDPOINTS)
        )


SCHEMA = schemathesis.openapi.from_dict(describe(ENDPOINTS))
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


def settled(examples: int, *, is_fixed: bool) -> settings:
    """`is_fixed`: the same requests in every run."""
    return settings(
        max_examples=examples, deadline=None, derandomize=is_fixed, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def ask(case: Any, site: str) -> None:
    sent = requests.Request(**case.as_transport_kwargs(base_url=site)).prepare()
    assume(len(sent.url or "") < LINE_MAX)  # aiohttp ends the connection before we see it
    ASKED.append(1)
    case.call_and_validate(base_url=site, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS, timeout=20)


@SCHEMA.parametrize()
@settled(EXAMPLES, is_fixed=True)
def test_the_api_does_as_it_says(case: Any, site: str) -> None:
    ask(case, site)


@pytest.mark.soak
@SCHEMA.parametrize()
@settled(EXAMPLES_OF_SOAK, is_fixed=False)
def test_the_api_does_as_it_says_for_long(case: Any, site: str) -> None:
    ask(case, site)
