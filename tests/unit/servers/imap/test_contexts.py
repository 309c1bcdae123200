"""Searches that are kept up to date (RFC 5267 §4.3), apart from a session."""

import pytest

from mailstead.ground.model.errors import Busy
from mailstead.ground.model.uidset import UidSet
from mailstead.servers.imap.contexts import Context, Contexts
from mailstead.servers.imap.view import Numbering


async def test_what_could_not_be_judged_is_told_later() -> None:
    contexts, numbering, told = Contexts(), Numbering(UidSet.of([2, 4, 6])), list[bytes]()
    faults = [Busy("queue full")]

    async def judge(uids: UidSet) -> UidSet:
        if faults:
            raise faults.pop()
        return uids & UidSet.of([4, 6])

    async def give(line: bytes) -> None:
        told.append(line)

    contexts.add(Context(b"a", by_uid=False, judge=judge, found=UidSet.of([2])))
    contexts.note(UidSet.of([2, 4, 9]))
    with pytest.raises(Busy):
        await contexts.tell_changed(numbering, give)
    contexts.note(UidSet.of([6]))
    await contexts.tell_changed(numbering, give)
    await contexts.tell_changed(numbering, give)
    assert told == [b'* ESEARCH (TAG "a") REMOVEFROM (0 1)\r\n', b'* ESEARCH (TAG "a") ADDTO (0 2:3)\r\n']


async def test_gone_is_told_by_the_numbers_that_still_are() -> None:
    contexts, numbering, told = Contexts(), Numbering(UidSet.of([2, 4, 6])), list[bytes]()

    async def judge(uids: UidSet) -> UidSet:
        return uids

    async def give(line: bytes) -> None:
        told.append(line)

    for tag, by_uid in ((b"a", False), (b"b", True)):
        contexts.add(Context(tag, by_uid=by_uid, judge=judge, found=UidSet.of([4, 6])))
    assert contexts.cancel(b"c") is False
    await contexts.tell_gone(UidSet.of([2, 6]), numbering, give)
    assert contexts.cancel(b"a")
    await contexts.tell_gone(UidSet.of([6]), numbering, give)
    assert told == [b'* ESEARCH (TAG "a") REMOVEFROM (0 3)\r\n', b'* ESEARCH (TAG "b") UID REMOVEFROM (0 6)\r\n']
