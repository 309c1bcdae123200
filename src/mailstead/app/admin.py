"""The admin API over HTTP, as the configuration has it. Import it only where HTTP is served: aiohttp costs memory."""

from mailstead.app.config import Config
from mailstead.servers.web.admin import AdminApi
from mailstead.servers.web.login import Gatekeeper
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator


def admin_api(config: Config, directory: Directory, authenticator: Authenticator) -> AdminApi:
    """For one worker."""
    return AdminApi(directory, Gatekeeper(authenticator, config.api.admin_token), config.dkim.selector)
