"""The examination of what strangers bring, made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.sending import SendingRooms
from mailstead.net.clock import Clock
from mailstead.services.checks.checks import Audience, Checks
from mailstead.services.checks.specimen import Panel


def checks_of(config: Config, sending: SendingRooms, clock: Clock, panel: Panel, audience: Audience) -> Checks:
    """It asks the resolver that sending has, and shares what that remembers."""
    names = (str(config.server.hostname),)
    return Checks(
        sending.resolver, clock, sending.policies, hostname=config.smtp_hostname, names=names, panel=panel,
        audience=audience,
    )  # fmt: skip
