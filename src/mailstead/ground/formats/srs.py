"""The Sender Rewriting Scheme: what is forwarded leaves under a sender of ours, so SPF holds and bounces find back.

SRS0=hash=day=host=user@ours of user@host; a letter that was forwarded before becomes SRS1=hash=host=rest@ours, where
SRS0rest@host is the address that the first forwarder made. Hashes are ours alone, so nobody can have us relay. What
would be longer than a local part may be goes by a short name, SRSK=name@ours, which the store keeps.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

DAYS: Final = 14
"""How long bounces find back: longer than anyone tries (RFC 5321 §4.5.4.1: four or five days)."""
HASH: Final = 6
"""Characters: 30 bits that can only be guessed by asking us."""
NAME: Final = 24
"""Characters of a short name: 120 bits."""

_DAY_MS: Final = 86_400_000
_CYCLE: Final = 1024
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # no case, so it outlives hosts that change it
_FLAGS: Final = re.ASCII | re.IGNORECASE | re.DOTALL
_SRS0: Final = re.compile(r"SRS0[=+-](?P<hash>[A-Z2-7]+)=(?P<day>[A-Z2-7]{2})=(?P<host>[^=]+)=(?P<user>.+)", _FLAGS)
_SRS1: Final = re.compile(r"SRS1[=+-](?P<hash>[^=]+)=(?P<host>[^=]+)=(?P<rest>[=+-].+)", _FLAGS)
_SHORT: Final = re.compile(r"SRSK[=+-](?P<name>[A-Z2-7]{24})", _FLAGS)
_FORWARDED: Final = re.compile(r"SRS0(?P<rest>[=+-].+)", _FLAGS)


def is_rewritten(address: Address) -> bool:
    """Whether its form is that of a rewritten sender. Only `reverse` knows if the hash is right."""
    return address.local[:4].upper() in ("SRS0", "SRS1", "SRSK") and address.local[4:5] in ("=", "+", "-")


def rewrite(sender: Address | None, our_domain: str, secret: bytes, now: Instant) -> Address | None:
    """The sender to forward under; the caller has left out those of all domains of ours.

    None: the null reverse-path, of a sender that had it; or the local part would exceed the 64 octets of RFC 5321
    §4.5.3.1.1, which some hosts refuse: see `shorten`.
    """
    if sender is None or sender.domain == our_domain:
        return sender
    if again := _SRS1.fullmatch(sender.local):
        local = _make_srs1(again["host"], again["rest"], secret)
    elif forwarded := _FORWARDED.fullmatch(sender.local):
        local = _make_srs1(sender.domain, forwarded["rest"], secret)
    else:
        day = _render_day(now // _DAY_MS)
        local = f"SRS0={_hash(secret, day, sender.domain, sender.local)}={day}={sender.domain}={sender.local}"
    try:
        return Address.of(local, our_domain)
    except Invalid:
        return None


def _make_srs1(host: str, rest: str, secret: bytes) -> str:
    """The first forwarder's address is kept whole: the bounce goes straight there, however many came between."""
    return f"SRS1={_hash(secret, host, rest)}={host}={rest}"


def shorten(sender: Address, secret: bytes) -> str:
    """The name that the store keeps for it: the same whenever it is asked for, and guessed by nobody."""
    digest = hmac.digest(secret, str(sender).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return b32encode(digest)[:NAME].decode("ascii")


def stand_in(name: str, our_domain: str) -> Address:
    """The address that goes by a short name."""
    return Address.of(f"SRSK={name}", our_domain)


def short_name(address: Address) -> str:
    """Of such an address; "" of any other."""
    match = _SHORT.fullmatch(address.local)
    return match["name"].upper() if match else ""


def reverse(address: Address, secrets: Sequence[bytes], now: Instant) -> Address | None:
    """Whom a bounce to an address of ours is meant for; None if we did not make it, or too long ago.

    Of `secrets` any may have made it: so a new one can be first while the old one still holds.
    """
    if match := _SRS0.fullmatch(address.local):
        day, host, user = match["day"], match["host"], match["user"]
        is_ours = _is_hash(match["hash"], secrets, day, host, user) and _is_recent(day, now)
    elif match := _SRS1.fullmatch(address.local):
        host, user = match["host"], "SRS0" + match["rest"]
        is_ours = _is_hash(match["hash"], secrets, host, match["rest"])
    else:
        return None
    if not is_ours:
        return None
    try:
        return Address.of(user, host)
    except Invalid:
        return None


def _hash(secret: bytes, *parts: str) -> str:
    """Of the folded parts: hosts on the way may have changed their case."""
    text = "\0".join(map(fold, parts)).encode("utf-8", "surrogatepass")
    return b32encode(hmac.digest(secret, text, hashlib.sha256))[:HASH].decode("ascii")


def _is_hash(given: str, secrets: Sequence[bytes], *parts: str) -> bool:
    candidate = given.upper().encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(candidate, _hash(secret, *parts).encode("ascii")) for secret in secrets)


def _render_day(day: int) -> str:
    high, low = divmod(day % _CYCLE, 32)
    return _BASE32[high] + _BASE32[low]


def _is_recent(day: str, now: Instant) -> bool:
    """A day ahead is no lie: clocks of two nodes may differ at midnight."""
    high, low = (_BASE32.index(char) for char in day.upper())
    age = (now // _DAY_MS + 1 - (high * 32 + low)) % _CYCLE
    return age <= DAYS + 1
