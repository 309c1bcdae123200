"""Every endpoint as every role, and across tenants: what is another's is answered as if it were not there."""

import re
from typing import Any, Final

import pytest

from mailstead.ground.model.permission import RESOURCES, Reach, Verb, allows, parse_scope, reach_of
from mailstead.servers.web.v1.endpoint import Endpoint
from mailstead.servers.web.v1.table import ENDPOINTS
from tests.support.api_scene import PASSWORD, PEOPLE, Scene
from tests.support.spooled import letter, recipient, spool

ROLES: Final = {login: ("admin" if new.is_admin else new.role.value) for login, new in PEOPLE.items()}
THEIRS: Final = {
    "login": "bob@two.test", "address": "info@two.test", "name": "two.test", "selector": "s1", "id": "2",
}  # fmt: skip
"""Things of another tenant's, by the parameter of a path."""
BODIES: Final[dict[str, dict[str, Any]]] = {
    "auth.login": {"email": "nobody@two.test", "password": "wrong"},
    "domains.add": {"name": "new.test"},
    "policy.change": {"groups": {"spam": {"reject_score": 8}}},
    "users.add": {"email": "new@two.test", "password": PASSWORD},
    "users.password": {"password": PASSWORD},
    "tokens.add": {"name": "stolen"},
    "totp.confirm": {"code": "123456"},
    "app-passwords.add": {"name": "stolen"},
    "accounts.add": {"address": "desk@two.test"},
    "access.put": {"role": "viewer"},
    "aliases.add": {"address": "sales@two.test", "targets": ["bob@two.test"]},
    "aliases.change": {"targets": ["ann@one.test"]},
    "blocklist.add": {"pattern": "x@y.test", "domain": "two.test"},
    "allowlist.add": {"pattern": "x@y.test", "domain": "two.test"},
}
_ENTRIES: Final = ("blocklist.show", "blocklist.remove", "allowlist.show", "allowlist.remove")
QUERIES: Final = dict.fromkeys(_ENTRIES, "?pattern=thing@spam.test&domain=two.test")
QUERIES["trace.find"] = "?name=2"
OF_NOBODY: Final = {"openapi", "auth.login", "auth.logout", "auth.me"}
LISTS: Final = {one.name for one in ENDPOINTS if one.name.endswith(".list") and "{" not in one.path}


def path_of(endpoint: Endpoint, **other: str) -> str:
    values = THEIRS | other
    if endpoint.path.startswith("/accounts/"):
        values = values | {"address": "team@two.test"}
    if endpoint.name.startswith(("tokens.", "app-passwords.")):
        values = values | {"name": "bob@two.test"}
    if endpoint.name.startswith("quarantine.") and "kept" in values:
        values = values | {"id": values["kept"]}
    path = re.sub(r"\{([a-z_]+)\}", lambda match: values[match[1]], endpoint.path)
    return path + QUERIES.get(endpoint.name, "")


async def knock(scene: Scene, endpoint: Endpoint, by: str | None) -> Any:
    body = BODIES.get(endpoint.name, {} if endpoint.body is not None else None)
    return await scene.call(endpoint.method, path_of(endpoint), body, by=by)


async def prepare(scene: Scene) -> None:
    """A letter, entries and a key of the other tenant's."""
    store: Any = scene.directory.store
    await spool(store, letter(2, subject="xyzzy"), recipient(2, 0), body=b"Subject: xyzzy\r\n\r\nx\r\n")
    for name in ("blocklist", "allowlist"):
        await scene.call("POST", f"/{name}", {"pattern": "thing@spam.test", "domain": "two.test"})
    THEIRS["kept"] = await scene.keep("bob@two.test")
    await scene.call("POST", "/domains/two.test/dkim-keys", {"selector": "s1", "algorithm": "ed25519"})


async def test_nobody_comes_in_without_a_token(scene: Scene) -> None:
    for endpoint in ENDPOINTS:
        answered = await knock(scene, endpoint, None)
        if endpoint.is_open:
            assert answered.status == (401 if endpoint.name == "auth.login" else 200), endpoint.name
            continue
        assert answered.status == 401, endpoint.name
        assert set(answered.body) == {"error", "why", "fix", "status"}
        assert answered.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "login", [one for one, role in ROLES.items() if role in ("user", "domain-admin") and "one" in one]
)
async def test_who_is_held_to_a_tenant_sees_and_touches_nothing_of_another(scene: Scene, login: str) -> None:
    await prepare(scene)
    before = (await scene.call("GET", "/audit")).body["items"][0]["number"]
    for endpoint in ENDPOINTS:
        if endpoint.name in OF_NOBODY:
            continue
        answered = await knock(scene, endpoint, login)
        reach = reach_of(PEOPLE[login].role, endpoint.resource, endpoint.verb)
        if reach is Reach.NONE:
            assert answered.status == 403, endpoint.name
        elif endpoint.name in LISTS or endpoint.name == "stats.show":
            assert b"two.test" not in answered.raw, endpoint.name
            assert b"xyzzy" not in answered.raw, endpoint.name
        else:
            assert answered.status in (403, 404), (endpoint.name, answered.status, answered.body)
            assert answered.status == 404 or "two.test" not in answered.body["why"], endpoint.name
    after = (await scene.call("GET", "/audit")).body["items"][0]["number"]
    assert after == before, "nothing was changed"


