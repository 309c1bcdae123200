"""The same operations without a server: the store is opened here, by the user the server runs as."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mailstead.app.config_check import check_identity
from mailstead.app.console import Console
from mailstead.cli.asker import asker
from mailstead.cli.exits import Failure
from mailstead.ground.model.errors import MailError
from mailstead.net.clock import SystemClock
from mailstead.net.privileges import drop_root, is_root
from mailstead.servers.control.desk import Desk, Unavailable, perform
from mailstead.servers.control.kinds import FIXES, kind_of
from mailstead.servers.control.operations import OPERATIONS
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import ensure_domain
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.passwords import DirectHasher
from mailstead.services.policy.enforcing import TotpEnforcement
from mailstead.services.policy.policies import Policies

if TYPE_CHECKING:
    from mailstead.app.config import Config
    from mailstead.app.config_file import Loaded
    from mailstead.app.wiring import OpenStore

Json = dict[str, Any]


def perform_here(
    loaded: "Loaded", command: str, args: Json, row: Callable[[Json], None], progress: Callable[[Json], None]
) -> Json:
    """Open the store, run one operation, close it; Failure."""
    by = asker()  # before root is given up
    become_server_user(loaded.config)
    try:
        return asyncio.run(_perform(loaded, by, command, args, row, progress))
    except Unavailable as error:
        raise Failure("unavailable", str(error), FIXES["unavailable"]) from error
    except msgspec.ValidationError as error:
        raise Failure("usage", str(error)) from error
    except MailError as error:
        kind = kind_of(error)
        raise Failure(kind, str(error), FIXES.get(kind, "")) from error


def become_server_user(config: "Config") -> None:
    """Root would leave files behind that the server cannot write."""
    if config.server.user and is_root():
        for problem in check_identity(config):
            raise Failure("config", problem.what, problem.fix)
        drop_root(config.server.user, config.server.group)


def _directory_of(loaded: "Loaded", store: Any) -> Directory:
    """Who is here, with passwords hashed in this process."""
    config = loaded.config
    return Directory(
        store=store,
        hasher=DirectHasher(config.security.scram_iterations),
        clock=SystemClock(),
        default_domain=config.server.domain,
        min_password_length=config.security.min_password_length,
    )


def _desk_of(loaded: "Loaded", opened: "OpenStore") -> Desk:
    """What operations work with here."""
    from mailstead.app import wiring
    from mailstead.app.exploring import explore_of
    from mailstead.app.quarantine import QuarantineRooms
    from mailstead.app.sending import delivery_of, returning_of

    config, store, clock = loaded.config, opened.store, opened.clock
    directory = _directory_of(loaded, store)
    console = Console(config, store, clock, opened.ids, returning_of(config, store, clock, opened.ids))
    return Desk(
        directory=directory,
        check_store=wiring.check_of(store),
        reindex=wiring.reindex_of(config),
        explore=explore_of(config, store),
        hand=console.hand,
        tracing=console.tracing,
        keepers=QuarantineRooms(config, store, clock, opened.ids, delivery_of(config, store, clock, opened.ids)),
        authenticator=Authenticator(
            store,
            directory.hasher,
            clock,
            default_domain=config.server.domain,
            enforcement=TotpEnforcement(store, Policies(store)),
        ),
    )


async def _perform(
    loaded: "Loaded", by: str, command: str, args: Json, row: Callable[[Json], None],
    progress: Callable[[Json], None],
) -> Json:  # fmt: skip
    from mailstead.app import wiring

    async def say(news: Mapping[str, object]) -> None:
        for kind, hear in (("row", row), ("progress", progress)):
            told = news.get(kind)
            if isinstance(told, Mapping):
                hear(dict(told))

    async with wiring.open_whole(loaded.config) as opened:
        desk = _desk_of(loaded, opened)
        if loaded.path is None:
            await ensure_domain(desk.directory, loaded.config.server.domain)
        return dict(await perform(OPERATIONS[command], desk, args, say, by=by))
