"""Lists of addresses and domains in the DNS (RFC 5782): how one is named, asked, and understood."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import Invalid

WEIGHT: Final = 2.0
_ENTRY: Final = re.compile(r"([^/=\s]{1,250})(?:/(127(?:\.[0-9]{1,3}){3}))?(?:=(-?[0-9]{1,3}(?:\.[0-9]{1,2})?))?")
_REFUSAL: Final = "127.255.255."
"""§2.3 leaves it to the lists; by custom these say that the question, not the address, is at fault."""


@dataclass(frozen=True, slots=True)
class DnsList:
    """`code`: only this answer counts; "": any."""

    zone: str
    code: str = ""
    weight: float = WEIGHT


def parse_dns_list(text: str) -> DnsList:
    """`zone`, `zone=weight`, or `zone/127.0.0.2=weight`; Invalid."""
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text!r} is no list of the DNS")
    return DnsList(canonical_domain(match[1]), match[2] or "", float(match[3]) if match[3] else WEIGHT)


def name_of_ip(ip: str, zone: str) -> str:
    """§2.1 and §2.4: the numbers backwards."""
    address = ip_address(ip)
    parts = ip.split(".") if address.version == 4 else list(address.exploded.replace(":", ""))
    return ".".join([*reversed(parts), zone])


def is_refusal(answers: Iterable[str]) -> bool:
    """The list does not answer us: too many questions, or by a resolver that serves everybody."""
    return any(answer.startswith(_REFUSAL) for answer in answers)


def find_weight(lists: Iterable[DnsList], zone: str, answers: Iterable[str]) -> float:
    """What these answers of a zone weigh; of entries that hold the heaviest. Answers outside of 127/8 are lies."""
    codes = {answer for answer in answers if answer.startswith("127.") and not answer.startswith(_REFUSAL)}
    held = [one.weight for one in lists if one.zone == zone and (one.code in codes if one.code else bool(codes))]
    return max(held, key=abs, default=0.0)
