"""Addresses of the web in a text: their hosts and what is odd about them. Linear, and nothing is resolved."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

LINKS_MAX: Final = 200
URL_MAX: Final = 500
HOST_MAX: Final = 253

_LINK: Final = re.compile(rf"(?:https?://|www\.)[^\s<>\"'()\[\]{{}}]{{3,{URL_MAX}}}+", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9\u0080-\U0010ffff](?:[a-z0-9._\u0080-\U0010ffff-]{0,252}+)")
_IP: Final = re.compile(r"(?:0x[0-9a-f]{1,8}|[0-9]{1,10})(?:\.(?:0x[0-9a-f]{1,8}|[0-9]{1,10})){0,3}")
_SECOND_LEVEL: Final = frozenset(("co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go"))


@dataclass(frozen=True, slots=True)
class Link:
    """Of a URL: `host` in lower case, without port; "" if there is none to see."""

    host: str
    path: str = ""
    port: str = ""
    has_user: bool = False  # something@host: what stands before is there to deceive
    has_escapes: bool = False  # %41 within the host

    @property
    def is_ip(self) -> bool:
        """An address in place of a name, in any of its spellings."""
        return bool(_IP.fullmatch(self.host)) and (self.host.count(".") == 3 or len(self.host) > 6)

    @property
    def site(self) -> str:
        """About what belongs to one owner."""
        return site_of(self.host)


def find_links(text: str) -> list[Link]:
    """All in a text, up to a limit."""
    links: list[Link] = []
    if "://" in text or "www." in text or "WWW." in text:
        for match in _LINK.finditer(text):
            links.append(read_link(match[0]))
            if len(links) >= LINKS_MAX:
                break
    return links


@lru_cache(1024)
def read_link(url: str) -> Link:
    """Whatever stands in an href; what is no web address has no host."""
    scheme, is_there, rest = url[:URL_MAX].strip().partition("://")
    if not is_there:
        rest = scheme if scheme[:4].lower() == "www." else ""
    elif scheme.lower() not in ("http", "https", "ftp"):
        return Link("")
    authority, _, path = rest.replace("\\", "/").partition("/")
    authority, mark, query = authority.partition("?")
    user, at, host = authority.rpartition("@")
    host, _, port = host.partition(":")
    has_escapes = "%" in host
    host = (unquote(host) if has_escapes else host).lower().rstrip(".,;:!")
    if not _HOST.fullmatch(host):
        host = ""
    return Link(host, path or mark + query, port, bool(at and user), has_escapes)


@lru_cache(4096)
def site_of(host: str) -> str:
    """The last two labels, or three where the second is one like "co". Good enough to compare; no list is needed."""
    labels = host.rsplit(".", 3)
    if len(labels) > 2 and len(labels[-1]) == 2 and (labels[-2] in _SECOND_LEVEL or len(labels[-2]) == 2):
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])
