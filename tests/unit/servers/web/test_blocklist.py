"""mu's calls to block and unblock."""

import urllib.parse
from typing import Any

import pytest

from tests.unit.servers.web.test_domains import KEY, Site, site  # noqa: F401 - a fixture

FORM = {**KEY, "Content-Type": "application/x-www-form-urlencoded"}
PATH = "/admin/blocklist"


async def post(site: Site, **fields: str) -> tuple[int, Any]:  # noqa: F811
    return await site.call("POST", PATH, urllib.parse.urlencode(fields).encode(), **FORM)


async def test_forms_and_json_block_and_unblock(site: Site) -> None:  # noqa: F811
    done = await post(site, action="block_email", email="Spammer@Bad.com", reason="spam")
    assert done == (200, {"success": True, "blocked": "spammer@bad.com"})
    assert (await post(site, action="block_email", email="*@spammydomain.com"))[0] == 200
    assert (await site.call("POST", PATH, {"action": "block_ip", "ip": "192.168.1.100"}))[0] == 200
    status, shown = await site.call("GET", PATH)
    assert status == 200
    assert shown["emails"] == ["*@spammydomain.com", "spammer@bad.com"]
    assert shown["ips"] == ["192.168.1.100"]
    assert [(one["reason"], one["who"]) for one in shown["entries"]][-1] == ("spam", "api token")
    gone = await post(site, action="unblock_email", email="spammer@bad.com")
    assert gone == (200, {"success": True, "unblocked": "spammer@bad.com", "was_blocked": True})
    assert (await post(site, action="unblock_ip", ip="192.168.1.1"))[1]["was_blocked"] is False
    assert (await site.call("GET", PATH))[1]["emails"] == ["*@spammydomain.com"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "burn"}, 400),
        ({"action": "block_email", "email": "192.0.2.1"}, 400),
        ({"action": "block_ip", "ip": "a@b.test"}, 400),
        ({"action": "block_ip"}, 400),
        ({"action": "block_email", "email": "x" * 20_000}, 413),
    ],
)
async def test_what_is_no_call_is_refused(site: Site, fields: dict[str, str], status: int) -> None:  # noqa: F811
    assert (await post(site, **fields))[0] == status


async def test_nobody_blocks_without_the_token(site: Site) -> None:  # noqa: F811
    for method in ("GET", "POST"):
        assert (await site.call(method, PATH, None, Authorization="Bearer nonsense"))[0] in (401, 403)
