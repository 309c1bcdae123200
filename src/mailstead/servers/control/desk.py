"""What an operation is, and what it may use. The socket and the command line without a server run the same ones."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.hook import Hook, Stage
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator
from mailstead.services.filters.showing import Showing
from mailstead.services.limits.showing import Showing as LimitShowing
from mailstead.services.outbound.findings import Finding
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.quarantine.telling import Digests
from mailstead.services.reports.reporter import Reporter
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.tracing import Tracing

Json = Mapping[str, object]
Say = Callable[[Json], Awaitable[None]]
"""Tells a row or progress while an operation runs: {"row": ...} or {"progress": {"done": n, "total": m}}."""
Supervise = Callable[[str], Awaitable[Json]]
"""Hands `status` or `stop` to the process that watches all workers."""
CheckStore = Callable[[Say], Awaitable[Json]]
"""`db check`: says a row for each finding and gives the counts."""
Explore = Callable[[str], AsyncGenerator[Finding, None]]
"""`outbound test`: looks at the way to a domain."""
TryHook = Callable[[Hook, Stage], Awaitable[Json]]
"""`hook.test`: calls a hook with a sample."""
Reindex = Callable[[], Awaitable[None]]
"""`db reindex`: empties the full-text index."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The number that a letter has from now on, and in words what became of each recipient."""

    id: int
    results: tuple[tuple[str, str], ...]


class Mailing(Protocol):
    """Hands in letters for our own people, as if they had logged in and submitted them."""

    async def send(self, sender: Address, recipients: Sequence[Address], content: bytes, *, dry_run: bool) -> Sent:
        """Judged, mended, filed and spooled as any other; MailError says what stands against it."""


class Unavailable(MailError):  # noqa: N818
    """Nobody is there to do this."""


class Keepers(Protocol):
    """Whoever keeps letters aside, and tells people of them."""

    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def digests(self) -> Digests: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What operations work with."""

    directory: Directory
    supervise: Supervise | None = None
    check_store: CheckStore | None = None
    reindex: Reindex | None = None
    hand: Hand | None = None
    tracing: Tracing | None = None
    authenticator: Authenticator | None = None
    mailing: Mailing | None = None
    explore: Explore | None = None
    reporter: Reporter | None = None
    try_hook: TryHook | None = None
    filters: Showing | None = None
    keepers: Keepers | None = None
    limits: LimitShowing | None = None


ArgsT = TypeVar("ArgsT", bound=msgspec.Struct)
_NAME_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Operation(Generic[ArgsT]):
    """One row of the registry. What `run` returns is shown to people and programs; it has a `schema`."""

    name: str
    args: type[ArgsT]
    run: Callable[[Desk, ArgsT, Say], Awaitable[Json]]


AnyOperation = Operation[Any]


async def perform(operation: AnyOperation, desk: Desk, args: object, say: Say, *, by: str = "") -> Json:
    """Check the arguments against the schema and run; msgspec.ValidationError, MailError.

    `by` is who gave the command. Whoever may speak here may do everything, and so is believed.
    """
    checked = msgspec.convert(args, operation.args)
    actor = Actor(by[:_NAME_MAX] or "control socket", Through.COMMAND)
    return await operation.run(replace(desk, directory=desk.directory.by(actor)), checked, say)
