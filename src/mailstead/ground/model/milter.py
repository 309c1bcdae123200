"""Milters, as the configuration names them: `opendkim unix:/run/opendkim.sock timeout=30s default=tempfail`."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.errors import Invalid

TIMEOUT_MAX: Final = 600
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_INET: Final = re.compile(r"(?:inet6?:)?(?:([0-9]{1,5})@([^\s@]+)|(\[[0-9A-Fa-f:.]+\]|[^\s:@\[\]]+):([0-9]{1,5}))\Z")
_SECONDS: Final = re.compile(r"([0-9]{1,4})(s|m)?\Z")


class Fallback(Enum):
    """What is done with a letter while a milter does not answer; the words are Postfix's."""

    ACCEPT = "accept"
    TEMPFAIL = "tempfail"
    REJECT = "reject"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilterRule:
    """One milter: at a Unix socket (`path`), or at a host and port. `timeout` in seconds, of any one answer."""

    name: str
    path: str = ""
    host: str = ""
    port: int = 0
    timeout: int = 30
    fallback: Fallback = Fallback.TEMPFAIL


def parse_milter(text: str) -> MilterRule:
    """Invalid."""
    name, *words = text.split() or [""]
    if not words or not _NAME.match(name):
        raise Invalid(f"{text!r} is no milter: write a name and a socket, like `opendkim unix:/run/opendkim.sock`")
    path, host, port = _read_socket(words[0])
    timeout, fallback = 30, Fallback.TEMPFAIL
    for word in words[1:]:
        key, _, value = word.partition("=")
        match key:
            case "timeout":
                timeout = _read_seconds(value)
            case "default" | "default_action":
                fallback = _read_fallback(value)
            case _:
                raise Invalid(f"{word!r} says nothing of a milter: write timeout=30s or default=accept")
    return MilterRule(name=name, path=path, host=host, port=port, timeout=timeout, fallback=fallback)


def _read_socket(text: str) -> tuple[str, str, int]:
    if text.startswith(("unix:/", "local:/")):
        return text.partition(":")[2], "", 0
    found = _INET.match(text)
    if found is None or not 0 < int(found[1] or found[4]) < 65536:
        raise Invalid(f"{text!r} is no socket: write unix:/run/x.sock or inet:localhost:8891")
    return "", (found[2] or found[3]).strip("[]"), int(found[1] or found[4])


def _read_seconds(text: str) -> int:
    found = _SECONDS.match(text)
    seconds = int(found[1]) * (60 if found[2] == "m" else 1) if found else 0
    if not 1 <= seconds <= TIMEOUT_MAX:
        raise Invalid(f"{text!r} is no time to wait for a milter: write 1s to {TIMEOUT_MAX}s")
    return seconds


def _read_fallback(text: str) -> Fallback:
    try:
        return Fallback(text)
    except ValueError:
        words = ", ".join(one.value for one in Fallback)
        raise Invalid(f"{text!r} is nothing to do without a milter: write one of {words}") from None
