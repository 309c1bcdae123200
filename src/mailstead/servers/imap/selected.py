"""The selected folder of a session: its watch on the shared view, its numbering, what its client is yet to hear."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

from mailstead.ground.model.flags import ALL_FLAGS
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response, resync
from mailstead.servers.imap.contexts import Contexts
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.speech import Speech
from mailstead.servers.imap.view import News, Numbering
from mailstead.services.folders.filing import FlagRow, Place
from mailstead.services.folders.reading import Reading
from mailstead.services.folders.view import FolderView
from mailstead.services.folders.watching import Watch

EXPUNGES_AT_ONCE: Final = 5_000
KEYWORDS_TOLD_MAX: Final = 1_000

Give = Callable[[bytes], Coroutine[Any, Any, None]]


class Selected:
    """Created by SELECT, closed by whatever leaves the folder."""

    __slots__ = (
        "_keywords",
        "_own_units",
        "_synced",
        "contexts",
        "flags_told",
        "highest",
        "home",
        "is_read_only",
        "name",
        "numbering",
        "place",
        "speech",
        "watch",
    )

    def __init__(
        self,
        home: Home,
        folder: Folder,
        watch: Watch,
        keywords: Iterable[str],
        *,
        is_read_only: bool,
        speech: Speech = Speech(),  # noqa: B008 - immutable
    ) -> None:
        self.home = home
        self.name = home.prefix + folder.name
        self.place = Place.of(folder)
        self.watch = watch
        self.is_read_only = is_read_only
        self.speech = speech
        self.highest = watch.view.changed  # RFC 7162 §3.1.2.1: the client knows all that happened up to this one
        self.numbering = Numbering(watch.view.uids)
        self.flags_told = watch.view.modseq
        self._synced: FolderView | None = watch.view  # all of this view was told
        self._own_units: set[ModSeq] = set()
        self.contexts = Contexts()
        self._keywords = {word.lower(): word for word in keywords}

    def close(self) -> None:
        """Let go of the view."""
        self.watch.close()

    @property
    def has_news(self) -> bool:
        """True if the client has not been told everything this worker knows."""
        return self.watch.view is not self._synced

    @property
    def holds_back(self) -> bool:
        """True if it was too early to tell of an EXPUNGE."""
        return self._synced is None

    def told_own(self, modseq: ModSeq) -> None:
        """The client knows what this unit did: its own STORE, answered by itself."""
        self._own_units.add(modseq)

    async def sync(
        self, give: Give, reading: Reading, *, may_expunge: bool, ask: bool = False, tells_flags: bool = True
    ) -> None:
        """Tell what others did. RFC 9051 §7.5.1: EXPUNGE not while the client may hold numbers it has yet to use."""
        view = await self.watch.refresh(ask=ask)
        if view is self._synced:
            return
        before, since = self.numbering.told, self.flags_told
        if self.contexts and may_expunge:
            await self.contexts.tell_gone(before - view.uids, self.numbering, give)
        news = self.numbering.learn(view.uids, may_expunge=may_expunge)
        if self.contexts:
            self.contexts.note(self._changed(before, since))
        await self._tell_gone(news, give)
        if news.exists is not None:
            await give(response.exists(news.exists))
        if tells_flags:
            await self._tell_flags(view, give, reading)
        if self.contexts:
            await self.contexts.tell_changed(self.numbering, give)
        self._synced = view if may_expunge or self.numbering.told == view.uids else None
        if self._synced is not None and tells_flags:
            self.highest = view.changed

    def _changed(self, before: UidSet, since: ModSeq) -> UidSet:
        """Messages that are new, whose flags may be other ones, whoever changed them, or that `*` means or meant."""
        log = self.watch.flag_news(since)
        told = self.numbering.told
        if log is None:
            return told
        ends = UidSet.of((before.last, told.last)) if before.last != told.last else UidSet()
        return (told - before) | ends | UidSet.join(run for news in log for run in news.uids.runs)

    async def _tell_gone(self, news: News, give: Give) -> None:
        if self.speech.says_vanished:
            for line in resync.vanished(news.gone):
                await give(line)
            return
        for start in range(0, len(news.expunged), EXPUNGES_AT_ONCE):
            await give(b"".join(map(response.expunge, news.expunged[start : start + EXPUNGES_AT_ONCE])))

    async def _tell_flags(self, view: FolderView, give: Give, reading: Reading) -> None:
        since, self.flags_told = self.flags_told, max(view.modseq, self.flags_told)
        own, self._own_units = self._own_units, {modseq for modseq in self._own_units if modseq > view.modseq}
        log = self.watch.flag_news(since)
        if log is None:  # too far behind for the log: every row tells by its modseq
            touched = view.uids
        else:
            touched = UidSet.join(run for news in log if news.modseq not in own for run in news.uids.runs)
        if not touched:
            return
        async for rows in reading.flag_rows(self.place.folder_id, touched & self.numbering.told):
            fresh = rows if log is not None else [row for row in rows if row.modseq > since]
            await give(self.render_flags(fresh))

    def render_flags(self, rows: Sequence[FlagRow]) -> bytes:
        """FETCH responses with UID and FLAGS, and MODSEQ for those who understand it (RFC 7162 §3.2.4).

        Rows in the order of UIDs, all of them told.
        """
        uids, flags = [row.uid for row in rows], [response.render_flags(row.bits, row.keywords) for row in rows]
        columns: list[Iterable[object]] = [uids, flags] if self.speech.uid_only else [self.subjects(uids), uids, flags]
        slots = self.speech.fetch_head + (b"FLAGS %b" if self.speech.uid_only else b"UID %d FLAGS %b")
        if self.speech.condstore:
            slots += b" MODSEQ (%d)"
            columns.append([row.modseq for row in rows])
        lines = map((slots + b")\r\n").__mod__, zip(*columns, strict=True))
        return self.announce_keywords(row.keywords for row in rows) + b"".join(lines)

    def render_modseqs(self, rows: Sequence[FlagRow]) -> bytes:
        """RFC 7162 §3.1.3: the answer to a STORE that was to be silent."""
        uids, modseqs = [row.uid for row in rows], [row.modseq for row in rows]
        if self.speech.uid_only:
            return b"".join(map(b"* %d UIDFETCH (MODSEQ (%d))\r\n".__mod__, zip(uids, modseqs, strict=True)))
        numbers = self.numbering.numbers_of(uids)
        columns = zip(numbers, uids, modseqs, strict=True)
        return b"".join(map(b"* %d FETCH (UID %d MODSEQ (%d))\r\n".__mod__, columns))

    def subjects(self, uids: Sequence[int]) -> Sequence[int]:
        """What responses call these messages: numbers, or UIDs once they are all the client uses."""
        return uids if self.speech.uid_only else self.numbering.numbers_of(uids)

    def announce_keywords(self, keywords: Iterable[str]) -> bytes:
        """RFC 9051 §7.3.5: FLAGS again when a keyword appears that it did not name."""
        new = [
            word for words in {*keywords} if words for word in words.split(" ") if word.lower() not in self._keywords
        ]
        if not new or len(self._keywords) > KEYWORDS_TOLD_MAX:
            return b""
        for word in new:
            self._keywords.setdefault(word.lower(), word)
        return response.flags(ALL_FLAGS, self.keywords)

    @property
    def keywords(self) -> list[str]:
        """Those the client was told of, sorted."""
        return [self._keywords[key] for key in sorted(self._keywords)]
