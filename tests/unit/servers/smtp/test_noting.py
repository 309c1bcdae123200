"""Whatever is not taken is noted for each recipient, once, with the name that the reply told of a fault."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.verdict import Defer, Reason, Refuse, Verdict
from mailstead.services.limits.rates import CONNECTIONS
from mailstead.services.reception.refusals import Refusals
from tests.support.memory_stream import MemoryStream
from tests.support.smtp_scene import open_scene
from tests.transcript.runner import settle

HELLO = b"EHLO a.test\r\nMAIL FROM:<eve@a.test>\r\nRCPT TO:<ann@example.test>\r\n"
LETTER = b"DATA\r\nMessage-ID: <1@a.test>\r\n\r\n%s\r\n.\r\n"
Note = tuple[Verdict, dict[str, Any]]


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[Note]:
    found: list[Note] = []

    def note(_: Refusals, verdict: Verdict, client: Client, **names: Any) -> None:
        assert client.session
        found.append((verdict, names))

    monkeypatch.setattr(Refusals, "note", note)
    return found


async def talk(folder: Path, given: dict[str, str], words: bytes, *statements: str) -> bytes:
    async with open_scene(folder, given) as scene:
        await settle(scene)
        scene.stream.peer.send(HELLO)
        await settle(scene)
        for statement in statements:
            await scene.check(statement)
        scene.stream.peer.send(words)
        await settle(scene)
        for statement in ("the disk is mended", "the store is mended"):
            await scene.check(statement)
        return bytes(scene.stream.peer.take_all())


async def test_content_that_is_too_large(tmp_path: Path, notes: list[Note]) -> None:
    assert b"552 5.3.4" in await talk(tmp_path, {"max_message_size": "50"}, LETTER % (b"x" * 100))
    ((verdict, names),) = notes
    assert isinstance(verdict, Refuse)
    assert verdict.reason is Reason.MESSAGE_TOO_LARGE
    assert (names["sender"], names["recipient"]) == ("eve@a.test", "ann@example.test")


async def test_what_the_delivery_cannot_take(tmp_path: Path, notes: list[Note]) -> None:
    assert b"452 4.3.1" in await talk(tmp_path, {}, LETTER % b"x", "the disk fills up")
    ((verdict, names),) = notes
    assert isinstance(verdict, Defer)
    assert (verdict.reason, names["message_id"]) == (Reason.NO_SPACE, "1@a.test")


async def test_a_fault_is_found_by_the_name_that_was_told(tmp_path: Path, notes: list[Note]) -> None:
    said = await talk(tmp_path, {}, LETTER % b"x", "the store is broken")
    told = re.search(rb"incident (\w+)", said)
    assert told is not None
    ((verdict, names),) = notes
    assert isinstance(verdict, Defer)
    assert (verdict.reason, names["incident"]) == (Reason.FAULT, told[1].decode())


async def test_what_a_check_refused_is_noted_once(tmp_path: Path, notes: list[Note]) -> None:
    given = {"dns": "TXT a.test v=spf1 -all | PTR 192.0.2.1 a.test"}
    assert b"550 5.7.23" in await talk(tmp_path, given, LETTER % b"x")
    ((verdict, names),) = notes
    assert isinstance(verdict, Refuse)
    assert (verdict.reason, names["checks"]["action"]) == (Reason.SPF_FAILED, "reject")


async def test_a_connection_too_many(tmp_path: Path, notes: list[Note], monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path, {}) as scene:

        async def refuse(_: Client) -> Verdict:
            return Defer(Reason.RATE_LIMIT, "smtp_per_ip: 1 in 60 minutes", CONNECTIONS)

        monkeypatch.setattr(scene.smtp, "_office", replace(scene.smtp._office, judge_connection=refuse))
        stream = MemoryStream(scene.clock)
        await scene.smtp.serve(stream)
        assert stream.peer.take_all().startswith(b"421")
    ((verdict, names),) = notes
    assert isinstance(verdict, Defer)
    assert (verdict.reason, names) == (Reason.RATE_LIMIT, {"sender": "", "recipient": ""})
