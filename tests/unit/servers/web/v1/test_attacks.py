"""What strangers try on an API: cookies, hosts, bombs, slow bodies, guesses, and words of another's choosing."""

import asyncio
import base64
import gzip

import pytest
from aiohttp import web

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.servers.web import app as application
from mailstead.servers.web.v1.reading import BODY_MAX
from mailstead.services.accounts import enrolling
from tests.support.api_scene import PASSWORD, TOKEN, Scene, build_scene

NEW = {"address": "sales@one.test", "targets": ["ann@one.test"]}


async def test_a_cookie_is_nobody_so_no_page_of_another_site_can_act(scene: Scene) -> None:
    for cookie in (f"token={TOKEN}", f"Authorization=Bearer {TOKEN}", f"session={scene.keys['ada@example.com']}"):
        assert (await scene.call("GET", "/users", by=None, headers={"Cookie": cookie})).status == 401
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        raw = b'{"address": "x@one.test", "targets": ["ann@one.test"]}'
        answered = await scene.call("POST", "/aliases", raw=raw, headers={"Content-Type": content_type})
        assert answered.status == 415, "what a form can send without asking is not taken"
    preflight = {"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"}
    asked = await scene.call("OPTIONS", "/aliases", by=None, headers=preflight)
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]
    answered = await scene.call("GET", "/users", headers={"Origin": "https://evil.test"})
    assert "Access-Control-Allow-Origin" not in answered.headers
    assert "Set-Cookie" not in answered.headers


