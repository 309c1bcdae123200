"""What LIST tells of a name beside itself: rights (RFC 8440) and annotations (RFC 9590), one read for each account."""

from mailstead.ground.model.folder import Folder
from mailstead.ground.wire.imap.command import List, ListReturn
from mailstead.servers.imap.commands.acl import render_my_rights
from mailstead.servers.imap.commands.metadata import SPECIAL_USE, render_metadata, special_use_value
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.session import Session
from mailstead.services.folders.metadata import read_of_account


class ListedMore:
    """For one LIST."""

    def __init__(self, session: Session, command: List) -> None:
        self._session = session
        self._entries = command.metadata
        self._tells_rights = ListReturn.MYRIGHTS in command.returns
        self._found: dict[int, dict[int, dict[str, bytes]]] = {}  # by account, folder and entry

    async def tell(self, name: str, folder: Folder | None, home: Home) -> None:
        """After the LIST response of a name; nothing of one that only has others below it."""
        if folder is None:
            return
        session = self._session
        if self._tells_rights:
            await session.give(render_my_rights(name, home.role, utf8=session.utf8))
        if self._entries:
            values: dict[str, bytes | None] = dict.fromkeys(self._entries)  # RFC 9590 §3: NIL where there is none
            values |= (await self._of(home)).get(folder.id, {})
            if SPECIAL_USE in self._entries and folder.special_use is not None and home is session.homes.own:
                values[SPECIAL_USE] = special_use_value(folder.special_use)
            await session.give(render_metadata(name, values, utf8=session.utf8))

    async def _of(self, home: Home) -> dict[int, dict[str, bytes]]:
        session = self._session
        if home.account_id not in self._found:
            assert session.principal is not None
            store, user = session.services.folders.store, session.principal.user.id
            self._found[home.account_id] = await read_of_account(store, home.account_id, user, self._entries)
        return self._found[home.account_id]
