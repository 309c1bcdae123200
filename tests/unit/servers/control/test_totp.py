"""A second factor by hand: enrolled, confirmed, looked at, taken away."""

import base64

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.servers.control.desk import Desk
from tests.unit.servers.control.conftest import Admin


async def test_from_none_to_on_and_back(admin: Admin, desk: Desk) -> None:
    await admin.ask("user.add", address="ann", password="long enough")
    assert await admin.ask("user.totp.enroll", name="nobody") == "no_such_user"
    assert (await admin.ask("user.totp.status", name="ann"))["state"] == "none"
    rehearsed = await admin.ask("user.totp.enroll", name="ann", dry_run=True)
    assert "secret" not in rehearsed
    made = await admin.ask("user.totp.enroll", name="ann")
    assert (made["login"], made["undo"]) == ("ann@example.com", "mailstead user totp remove ann@example.com")
    assert made["uri"].startswith("otpauth://totp/example.com:ann@example.com?secret=" + made["secret"])
    assert (await admin.ask("user.totp.status", name="ann"))["state"] == "waiting"
    assert await admin.ask("user.totp.confirm", name="ann", code="nonsense") == "invalid"
    assert await admin.ask("user.totp.recovery", name="ann") == "not_found"
    code = code_at(base64.b32decode(made["secret"]), step_of(desk.directory.clock.now()))
    confirmed = await admin.ask("user.totp.confirm", name="ann", code=code)
    assert len(confirmed["recovery_codes"]) == 10
    shown = await admin.ask("user.totp.status", name="ann")
    assert (shown["state"], shown["confirmed_at"], shown["recovery_codes_left"]) == ("on", "2027-01-15T08:00:00Z", 10)
    assert await admin.ask("user.totp.enroll", name="ann") == "exists"
    renewed = await admin.ask("user.totp.recovery", name="ann")
    assert not set(renewed["recovery_codes"]) & set(confirmed["recovery_codes"])
    assert (await admin.ask("user.totp.remove", name="ann"))["state"] == "none"
    assert await admin.ask("user.totp.remove", name="ann") == "not_found"
    await admin.ask("audit.list")
    told = str(admin.news)
    assert [row["action"] for row in admin.news if row["action"].startswith("totp.")] == [
        "totp.removed", "totp.recovery-renewed", "totp.confirmed", "totp.enrolled",
    ]  # fmt: skip
    assert made["secret"] not in told
    assert confirmed["recovery_codes"][0] not in told
