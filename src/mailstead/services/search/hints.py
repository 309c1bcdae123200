"""What the index says about the texts of a query: which UIDs hold one for certain, and which have to be looked at.

All others do not hold it. Letters that came after the index last looked are among those to be looked at.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from mailstead.ground.model.change import ChangeKind
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, MessageId, ModSeq
from mailstead.ground.model.query import And, InBody, InHeader, InText, Not, Or, Query
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.fulltext import NEEDLE_MIN, FullText, Matches, Part

LEAST: Final = 100
"""Messages; fewer are read sooner than the index is asked."""
NEEDLES_MAX: Final = 8
"""Texts of one query that the index is asked for; the others are looked for in what these leave."""
EVENTS_AT_ONCE: Final = 500
EVENTS_MAX: Final = 20_000
IDS_AT_ONCE: Final = 500

PLACES_HEAD: Final = 0.25
PLACES_BODY: Final = 20.0
"""For each message of the folder: with more places in the index (of all accounts) it is quicker to read them all."""
PLACES_MIN: Final = 1_000
PLACES_MAX: Final = 500_000

TextKey = InHeader | InText | InBody


@dataclass(frozen=True, slots=True)
class Hint:
    """`sure` hold the text, `maybe` have to be read."""

    sure: UidSet
    maybe: UidSet


class Hints:
    """Asks the index. Where it cannot help there is no hint."""

    def __init__(self, store: Store, index: FullText, *, least: int = LEAST) -> None:
        self._store = store
        self._index = index
        self._least = least

    async def of(self, folder: FolderId, query: Query, count: int) -> dict[Query, Hint]:
        """For a prepared query over so many messages."""
        if count < self._least:
            return {}
        keys = list(dict.fromkeys(text_keys(query)))[:NEEDLES_MAX]
        if not keys:
            return {}
        epoch = self._index.epoch()
        if epoch is None:
            return {}
        try:
            hints = await self._hints(folder, keys, count)
        except NotFound:
            return {}
        return hints if self._index.epoch() == epoch else {}

    async def _hints(self, folder: FolderId, keys: Sequence[TextKey], count: int) -> dict[Query, Hint]:
        account = await self._store.read(partial(_account_of, folder))
        # The mark comes first and the events past it last: what is in neither was in the index when it was asked.
        mark = self._index.mark(account)
        if mark is None or mark.walk is not None:
            return {}
        found = {key: await self._ask(key, count) for key in keys}
        late = await self._late(account, folder, mark.modseq)
        if late is None:
            return {}
        return {key: await self._hint(folder, matches, late) for key, matches in found.items() if matches}

    async def _ask(self, key: TextKey, count: int) -> dict[Part, Matches]:
        """By part; empty if the index cannot say."""
        match key:
            case InHeader():
                parts: tuple[Part, ...] = (Part.HEAD,)
            case InBody():
                parts = (Part.BODY,)
            case InText():
                parts = (Part.HEAD, Part.BODY)
        worth = int(count * (PLACES_HEAD if isinstance(key, InHeader) else PLACES_BODY))
        most = min(max(worth, PLACES_MIN), PLACES_MAX)
        answers = {}
        for part in parts:
            matches = await self._index.find(part, key.text, most)
            if matches is None:
                return {}
            answers[part] = matches
        return answers

    async def _late(self, account: AccountId, folder: FolderId, after: ModSeq) -> UidSet | None:
        """What came into the folder since; None if nobody knows any longer, or it is too much."""
        runs: list[tuple[int, int]] = []
        for _ in range(0, EVENTS_MAX, EVENTS_AT_ONCE):

            async def unit(tx: ReadTx, after: ModSeq = after) -> tuple[bool, ModSeq, list[UidSet]]:
                is_known = await tx.oldest_change(account) <= after <= await tx.modseq(account)
                changes = await tx.changes(account, after, EVENTS_AT_ONCE)
                last = changes[-1].modseq if len(changes) >= EVENTS_AT_ONCE else ModSeq(0)
                here = [one for one in changes if one.folder_id == folder and one.kind is ChangeKind.APPENDED]
                return is_known, last, [one.uids for one in here]

            is_known, after, came = await self._store.read(unit)
            if not is_known:
                return None
            runs += [run for uids in came for run in uids.runs]
            if not after:
                return UidSet.join(sorted(runs))
        return None

    async def _hint(self, folder: FolderId, matches: dict[Part, Matches], late: UidSet) -> Hint:
        sure: UidSet = UidSet()
        maybe = late
        for part, one in matches.items():
            odd = await self._uids(folder, one.odd_blobs, one.odd_prefixes)
            hits = await self._uids(folder, one.sure_blobs, one.sure_prefixes)
            maybe |= odd
            if part is Part.BODY:
                sure |= hits
            else:
                maybe |= hits  # the head is indexed whole, but asked for field by field
        return Hint(sure, maybe)

    async def _uids(self, folder: FolderId, blobs: Sequence[BlobId], messages: Sequence[MessageId]) -> UidSet:
        found: list[int] = []
        for start in range(0, len(blobs), IDS_AT_ONCE):
            await asyncio.sleep(0)
            found += await self._store.read(partial(_place_blobs, folder, blobs[start : start + IDS_AT_ONCE]))
        for start in range(0, len(messages), IDS_AT_ONCE):
            found += await self._store.read(partial(_place_messages, folder, messages[start : start + IDS_AT_ONCE]))
        return UidSet.of(sorted(set(found)))


def text_keys(query: Query) -> Iterator[TextKey]:
    """Of a prepared query, those the index can know; what is compared loosely is none of them."""
    waiting = [query]
    while waiting:
        match waiting.pop():
            case And(keys):
                waiting.extend(keys)
            case Or(left, right):
                waiting += (left, right)
            case Not(key):
                waiting.append(key)
            case InHeader() | InText() | InBody() as key:
                if len(key.text) >= NEEDLE_MIN and "\n" not in key.text and "\r" not in key.text:
                    yield key
            case _:
                pass


async def _account_of(folder: FolderId, tx: ReadTx) -> AccountId:
    return (await tx.folders.get_folder(folder)).account_id


async def _place_blobs(folder: FolderId, blobs: Sequence[BlobId], tx: ReadTx) -> list[int]:
    return await tx.finding.place_blobs(folder, list(blobs))


async def _place_messages(folder: FolderId, messages: Sequence[MessageId], tx: ReadTx) -> list[int]:
    return await tx.finding.place_messages(folder, list(messages))
