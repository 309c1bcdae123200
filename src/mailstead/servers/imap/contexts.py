"""CONTEXT=SEARCH (RFC 5267 §4.3): results that are kept up to date while their folder is open.

A context knows what it has told. Whatever changes is judged anew and compared with that, so nothing is told twice.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.searching import ContextChange
from mailstead.servers.imap.view import Numbering

CONTEXTS_MAX: Final = 16
"""Of one session; more are refused with NOUPDATE."""

Give = Callable[[bytes], Coroutine[Any, Any, None]]
Judge = Callable[[UidSet], Coroutine[Any, Any, UidSet]]


@dataclass(slots=True, eq=False)
class Context:
    """One search. `judge` says which of some messages match it now."""

    tag: bytes
    by_uid: bool
    judge: Judge
    found: UidSet

    def line(self, change: ContextChange, uids: UidSet, numbering: Numbering) -> bytes:
        """RFC 5267 §4.3.3: at place 0 the client keeps mailbox order itself."""
        shown = uids if self.by_uid else UidSet.of(numbering.numbers_of(list(uids)))
        return response.esearch(self.tag, [(change, f"(0 {shown})")], by_uid=self.by_uid)


class Contexts:
    """Those of one open folder."""

    __slots__ = ("_contexts", "_owed")

    def __init__(self) -> None:
        self._contexts: dict[bytes, Context] = {}
        self._owed = UidSet()  # changed, and not yet judged: the store was busy

    def __contains__(self, tag: bytes) -> bool:
        return tag in self._contexts

    def __bool__(self) -> bool:
        return bool(self._contexts)

    @property
    def are_full(self) -> bool:
        """RFC 5267 §4.3.1."""
        return len(self._contexts) >= CONTEXTS_MAX

    def add(self, context: Context) -> None:
        """From now on it is kept up to date."""
        self._contexts[context.tag] = context

    def cancel(self, tag: bytes) -> bool:
        """False if there was none."""
        return self._contexts.pop(tag, None) is not None

    async def tell_gone(self, gone: UidSet, numbering: Numbering, give: Give) -> None:
        """RFC 5267 §4.3.4: ahead of EXPUNGE, while the numbers still mean these messages."""
        for context in list(self._contexts.values()):
            lost = context.found & gone
            if lost:
                await give(context.line(ContextChange.REMOVEFROM, lost, numbering))
                context.found -= lost

    def note(self, changed: UidSet) -> None:
        """These have to be judged anew."""
        self._owed |= changed

    async def tell_changed(self, numbering: Numbering, give: Give) -> None:
        """RFC 5267 §4.3.3: behind EXISTS and FETCH."""
        self._owed &= numbering.told
        if not self._owed:
            return
        for context in list(self._contexts.values()):
            now = await context.judge(self._owed)
            before = context.found & self._owed
            for change, uids in ((ContextChange.REMOVEFROM, before - now), (ContextChange.ADDTO, now - before)):
                if uids:
                    await give(context.line(change, uids, numbering))
            context.found = (context.found - before) | now
        self._owed = UidSet()
