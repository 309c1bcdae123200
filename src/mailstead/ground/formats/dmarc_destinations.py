"""Where DMARC reports go (RFC 9990 §4): what a domain asks for is done only where whoever gets them agrees."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dmarc import Evaluator, Record, read_record
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.question import Asking, Kind, Question

NAME_MAX: Final = 253
"""Octets of a name in the DNS (RFC 1035 §2.3.4), as text."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """Who gets the report, who does not and why, and who cannot be asked now."""

    agreed: tuple[Address, ...] = ()
    refused: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


def find_destinations(domain: str, addresses: Iterable[str], *, tag: str = "rua") -> Asking[Destinations]:
    """`domain` is the one whose record names the addresses, by its tag `rua` or `ruf`."""
    evaluator = Evaluator()
    agreed: dict[str, Address] = {}
    refused: list[str] = []
    silent: list[str] = []
    organization = yield from evaluator.find_organization(domain)
    for text in addresses:
        try:
            address = read_address(text)
        except Invalid as error:
            refused.append(str(error))
            continue
        if (yield from evaluator.find_organization(address.domain)) == organization:
            agreed[address.key] = address
            continue
        found = yield from _ask(domain, address.domain)
        if found is None:
            silent.append(f"no answer whether {address.domain} takes reports about {domain}")
        elif not found:
            refused.append(f"{address.domain} does not take reports about {domain}")
        else:
            agreed |= {one.key: one for one in _override(found, address, tag)}
    return Destinations(tuple(agreed.values()), tuple(refused), tuple(silent))


def _ask(domain: str, host: str) -> Asking[list[Record] | None]:
    """Steps 2 to 8: the records that say yes; None: nobody answers."""
    name = f"{domain}._report._dmarc.{host}"
    if len(name) > NAME_MAX:
        return []
    found = yield Question(Kind.TXT, name)
    if found is None:
        return None
    return [record for record in map(read_record, found.records) if record is not None]


def _override(records: list[Record], asked: Address, tag: str) -> list[Address]:
    """Step 9: they may name another address, of the same host; one elsewhere takes all of it back."""
    named = [text for record in records for text in (record.rua if tag == "rua" else record.ruf)]
    if not named:
        return [asked]
    try:
        others = [read_address(text) for text in named]
    except Invalid:
        return []
    return others if all(one.domain == asked.domain for one in others) else []


def read_address(text: str) -> Address:
    """Of a report, which goes over any host; Invalid."""
    address = Address.parse(text)
    if not address.is_ascii:
        raise Invalid(f"{text[:200]!r} is not ASCII")
    return address
