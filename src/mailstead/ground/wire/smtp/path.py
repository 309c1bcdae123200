"""Paths of MAIL and RCPT (RFC 5321 §4.1.2) and the names clients give of themselves (§4.1.1.1)."""

import re
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid

# Path = "<" [ A-d-l ":" ] Mailbox ">"; A-d-l = At-domain *( "," At-domain ). The source route is read and ignored, as
# §4.1.1.3 and appendix C ask. Spaces before the path (§3.3 forbids them) are common and harmless.
_PATH: Final = re.compile(
    r"""\ *<
        (?:@[^\x00-\x20<>@",:]+(?:,@[^\x00-\x20<>@",:]+)*:)?
        (?P<mailbox>(?:"(?:[^"\\]|\\.)*"|[^\x00-\x20<>@"\\]+)(?:@[^\x00-\x20<>@"\\]+)?)?
        >(?:\ +(?P<parameters>.*))?\Z""",
    re.VERBOSE | re.DOTALL,
)
_HOST: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}\Z|\[[0-9A-Za-z.:\-]{1,253}\]\Z")


def split_path(argument: str) -> tuple[str, str]:
    """The text between the brackets without its source route, and the parameters behind; `Invalid` if there is none."""
    match = _PATH.match(argument)
    if match is None:
        raise Invalid("not a path")
    return match["mailbox"] or "", match["parameters"] or ""


def parse_sender(mailbox: str) -> Address | None:
    """Reverse-path: None for the null one."""
    return Address.parse(mailbox) if mailbox else None


def parse_recipient(mailbox: str, postmaster_domain: str) -> Address:
    """Forward-path; `<Postmaster>` without a domain means ours (RFC 5321 §4.1.1.3)."""
    if mailbox.lower() == "postmaster":
        return Address.of(mailbox, postmaster_domain)
    return Address.parse(mailbox)


def is_host(name: str) -> bool:
    """A domain or an address literal, read generously: underscores, a lone hyphen, bare IP addresses are daily fare."""
    return _HOST.match(name) is not None
