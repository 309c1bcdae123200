"""Reports and letters about letters, as tests want them."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from mailstead.ground.formats.dsn.letter import Content, Original, Rendered, render_notice
from mailstead.ground.formats.dsn.report import OURS, SMTP, Action, Entry, Report, Typed
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

AT = Instant(1_795_168_800_000)
MTA = Typed("dns", "mail.example.net")
HEADER = b"Received: from a.example\r\n\tby mail.example.net\r\nSubject: Hi\r\nMessage-ID: <1@a.example>\r\n\r\n"


def entry(address: str, status: str = "5.1.1", said: str = "", *, action: Action = Action.FAILED, **more: Any) -> Entry:
    is_reply = said[:3].isdigit()
    return Entry(
        final=Typed("rfc822" if address.isascii() else "utf-8", address),
        action=action,
        status=status,
        diagnostic=Typed(SMTP if is_reply else OURS, said) if said else None,
        remote_mta=Typed("dns", "mx1.example.org") if is_reply else None,
        **more,
    )


def report(*entries: Entry, **more: Any) -> Report:
    return Report(reporting_mta=MTA, arrival=AT, entries=entries, **more)


def write(about: Report, *, sender: str = "ann@example.net", **more: Any) -> Rendered:
    more.setdefault("original", Original(HEADER, b"Hello\r\n"))
    return render_notice(
        Content(
            report=about,
            sender=Address.parse(sender),
            author=Address("postmaster", "example.net"),
            message_id="77.notice@mail.example.net",
            at=AT,
            **more,
        )
    )


def read(data: bytes) -> EmailMessage:
    """By a stranger's eyes."""
    message = message_from_bytes(data, policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def parts(data: bytes) -> list[EmailMessage]:
    return [part for part in read(data).iter_parts() if isinstance(part, EmailMessage)]


def raw(part: EmailMessage) -> bytes:
    """The octets of a part whose type is text or message, decoded."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(child.as_bytes(policy=SMTPUTF8) for child in payload)
    return part.get_payload(decode=True)  # type: ignore[return-value]
