"""What of a letter's wishes is said to a peer, by what it offers; and whether it can have the letter at all."""

from mailstead.ground.model.envelope import BodyType, DeliverBy
from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.smtp.client.capabilities import Capabilities
from mailstead.ground.wire.smtp.client.commands import MailWords
from mailstead.services.outbound.parcel import Parcel, Rendition, Unsuitable
from mailstead.services.outbound.story import Setback, Unfit
from mailstead.services.outbound.talk import Talk


async def render_for(talk: Talk, parcel: Parcel) -> Rendition:
    """The letter as this peer may have it; `Unfit`."""
    offers = talk.capabilities
    if parcel.needs_smtputf8 and not offers.smtputf8:
        raise Unfit("5.6.7", "the letter needs SMTPUTF8, which the host does not offer")  # RFC 6531 §3.2
    rendition = await parcel.content.render(eight_bit=offers.eight_bit, binary=offers.binary and offers.chunking)
    if isinstance(rendition, Unsuitable):
        raise Unfit(rendition.status, rendition.why)
    if offers.size and rendition.size > offers.size:  # RFC 1870 §6.1
        raise Unfit("5.3.4", f"the letter has {rendition.size} octets, the host takes {offers.size}")
    return rendition


def words_for(talk: Talk, parcel: Parcel, rendition: Rendition, now: Instant) -> MailWords:
    """Parameters of MAIL; `Setback` where the host lacks what the sender insists on."""
    offers, wishes = talk.capabilities, parcel.wishes
    is_bounce = parcel.sender is None
    if wishes.require_tls and not is_bounce and not offers.require_tls:  # RFC 8689 §4.2.1
        raise Setback("5.7.30", "REQUIRETLS is asked for, and the host does not offer it", talk.host)
    return MailWords(
        size=rendition.size if offers.size is not None else None,
        body=rendition.body if rendition.body is not BodyType.SEVEN_BIT else None,
        smtputf8=offers.smtputf8 and (parcel.smtputf8 or parcel.needs_smtputf8),
        require_tls=wishes.require_tls and offers.require_tls and talk.tls is not None,
        ret=parcel.ret if offers.dsn else None,
        envid=parcel.envid if offers.dsn else None,
        priority=wishes.priority if wishes.priority and offers.priority else None,
        by=_by(talk, offers, wishes.by, now) if wishes.by else None,
    )


def _by(talk: Talk, offers: Capabilities, by: DeliverBy, now: Instant) -> str | None:
    """RFC 2852 §4: the seconds that are left, negative once they have passed."""
    left = (by.deadline - now) // 1000
    if offers.deliver_by is None:
        if by.may_be_late:
            return None
        raise Setback("5.4.7", "delivery by a time is insisted on, and the host does not offer it", talk.host)
    if not by.may_be_late and left < max(offers.deliver_by, 1):
        raise Setback("5.4.7", f"{left} seconds are left, and the host takes longer", talk.host)
    return f"{left};{'N' if by.may_be_late else 'R'}{'T' if by.is_traced else ''}"
