"""What NOTIFY set (RFC 5465): an ear on every account of the user, and what the client is yet to hear.

The hub's calls only take note. What there is goes out at the end of a command, or, while the session's own task waits
for its client, by a task that sends and ends. Invariant: never both at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, FolderId, UserId
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Create, Delete, Fetch, MailEvent, Rename, StatusItem, Subscribe
from mailstead.ground.wire.imap.response import Code, ListAttribute
from mailstead.ground.wire.imap.resync import code_highestmodseq
from mailstead.ground.wire.imap.sharing import SetMetadata
from mailstead.net.stream import PeerGone
from mailstead.servers.imap.access import renew_access
from mailstead.servers.imap.annotated import ALL, Annotated, render_changed
from mailstead.servers.imap.commands.fetch import fetch
from mailstead.servers.imap.commands.status import render_status
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.wishes import Wishes, compare_names
from mailstead.services.folders.metadata import SERVER, Shelf, read_annotations
from mailstead.services.folders.names import is_below, list_parents
from mailstead.services.folders.tree import Listing
from mailstead.services.folders.watching import Ear
from mailstead.telemetry import incident

PENDING_MAX: Final = 2_000
"""Folders of one account that changed and were not told of: beyond it the client hears no more (RFC 5465 §5.8)."""
FOLDERS_AT_ONCE: Final = 100

_COUNT, _FLAGS = 1, 2
_KINDS: Final = {ChangeKind.APPENDED: _COUNT, ChangeKind.EXPUNGED: _COUNT, ChangeKind.FLAGS: _FLAGS}


@dataclass(slots=True)
class _Account:
    """One account, what the client knows of its folders' names, and the folders that changed since."""

    home: Home
    ear: Ear | None = None
    names: dict[FolderId, str] = field(default_factory=dict)
    pending: dict[FolderId, int] = field(default_factory=dict)
    annotated: set[FolderId] = field(default_factory=set)
    is_rearranged: bool = False


