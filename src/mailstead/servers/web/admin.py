"""The admin API: domains, what they want, and their users."""

from dataclasses import dataclass

from aiohttp import web

from mailstead.servers.web.blocklist import BlocklistApi
from mailstead.servers.web.domains import DomainApi
from mailstead.servers.web.door import Door
from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.users import UserApi
from mailstead.services.accounts.directory import Directory


@dataclass(frozen=True, slots=True)
class AdminApi:
    """`selector`: of a new domain's first DKIM key, if its policy names none."""

    directory: Directory
    gatekeeper: Gatekeeper
    selector: str

    def attach(self, app: web.Application) -> None:
        """Add all calls."""
        door = Door(self.gatekeeper)
        DomainApi(self.directory, door, self.selector).attach(app)
        UserApi(self.directory, door).attach(app)
        BlocklistApi(self.directory, door).attach(app)