async def test_what_is_anothers_is_answered_like_what_is_not_there(scene: Scene) -> None:
    await prepare(scene)
    pairs = (
        ("/users/bob@two.test", "/users/nix@two.test"),
        ("/users/bob@two.test/tokens", "/users/nix@two.test/tokens"),
        ("/aliases/info@two.test", "/aliases/nix@two.test"),
        ("/accounts/team@two.test", "/accounts/nixx@two.test"),
        ("/domains/two.test", "/domains/nix.test"),
        ("/domains/two.test/policy", "/domains/nix.test/policy"),
        ("/queue/2", "/queue/9"),
    )
    for there, not_there in pairs:
        found, missing = [await scene.call("GET", path, by="dora@one.test") for path in (there, not_there)]
        assert (found.status, missing.status) == (404, 404), there
        words = [re.sub(r"\b(bob|nixx?|info|team|two|2|9)\b", "*", one.body["why"]) for one in (found, missing)]
        assert words[0] == words[1]
        assert found.headers.keys() == missing.headers.keys()


async def test_a_domain_admin_does_all_within_their_domain(scene: Scene) -> None:
    by = "dora@one.test"
    assert (await scene.call("POST", "/users", {"email": "eve@one.test", "password": PASSWORD}, by=by)).status == 201
    assert (await scene.call("PATCH", "/users/eve@one.test", {"quota_bytes": 5}, by=by)).status == 200
    new = {"address": "sales@one.test", "targets": ["eve@one.test"]}
    assert (await scene.call("POST", "/aliases", new, by=by)).status == 201
    assert (await scene.call("POST", "/users/eve@one.test/app-passwords", {"name": "x"}, by=by)).status == 201
    asked = {"groups": {"spam": {"reject_score": 7}}}
    assert (await scene.call("PATCH", "/domains/one.test/policy", asked, by=by)).status == 200
    assert (await scene.call("POST", "/blocklist", {"pattern": "a@b.test", "domain": "one.test"}, by=by)).status == 201
    listed = (await scene.call("GET", "/users", by=by)).body["items"]
    assert [one["login"] for one in listed] == ["ann@one.test", "dora@one.test", "eve@one.test"]
    told = (await scene.call("GET", "/audit", by=by)).body["items"]
    assert {one["domain"] for one in told} == {"one.test"}
    assert (await scene.call("DELETE", "/users/eve@one.test", by=by)).status == 204


async def test_nobody_becomes_more_than_they_are(scene: Scene) -> None:
    dora, ann = "dora@one.test", "ann@one.test"
    await scene.call("POST", "/users", {"email": "root@one.test", "password": PASSWORD, "role": "admin"})
    refused = (
        (dora, "POST", "/users", {"email": "eve@one.test", "password": PASSWORD, "role": "admin"}),
        (dora, "PATCH", "/users/dora@one.test", {"domains": ["one.test", "two.test"]}),
        (dora, "PATCH", "/users/ann@one.test", {"role": "operator"}),
        (dora, "PUT", "/users/root@one.test/password", {"password": PASSWORD}),
        (dora, "POST", "/users/root@one.test/tokens", {"name": "x"}),
        (dora, "POST", "/users/root@one.test/app-passwords", {"name": "x"}),
        (dora, "DELETE", "/users/root@one.test", None),
        (dora, "PATCH", "/domains/one.test", {"total_quota": 0}),
        (dora, "PATCH", "/domains/one.test/policy", {"groups": {"identity": {"max_users": 0}}}),
        (dora, "PATCH", "/domains/one.test/policy", {"groups": {"rate_limit": {"enabled": False}}}),
        (dora, "POST", "/blocklist", {"pattern": "a@b.test"}),
        (dora, "GET", "/audit/verify", None),
        (ann, "PATCH", "/users/ann@one.test", {"quota_bytes": 0}),
        (ann, "PATCH", "/users/ann@one.test", {"role": "admin"}),
        (ann, "DELETE", "/users/ann@one.test", None),
        (ann, "PUT", "/users/ann@one.test/password", {"password": PASSWORD}),
        ("oscar@example.com", "PATCH", "/users/ann@one.test", {"role": "admin"}),
        ("rita@example.com", "POST", "/queue/2/retry", None),
    )
    for by, method, path, body in refused:
        answered = await scene.call(method, path, body, by=by)
        assert answered.status == (404 if by.startswith("oscar") else 403), (by, method, path, answered.body)
    for path in ("/domains/_default/policy",):
        assert (await scene.call("GET", path, by=dora)).status == 404


