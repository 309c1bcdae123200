"""What a client missed since a modseq it knows (RFC 7162 §3.2.5, §3.2.6): VANISHED (EARLIER), then what is newer."""

from mailstead.ground.model.ids import ModSeq
from mailstead.ground.model.uidset import UID_MAX, UidSet
from mailstead.ground.wire.imap import resync
from mailstead.ground.wire.imap.resync import Known
from mailstead.servers.imap.session import Session
from mailstead.services.folders.delta import Delta


async def tell_vanished(session: Session, delta: Delta | None, wanted: UidSet, *, above: int = 0) -> None:
    """Those of `wanted` past UID `above` that are gone; all that are not there if the events do not reach back."""
    selected = session.in_folder
    told = selected.numbering.told
    wanted &= UidSet(((above + 1, UID_MAX),))
    gone = wanted - told if delta is None else (wanted & delta.gone) - told
    for line in resync.vanished(gone, earlier=True):
        await session.give(line)


def everything_so_far(session: Session) -> UidSet:
    """Every UID the folder ever gave, as far as this client may know."""
    view, told = session.in_folder.watch.view, session.in_folder.numbering.told
    last = max(view.uidnext - 1, told.last)
    return UidSet(((1, last),)) if last else UidSet()


async def catch_up(session: Session, known: Known) -> None:
    """SELECT (QRESYNC ...): nothing if the UIDs are not those the client knew (RFC 7162 §3.2.5)."""
    selected, deltas = session.in_folder, session.services.folders.deltas
    if known.uidvalidity != selected.watch.view.uidvalidity:
        return
    since, everything = ModSeq(known.modseq), everything_so_far(session)
    wanted = everything if known.uids is None else known.uids.resolve(0) & everything
    delta = await deltas.read(selected.place, since)
    await tell_vanished(session, delta, wanted, above=_match(selected.numbering.told, known))
    touched = await deltas.touched_since(selected.place, wanted & selected.numbering.told, since, delta)
    async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, touched):
        await session.give(selected.render_flags([row for row in rows if row.modseq > since]))


def _match(told: UidSet, known: Known) -> int:
    """RFC 7162 §3.2.5.2: the highest UID of the sample that still has its number; below it the client missed nothing.

    UIDs never join in the middle: a pair that still holds means that all before it hold too.
    """
    if known.numbers is None or known.matches is None:
        return 0
    numbers, uids = known.numbers.resolve(0), known.matches.resolve(0)
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high + 1) // 2
        if told.number(uids.uid(middle)) == numbers.uid(middle):
            low = middle
        else:
            high = middle - 1
    return uids.uid(low) if low else 0
