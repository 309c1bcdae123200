"""Greylisting: who is new is asked to come again, which mail servers do and most senders of spam do not. Pure.

A triplet is a client, a sender and a recipient. Large senders come again from another address: so a client is its
network, a /24 or a /64 of IPv6; and all for which the sender's domain vouches by SPF are one.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Greylist

MINUTE: Final = 60_000
DAY: Final = 86_400_000
COME_AGAIN_WITHIN: Final = 2 * DAY
"""A first try that was not followed by another one is forgotten then (RFC 5321 §4.5.4.1 asks for the next within an
hour)."""
VOUCHED: Final = "spf"
"""In place of a network: whoever the sender's domain vouches for."""
_TAGGED: Final = re.compile(r"(?:prvs=[^=]+=|srs[01][=+-].*=)")
_NUMBERS: Final = re.compile(r"(?=[0-9a-f]*[0-9])[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Triplet:
    """`domain` is the recipient's, `recipient` the key of its address; `sender` as `sender_key` has it."""

    domain: str
    client: str
    sender: str
    recipient: str

    @property
    def sender_domain(self) -> str:
        """ "" of the null sender."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a triplet. `passed_at` None: it has not come again yet."""

    first_at: Instant
    passed_at: Instant | None
    seen_at: Instant


@dataclass(frozen=True, slots=True)
class Friend:
    """How many letters of a domain came again from one network."""

    letters: int
    seen_at: Instant


def client_of(ip: str) -> str:
    """The network that stands for a client."""
    return str(ip_network((ip, 64 if ":" in ip else 24), strict=False))


def sender_key(sender: Address | None) -> str:
    """What a sender's letters have in common: without tags and numbers, which lists and bounces give to each one.

    BATV's prvs=, SRS, VERP and plus-addresses would make every letter a first try.
    """
    if sender is None:
        return ""
    local = _TAGGED.sub("", fold(sender.local), count=1)
    local = local.partition("+")[0] or local
    return f"{_NUMBERS.sub('#', local)}@{sender.domain}"


def life_of(wish: Greylist) -> int:
    """Milliseconds that whoever came again is remembered after the last letter."""
    return wish.expiry_days * DAY


def wait_of(known: Known, wish: Greylist, now: Instant) -> int:
    """Milliseconds until a triplet may come again; 0: now. A clock that was set back makes nobody wait longer."""
    if known.passed_at is not None:
        return 0
    delay = wish.delay_minutes * MINUTE
    return min(delay, max(0, known.first_at + delay - now))


def is_forgotten(known: Known, wish: Greylist, now: Instant) -> bool:
    """Whether it is as if it had never come."""
    if known.passed_at is None:
        return now - known.first_at >= min(COME_AGAIN_WITHIN, life_of(wish))
    return now - known.seen_at >= life_of(wish)


def is_trusted(friend: Friend, wish: Greylist, now: Instant) -> bool:
    """Whether its letters are let in at once."""
    return 0 < wish.whitelist_after <= friend.letters and now - friend.seen_at < life_of(wish)


def words_for(wait: int) -> str:
    """What the other side is told: when to come again."""
    minutes = -(-wait // MINUTE)
    if minutes <= 0:
        return "Greylisted, come again now"
    return f"Greylisted, come again in {minutes} minute{'' if minutes == 1 else 's'}"
