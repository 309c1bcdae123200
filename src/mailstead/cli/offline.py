"""The same operations without a server: the store is opened here, by the user the server runs as."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mailstead.app.config_check import check_identity
from mailstead.cli.exits import Failure
from mailstead.ground.model.errors import MailError
from mailstead.net.clock import SystemClock
from mailstead.net.privileges import drop_root, is_root
from mailstead.servers.control.desk import CheckStore, Desk, Explore, Reindex, Unavailable, perform
from mailstead.servers.control.kinds import FIXES, kind_of
from mailstead.servers.control.operations import OPERATIONS
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import ensure_domain
from mailstead.services.accounts.passwords import DirectHasher

if TYPE_CHECKING:
    from mailstead.app.config import Config
    from mailstead.app.config_file import Loaded

Json = dict[str, Any]


def perform_here(
    loaded: "Loaded", command: str, args: Json, row: Callable[[Json], None], progress: Callable[[Json], None]
) -> Json:
    """Open the store, run one operation, close it; Failure."""
    become_server_user(loaded.config)
    try:
        return asyncio.run(_perform(loaded, command, args, row, progress))
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


def desk_of(
    loaded: "Loaded",
    store: Any,
    check_store: CheckStore | None = None,
    reindex: Reindex | None = None,
    explore: Explore | None = None,
) -> Desk:
    """What operations work with here."""
    config = loaded.config
    directory = Directory(
        store=store,
        hasher=DirectHasher(config.security.scram_iterations),
        clock=SystemClock(),
        default_domain=config.server.domain,
        min_password_length=config.security.min_password_length,
    )
    return Desk(directory=directory, check_store=check_store, reindex=reindex, explore=explore)


async def _perform(
    loaded: "Loaded", command: str, args: Json, row: Callable[[Json], None], progress: Callable[[Json], None]
) -> Json:
    from mailstead.app import wiring
    from mailstead.app.exploring import explore_of

    async def say(news: Mapping[str, object]) -> None:
        for kind, hear in (("row", row), ("progress", progress)):
            told = news.get(kind)
            if isinstance(told, Mapping):
                hear(dict(told))

    async with wiring.open_store(loaded.config) as store:
        desk = desk_of(
            loaded, store, wiring.check_of(store), wiring.reindex_of(loaded.config), explore_of(loaded.config, store)
        )
        if loaded.path is None:
            await ensure_domain(desk.directory, loaded.config.server.domain)
        return dict(await perform(OPERATIONS[command], desk, args, say))
