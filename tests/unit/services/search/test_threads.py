"""Threads as deep as a folder is full, and letters made to be tangled."""

import pytest

from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.sorting import Thread, Threading
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Facts
from mailstead.services.search import threads
from tests.property.search.test_threads import Given


def letter(uid: int, *references: int) -> Facts:
    ids = " ".join(f"<{one}@t>" for one in references)
    return Facts(uid, 1, uid, uid, "", f"Message-ID: <{uid}@t>\r\nReferences: {ids}\r\n\r\n".encode())


async def thread(rows: list[Facts]) -> list[Thread]:
    given = Given([])
    given.rows = rows
    return await threads.thread_uids(given, FolderId(1), UidSet(), Threading.REFS)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [1, -1])
async def test_a_chain_of_ten_thousand(order: int) -> None:
    """Whichever end comes first."""
    size = 10_000
    answered = {uid: uid - order for uid in range(1, size + 1) if 1 <= uid - order <= size}
    (top,) = await thread([letter(uid, *([answered[uid]] if uid in answered else [])) for uid in range(1, size + 1)])
    seen = 1
    while top.children:
        (top,) = top.children
        seen += 1
    assert seen == size


async def test_what_takes_too_long_to_tell_is_not_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """8 would become the parent of 1, which has children: whether it descends from 1 takes two steps to tell."""
    rows = [letter(1), letter(2, 1), letter(5, 9, 8), letter(6, 8, 1)]
    assert len(await thread(rows)) == 1
    monkeypatch.setattr(threads, "STEPS_MAX", 1)
    assert len(await thread(rows)) == 2
