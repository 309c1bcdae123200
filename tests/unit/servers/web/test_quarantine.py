"""The page that a digest's link leads to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from mailstead.ground.formats.dsn.text import Language
from mailstead.servers.web.app import GUESTS, Sources, build_app
from mailstead.servers.web.quarantine import QuarantinePages
from mailstead.services.quarantine.links import Links
from mailstead.services.quarantine.releasing import RecipientRelease
from mailstead.telemetry.metrics import Snapshot
from tests.support.quarantined import SPAM, VIRUS, Scene, open_scene

Client = TestClient[Any, Any]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[Client]:
    async def well() -> str:
        return ""

    async def metrics() -> Snapshot:
        raise NotImplementedError

    links = Links(scene.store, scene.clock, "http://x")
    pages = QuarantinePages(RecipientRelease(scene.store, scene.quarantine, links), Language.ENGLISH)
    app = build_app(Sources(well, metrics, quarantine=pages))
    app[GUESTS] = {}
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def path_of(scene: Scene, custody: object = SPAM) -> str:
    kept = await scene.keep(custody=custody)  # type: ignore[arg-type]
    links = Links(scene.store, scene.clock, "http://x")
    return (await links.make(kept.id, kept.account_id, scene.clock.now())).removeprefix("http://x")


async def ask(client: Client, method: str, path: str) -> tuple[int, str]:
    async with client.request(method, path) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        return response.status, await response.text()


async def test_looking_releases_nothing(scene: Scene, client: Client) -> None:
    path = await path_of(scene)
    for method in ("GET", "GET", "HEAD"):
        status, page = await ask(client, method, path)
        assert status == 200
        assert ("Grüße 1" in page and "<button>" in page) or method == "HEAD"
    assert await scene.count(scene.ann) == 0


async def test_the_button(scene: Scene, client: Client) -> None:
    path = await path_of(scene)
    status, page = await ask(client, "POST", path)
    assert status == 200
    assert "in your inbox" in page
    assert await scene.count(scene.ann) == 1
    status, page = await ask(client, "POST", path)
    assert status == 404
    assert "nothing to release here" in page
    assert await scene.count(scene.ann) == 1


async def test_refusals(scene: Scene, client: Client) -> None:
    assert (await ask(client, "GET", "/quarantine/nonsense"))[0] == 404
    status, page = await ask(client, "POST", await path_of(scene, VIRUS))
    assert status == 403
    assert "only be released by an administrator" in page
    assert await scene.count(scene.ann) == 0


async def test_a_full_mailbox(scene: Scene, client: Client) -> None:
    path = await path_of(scene)

    async def fill(tx: Any) -> None:
        await tx.session.run("UPDATE account SET quota_bytes = 1")

    await scene.store.write(fill)
    status, page = await ask(client, "POST", path)
    assert status == 409
    assert "mailbox is full" in page
    assert len(await scene.kept()) == 1
