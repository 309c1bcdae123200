"""Finding a letter by any of its names: its number in the spool, the number that our 250 told, its Message-ID; and all
that came from or for an address, from an IP, or in a session."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.quarantine import KEPT_IN
from mailstead.ground.model.scope import EVERYTHING, Scope
from mailstead.ground.model.spool import HERE
from mailstead.net.clock import Clock
from mailstead.net.ids import moment_of
from mailstead.services.policy.concealing import Concealing, hider, name_key
from mailstead.services.spool.filters import Filter, parse_id
from mailstead.services.spool.looking import Dossier, Looking
from mailstead.services.spool.terms import DAY, HOUR
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.duties import Trace, TraceMark
from mailstead.store.port.trails import Refusal, Whereabouts

AROUND: Final = 5000
"""Milliseconds between the number of a transaction and the moment its letter was filed, at most."""
SESSION: Final = HOUR
"""From the number of a session to the last letter that it files, at most."""
BACK: Final = 3650 * DAY
"""Older ones are forgotten long since."""
STEPS_MAX: Final = 400
FOUND_MAX: Final = 100
NAME_MAX: Final = 1000
_STEP: Final = 500


@dataclass(frozen=True, slots=True)
class Filed:
    """A letter that was filed in an account here; `story` as `delivery.story` wrote it. `folders`: where it is now."""

    trace: Trace
    account: str  # its address; "" if it is gone
    message_id: str
    story: dict[str, Any]
    folders: tuple[Whereabouts, ...] = ()

    @property
    def is_kept(self) -> bool:
        """In quarantine, or it was."""
        return self.story.get("folder") == KEPT_IN

    @property
    def domain(self) -> str:
        """Whose it is; what is kept for addresses elsewhere is of no account."""
        owner = self.story.get("to", "") if self.is_kept and not self.account else self.account
        return str(owner).rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not taken; `story` as `reception.refusals` wrote it."""

    refusal: Refusal
    story: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known under a name."""

    letters: tuple[Dossier, ...]
    filed: tuple[Filed, ...]
    refused: tuple[Refused, ...] = ()
    is_cut: bool = False  # of what was filed the oldest was not looked at, or not all that was found is shown

    @property
    def is_empty(self) -> bool:
        """Nothing at all."""
        return not (self.letters or self.filed or self.refused)


@dataclass(frozen=True, slots=True)
class _Walked:
    """What a look back met."""

    filed: list[Filed] = field(default_factory=list)
    is_cut: bool = False


Test = Callable[[Trace, str], bool]
"""Is it one of those looked for? By its row and Message-ID, before its story is read."""


class Tracing:
    """Reads alone, and short ones: a look back through all of the past gives way after each step."""

    def __init__(self, store: Store, clock: Clock, looking: Looking, concealing: Concealing) -> None:
        self._store = store
        self._clock = clock
        self._looking = looking
        self._concealing = concealing

    async def find(self, name: str, scope: Scope = EVERYTHING) -> Found:
        """What of it lies in the scope; NotFound says how far was looked; Invalid."""
        name = name.strip()
        if not name or len(name) > NAME_MAX:
            raise Invalid("say the number of a letter, its Message-ID, an address or an IP")
        bare = name.strip("<>")
        found = await (self._by_number(parse_id(name)) if name.isdecimal() else self._by_name(bare))
        refused = await self._refused(bare, scope)
        filed = [one for one in await self._complete(found.filed) if scope.covers(one.domain)]
        letters = [one for one in found.letters if scope.covers(one.letter.domain)]
        found = Found(tuple(letters), tuple(filed), refused, is_cut=found.is_cut or len(refused) >= FOUND_MAX)
        if found.is_empty:
            raise NotFound(
                f"nothing is known of {name}: stories in the spool end after queue.history, "
                "others after the trace.days of their domain"
            )
        return found

    async def _refused(self, name: str, scope: Scope) -> tuple[Refused, ...]:
        key = name_key(await self._concealing.key(), name)
        rows = await self._store.read(lambda tx: tx.trails.find_refusals(key, FOUND_MAX))
        return tuple(Refused(row, msgspec.json.decode(row.detail)) for row in rows if scope.covers(row.domain))

    async def _complete(self, filed: tuple[Filed, ...]) -> list[Filed]:
        """With the address of its account, and where it is by now."""
        owners = {one.trace.account_id for one in filed}
        addresses = await self._store.read(_Addresses(frozenset(owners)))
        complete = []
        for one in filed:
            folders = await self._store.read(_Folders(one.trace, is_kept=one.is_kept))
            complete.append(replace(one, account=addresses.get(one.trace.account_id, ""), folders=tuple(folders)))
        return complete

    async def _by_number(self, number: SpoolId) -> Found:
        """One transaction may have filed copies here, and spooled several letters, one for each name they leave in. A
        session has its number from its beginning, and may file much later."""
        at, mark, session = moment_of(number), b"%d" % number, str(number)

        def is_of(trace: Trace, _: str) -> bool:
            return trace.message_id == number or trace.session == session or mark in trace.story

        since = Instant(at - AROUND)
        walked = await self._walk(since, Instant(at + AROUND), is_of)
        letters = await self._letters([number])
        if not walked.filed and not letters:
            walked = await self._walk(since, Instant(at + SESSION), is_of)
        names = {dossier.letter.message_id for dossier in letters} | {one.message_id for one in walked.filed}
        for at in sorted(_filed_later(letters)):
            later = await self._walk(Instant(at - AROUND), Instant(at + AROUND), lambda _, name: name in names)
            walked.filed.extend(one for one in later.filed if one not in walked.filed)
        told = b"id %d" % number
        for name in names - {""}:
            for sibling in await self._letters_of(name):
                if sibling.letter.id != number and told in sibling.letter.prefix:
                    letters.append(sibling)
        return Found(tuple(letters), tuple(walked.filed), is_cut=walked.is_cut)

    async def _by_name(self, name: str) -> Found:
        letters = await self._letters_of(name)
        if letters:
            moments = sorted({dossier.letter.created_at for dossier in letters} | _filed_later(letters))
            spans = [(Instant(at - AROUND), Instant(at + AROUND)) for at in moments]
        else:
            now = self._clock.now()
            spans = [(Instant(max(now - BACK, 0)), now)]
            letters = await self._letters_with(name)
        test = await self._test(name)
        walks = [await self._walk(since, until, test) for since, until in spans]
        filed = {one.trace.mark: one for walked in walks for one in walked.filed}
        return Found(tuple(letters), tuple(filed.values()), is_cut=any(walked.is_cut for walked in walks))

    async def _test(self, name: str) -> Test:
        """A Message-ID, an address in either form that stories have it in, or an IP."""
        hide = hider(await self._concealing.key())
        words = [msgspec.json.encode(one.lower()) for one in dict.fromkeys((name, hide(name)))]

        def is_of(trace: Trace, message_id: str) -> bool:
            return message_id == name or any(word in trace.story.lower() for word in words)

        return is_of

    async def _letters_of(self, name: str) -> list[Dossier]:
        return await self._letters(await self._store.read(lambda tx: tx.spool.find_letters(name, FOUND_MAX)))

    async def _letters_with(self, name: str) -> list[Dossier]:
        """What waits from or for an address."""
        try:
            address = str(Address.parse(name))
        except Invalid:
            return []
        pages = [
            await self._looking.page(wish, limit=FOUND_MAX)
            for wish in (Filter(sender=address), Filter(recipient=address))
        ]
        return await self._letters(sorted({entry.letter.id for page in pages for entry in page.entries}))

    async def _letters(self, numbers: list[SpoolId]) -> list[Dossier]:
        dossiers = []
        for number in numbers:
            try:
                dossiers.append(await self._looking.show(number))
            except NotFound:
                continue
        return dossiers

    async def _walk(self, since: Instant, until: Instant, test: Test) -> _Walked:
        """Latest first."""
        mark, walked = TraceMark(Instant(until + 1)), _Walked()
        for _ in range(STEPS_MAX):
            step = await self._store.read(_Walk(since, mark))
            for trace, message_id in step:
                if test(trace, message_id):
                    if len(walked.filed) >= FOUND_MAX:
                        return replace(walked, is_cut=True)
                    story = msgspec.json.decode(trace.story)
                    walked.filed.append(Filed(trace, "", message_id or story.get("message_id", ""), story))
            if len(step) < _STEP:
                return walked
            mark = step[-1][0].mark
            await asyncio.sleep(0)
        return replace(walked, is_cut=True)


def _filed_later(letters: Iterable[Dossier]) -> set[Instant]:
    """What waited here, for room or to be judged, was filed long after it came."""
    recipients = (one for dossier in letters for one in dossier.recipients if one.destination in HERE)
    return {one.last.at for one in recipients if one.last is not None and not one.state.is_waiting}


@dataclass(frozen=True, slots=True)
class _Walk:
    since: Instant
    before: TraceMark

    async def __call__(self, tx: ReadTx) -> list[tuple[Trace, str]]:
        return await tx.duties.walk_traces(self.since, self.before, _STEP)


@dataclass(frozen=True, slots=True)
class _Folders:
    trace: Trace
    is_kept: bool

    async def __call__(self, tx: ReadTx) -> list[Whereabouts]:
        if self.is_kept:
            try:
                return [Whereabouts(KEPT_IN, (await tx.quarantine.get_kept(self.trace.message_id)).kept_at)]
            except NotFound:
                return []
        return await tx.trails.find_folders(self.trace.account_id, self.trace.message_id)


@dataclass(frozen=True, slots=True)
class _Addresses:
    owners: frozenset[AccountId]

    async def __call__(self, tx: ReadTx) -> dict[AccountId, str]:
        found = {}
        for owner in self.owners:
            try:
                found[owner] = str((await tx.directory.get_account(owner)).address)
            except NotFound:
                continue
        return found
