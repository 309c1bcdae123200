"""All that is served over HTTP, for one worker. Import it only where it is: aiohttp costs memory and start time."""

from mailstead.app.config import Config
from mailstead.app.console import Console
from mailstead.app.context import Link
from mailstead.app.quarantine import QuarantineRooms
from mailstead.servers.web.admin import AdminApi
from mailstead.servers.web.app import Sources
from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.server import WebServer
from mailstead.servers.web.v1.api import Api
from mailstead.servers.web.v1.counts import Counts
from mailstead.servers.web.v1.site import Site
from mailstead.servers.web.v1.table import ENDPOINTS
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator
from mailstead.telemetry.metrics import REGISTRY, Snapshot


async def open_web(
    config: Config,
    directory: Directory,
    authenticator: Authenticator,
    console: Console,
    link: Link,
    keepers: QuarantineRooms,
) -> WebServer:
    """Pages, the queue's API, gomailserver's, and our own."""

    async def illness() -> str:
        status = (await link.ask()).status
        return "; ".join(worker.illness for worker in status.workers if worker.illness)

    async def metrics() -> Snapshot:
        return await console.counts.add_to((await link.ask()).metrics)

    async def numbers() -> dict[str, float]:
        return count_up(await metrics())

    gatekeeper = Gatekeeper(authenticator, config.api.admin_token)
    site = Site(
        directory=directory,
        gatekeeper=gatekeeper,
        hand=console.hand,
        tracing=console.tracing,
        quarantine=keepers.quarantine,
        numbers=numbers,
        logs=link.logs,
        counts=Counts(directory, console.hand),
        selector=config.dkim.selector,
    )
    admin = AdminApi(directory, gatekeeper, config.dkim.selector)
    web = WebServer(Sources(illness, metrics, console.api(authenticator), admin, Api(site, ENDPOINTS), keepers.pages()))
    await web.start()
    return web


def count_up(snapshot: Snapshot) -> dict[str, float]:
    """Plain counters, each over all its labels."""
    return {
        name: sum(numbers[0] for _, numbers in series)
        for name, series in sorted(snapshot.items())
        if name in REGISTRY.counters
    }
