"""The admin API: gomailserver's own commands, run as they are printed; then what each call answers and refuses."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from mailstead.servers.web.admin import AdminApi
from mailstead.servers.web.app import GUESTS, Sources, build_app
from mailstead.servers.web.domains import CALLS
from mailstead.servers.web.door import BODY_MAX
from mailstead.servers.web.login import Gatekeeper
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.users import NewUser, add_user, view_user
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.signing.keys import list_keys
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting
from tests.support.programs import need

TOKEN = "your-admin-token"
KEY = {"Authorization": f"Bearer {TOKEN}"}
CURLS = (Path(__file__).parents[3] / "data" / "gomailserver_curls.txt").read_text().split("\n\n")
UPDATED = {"message": "security configuration updated successfully"}
NEW = "/api/domains/new.test"


@dataclass
class Site:
    directory: Directory
    client: "TestClient[Any, Any]"

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON; with the token if nothing else is said."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self.client.request(method, path, data=data, headers=headers or KEY) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def new(self, name: str = "new.test", **columns: object) -> Any:
        """One more domain, which signs with no key: making one takes time."""
        wanted = {"dkim_signing_enabled": False, **columns}
        status, made = await self.call("POST", "/api/domains", {"name": name, "domain": wanted})
        assert status == 201
        return made


async def open_site(directory: Directory, token: str, clock: FakeClock) -> Site:
    store = directory.store
    guard = Limiting(store, clock, exemptions=Exemptions()).guard
    authenticator = Authenticator(store, directory.hasher, clock, default_domain="example.com", guard=guard)

    async def nothing() -> Any:
        return ""

    app = build_app(Sources(nothing, nothing, admin=AdminApi(directory, Gatekeeper(authenticator, token), "default")))
    app[GUESTS] = {}
    client = TestClient(TestServer(app))
    await client.start_server()
    return Site(directory, client)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        made = await open_site(directory, TOKEN, clock)
        yield made
        await made.client.close()


async def test_every_curl_of_the_deployment_guide_works_as_printed(site: Site, tmp_path: Path) -> None:
    need("jq")
    assert (await site.call("DELETE", "/api/domains/example.com"))[0] == 204
    # The one thing that differs is the port behind localhost:8080.
    (tmp_path / ".curlrc").write_text(f'silent\nconnect-to = "localhost:8080:127.0.0.1:{site.client.port}"\n')
    environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path), "HOME": str(tmp_path)}

    async def run(command: str) -> str:
        shell = await asyncio.create_subprocess_exec(
            need("bash"), "-c", command, env=environment, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            out, _ = await shell.communicate()
        return out.decode()

    said = [await run(command) for command in CURLS]
    assert len(said) == 11
    made = json.loads(said[0])
    assert (made["name"], made["status"], made["spam_reject_score"]) == ("example.com", "active", 10.0)
    assert json.loads(said[1]) == {**UPDATED, "domain": "example.com"}
    assert said[2].startswith("MIIBIj"), "the record takes it as it is"
    assert json.loads(said[3]) == {"status": "healthy"}
    assert json.loads(said[4]) == {"message": "default template updated successfully"}
    company = json.loads(said[5])
    assert company["ratelimit_smtp_per_ip"] == '{"count":50,"window_minutes":60}'
    assert company["ratelimit_auth_per_ip"] == '{"count":5,"window_minutes":15}'
    two = json.loads(said[6])
    assert (two["max_users"], two["default_quota"], two["auth_totp_enforced"]) == (50, 2147483648, True)
    assert two["ratelimit_smtp_per_ip"] == '{"count":100,"window_minutes":60}'
    assert json.loads(said[7]) == {**UPDATED, "domain": "company1.com"}
    assert json.loads(said[8]) == {**UPDATED, "domain": "company2.com"}
    assert json.loads(said[9])["status"] == 401, "that section is about this answer"
    assert json.loads(said[10])["status"] == 401, "the guide leaves out the token and the body"
    _, listed = await site.call("GET", "/api/domains")
    assert (listed["count"], [one["name"] for one in listed["domains"]]) == (
        3, ["company1.com", "company2.com", "example.com"],
    )  # fmt: skip
    shown = {one["name"]: one for one in listed["domains"]}
    assert (shown["example.com"]["spam_reject_score"], shown["example.com"]["dkim_key_size"]) == (12.0, 4096)
    assert (shown["company1.com"]["greylist_enabled"], shown["company2.com"]["greylist_enabled"]) == (True, False)
    assert (shown["company1.com"]["auth_totp_enforced"], shown["company2.com"]["spam_reject_score"]) == (True, 15.0)


async def test_every_call_wants_the_token(site: Site) -> None:
    for method, path in [(call.method, call.path.replace("{name}", "a.test")) for call in CALLS] + [
        ("POST", "/api/users")
    ]:
        for headers in ({"Host": "x"}, {"Authorization": "Bearer your-token"}):
            status, said = await site.call(method, path, **headers)
            assert (status, set(said), said["status"]) == (401, {"error", "status"}, 401), path
            assert "Authorization: Bearer TOKEN" in said["error"]


async def test_without_a_token_of_ours_the_api_is_closed(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        for token in ("", "your-secure-random-token-here"):
            site = await open_site(directory, token, clock)
            for headers in ({"Host": "x"}, {"Authorization": f"Bearer {token}"}):
                status, said = await site.call("GET", "/api/domains", **headers)
                assert (status, said["status"]) == (403, 403)
                assert said["error"].startswith("the admin API is closed: set api.admin_token")
            await site.client.close()


async def test_a_domain_from_its_birth_to_its_end(site: Site) -> None:
    made = await site.new(status="inactive", max_users=3)
    assert made["id"] > 0
    assert (made["status"], made["max_users"], made["dkim_public_key"]) == ("inactive", 3, "")
    assert (await site.call("GET", NEW))[1] == made
    assert "dkim_private_key" not in made
    status, changed = await site.call("PUT", NEW, {**made, "name": "x", "id": 1, "status": "active", "spf_enabled": 0})
    assert (status, changed["name"], changed["id"]) == (200, "new.test", made["id"])
    assert (changed["status"], changed["spf_enabled"], changed["max_users"]) == ("active", False, 3)
    assert (await site.call("DELETE", NEW)) == (204, None)
    assert (await site.call("GET", NEW)) == (404, {"error": "domain not found", "status": 404})


async def test_a_new_domain_has_a_key_as_the_policy_wants_it(site: Site) -> None:
    await site.call("PUT", "/api/domains/_default", {"dkim_key_type": "ed25519", "dkim_selector": "mail"})
    _, made = await site.call("POST", "/api/domains", {"name": "new.test", "use_default_template": True})
    (key,) = await list_keys(site.directory, "new.test")
    assert (made["dkim_selector"], key.selector, len(made["dkim_public_key"])) == ("mail", "mail", 44)
    status, again = await site.call("PUT", NEW, made)
    assert (status, again["dkim_selector"]) == (200, "mail")
    for body, word in (({"dkim_private_key": "x"}, "private_key"), ({"dkim_public_key": "x"}, "public_key")):
        status, said = await site.call("PUT", NEW, body)
        assert (status, word in said["error"]) == (400, True)
        assert "mailstead dkim generate" in said["error"]


async def test_groups(site: Site) -> None:
    await site.new()
    _, shown = await site.call("GET", f"{NEW}/security")
    assert set(shown) == {
        "domain",
        "dkim",
        "spf",
        "dmarc",
        "failures",
        "arc",
        "clamav",
        "spam",
        "greylist",
        "rate_limit",
        "auth",
        "quarantine",
        "trace",
    }
    assert shown["domain"] == "new.test"
    assert shown["rate_limit"]["smtp_per_user"] == '{"count":500,"window_minutes":60}'
    assert json.loads(shown["dkim"]["headers_to_sign"])[:2] == ["From", "To"]
    assert (await site.call("PUT", f"{NEW}/security", shown))[0] == 200
    assert (await site.call("GET", f"{NEW}/security"))[1] == shown
    change = {"dkim": {"signing_enabled": False}, "greylist": {"delay_minutes": 1}}
    assert (await site.call("PUT", f"{NEW}/security", change)) == (200, {**UPDATED, "domain": "new.test"})
    _, after = await site.call("GET", f"{NEW}/security")
    assert after["greylist"] == {**shown["greylist"], "delay_minutes": 1}
    assert after["spam"] == shown["spam"]
    assert (await site.call("GET", "/api/domains/_default/security"))[1]["domain"] == "_default"


async def test_the_template(site: Site) -> None:
    _, before = await site.call("GET", "/api/domains/_default")
    assert (before["name"], before["dkim_key_size"], before["ratelimit_enabled"]) == ("_default", 2048, True)
    change = {"dkim_key_size": 4096, "spam_reject_score": 12.0, "max_users": 5, "dkim_signing_enabled": False}
    status, said = await site.call("PUT", "/api/domains/_default", change)
    assert (status, said) == (200, {"message": "default template updated successfully"})
    assert (await site.call("GET", "/api/domains/example.com"))[1]["spam_reject_score"] == 10.0
    _, made = await site.call("POST", "/api/domains", {"name": "new.test", "use_default_template": True})
    assert (made["spam_reject_score"], made["max_users"], made["dkim_key_size"]) == (12.0, 5, 4096)
    said = await site.call("DELETE", "/api/domains/_default")
    assert said == (403, {"error": "cannot delete default template domain", "status": 403})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "", {"name": "example.com", "use_default_template": True}, 409, "domain already exists"),
        ("POST", "", {"name": "_default", "use_default_template": True}, 409, "domain already exists"),
        ("POST", "", {"use_default_template": True}, 400, "domain name is required"),
        ("POST", "", {"name": "new.test"}, 400, "either use_default_template or domain configuration is required"),
        ("POST", "", {"name": "new.test", "domain": {"spf_enabled": "maybe"}}, 400, "spf.enabled: \"maybe\" may not"),
        ("POST", "", {"name": "new.test", "domain": 5}, 400, "domain (an object)"),
        ("POST", "", {"name": "new.test", "use_default_template": True, "x": 1}, 400, "write name"),
        ("POST", "", {"name": "a b", "use_default_template": True}, 400, "a b"),
        ("POST", "", b"{", 400, "invalid request body"),
        ("POST", "", b"[]", 400, "invalid request body"),
        ("POST", "", b"[" * 60_000, 400, "invalid request body"),
        ("POST", "", b" " * (BODY_MAX + 1), 413, "larger than"),
        ("PUT", "/example.com", {"spf_dns_timeout": 0}, 400, "a whole number from 1 to 60"),
        ("PUT", "/example.com", {"spf_enable": True}, 400, "did you mean spf_enabled?"),
        ("PUT", "/nowhere.test", {}, 404, "domain not found"),
        ("PUT", "/other.test", {"spf_enabled": True}, 400, "other.test is another name of example.com"),
        ("DELETE", "/nowhere.test", None, 404, "domain not found"),
        ("DELETE", "/example.com", None, 409, "still has 1 accounts"),
        ("GET", "/nowhere.test/security", None, 404, "domain not found"),
        ("PUT", "/example.com/security", {"identity": {"status": "active"}}, 400, "there is no group 'identity'"),
        ("PUT", "/example.com/security", {"spam": {"reject_score": 1}}, 400, "set both"),
        ("PUT", "/example.com/security", {"spam": 1}, 400, "spam: write an object"),
        ("PATCH", "/example.com", {}, 405, "method not allowed"),
    ],
)  # fmt: skip
async def test_refusals(site: Site, method: str, path: str, body: Any, status: int, words: str) -> None:
    await add_user(site.directory, NewUser(address="ann", password="long enough"))
    await add_domain(site.directory, NewDomain(name="other.test", alias_of="example.com"))
    got, said = await site.call(method, f"/api/domains{path}", body)
    assert (got, said["status"], set(said)) == (status, status, {"error", "status"})
    assert words in said["error"]
    assert (await site.call("GET", "/api/domains/example.com"))[1]["spam_reject_score"] == 10.0


async def test_users_move_in(site: Site) -> None:
    body = {"email": "ann@example.com", "password": "long enough", "quota": 5000, "full_name": "Ann", "role": "admin"}
    status, made = await site.call("POST", "/api/users", body)
    assert (status, made["email"], made["domain_name"], made["quota"]) == (201, "ann@example.com", "example.com", 5000)
    assert made["not_kept"] == ["full_name"]
    view = await view_user(site.directory, "ann")
    assert view.user.is_admin  # type: ignore[union-attr]
    other = {
        "email": "bob@example.com",
        "password": "long enough",
        "domain_id": made["domain_id"],
        "status": "disabled",
    }
    status, made = await site.call("POST", "/api/users", other)
    assert (status, made["status"], "not_kept" in made) == (201, "inactive", False)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"email": ""}, 400, "email is required"),
        ({"password": None}, 400, "password is required"),
        ({"password": "short"}, 400, "shorter than 8"),
        ({"domain_id": 99}, 400, "not of 99"),
        ({"email": "x@nowhere.test"}, 404, "no domain nowhere.test"),
        ({"email": "ann@example.com"}, 409, "here already"),
        ({"status": "odd"}, 400, "status"),
        ({"quota": -1}, 400, "quota"),
    ],
)
async def test_users_that_cannot(site: Site, change: dict[str, Any], status: int, words: str) -> None:
    await add_user(site.directory, NewUser(address="ann", password="long enough"))
    body = {"email": "bob@example.com", "password": "long enough", **change}
    got, said = await site.call("POST", "/api/users", body)
    assert (got, said["status"], words in said["error"]) == (status, status, True), said
