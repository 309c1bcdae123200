"""What dialogues of AUTH cannot show: errors of ours, and that nothing of a password is logged or kept."""

from pathlib import Path

import pytest

from mailstead.ground.model.errors import Busy, Denied
from mailstead.services.accounts.attempt import Expired, Limited, NotAuthorized
from mailstead.services.accounts.login import Authenticator
from tests.support.smtp_scene import open_scene
from tests.transcript.runner import settle

GIVEN = {"profile": "submission", "tls": "active"}
LOGIN = b"AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n"


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (Busy("later"), b"454 4.7.0 Temporary authentication failure\r\n"),
        (Limited("later"), b"421 4.7.1 Too many failed logins from your IP. Please try again later.\r\n"),
        (Denied("no"), b"535 5.7.8 Authentication failed\r\n"),
        (Expired("no"), b"535 5.7.8 Authentication failed\r\n"),
        (NotAuthorized("no"), b"535 5.7.8 Authentication failed\r\n"),
    ],
)
async def test_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reply: bytes) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Authenticator, "enter_by_password", refuse)
    async with open_scene(tmp_path, GIVEN) as scene:
        scene.stream.peer.send(b"EHLO a.test\r\n" + LOGIN)
        await settle(scene)
        assert scene.stream.peer.take_all().endswith(reply)


async def test_an_incident_is_none_of_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Authenticator, "enter_by_password", fail)
    async with open_scene(tmp_path, GIVEN) as scene:
        scene.stream.peer.send(b"EHLO a.test\r\n" + LOGIN + b"MAIL FROM:<ann@example.test>\r\n")
        await settle(scene)
        said = scene.stream.peer.take_all().split(b"\r\n")
        assert said[-3].startswith(b"451 4.3.0 Local error, try again later (incident ")
        assert said[-2] == b"530 5.7.0 Authentication required"


async def test_a_login_may_be_the_last_of_a_pipeline(tmp_path: Path) -> None:
    async with open_scene(tmp_path, GIVEN) as scene:
        scene.stream.peer.send(b"EHLO a.test\r\n" + LOGIN + b"MAIL FROM:<ann@example.test>\r\n", cut=9)
        await settle(scene)
        said = scene.stream.peer.take_all().split(b"\r\n")
        assert said[-3:] == [b"235 2.7.0 Authentication succeeded", b"250 2.1.0 Ok", b""]


async def test_access_that_is_taken_away_in_the_session(tmp_path: Path) -> None:
    given = GIVEN | {
        "accounts": "ann@example.test,team@example.test",
        "access": "ann@example.test>team@example.test:sender",
    }
    async with open_scene(tmp_path, given) as scene:
        scene.stream.peer.send(b"EHLO a.test\r\n" + LOGIN + b"MAIL FROM:<team@example.test>\r\nRSET\r\n")
        await settle(scene)
        assert scene.stream.peer.take_all().endswith(b"250 2.1.0 Ok\r\n250 2.0.0 Ok\r\n")

        async def revoke(tx) -> None:
            user = await tx.directory.find_user("ann@example.test")
            for account, _ in await tx.directory.list_access(user.id):
                if account.address.local == "team":
                    await tx.directory.revoke(user.id, account.id)

        await scene.store.write(revoke)
        scene.clock.advance(6)
        scene.stream.peer.send(b"MAIL FROM:<team@example.test>\r\nMAIL FROM:<ann@example.test>\r\n")
        await settle(scene)
        said = scene.stream.peer.take_all().split(b"\r\n")
        assert said[0].startswith(b"553 5.7.1")
        assert said[1].startswith(b"250")
