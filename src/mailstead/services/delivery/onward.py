"""Which recipients of a letter go on to others, and in whose name each of them does."""

from collections.abc import Mapping, Sequence

from mailstead.ground.model.envelope import DsnRequest, Envelope, Recipient
from mailstead.ground.model.spool import LOCAL, Origin
from mailstead.services.accounts.resolve import Abroad
from mailstead.services.delivery.plan import Accepted
from mailstead.services.spool.spooling import Onward, Sending, original_recipient


def sort_onward(
    accepted: Sequence[Accepted], envelope: Envelope, sending: Sending | None
) -> Mapping[Sending, list[Onward]]:
    """By the name it leaves in. Whoever is meant twice, as by two aliases, gets it once."""
    found: dict[Sending, list[Onward]] = {}
    seen: set[tuple[Sending, str]] = set()
    for one in accepted:
        for abroad in one.abroad:
            name = _name(abroad, envelope, sending)
            if (name, abroad.address.key) not in seen:
                seen.add((name, abroad.address.key))
                found.setdefault(name, []).append(Onward(_recipient(one.recipient, abroad), abroad.via))
    return found


def _name(abroad: Abroad, envelope: Envelope, sending: Sending | None) -> Sending:
    if abroad.via == LOCAL:
        return Sending(origin=Origin.LOCAL, account_id=sending.account_id if sending else None)
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
    return Recipient(abroad.address, DsnRequest(dsn.notify, dsn.original or original_recipient(recipient.address)))
