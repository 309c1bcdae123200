"""Into the spool: what a letter for others becomes, prepared before the unit and written in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.formats.headers import decode_field, find_field
from mailstead.ground.model.envelope import Envelope, Recipient, Wishes
from mailstead.ground.model.ids import AccountId, BlobId, Instant, SpoolId
from mailstead.ground.model.spool import JUDGING, LOCAL, LastWord, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.services.folders.incoming import Letter
from mailstead.services.spool.outbox import Bundle, NoOutbox, Outbox
from mailstead.services.spool.terms import Terms
from mailstead.services.spool.ways import into_lanes, lane_of
from mailstead.store.port import Tx

SUBJECT_MAX: Final = 200
_TLS_REQUIRED: Final = re.compile(rb"^tls-required[ \t]*:[ \t]*no[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Held:
    """Of a letter that is to be judged again: what its judges need then, and why it waits."""

    case: bytes
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """In whose name something leaves."""

    origin: Origin
    domain: str = ""  # of ours: it signs
    account_id: AccountId | None = None
    login: str = ""
    held: Held | None = None  # until it is judged again


@dataclass(frozen=True, slots=True)
class Onward:
    """A recipient who is elsewhere. `route`: the store that keeps the mail of that domain of ours; or LOCAL."""

    recipient: Recipient
    route: str = ""


class Spooling:
    """What every way into the spool shares."""

    def __init__(self, terms: Terms, outbox: Outbox) -> None:
        self.terms = terms
        self.outbox = outbox

    def prepare(
        self, number: SpoolId, letter: Letter, envelope: Envelope, onward: Sequence[Onward], sending: Sending, *,
        prefix: bytes, now: Instant,
    ) -> Bundle:  # fmt: skip
        """A letter for these recipients, its blob still to be put."""
        header, held = letter.rendered.header, sending.held
        wishes = _heed(envelope.wishes, header)
        expires_at, warn_at = self.terms.of(sending.origin, wishes, now)
        spooled = SpooledLetter(
            id=number,
            created_at=now,
            expires_at=expires_at,
            warn_at=warn_at,
            sender=envelope.sender,
            blob_id=None,
            prefix=prefix,
            size=len(prefix) + letter.staged.size,
            origin=sending.origin,
            domain=sending.domain,
            account_id=sending.account_id,
            login=sending.login,
            body=envelope.body,
            smtputf8=envelope.smtputf8,
            has_utf8_header=not header.isascii(),
            ret=envelope.ret,
            envid=envelope.envid,
            wishes=wishes,
            message_id=letter.rendered.message_id,
            subject=_subject(header),
            case=held.case if held else b"",
        )
        if held is None:
            return Bundle(spooled, tuple(self._recipient(number, n, one, now, wishes) for n, one in enumerate(onward)))
        return Bundle(spooled, self._unjudged(number, onward, now, held.why))

    def _recipient(
        self, letter: SpoolId, number: int, onward: Onward, now: Instant, wishes: Wishes
    ) -> SpooledRecipient:
        release_at = wishes.release_at if wishes.release_at is not None and wishes.release_at > now else None
        address = onward.recipient.address
        destination = lane_of(onward.route, address.domain) if onward.route else address.domain
        lease = self.outbox.lease(destination, now) if release_at is None else None
        holder, due_at = lease or ("", release_at or now)
        return SpooledRecipient(
            letter_id=letter,
            number=number,
            address=address,
            destination=destination,
            state=State.ACTIVE,
            due_at=due_at,
            dsn=onward.recipient.dsn,
            lease=holder,
        )

    def _unjudged(
        self, letter: SpoolId, onward: Sequence[Onward], now: Instant, why: str
    ) -> tuple[SpooledRecipient, ...]:  # fmt: skip
        """They were judged a moment ago: the filter gets time to come back."""
        last = LastWord("4.7.1", f"waits to be judged: {why}", at=now)
        return tuple(
            SpooledRecipient(
                letter_id=letter,
                number=number,
                address=one.recipient.address,
                destination=JUDGING,
                state=State.DEFERRED,
                due_at=Instant(now + self.terms.judge_every),
                dsn=one.recipient.dsn,
                last=last,
            )
            for number, one in enumerate(onward)
        )


def prepare_local(
    number: SpoolId,
    letter: Letter,
    envelope: Envelope,
    recipients: Sequence[Recipient],
    terms: Terms,
    *,
    prefix: bytes,
    now: Instant,
) -> Bundle:
    """Recipients here who were accepted and cannot be filed now: they are tried again, and at the end returned."""
    onward = [Onward(recipient, LOCAL) for recipient in recipients]
    sending = Sending(origin=Origin.LOCAL)
    return Spooling(terms, NoOutbox()).prepare(number, letter, envelope, onward, sending, prefix=prefix, now=now)


async def put_bundle(tx: Tx, bundle: Bundle, blob_id: BlobId) -> Bundle:
    """Write it within the unit that put its blob; gives it as it was written."""
    letter = replace(bundle.letter, blob_id=blob_id)
    recipients = await into_lanes(tx.routes, letter, bundle.recipients)
    paused = await tx.spool.insert(letter, recipients)
    if paused:
        recipients = tuple(replace(one, lease="") if one.destination in paused else one for one in recipients)
    return Bundle(letter, recipients)


def _heed(wishes: Wishes, header: bytes) -> Wishes:
    """RFC 8689 §5: the field speaks where the parameter does not."""
    if wishes.require_tls or not _TLS_REQUIRED.search(header):
        return wishes
    return replace(wishes, tls_optional=True)


def _subject(header: bytes) -> str:
    value = find_field(header, b"subject")
    return decode_field(value[: 4 * SUBJECT_MAX])[:SUBJECT_MAX] if value else ""
