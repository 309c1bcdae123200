"""What people do with letters is followed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.learning import OFFER, move, school
from tests.support.mailbox import make_mailbox
from tests.support.stores import AnyStore, sqlite_engine


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


async def counts(store: AnyStore, account: int) -> tuple[int, int]:
    mark = await store.read(lambda tx: tx.learning.mark(account))
    return mark.spam, mark.ham


async def test_what_goes_into_junk_is_junk(store: AnyStore) -> None:
    box, pupil = await make_mailbox(store), school(store)
    uid = await box.append(box.folders["INBOX"], OFFER)
    await move(box, "INBOX", uid, "Junk")
    await pupil.follower.run()
    assert await counts(store, box.account) == (1, 0)
    assert pupil.heard.lessons == [True]
    await pupil.follower.run()
    assert pupil.heard.lessons == [True], "once"
    await school(store).follower.run()
    assert await counts(store, box.account) == (1, 0), "another worker goes on from the cursor"


async def test_a_domain_that_does_not_want_it(store: AnyStore) -> None:
    box, pupil = await make_mailbox(store), school(store, learns=False)
    uid = await box.append(box.folders["INBOX"], OFFER)
    await move(box, "INBOX", uid, "Junk")
    await pupil.follower.run()
    assert await counts(store, box.account) == (0, 0)
    assert pupil.heard.lessons == []


async def test_other_folders_teach_nothing(store: AnyStore) -> None:
    box, pupil = await make_mailbox(store), school(store)
    uid = await box.append(box.folders["INBOX"], OFFER)
    await move(box, "INBOX", uid, "Trash")
    await pupil.follower.run()
    assert await counts(store, box.account) == (0, 0)
