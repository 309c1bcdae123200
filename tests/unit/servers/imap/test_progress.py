"""RFC 9585: commands that take long tell how far they are."""

from functools import partial
from pathlib import Path

import pytest

from mailstead.ground.wire.imap.resync import code_inprogress
from mailstead.servers.imap import progress
from mailstead.servers.imap.commands import copy, store
from mailstead.services.folders import filing
from mailstead.services.search import service
from tests.support.imap_scene import ImapScene, open_scene


async def answer(scene: ImapScene, line: bytes) -> list[bytes]:
    scene.stream.peer.send(line + b"\r\n")
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(line.split(b" ")[0]):
        heard = await scene.stream.peer.read_line()
        assert heard is not None
        lines.append(heard)
    return lines


async def test_search_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(service, "CHUNK", 2)
    async with open_scene(tmp_path, {"letters": "5", "select": "INBOX"}) as scene:
        assert await answer(scene, b"a1 SEARCH ALL") == [
            b'* OK [INPROGRESS ("a1" 2 5)] Still working',
            b'* OK [INPROGRESS ("a1" 4 5)] Still working',
            b"* SEARCH 1 2 3 4 5",
            b"a1 OK SEARCH completed",
        ]


async def test_what_writes_tells_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    by_two = partial(filing.cut, size=2)
    for module in (filing, store):
        monkeypatch.setattr(module, "cut", by_two)
    monkeypatch.setattr(copy, "UNIT_MAX", 2)
    notes = [b'* OK [INPROGRESS ("a1" 2 5)] Still working', b'* OK [INPROGRESS ("a1" 4 5)] Still working']
    async with open_scene(tmp_path, {"letters": "5", "select": "INBOX"}) as scene:
        assert await answer(scene, b"a1 STORE 1:5 +FLAGS.SILENT (\\Deleted)") == [*notes, b"a1 OK STORE completed"]
        assert (await answer(scene, b"a1 COPY 1:5 Archive"))[:2] == notes
        assert (await answer(scene, b"a1 MOVE 1:5 Trash"))[:2] == notes


async def test_quick_commands_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    async with open_scene(tmp_path, {"letters": "5", "select": "INBOX"}) as scene:
        assert len(await answer(scene, b"a1 SEARCH ALL")) == 2


def test_tags_that_would_end_the_code_go_as_nil() -> None:
    assert code_inprogress(b"a]1", 2, 5) == b"INPROGRESS (NIL 2 5)"
    assert code_inprogress(b"a1", 2, 0) == b'INPROGRESS ("a1" 2 NIL)'
