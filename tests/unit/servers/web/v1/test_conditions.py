"""ETags, Idempotency-Keys, and one shape for every refusal."""

import asyncio

import pytest

from mailstead.servers.web.v1.riding import REMEMBERED_MS
from tests.support.api_scene import PASSWORD, Scene

ANN = "/users/ann@one.test"
NEW = {"address": "sales@one.test", "targets": ["ann@one.test"]}


async def test_what_is_known_already_is_not_sent_again(scene: Scene) -> None:
    shown = await scene.call("GET", ANN)
    tag = shown.headers["ETag"]
    for header in (tag, f'"other", {tag}', "*"):
        again = await scene.call("GET", ANN, headers={"If-None-Match": header})
        assert (again.status, again.raw, again.headers["ETag"]) == (304, b"", tag)
    assert (await scene.call("GET", ANN, headers={"If-None-Match": '"other"'})).status == 200
    listed = await scene.call("GET", "/users")
    assert (await scene.call("GET", "/users", headers={"If-None-Match": listed.headers["ETag"]})).status == 304
    await scene.call("PATCH", ANN, {"quota_bytes": 5})
    assert (await scene.call("GET", ANN, headers={"If-None-Match": tag})).status == 200


async def test_a_change_is_made_only_to_what_the_client_knew(scene: Scene) -> None:
    tag = (await scene.call("GET", ANN)).headers["ETag"]
    first = await scene.call("PATCH", ANN, {"quota_bytes": 5}, headers={"If-Match": tag})
    assert (first.status, first.headers["ETag"] != tag) == (200, True)
    late = await scene.call("PATCH", ANN, {"quota_bytes": 6}, headers={"If-Match": tag})
    assert (late.status, late.body["error"]) == (412, "changed meanwhile")
    assert (await scene.call("DELETE", ANN, headers={"If-Match": tag})).status == 412
    assert (await scene.call("GET", ANN)).body["quota_bytes"] == 5
    assert (await scene.call("DELETE", ANN, headers={"If-Match": first.headers["ETag"]})).status == 204
    assert (await scene.call("DELETE", ANN, headers={"If-Match": "*"})).status == 404


async def test_of_two_changes_at_once_one_is_late(scene: Scene) -> None:
    tag = (await scene.call("GET", ANN)).headers["ETag"]
    calls = [scene.call("PATCH", ANN, {"quota_bytes": n}, headers={"If-Match": tag}) for n in range(5, 11)]
    statuses = sorted(one.status for one in await asyncio.gather(*calls))
    assert statuses == [200, *[412] * 5]


async def test_the_same_request_is_done_once(scene: Scene) -> None:
    key = {"Idempotency-Key": "one"}
    first = await scene.call("POST", "/aliases", NEW, headers=key)
    again = await scene.call("POST", "/aliases", NEW, headers=key)
    assert (first.status, again.status, again.raw) == (201, 201, first.raw)
    assert (again.headers["Idempotency-Replayed"], "Idempotency-Replayed" in first.headers) == ("true", False)
    entries = (await scene.call("GET", "/audit?action=alias&subject=sales@one.test")).body["items"]
    assert len(entries) == 1
    other = await scene.call("POST", "/aliases", {**NEW, "address": "x@one.test"}, headers=key)
    assert (other.status, "another request" in other.body["why"]) == (409, True)
    elsewhere = await scene.call("POST", "/blocklist", {"pattern": "a@b.test"}, headers=key)
    assert elsewhere.status == 409, "the path is part of the request"
    stranger = await scene.call("POST", "/aliases", NEW, headers=key, by="ada@example.com")
    assert (stranger.status, stranger.body["error"]) == (409, "there already"), "a key is the caller's own"


async def test_at_once_too(scene: Scene) -> None:
    calls = [scene.call("POST", "/aliases", NEW, headers={"Idempotency-Key": "k"}) for _ in range(6)]
    answers = await asyncio.gather(*calls)
    assert {(one.status, one.raw) for one in answers} == {(201, answers[0].raw)}
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 5


async def test_what_failed_is_not_remembered(scene: Scene) -> None:
    key = {"Idempotency-Key": "k"}
    lost = {"address": "sales@one.test", "targets": ["nobody@one.test"]}
    assert (await scene.call("POST", "/aliases", lost, headers=key)).status == 404
    await scene.call("POST", "/users", {"email": "nobody@one.test", "password": PASSWORD})
    assert (await scene.call("POST", "/aliases", lost, headers=key)).status == 201


async def test_a_secret_is_not_kept_with_the_answer(scene: Scene) -> None:
    path, key = "/users/ann@one.test/tokens", {"Idempotency-Key": "k"}
    first = await scene.call("POST", path, {"name": "ci"}, headers=key)
    again = await scene.call("POST", path, {"name": "ci"}, headers=key)
    assert first.body["secret"].startswith("mst_")
    assert again.body == {**first.body, "secret": None}


async def test_answers_are_forgotten_after_a_day(scene: Scene) -> None:
    key = {"Idempotency-Key": "k"}
    await scene.call("POST", "/aliases", NEW, headers=key)
    scene.clock.advance(REMEMBERED_MS / 1000 + 1)
    await scene.call("POST", "/blocklist", {"pattern": "a@b.test"}, headers={"Idempotency-Key": "later"})
    assert (await scene.call("POST", "/aliases", NEW, headers=key)).body["error"] == "there already"


@pytest.mark.parametrize("key", ["x" * 256, "é", "a\tb", "a b", ""])
async def test_a_key_is_short_and_plain(scene: Scene, key: str) -> None:
    assert (await scene.call("POST", "/aliases", NEW, headers={"Idempotency-Key": key})).status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("PUT", "/users", None, 405),
        ("POST", "/users/ann@one.test", None, 405),
        ("GET", "/users?limit=0", None, 400),
        ("GET", "/users?limit=201", None, 400),
        ("GET", "/users?limit=1&limit=2", None, 400),
        ("GET", "/users?nonsense=1", None, 400),
        ("GET", "/users/nobody@one.test", None, 404),
        ("GET", "/aliases/nonsense", None, 400),
        ("POST", "/users", {"email": "x@one.test", "password": PASSWORD, "admin": True}, 400),
        ("POST", "/users", {"email": "x@one.test", "password": "short"}, 400),
        ("POST", "/users", {"email": "x@nowhere.test", "password": PASSWORD}, 404),
        ("DELETE", "/users/ann@one.test", {"a": 1}, 400),
        ("POST", "/domains", {"name": "one.test"}, 409),
        ("GET", "/queue?queue=nonsense", None, 400),
    ],
)
async def test_every_refusal_has_one_shape(scene: Scene, method: str, path: str, body: object, status: int) -> None:
    answered = await scene.call(method, path, body)
    assert answered.status == status, answered.body
    assert {name: type(value) for name, value in answered.body.items()} == {
        "error": str, "why": str, "fix": str, "status": int,
    }  # fmt: skip
    assert answered.body["status"] == status
    assert all(answered.body.values())
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert ("Allow" in answered.headers) == (status == 405)
