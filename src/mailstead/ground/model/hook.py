"""Hooks: programs elsewhere that are asked, or told, about letters by HTTP. Domains have their own, or share one."""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

TIMEOUT_MAX: Final = 30
AT_ONCE_MAX: Final = 100
URL_MAX: Final = 2000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


class Stage(Enum):
    """When a hook is called. Of those about whole letters the words are Messages' triggers."""

    MAIL = "mail"  # a sender was named; asked of hooks for all domains only
    RCPT = "rcpt"  # a recipient was named, and is known here
    INBOUND = "message.inbound"  # the content is here, before filters
    DELIVERING = "message.delivering"  # after them
    DELIVERED = "message.delivered"  # it lies in a folder: told, not asked


class Format(Enum):
    """What is sent of a letter."""

    EML = "eml"  # its octets
    METADATA = "jmap_metadata"  # its header as a JMAP Email (RFC 8621 §4.1) without bodies


class Proof(Enum):
    """How a hook knows that it is we who call."""

    JWT = "jwt"  # an HMAC over the body, and a token
    API_KEY = "api_key"  # a key derived of the secret


class OnTrouble(Enum):
    """What is done while a hook does not answer."""

    OPEN = "open"  # as if it were not there
    CLOSED = "closed"  # nothing passes: others are told to come again


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One. `domains`: of recipients; none: all. `timeout` in seconds; `at_once` in each worker."""

    name: str
    url: str
    stages: tuple[Stage, ...]
    domains: tuple[str, ...] = ()
    format: Format = Format.EML
    proof: Proof = Proof.JWT
    secret: str = field(repr=False)
    timeout: int = TIMEOUT_MAX
    at_once: int = 10
    on_trouble: OnTrouble = OnTrouble.OPEN
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    def __post_init__(self) -> None:
        """Invalid."""
        if not _NAME.match(self.name):
            raise Invalid(f"{self.name!r} is no name of a hook: lower-case letters, digits, dots and hyphens, up to 64")
        if not self.stages:
            raise Invalid("a hook needs a stage: " + ", ".join(stage.value for stage in Stage))
        if Stage.MAIL in self.stages and self.domains:
            raise Invalid("at MAIL no recipient is known yet: a hook of that stage is for all domains")
        if not 1 <= self.timeout <= TIMEOUT_MAX or not 1 <= self.at_once <= AT_ONCE_MAX:
            raise Invalid(f"a hook answers within 1 to {TIMEOUT_MAX} seconds, 1 to {AT_ONCE_MAX} calls at once")
        if len(self.url) > URL_MAX or not self.url.startswith(("https://", "http://")):
            raise Invalid("a hook has the URL of an HTTP server")

    def is_about(self, domain: str) -> bool:
        """Does it hear of recipients of this domain?"""
        return not self.domains or domain in self.domains