class Notifier:
    """Implements `session.Notices`."""

    def __init__(self, session: Session, wishes: Wishes, user: UserId) -> None:
        self._session = session
        self._wishes = wishes
        self._accounts: dict[AccountId, _Account] = {}
        self._is_closed = False
        self._subscribed: frozenset[str] = frozenset()
        self._own: list[str] = []  # names this client has just changed
        self._annotated = Annotated(lambda shelf: read_annotations(session.services.folders.store, shelf, user, ALL))
        self._task: asyncio.Task[None] | None = None
        self._has_heard = self._may_push = self._idles = self._is_overflowing = False

    async def open(self) -> None:
        """Listen to all accounts that are open to the user now, and learn the names there are."""
        for home in self._session.homes.all:
            if home.account_id not in self._accounts and not self._is_closed:
                await self._open(home)

    async def _open(self, home: Home) -> None:
        folders = self._session.services.folders
        account = self._accounts[home.account_id] = _Account(home)
        account.ear = await folders.hub.listen(home.account_id, partial(self._hear, account))
        listing = await folders.tree.list_all(home.account_id)
        account.names = {folder.id: home.prefix + folder.name for folder in listing.folders}
        if not home.prefix:
            self._subscribed = listing.subscribed
            if self._wishes.wants_server:
                await self._annotated.take_changed(SERVER)
        for folder, name in account.names.items():
            if MailEvent.MAILBOX_METADATA_CHANGE in self._events_of(account, name):
                await self._annotated.take_changed(Shelf(home.account_id, folder))

    def close(self) -> None:
        """Listen no more."""
        self._is_closed = True
        for account in self._accounts.values():
            if account.ear is not None:
                account.ear.close()
        self._accounts.clear()

    # --- what the hub says, and when it may be passed on ---

    def _hear(self, account: _Account, changes: Sequence[Change] | None) -> None:
        if changes is None:
            account.is_rearranged = True
            account.pending.update(dict.fromkeys(account.names, _COUNT | _FLAGS))
            account.annotated.update(account.names)
        for change in changes or ():
            kind = _KINDS.get(change.kind)
            if change.kind is ChangeKind.ANNOTATED:
                account.annotated.add(change.folder_id)
            elif kind is None:
                account.is_rearranged = True
            else:
                account.pending[change.folder_id] = account.pending.get(change.folder_id, 0) | kind
        self._is_overflowing |= len(account.pending) > PENDING_MAX
        self._has_heard = True
        self._push_soon()

    def rest(self, *, idles: bool = False) -> None:
        """What comes from now on, and what came meanwhile, may be pushed."""
        self._may_push, self._idles = True, idles
        self._push_soon()

    async def pause(self) -> None:
        """Let a push under way end."""
        self._may_push = self._idles = False
        if self._task is not None:
            await self._task

    def _push_soon(self) -> None:
        if self._has_heard and self._may_push and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._push())

    async def _push(self) -> None:
        session = self._session
        try:
            while self._has_heard:
                if session.homes.has_foreign and not await renew_access(session):
                    await session.flush()
                    session.stream.abort()
                    return
                await self.tell(may_expunge=self._idles or not self._wishes.delays_expunge)
                self._say_what_waits()
                await session.flush()
        except PeerGone:
            session.stream.abort()  # it takes nothing: dropped, and the reading task hears of it
        except MailError:
            self._is_overflowing = True  # what was to be told is lost: the next answer says so
        except Exception as error:  # noqa: BLE001 - the last place that can see it
            incident(error, subsystem="imap", session=session.id)
            session.stream.abort()
        finally:
            self._task = None

    def _say_what_waits(self) -> None:
        """RFC 7162 §3.2: modseqs went out ahead of a VANISHED with a lower one, which has to wait."""
        session, selected = self._session, self._session.selected
        if selected is not None and selected.holds_back and session.speech.qresync:
            code = code_highestmodseq(selected.highest)
            session.send(response.ok(b"*", "Some is yet to be told", code))

    # --- what is told ---

    def made(self, command: Create | Delete | Rename | Subscribe | SetMetadata) -> None:
        """RFC 5465 §5: the client itself does this, and need not be told."""
        self._own += [command.old, command.new] if isinstance(command, Rename) else [command.folder]

    async def tell(self, *, may_expunge: bool, is_own: bool = False, ask: bool = False) -> None:
        """The selected folder first, then all others."""
        self._has_heard = False
        await self.open()
        hub = self._session.services.folders.hub
        for account_id in list(self._accounts):
            await hub.catch_up(account_id, ask=ask)
        if self._is_overflowing:
            self._give_up()
        await self._tell_selected(may_expunge=may_expunge, is_own=is_own, ask=ask)
        for account in list(self._accounts.values()):
            await self._tell_account(account)
        if self._wishes.wants_server:
            await self._tell_annotated("", SERVER)
        self._own.clear()

    def _give_up(self) -> None:
        """RFC 5465 §5.8: as after NOTIFY NONE."""
        self.close()
        self._wishes, self._is_overflowing = Wishes(()), False
        self._session.send(response.ok(b"*", "Too much happens to tell of it", Code.NOTIFICATIONOVERFLOW))

    async def _tell_selected(self, *, may_expunge: bool, is_own: bool, ask: bool) -> None:
        """RFC 5465 §3.1: without SELECTED the client hears nothing but the results of its own commands."""
        session, wish = self._session, self._wishes.selected
        selected = session.selected
        if selected is None or (wish is None and not is_own):
            return
        known = selected.numbering.told
        await selected.sync(
            session.give,
            session.services.folders.reading,
            may_expunge=may_expunge,
            ask=ask,
            tells_flags=is_own or (wish is not None and MailEvent.FLAG_CHANGE in wish.events),
        )
        new = selected.numbering.told - known
        if wish is not None and wish.fetch and new and not is_own:
            await fetch(session, Fetch(numbers=SequenceSet(new.runs), items=wish.fetch, by_uid=True))

    async def _tell_account(self, account: _Account) -> None:
        if self._session.homes.of_account(account.home.account_id) is None:
            account.pending.clear()  # RFC 5465 §5.9: access was taken away, and may be given again
            return
        if account.is_rearranged:
            account.is_rearranged = False
            await self._tell_names(account)
        annotated, account.annotated = account.annotated, set()
        for folder_id in sorted(annotated & account.names.keys()):
            name = account.names[folder_id]
            if MailEvent.MAILBOX_METADATA_CHANGE in self._events_of(account, name):
                await self._tell_annotated(name, Shelf(account.home.account_id, folder_id))
        pending, account.pending = account.pending, {}
        wanted = [key for key, kinds in pending.items() if self._items(account, key, kinds)]
        for start in range(0, len(wanted), FOLDERS_AT_ONCE):
            ids = wanted[start : start + FOLDERS_AT_ONCE]
            for folder in await self._session.services.folders.tree.get_some(ids):
                await self._tell_status(account, folder, pending[folder.id])

    async def _tell_annotated(self, name: str, shelf: Shelf) -> None:
        entries = await self._annotated.take_changed(shelf)
        if entries and name not in self._own:
            await self._session.give(render_changed(name, entries, utf8=self._session.utf8))

    async def tell_all_status(self) -> None:
        """RFC 5465 §3.1: STATUS of every folder whose messages are watched, but for the selected one."""
        for account in self._accounts.values():
            listing = await self._session.services.folders.tree.list_all(account.home.account_id)
            for folder in listing.folders:
                await self._tell_status(account, folder, _COUNT)

    async def _tell_status(self, account: _Account, folder: Folder, kinds: int) -> None:
        items = self._items(account, folder.id, kinds)
        if items:
            session = self._session
            await session.give(await render_status(session, folder, account.names[folder.id], items))

    def _items(self, account: _Account, folder: FolderId, kinds: int) -> tuple[StatusItem, ...]:
        """RFC 5465 §5.1 to §5.3: what STATUS has to tell; nothing if the client does not want it."""
        session, name = self._session, account.names.get(folder)
        if name is None or (session.selected is not None and session.selected.place.folder_id == folder):
            return ()
        events = self._events_of(account, name)
        tells_flags = MailEvent.FLAG_CHANGE in events
        if MailEvent.MESSAGE_NEW not in events or not (kinds & _COUNT or tells_flags):
            return ()
        items = [StatusItem.UIDVALIDITY]
        if kinds & _COUNT:
            items += [StatusItem.MESSAGES, StatusItem.UIDNEXT]
        if tells_flags:
            items.append(StatusItem.UNSEEN)
        if session.speech.condstore:
            items.append(StatusItem.HIGHESTMODSEQ)
        return tuple(items)

    def _events_of(self, account: _Account, name: str) -> frozenset[MailEvent]:
        is_personal = not account.home.prefix
        return self._wishes.events_of(name, is_personal=is_personal, is_subscribed=name in self._subscribed)

    # --- names ---

    async def _tell_names(self, account: _Account) -> None:
        """RFC 5465 §5.4, §5.5: names that came, went or changed with the levels above them, and subscriptions."""
        listing = await self._session.services.folders.tree.list_all(account.home.account_id)
        prefix = account.home.prefix
        old, new = account.names, {folder.id: prefix + folder.name for folder in listing.folders}
        news, lines = compare_names(old, new), _Lines(listing, prefix, self._subscribed)
        told: dict[str, str] = {}  # name to the one it had
        for name in (*news.gone, *news.made):
            told |= dict.fromkeys([*list_parents(name)[-1:], name], "")
        told |= {now: was for was, now in news.renamed}
        wanted = [
            name for name, was in told.items() if MailEvent.MAILBOX_NAME in self._events_of(account, name)
            or (was and MailEvent.MAILBOX_NAME in self._events_of(account, was))
        ]  # fmt: skip
        before = self._subscribed
        if not prefix:
            self._subscribed = lines.subscribed = listing.subscribed
            wanted += [
                name for name in sorted(before ^ self._subscribed) if name not in wanted
                and MailEvent.SUBSCRIPTION_CHANGE in self._events_of(account, name) | self._events_if_subscribed(name)
            ]  # fmt: skip
        account.names = new
        for name in wanted:
            if not self._is_own(name):
                await self._session.give(lines.render(name, told.get(name, ""), utf8=self._session.utf8))

    def _events_if_subscribed(self, name: str) -> frozenset[MailEvent]:
        return self._wishes.events_of(name, is_personal=False, is_subscribed=True)

    def _is_own(self, name: str) -> bool:
        return any(name == own or is_below(name, own) or is_below(own, name) for own in self._own)


