"""Which recipients of a letter go on to others, and in whose name each of them does."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailstead.ground.formats.dsn.addresses import write_orcpt
from mailstead.ground.formats.received import has_been_at
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest, Envelope, Recipient
from mailstead.ground.model.spool import JUDGING, LOCAL, Origin
from mailstead.services.accounts.resolve import Abroad
from mailstead.services.delivery.plan import Accepted
from mailstead.services.spool.spooling import Onward, Sending


@dataclass(slots=True)
class Parting:
    """Recipients that leave together. `alias`: the address that led there, which the letter will tell (Delivered-To),
    so those of two aliases leave apart."""

    sending: Sending
    alias: Address | None
    onward: list[Onward] = field(default_factory=list)


def sort_onward(
    accepted: Sequence[Accepted], envelope: Envelope, sending: Sending | None, header: bytes
) -> list[Parting]:
    """Whoever is meant twice in one of them gets it once."""
    found: dict[tuple[Sending, str], Parting] = {}
    seen: set[tuple[Sending, str, str]] = set()
    for one in accepted:
        for abroad in _ways(one, header):
            name = _name(abroad, envelope, sending)
            alias = one.recipient.address if name.origin is Origin.FORWARDED else None
            key = (name, alias.key if alias else "")
            if (*key, abroad.address.key) not in seen:
                seen.add((*key, abroad.address.key))
                parting = found.setdefault(key, Parting(name, alias))
                parting.onward.append(Onward(_recipient(one.recipient, abroad), abroad.via))
    return list(found.values())


def await_notice(accepted: Sequence[Accepted]) -> tuple[Accepted, ...]:
    """Who wants to be told of success is filed out of the spool, whose settling writes the notice (RFC 3461 §5.2.3)."""
    return tuple(_by_spool(one) if _wants_success(one) else one for one in accepted)


def _wants_success(accepted: Accepted) -> bool:
    """Of what is set aside nothing is told: whoever sent it need not know that the address is good."""
    wants = "SUCCESS" in (accepted.recipient.dsn.notify or ())
    return wants and bool(accepted.targets) and not accepted.treatment.is_aside


def _by_spool(accepted: Accepted) -> Accepted:
    return Accepted(accepted.recipient, (), abroad=(Abroad(accepted.recipient.address, LOCAL),))


def _ways(accepted: Accepted, header: bytes) -> tuple[Abroad, ...]:
    """RFC 5321 §6.3: what an alias has sent on before comes back to its sender, by the way of what cannot be filed."""
    is_alias = any(abroad.domain and not abroad.via for abroad in accepted.abroad)
    if is_alias and has_been_at(header, accepted.recipient.address):
        return (Abroad(accepted.recipient.address, LOCAL),)
    return accepted.abroad


def _name(abroad: Abroad, envelope: Envelope, sending: Sending | None) -> Sending:
    if abroad.via == LOCAL:
        return Sending(origin=Origin.LOCAL, account_id=sending.account_id if sending else None)
    if abroad.via == JUDGING:
        return Sending(origin=Origin.UNJUDGED)
    if abroad.via:
        return Sending(origin=Origin.HANDED_OFF, domain=abroad.domain)
    if abroad.domain:
        return Sending(origin=Origin.FORWARDED, domain=abroad.domain)
    return sending or Sending(origin=Origin.RELAYED, domain=envelope.sender.domain if envelope.sender else "")


def _recipient(recipient: Recipient, abroad: Abroad) -> Recipient:
    """RFC 3461 §5.2.7.1: notices speak of the address that was written to."""
    if abroad.address == recipient.address:
        return recipient
    dsn = recipient.dsn
    return Recipient(abroad.address, DsnRequest(dsn.notify, dsn.original or write_orcpt(str(recipient.address))))
