"""Keys that are accepted and do nothing yet, with what they wait for. Building a feature deletes its rows."""

from collections.abc import Iterable, Mapping
from typing import Final

NOT_YET: Final[Mapping[str, str]] = {
    "smtp.sessions_per_ip_per_minute": "rates counted over all workers",
    "server.proxy_timeout": "a wait of its own for the PROXY header; five seconds so far",
    "api.read_timeout": "the admin API",
    "api.write_timeout": "the admin API",
    "api.max_header_bytes": "the admin API",
    "api.jwt_secret": "the admin API",
    "api.cors_origins": "the admin API",
    "webui.": "the web pages",
    "webdav.": "calendars and address books",
    "tls.acme.": "certificates that renew themselves",
}
"""A row ending in a dot speaks for the whole section."""


def not_yet(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Of the keys that were set, those not yet in force: (key, what it waits for)."""
    found = []
    for path in paths:
        for row, feature in NOT_YET.items():
            if path == row or (row.endswith(".") and path.startswith(row)):
                found.append((path, feature))
    return found
