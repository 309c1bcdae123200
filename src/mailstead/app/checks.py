"""The examination of what strangers bring, made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.sending import SendingRooms
from mailstead.ground.model.policy import PROFILES, Profile
from mailstead.net.clock import Clock
from mailstead.services.checks.checks import Checks, OnePolicy


def checks_of(config: Config, sending: SendingRooms, clock: Clock) -> Checks:
    """It asks the resolver that sending has, and shares what that remembers."""
    profile = Profile.DEV if config.outbound.mode == "trap" else Profile.GOMAILSERVER
    return Checks(
        sending.resolver,
        clock,
        OnePolicy(PROFILES[profile]),
        hostname=config.smtp_hostname,
        names=(str(config.server.hostname),),
    )
