"""SELECT and EXAMINE (RFC 9051 §6.3.2)."""

from mailstead.ground.model.directory import Role
from mailstead.ground.model.flags import ALL_FLAGS, Flag
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Select, StatusItem
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import Known, code_highestmodseq, code_mailboxid
from mailstead.servers.imap.reply import UID_REQUIRED, Refusal, Reply, bad, ok
from mailstead.servers.imap.resyncing import catch_up
from mailstead.servers.imap.selected import Selected
from mailstead.servers.imap.session import Session, State


async def select(session: Session, command: Select) -> Reply:
    """Open a folder; the one that was open is left even if this fails."""
    known = _checked(session, command)
    if session.selected is not None:
        session.deselect()
        session.send(response.ok(b"*", "Previous mailbox is closed", Code.CLOSED))
    home, name = session.homes.find(command.folder)
    folders = session.services.folders
    folder = await folders.tree.get(home.account_id, name)
    watch = await folders.hub.open(folder)
    try:
        keywords = await folders.reading.keywords(folder.id)
        unseen = await folders.reading.first_unseen(folder.id) if folder.unseen else None
    except BaseException:
        watch.close()
        raise
    is_read_only = command.is_read_only or home.role < Role.EDITOR
    if command.condstore:
        session.use_condstore()  # RFC 7162 §3.1.8: HIGHESTMODSEQ is told below
    session.selected = Selected(home, folder, watch, keywords, is_read_only=is_read_only, speech=session.speech)
    session.state = State.SELECTED
    _describe(session, session.selected, unseen)
    if known is not None:
        await catch_up(session, known)
    return ok(f"{'EXAMINE' if command.is_read_only else 'SELECT'} completed", _access(session.selected))


def _checked(session: Session, command: Select) -> Known | None:
    """RFC 7162 §3.2.5: what is wrong with the parameters is told before anything is done."""
    known = command.known
    if known is None:
        return None
    if not session.speech.qresync:
        raise Refusal(bad("QRESYNC has to be enabled"))
    if known.numbers is not None and known.matches is not None:
        if session.speech.uid_only:
            raise Refusal(UID_REQUIRED)  # RFC 9586 §3.7
        if len(known.numbers.resolve(0)) != len(known.matches.resolve(0)):
            raise Refusal(bad("Each message number has one UID"))
    return known


def _access(selected: Selected) -> Code:
    return Code.READ_ONLY if selected.is_read_only else Code.READ_WRITE


def _describe(session: Session, selected: Selected, unseen: int | None) -> None:
    view = selected.watch.view
    session.send(response.flags(ALL_FLAGS, selected.keywords))
    session.send(response.exists(len(selected.numbering)))
    if not session.is_rev2:
        # RFC 3501 §2.3.2: \Recent means little where several sessions share a folder; it is never set here.
        session.send(response.recent(0))
        number = selected.numbering.told.number(unseen) if unseen is not None else None
        if number is not None and not session.speech.uid_only:
            session.send(response.ok(b"*", "First unseen", response.code_unseen(number)))
    bits, words = (Flag.NONE, ()) if selected.is_read_only else (ALL_FLAGS, selected.keywords)
    permanent = response.code_permanentflags(bits, words, may_create=not selected.is_read_only)
    session.send(response.ok(b"*", "Flags permitted", permanent))
    session.send(response.ok(b"*", "UIDs valid", response.code_number(StatusItem.UIDVALIDITY, view.uidvalidity)))
    session.send(response.ok(b"*", "Predicted next UID", response.code_number(StatusItem.UIDNEXT, view.uidnext)))
    session.send(response.ok(b"*", "Highest", code_highestmodseq(selected.highest)))
    session.send(response.ok(b"*", "Mailbox", code_mailboxid(selected.place.folder_id)))
    if session.is_rev2:
        # RFC 9051 §6.3.2: rev2 wants the name as we write it.
        session.send(response.folder_list((), selected.name, utf8=True))
