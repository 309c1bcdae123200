"""SMTP smuggling (CVE-2023-51764 and its kin): no lone CR or LF ends a message, in DATA or in BDAT, at any cut."""

from pathlib import Path

import pytest

from tests.support.smtp_scene import inbox, open_scene
from tests.transcript.runner import settle
from tests.unit.ground.wire.smtp.test_receiver import SMUGGLED

HELLO = b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<ann@example.test>\r\n"
EVIL = b"MAIL FROM:<evil@evil.test>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\nevil\r\n.\r\n"


async def test_in_data(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"max_errors": "1000"}) as scene:
        for number, form in enumerate(SMUGGLED):
            scene.stream.peer.send(HELLO + b"DATA\r\nSubject: x\r\n\r\nx" + form + EVIL + b"NOOP\r\n", cut=number % 4)
            await settle(scene)
            said = scene.stream.peer.take_all().split(b"\r\n")[-5:-1]
            assert [line[:9] for line in said] == [b"250 2.1.5", said[1][:9], b"550 5.6.1", b"250 2.0.0"], form
            assert said[1].startswith(b"354 ")
        assert await inbox(scene.store, "ann@example.test") == []


@pytest.mark.parametrize("cut", [0, 1])
async def test_in_bdat(tmp_path: Path, cut: int) -> None:
    async with open_scene(tmp_path, {"max_errors": "1000"}) as scene:
        for form in SMUGGLED:
            content = b"x" + form + EVIL
            half = 1 + len(form) // 2
            chunks = b"BDAT %d\r\n%bBDAT %d LAST\r\n%b" % (
                half, content[:half], len(content) - half, content[half:]
            )  # fmt: skip
            scene.stream.peer.send(HELLO + chunks + b"NOOP\r\n", cut=cut)
            await settle(scene)
            said = scene.stream.peer.take_all().split(b"\r\n")[-3:-1]
            assert said[0].startswith(b"550 5.6.11"), form
            assert said[1] == b"250 2.0.0 Ok"
        assert await inbox(scene.store, "ann@example.test") == []
