"""Whom an account knows: to whom it wrote, what answers its letters, what came before from where this one comes."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.authres import read
from mailstead.ground.formats.headers import find_field
from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.formats.spam.hops import read_hop
from mailstead.ground.formats.spam.links import site_of
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.opinion import Symptom
from mailstead.net.clock import Clock
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.learning import Kind, Name, Standing

HALF_LIFE: Final = 30 * 86_400_000
RECIPIENTS_MAX: Final = 100
ANSWERED_MAX: Final = 30
"""Message-IDs of one letter that are looked for."""
_WHOLE: Final = 1000
_ID: Final = re.compile(rb"<([^<>\s]{3,500}+)>")
_WEIGHTS: Final = {Kind.NETWORK: 1.0, Kind.SITE: 1.5, Kind.SENDER: 2.5, Kind.CLAIMED: 1.0}
_WORDS: Final = {
    Kind.NETWORK: "the network that brought it",
    Kind.SITE: "the domain that vouches for it",
    Kind.SENDER: "its sender",
    Kind.CLAIMED: "who it says it is from",
}


def network_of(ip: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one."""
    if ":" in ip:
        return ":".join(ip.lower().split(":")[:3])
    return ip.rpartition(".")[0]


def names_of(ip: str, letter: Anatomy, vouching: Iterable[str]) -> list[Name]:
    """Under which a letter is counted. `vouching`: domains that say it is theirs."""
    sites = {site_of(domain) for domain in vouching}
    names = [Name(Kind.NETWORK, network_of(ip))] if ip else []
    names += [Name(Kind.SITE, site) for site in sorted(sites)[:3]]
    for author in letter.authors[:1]:
        kind = Kind.SENDER if site_of(author.site) in sites else Kind.CLAIMED
        names.append(Name(kind, author.address[:320]))
    return names


def hash_id(number: bytes) -> int:
    """Of a Message-ID, without its brackets."""
    return int.from_bytes(hashlib.blake2b(number, digest_size=8).digest(), "big") >> 1


def find_ids(*values: bytes) -> list[int]:
    """All in these fields, the newest last."""
    return [hash_id(number) for value in values for number in _ID.findall(value)][-ANSWERED_MAX:]


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that an account sent."""

    number: int  # a hash of its Message-ID; 0: it has none
    recipients: tuple[Address, ...]


def find_written(header: bytes) -> Written:
    """What its header says."""
    ids = find_ids(find_field(header, b"message-id") or b"")
    boxes = [
        box
        for name in (b"to", b"cc", b"bcc")
        for box in parse_mailboxes(find_field(header, name) or b"", RECIPIENTS_MAX)
        if box.local and box.host
    ]
    found = [one for box in boxes[:RECIPIENTS_MAX] if (one := _parse(b"%b@%b" % (box.local or b"", box.host or b"")))]
    return Written(ids[0] if ids else 0, tuple(dict.fromkeys(found)))


def find_origin(prefix: bytes, letter: Anatomy) -> list[Name]:
    """What we wrote before a letter when it came: the host that brought it, and who vouched."""
    hop = read_hop(find_field(prefix, b"received") or b"")
    results = read(find_field(prefix, b"authentication-results") or b"")
    vouching = {
        value.lower()
        for finding in (results.findings if results is not None else ())
        if finding.result == "pass" and finding.method in ("dkim", "dmarc")
        for name, value in finding.properties
        if name in ("header.d", "header.from")
    }
    return names_of(hop.ip, letter, vouching) if hop.ip else []


def _parse(text: bytes) -> Address | None:
    try:
        return Address.parse(text.decode("utf-8", "replace"))
    except Invalid:
        return None


def fade(standing: Standing, now: Instant) -> Standing:
    """As much as it counts by now."""
    factor = 0.5 ** (max(0, now - standing.at) / HALF_LIFE)
    return Standing(round(standing.good * factor), round(standing.bad * factor), now)


async def count(tx: Tx, account: AccountId, names: Sequence[Name], now: Instant, *, is_spam: bool) -> None:
    """In the unit of whoever heard it from a person."""
    for name in sorted(names, key=lambda one: (one.kind.value, one.name)):
        before = fade(await tx.learning.standing(account, name), now)
        good, bad = (before.good, before.bad + _WHOLE) if is_spam else (before.good + _WHOLE, before.bad)
        await tx.learning.put_standing(account, name, Standing(good, bad, now))


class Acquaintances:
    """As accounts know them; one for a worker."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def recognize(
        self, accounts: Iterable[AccountId], letter: Anatomy, names: Sequence[Name]
    ) -> dict[AccountId, list[Symptom]]:
        """What each of them knows of a letter, in one look."""
        now, wanted = self._clock.now(), list(accounts)

        async def unit(tx: ReadTx) -> dict[AccountId, list[Symptom]]:
            return {account: await _recognize(tx, account, letter, names, now) for account in wanted}

        return await self._store.read(unit) if wanted else {}


async def _recognize(
    tx: ReadTx, account: AccountId, letter: Anatomy, names: Sequence[Name], now: Instant
) -> list[Symptom]:
    found = [one for name in names if (one := _judge(name, fade(await tx.learning.standing(account, name), now)))]
    if (ids := find_ids(letter.first("references"), letter.first("in-reply-to"))) and await tx.learning.count_sent(
        account, ids
    ):
        found.append(Symptom("ANSWER", -4.0, "it answers a letter of yours"))
    address = _address(letter)
    if address is None:
        return found
    is_vouched = any(name.kind is Kind.SENDER for name in names)
    if not await tx.guards.count_strangers(account, [address]):
        found.append(Symptom("CORRESPONDENT", -3.0 if is_vouched else -1.0, "you wrote to its sender before"))
    elif not found:
        found.append(Symptom("FIRST_CONTACT", 0.2, "its sender never wrote to you before"))
    return found


def _judge(name: Name, standing: Standing) -> Symptom | None:
    """Two letters count half, many almost all; what is divided says little."""
    total = standing.good + standing.bad
    weight = round(_WEIGHTS[name.kind] * (standing.bad - standing.good) / (total + 2 * _WHOLE), 1)
    if not weight:
        return None
    words = f"{_WORDS[name.kind]} brought {'junk' if weight > 0 else 'wanted mail'} before"
    return Symptom(f"REPUTATION_{name.kind.name}", weight, words)


def _address(letter: Anatomy) -> Address | None:
    return _parse(letter.authors[0].address.encode()) if letter.authors else None
