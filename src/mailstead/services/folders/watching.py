"""What the hub keeps for one open folder and one account, and a session's hold on it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.ids import AccountId, FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.view import FolderView

FLAG_LOG_RUNS_MAX: Final = 20_000
"""Runs of UIDs in the remembered flag changes of one folder; a session further behind looks at all flags again."""
IDLE_FOLDERS_MAX: Final = 16
"""Views of one account kept although nobody has them open."""

OnNews = Callable[[], None]
OnChanges = Callable[[Sequence[Change] | None], None]
"""Quick and never raising; None: so much happened that only a look at the store tells."""


@dataclass(frozen=True, slots=True)
class FlagNews:
    """Flags of these UIDs changed in the unit `modseq`."""

    modseq: ModSeq
    uids: UidSet


class OpenFolder:
    """A shared view, the flag changes that led to it, and who watches it."""

    __slots__ = ("_flag_log", "_log_from", "_log_runs", "view", "watchers")

    def __init__(self, view: FolderView) -> None:
        self.watchers: set[Watch] = set()
        self.reset(view)

    def reset(self, view: FolderView) -> None:
        """Begin anew with a view that was loaded."""
        self.view = view
        self._flag_log: list[FlagNews] = []
        self._log_runs = 0
        self._log_from = view.modseq  # the log has all flag changes past this modseq

    def apply(self, changes: Iterable[Change], reached: ModSeq) -> None:
        """Take in the changes of this folder up to modseq `reached`; a view loaded later has seen some of them."""
        fresh = [change for change in changes if change.modseq > self.view.modseq]
        for change in fresh:
            if change.kind is ChangeKind.FLAGS and self.watchers:
                self._flag_log.append(FlagNews(change.modseq, change.uids))
                self._log_runs += len(change.uids.runs)
        self.view = self.view.after(fresh, reached)
        if not self.watchers:
            self.reset(self.view)
        while self._log_runs > FLAG_LOG_RUNS_MAX:
            self._forget_half()

    def flag_news(self, after: ModSeq) -> list[FlagNews] | None:
        """Flag changes past `after`; None if not all of them are remembered."""
        if after < self._log_from:
            return None
        if not self._flag_log or self._flag_log[-1].modseq <= after:
            return []
        return [news for news in self._flag_log if news.modseq > after]

    def announce(self) -> None:
        """Tell those who watch; each only takes note."""
        for watch in self.watchers:
            watch.announce()

    def _forget_half(self) -> None:
        cut = (len(self._flag_log) + 1) // 2
        self._log_from = self._flag_log[cut - 1].modseq
        self._log_runs -= sum(len(news.uids.runs) for news in self._flag_log[:cut])
        del self._flag_log[:cut]


@dataclass(slots=True)
class OpenAccount:
    """The open folders of one account and how far they have followed it."""

    id: AccountId
    modseq: ModSeq  # what the views have seen
    wanted: ModSeq  # what a wake said there is
    watch_count: int = 0
    folders: dict[FolderId, OpenFolder] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    ears: "set[Ear]" = field(default_factory=set)

    def tell(self, changes: Sequence[Change] | None) -> None:
        """To those who listen to the whole account."""
        for ear in tuple(self.ears):
            ear.hear(changes)

    def forget_idle_folders(self, keep: int = IDLE_FOLDERS_MAX) -> None:
        """Drop views that nobody has open, the oldest first."""
        idle = [folder_id for folder_id, folder in self.folders.items() if not folder.watchers]
        for folder_id in idle[: max(0, len(idle) - keep)]:
            del self.folders[folder_id]


class Ear:
    """One session's ear on a whole account: told of every change once the views of its folders have it."""

    __slots__ = ("_account", "_follower", "_on_changes")

    def __init__(self, follower: "Follower", account: OpenAccount, on_changes: OnChanges) -> None:
        self._follower = follower
        self._account = account
        self._on_changes: OnChanges | None = on_changes

    def hear(self, changes: Sequence[Change] | None) -> None:
        """The hub has followed the account; None if nobody can say what happened."""
        if self._on_changes is not None:
            self._on_changes(changes)

    def close(self) -> None:
        """Let go; may be called twice."""
        if self._on_changes is not None:
            self._on_changes = None
            self._account.ears.discard(self)
            self._follower.released(self._account.id)


class Follower(Protocol):
    """The side of the hub that a watch needs."""

    async def catch_up(self, account_id: AccountId, *, ask: bool = False) -> None: ...
    def released(self, account_id: AccountId) -> None: ...


class Watch:
    """One session's hold on one open folder."""

    __slots__ = ("_folder", "_follower", "_on_news", "account_id", "folder_id")

    def __init__(self, follower: Follower, folder: OpenFolder) -> None:
        self._follower = follower
        self._folder = folder
        self._on_news: OnNews | None = None
        self.account_id = folder.view.account_id
        self.folder_id = folder.view.folder_id

    @property
    def view(self) -> FolderView:
        """The newest view this worker knows."""
        return self._folder.view

    def flag_news(self, after: ModSeq) -> list[FlagNews] | None:
        """Flag changes past `after` in order; None if they are no longer remembered."""
        return self._folder.flag_news(after)

    def listen(self, on_news: OnNews | None) -> None:
        """Call `on_news` (quick, never raising) whenever the view changed; None to stop."""
        self._on_news = on_news

    async def refresh(self, *, ask: bool = False) -> FolderView:
        """The view with everything this worker heard of; with `ask`, everything that is committed anywhere."""
        await self._follower.catch_up(self.account_id, ask=ask)
        return self._folder.view

    def announce(self) -> None:
        """The hub has news."""
        if self._on_news is not None:
            self._on_news()

    def close(self) -> None:
        """Let go; may be called twice."""
        self._on_news = None
        if self in self._folder.watchers:
            self._folder.watchers.discard(self)
            self._follower.released(self.account_id)