class _Lines:
    """LIST responses with all attributes as they are now."""

    def __init__(self, listing: Listing, prefix: str, subscribed: frozenset[str]) -> None:
        self._folders = {prefix + folder.name: folder for folder in listing.folders}
        self._parents = {parent for name in self._folders for parent in list_parents(name)}
        self.subscribed = subscribed

    def render(self, name: str, was: str, *, utf8: bool) -> bytes:
        """With OLDNAME if it had another name before."""
        folder = self._folders.get(name)
        attributes = [] if folder is not None else [ListAttribute.NON_EXISTENT.value]
        has_children = name in self._parents
        attributes.append((ListAttribute.HAS_CHILDREN if has_children else ListAttribute.HAS_NO_CHILDREN).value)
        if name in self.subscribed:
            attributes.append(ListAttribute.SUBSCRIBED.value)
        if folder is not None and folder.special_use is not None:
            attributes.append(b"\\" + folder.special_use.value.encode("ascii"))
        extended = b'("OLDNAME" (%b))' % response.folder_name(was, utf8=utf8) if was else b""
        return response.folder_list(attributes, name, utf8=utf8, extended=extended)


async def open_notifier(session: Session, wishes: Wishes) -> Notifier:
    """Listening, with nothing left behind if that fails."""
    assert session.principal is not None
    notifier = Notifier(session, wishes, session.principal.user.id)
    try:
        await notifier.open()
    except (MailError, NotFound):
        notifier.close()
        raise
    return notifier
