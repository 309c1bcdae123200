"""Rows of the spool and the values they stand for."""

from typing import Final

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import NO_WISHES, BodyType, DeliverBy, DsnRequest, Wishes
from mailstead.ground.model.ids import AccountId, BlobId, Instant, SpoolId
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.store.sql.session import Row

LETTER: Final = """l.id, l.created_at, l.expires_at, l.attention_at, l.settled_at, l.blob_id, l.size, l.origin,
           l.domain, l.account_id, l.login, l.sender, l.message_id, l.subject, l.wishes, l.prefix"""
LETTER_WIDTH: Final = 16

RECIPIENT: Final = """r.letter_id, r.number, r.state, r.destination, r.due_at, r.lease, r.attempts, r.is_warned,
           r.address, r.route, r.notify, r.orcpt, r.last, r.hold_reason"""


class _Said(msgspec.Struct, omit_defaults=True):
    """The column `wishes`: an ordinary letter says nothing."""

    body: str = BodyType.SEVEN_BIT.value
    utf8: bool = False
    utf8_header: bool = False
    ret: str | None = None
    envid: str | None = None
    require_tls: bool = False
    tls_optional: bool = False
    priority: int = 0
    release_at: int | None = None
    by: tuple[int, bool, bool] | None = None
    case: str = ""


class _Heard(msgspec.Struct, omit_defaults=True):
    """The column `last`."""

    status: str
    diagnostic: str
    host: str = ""
    at: int = 0


_decode_said: Final = msgspec.json.Decoder(_Said).decode
_decode_heard: Final = msgspec.json.Decoder(_Heard).decode
_ORDINARY: Final = "{}"


def letter_row(letter: SpooledLetter) -> dict[str, object]:
    """The parameters of an insert."""
    sender = letter.sender
    return {
        "id": letter.id,
        "created_at": letter.created_at,
        "expires_at": letter.expires_at,
        "attention_at": letter.expires_at if letter.warn_at is None else min(letter.warn_at, letter.expires_at),
        "blob": letter.blob_id,
        "size": letter.size,
        "origin": letter.origin.value,
        "domain": letter.domain,
        "account": letter.account_id,
        "login": letter.login,
        "sender": str(sender) if sender else "",
        "sender_key": sender.key if sender else "",
        "message_id": letter.message_id,
        "subject": letter.subject,
        "wishes": _wishes_text(letter),
        "prefix": letter.prefix,
    }


def _wishes_text(letter: SpooledLetter) -> str:
    wishes = letter.wishes
    is_plain = (
        wishes is NO_WISHES and letter.body is BodyType.SEVEN_BIT and not letter.smtputf8 and not letter.has_utf8_header
    )
    if is_plain and letter.ret is None and letter.envid is None and not letter.case:
        return _ORDINARY
    by = wishes.by
    said = _Said(
        body=letter.body.value,
        utf8=letter.smtputf8,
        utf8_header=letter.has_utf8_header,
        ret=letter.ret,
        envid=letter.envid,
        require_tls=wishes.require_tls,
        tls_optional=wishes.tls_optional,
        priority=wishes.priority,
        release_at=wishes.release_at,
        by=(by.deadline, by.may_be_late, by.is_traced) if by else None,
        case=letter.case.decode(),
    )
    return msgspec.json.encode(said).decode()


def letter_of(row: Row) -> SpooledLetter:
    """From the columns of LETTER."""
    (
        identity, created_at, expires_at, attention_at, settled_at, blob, size, origin, domain,
        account, login, sender, message_id, subject, wishes, prefix,
    ) = row  # fmt: skip
    said = _decode_said(wishes) if wishes != _ORDINARY else _Said()
    return SpooledLetter(
        id=SpoolId(identity),
        created_at=created_at,
        expires_at=expires_at,
        warn_at=attention_at if attention_at < expires_at else None,
        sender=Address.parse(sender) if sender else None,
        blob_id=BlobId(blob) if blob is not None else None,
        prefix=prefix,
        size=size,
        origin=Origin(origin),
        domain=domain,
        account_id=AccountId(account) if account is not None else None,
        login=login,
        body=BodyType(said.body),
        smtputf8=said.utf8,
        has_utf8_header=said.utf8_header,
        ret=said.ret,
        envid=said.envid,
        wishes=_wishes_of(said),
        message_id=message_id,
        subject=subject,
        settled_at=settled_at,
        case=said.case.encode(),
    )


def _wishes_of(said: _Said) -> Wishes:
    if said.release_at is None and said.by is None and not (said.require_tls or said.tls_optional or said.priority):
        return NO_WISHES
    return Wishes(
        require_tls=said.require_tls,
        tls_optional=said.tls_optional,
        priority=said.priority,
        release_at=Instant(said.release_at) if said.release_at is not None else None,
        by=DeliverBy(Instant(said.by[0]), *said.by[1:]) if said.by else None,
    )


def recipient_row(recipient: SpooledRecipient, urgency: int) -> dict[str, object]:
    """The parameters of an insert."""
    notify = recipient.dsn.notify
    return {
        "letter": recipient.letter_id,
        "number": recipient.number,
        "state": recipient.state.value,
        "destination": recipient.destination,
        "urgency": urgency,
        "due_at": recipient.due_at,
        "lease": recipient.lease,
        "attempts": recipient.attempts,
        "is_warned": int(recipient.is_warned),
        "address": str(recipient.address),
        "address_key": recipient.address.key,
        "route": recipient.route,
        "notify": " ".join(sorted(notify)) if notify else "",
        "orcpt": recipient.dsn.original,
        "last": heard_text(recipient.last),
        "hold_reason": recipient.hold_reason,
    }


def recipient_of(row: Row) -> SpooledRecipient:
    """From the columns of RECIPIENT."""
    (
        letter, number, state, destination, due_at, lease, attempts, is_warned,
        address, route, notify, orcpt, last, hold_reason,
    ) = row  # fmt: skip
    return SpooledRecipient(
        letter_id=SpoolId(letter),
        number=number,
        address=Address.parse(address),
        destination=destination,
        state=State(state),
        due_at=due_at,
        dsn=DsnRequest(frozenset(notify.split()) if notify else None, orcpt),
        route=route,
        lease=lease,
        attempts=attempts,
        last=_heard_of(last),
        hold_reason=hold_reason,
        is_warned=bool(is_warned),
    )


def heard_text(last: LastWord | None) -> str | None:
    """The column `last`."""
    if last is None:
        return None
    heard = _Heard(status=last.status, diagnostic=last.diagnostic, host=last.host, at=last.at)
    return msgspec.json.encode(heard).decode()


def _heard_of(text: str | None) -> LastWord | None:
    if text is None:
        return None
    heard = _decode_heard(text)
    return LastWord(heard.status, heard.diagnostic, heard.host, Instant(heard.at))