async def test_a_user_keeps_their_own_things(scene: Scene) -> None:
    by = "ann@one.test"
    assert [one["login"] for one in (await scene.call("GET", "/users", by=by)).body["items"]] == [by]
    assert (await scene.call("GET", f"/users/{by}", by=by)).body["role"] == "user"
    assert (await scene.call("GET", "/users/dora@one.test", by=by)).status == 404, "a neighbour is nobody too"
    body = {"password": "another long password", "old_password": PASSWORD}
    assert (await scene.call("PUT", f"/users/{by}/password", body, by=by)).status == 204
    assert (await scene.call("POST", f"/users/{by}/app-passwords", {"name": "phone"}, by=by)).status == 201
    accounts = (await scene.call("GET", "/accounts", by=by)).body["items"]
    assert [one["address"] for one in accounts] == ["ann@one.test", "team@one.test"]
    path = "/accounts/team@one.test/access"
    assert (await scene.call("PUT", f"{path}/dora@one.test", {"role": "editor"}, by=by)).status == 200
    assert (await scene.call("PUT", f"{path}/bob@two.test", {"role": "editor"}, by=by)).status == 404
    for path in ("/domains", "/aliases", "/queue", "/stats", "/logs", "/audit", "/blocklist"):
        assert (await scene.call("GET", path, by=by)).status == 403, path


async def test_operators_and_readers_see_all(scene: Scene) -> None:
    await prepare(scene)
    for by in ("oscar@example.com", "rita@example.com"):
        for endpoint in ENDPOINTS:
            if endpoint.method != "GET" or endpoint.name in OF_NOBODY:
                continue
            answered = await knock(scene, endpoint, by)
            assert answered.status in (200, 404), (by, endpoint.name, answered.body)
    assert (await scene.call("POST", "/queue/2/hold", {"reason": "x"}, by="oscar@example.com")).status == 200
    assert (await scene.call("POST", "/blocklist", {"pattern": "a@b.test"}, by="oscar@example.com")).status == 201
    assert (await scene.call("POST", "/blocklist", {"pattern": "a@b.test"}, by="rita@example.com")).status == 403


async def test_scopes_narrow_a_key_down(scene: Scene) -> None:
    for scope in ("users:read", "*:read", "queue:*"):
        by = await scene.key("ada@example.com", scope, scope)
        for endpoint in ENDPOINTS:
            if endpoint.name in OF_NOBODY:
                continue
            wanted = parse_scope(f"{endpoint.resource}:{endpoint.verb.value}")
            if not allows([scope], wanted):
                answered = await knock(scene, endpoint, by)
                assert (answered.status, str(wanted) in answered.body["why"]) == (403, True), (scope, endpoint.name)
        assert (await scene.call("GET", "/auth/me", by=by)).status == 200
    narrow = await scene.key("ada@example.com", "narrow", "tokens:write", "users:read")
    path = "/users/ada@example.com/tokens"
    for scopes in ([], ["users:write"], ["*:*"], ["users:*"]):
        assert (await scene.call("POST", path, {"name": "more", "scopes": scopes}, by=narrow)).status == 403, scopes
    assert (await scene.call("POST", path, {"name": "less", "scopes": ["users:read"]}, by=narrow)).status == 201


def test_every_row_has_a_scope_that_exists() -> None:
    for endpoint in ENDPOINTS:
        assert endpoint.resource in RESOURCES or endpoint.name in OF_NOBODY, endpoint.name
        assert (endpoint.verb is Verb.READ) == (endpoint.method == "GET") or endpoint.name in OF_NOBODY, endpoint.name


async def test_a_removed_or_suspended_user_has_no_key_any_more(scene: Scene) -> None:
    assert (await scene.call("GET", "/auth/me", by="oscar@example.com")).status == 200
    await scene.call("PATCH", "/users/oscar@example.com", {"status": "suspended"})
    assert (await scene.call("GET", "/auth/me", by="oscar@example.com")).status == 401
    await scene.call("PATCH", "/users/dora@one.test", {"role": "user"})
    assert (await scene.call("GET", "/aliases", by="dora@one.test")).status == 403, "a role ends at once"
    await scene.call("DELETE", "/users/ann@one.test")
    assert (await scene.call("GET", "/auth/me", by="ann@one.test")).status == 401