async def test_no_answer_repeats_a_host(scene: Scene) -> None:
    headers = {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"}
    made = await scene.call("POST", "/aliases", NEW, headers=headers)
    assert made.headers["Location"] == "/api/v1/aliases/sales@one.test"
    described = await scene.call("GET", "/openapi.json", headers=headers)
    assert b"evil" not in made.raw + described.raw + str(made.headers).encode()


async def test_bombs(scene: Scene) -> None:
    json = {"Content-Type": "application/json"}
    bomb = gzip.compress(b'{"address": "' + b"a" * 50_000_000)
    packed = await scene.call("POST", "/aliases", raw=bomb, headers={**json, "Content-Encoding": "gzip"})
    assert packed.status in (400, 415)
    large = await scene.call("POST", "/aliases", raw=b" " * (BODY_MAX + 1), headers=json)
    assert (large.status, large.body["error"]) == (413, "too large")
    bodies = (
        b"[" * 30_000, b'{"a":' * 10_000, b"\xff\xfe", b'{"address": "\\ud800@one.test", "targets": ["x"]}',
        b'{"address": 1e999, "targets": 1}', b"null", b'"x"', b"{" + b'"address":"a",' * 2000 + b'"targets":[]}',
    )  # fmt: skip
    for body in bodies:
        answered = await scene.call("POST", "/aliases", raw=body, headers=json)
        assert (answered.status, answered.body["status"]) == (400, 400), body[:40]


async def test_a_slow_body_is_not_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "REQUEST_TIME", 0.05)
    gone = asyncio.Event()

    async def drip() -> "asyncio.AsyncIterator[bytes]":  # type: ignore[name-defined]
        yield b"{"
        await gone.wait()

    url, headers = "/api/v1/aliases", {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with scene.client.post(url, data=drip(), headers=headers) as response:
        assert response.status == 408
    gone.set()


async def test_words_of_a_stranger_stay_words(scene: Scene) -> None:
    marker = "<script>alert(1)</script>"
    for path in (f"/users/{marker}", f"/users?domain={marker}", f"/audit?since={marker}", f"/{marker}"):
        answered = await scene.call("GET", path)
        assert answered.headers["Content-Type"].startswith("application/json")
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("a\r\nSet-Cookie: x=1", "a\x00b", "a\u2028b"):
        answered = await scene.call("POST", "/users/ann@one.test/tokens", {"name": name})
        assert answered.status == 400
    for login in ("..%2F..%2Fetc", "%00", "%ff", "a" * 3000, "'%20OR%201=1--"):
        assert (await scene.call("GET", f"/users/{login}")).status in (400, 404)


async def test_logging_in(scene: Scene) -> None:
    body = {"email": "dora@one.test", "password": PASSWORD}
    session = await scene.call("POST", "/auth/login", body, by=None)
    assert (session.status, session.headers["Cache-Control"]) == (200, "no-store")
    assert session.body["expires_at"] == "2027-01-15T20:00:00Z"
    token = session.body["token"]
    assert (session.body["user"]["role"], session.body["user"]["domains"]) == ("domain-admin", ["one.test"])
    assert [one["address"] for one in (await scene.call("GET", "/aliases", by=token)).body["items"]] == [
        "info@one.test"
    ]
    assert (await scene.call("POST", "/auth/logout", by=token)).status == 204
    assert (await scene.call("GET", "/auth/me", by=token)).status == 401
    other = (await scene.call("POST", "/auth/login", body, by=None)).body["token"]
    scene.clock.advance(12 * 3600.0)
    assert (await scene.call("GET", "/auth/me", by=other)).status == 401, "its twelve hours are over"
    for wrong in ({**body, "password": "x"}, {**body, "email": "nobody@one.test"}, {**body, "email": "\x00"}):
        refused = await scene.call("POST", "/auth/login", wrong, by=None)
        assert (refused.status, refused.body["why"]) == (401, "authentication failed")
    app = (await scene.call("POST", "/users/dora@one.test/app-passwords", {"name": "x"})).body["secret"]
    assert (await scene.call("POST", "/auth/login", {**body, "password": app}, by=None)).status == 401
    assert (await scene.call("POST", "/auth/logout")).status == 403, "the token of the configuration stays"


async def test_logging_in_with_a_code(scene: Scene) -> None:
    body = {"email": "dora@one.test", "password": PASSWORD}
    made = await enrolling.enroll(scene.directory, "dora@one.test", issuer="one.test")

    def code() -> str:
        return code_at(base64.b32decode(made.secret), step_of(scene.clock.now()))

    await enrolling.confirm(scene.directory, "dora@one.test", code())
    scene.clock.advance(30)
    asked = await scene.call("POST", "/auth/login", body, by=None)
    assert (asked.status, asked.body["error"]) == (401, "code required")
    stranger = await scene.call("POST", "/auth/login", {**body, "password": "x", "totp_code": code()}, by=None)
    assert (stranger.status, stranger.body["error"]) == (401, "unauthorized")
    assert (await scene.call("POST", "/auth/login", {**body, "totp_code": code()}, by=None)).status == 200
    again = await scene.call("POST", "/auth/login", {**body, "totp_code": code()}, by=None)
    assert (again.status, again.body["why"]) == (401, "authentication failed")


async def test_a_second_factor_by_the_api(scene: Scene) -> None:
    login = "ann@one.test"
    path = f"/users/{login}/totp"
    assert (await scene.call("GET", path, by=login)).body["state"] == "none"
    assert (await scene.call("POST", path, {"password": "x"}, by=login)).status == 403
    made = await scene.call("POST", path, {"password": PASSWORD}, by=login)
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")

    def code() -> str:
        scene.clock.advance(30)
        return code_at(base64.b32decode(made.body["secret"]), step_of(scene.clock.now()))

    assert (await scene.call("POST", f"{path}/confirm", {"code": "000000x"}, by=login)).status == 400
    recovery = (await scene.call("POST", f"{path}/confirm", {"code": code()}, by=login)).body["recovery_codes"]
    assert (len(recovery), (await scene.call("GET", path, by=login)).body["state"]) == (10, "on")
    assert (await scene.call("POST", path, {"password": PASSWORD}, by=login)).status == 409
    for action in ("recovery", "remove"):
        refused = await scene.call("POST", f"{path}/{action}", {}, by=login)
        assert (refused.status, refused.body["why"]) == (403, "that code is wrong, or was used")
    fresh = (await scene.call("POST", f"{path}/recovery", {"code": code()}, by=login)).body["recovery_codes"]
    assert (await scene.call("POST", f"{path}/remove", {"code": recovery[0]}, by=login)).status == 403
    assert (await scene.call("POST", f"{path}/remove", {"code": fresh[0]}, by=login)).status == 204
    made = await scene.call("POST", path, {})
    await scene.call("POST", f"{path}/confirm", {"code": code()})
    assert (await scene.call("POST", f"{path}/remove", {})).status == 204, "an administrator needs none"


async def test_who_guesses_is_put_off(scene: Scene) -> None:
    guarded = await build_scene(scene.directory, scene.clock, is_guarded=True)
    body = {"email": "dora@one.test", "password": "wrong"}
    statuses = {(await guarded.call("POST", "/auth/login", body, by=None)).status for _ in range(12)}
    assert statuses == {401, 429}
    late = await guarded.call("POST", "/auth/login", {**body, "password": PASSWORD}, by=None)
    assert (late.status, late.headers["Retry-After"]) == (429, "5")
    assert (await guarded.call("GET", "/users")).status == 200, "the administrator is not shut out by others"
    scene.clock.advance(86_400.0)
    body = {"password": "a new long password", "old_password": "wrong"}
    path, key = "/users/ann@one.test/password", scene.keys["ann@one.test"]
    statuses = [(await guarded.call("PUT", path, body, by=key)).status for _ in range(60)]
    assert statuses[0] == 403
    assert statuses[-1] == 429, "fifty are let through at an address that is familiar, and no more"
    await guarded.client.close()


async def test_an_empty_token_closes_the_api(scene: Scene) -> None:
    for token in ("", "short", "your-secure-random-token-here"):
        closed = await build_scene(scene.directory, scene.clock, token)
        for sent in ("", token):
            headers = {"Authorization": f"Bearer {sent}"}
            assert (await closed.call("GET", "/users", by=None, headers=headers)).status == 401
        await closed.client.close()


async def test_what_the_program_cannot_do_is_told_without_a_word_of_why(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("the password is xyzzy")

    monkeypatch.setattr(web.Request, "query", property(broken))
    answered = await scene.call("GET", "/users")
    assert answered.status == 500
    assert b"xyzzy" not in answered.raw
    assert answered.body["fix"]
