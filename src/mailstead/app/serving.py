"""From a configuration to a running program: what `mailstead run` and `mailstead dev` share."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import mailstead
from mailstead.app import wiring
from mailstead.app.config import Config
from mailstead.app.config_file import Loaded, load
from mailstead.app.doors import endpoints
from mailstead.app.settings import collect, ensure_certificate, pack, start_log
from mailstead.app.signing import key_file_of
from mailstead.app.supervisor import Plan, run
from mailstead.net.clock import SystemClock
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import ensure_domain
from mailstead.services.accounts.passwords import DirectHasher
from mailstead.services.signing.key_file import adopt_key
from mailstead.telemetry import Event, emit

OnReady = Callable[[Mapping[str, int]], None]


def run_server(loaded: Loaded, on_ready: OnReady = lambda _: None) -> int:
    """Run until stopped; the exit code. BadCertificate, CannotListen and others before anything was begun."""
    config = loaded.config
    start_log(config.logger)
    if loaded.path is not None:
        emit(Event.CONFIG_LOADED, path=str(loaded.path))
    for key, _ in loaded.waiting:
        emit(Event.CONFIG_KEY_IDLE, key=key)
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ensure_certificate(config)

    def ready(ports: Mapping[str, int]) -> None:
        for name, port in ports.items():
            emit(Event.NET_LISTENER_STARTED, listener=name, port=port)
        if "smtp" in ports:
            emit(Event.SMTP_SERVER_STARTED, port=ports["smtp"])
        on_ready(ports)

    plan = Plan(
        endpoints=endpoints(config),
        run_dir=config.data_dir / "run",
        folders=_folders(config),
        settings=pack(collect(config)),
        workers=config.worker_count(os.cpu_count() or 1),
        user=config.server.user,
        group=config.server.group,
        grace=config.server.shutdown_grace.total_seconds(),
        version=mailstead.__version__,
        migrate=lambda: _prepare(loaded),
        lock_holder=wiring.lock_holder(config),
        on_ready=ready,
        reload=lambda: pack(collect(load(loaded.path).config)),
    )
    return run(plan)


def _folders(config: Config) -> tuple[Path, ...]:
    """What the user we become has to own."""
    return tuple(dict.fromkeys([config.data_dir, config.database.path.parent]))


def _prepare(loaded: Loaded) -> None:
    """The schema, a key to sign with; and, for a server without a file, the domain of MAIL_DOMAIN."""
    wiring.migrate(loaded.config)
    asyncio.run(_furnish(loaded))


async def _furnish(loaded: Loaded) -> None:
    config = loaded.config
    async with wiring.open_store(config) as store:
        await adopt_key(store, SystemClock(), key_file_of(config))
        if loaded.path is not None:
            return
        directory = Directory(
            store=store,
            hasher=DirectHasher(config.security.scram_iterations),
            clock=SystemClock(),
            default_domain=config.server.domain,
            min_password_length=config.security.min_password_length,
        )
        await ensure_domain(directory, config.server.domain)
