"""What hooks are sent, how they know that it is we who call, and what they answer. The words are Messages'."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.date import parse_date, render_rfc3339
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.headers import decode_field, each_field, unfold
from mailstead.ground.formats.summary import summarize
from mailstead.ground.model.flags import NO_FLAGS, Flag, Flags
from mailstead.ground.model.hook import Hook, Proof
from mailstead.ground.model.ids import Instant

ANSWER_MAX: Final = 64 * 1024
HEAD_MAX: Final = 256 * 1024
"""Octets of a letter that its metadata is read from."""
FIELDS_MAX: Final = 500
LABELS_MAX: Final = 20
WORDS_MAX: Final = 200
_TOKEN_SECONDS: Final = 60
_KEY_LABEL: Final = b"messages.webhook.api_key.v1"
"""Messages' own, so that receivers written for it compare the same key."""
_LABEL_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$")


class Act(Enum):
    """What a hook wants done."""

    ACCEPT = "accept"
    REJECT = "reject"
    QUARANTINE = "quarantine"
    DROP = "drop"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Of one call. `marks`: what the letter is to be filed with."""

    act: Act = Act.ACCEPT
    is_spam: bool | None = None
    marks: Flags = NO_FLAGS
    words: str = ""


class BadAnswer(ValueError):  # noqa: N818 - a fact about the other side
    """It is JSON and says something else than an answer may."""


def read_answer(body: bytes, content_type: str) -> Answer:
    """Of a 2xx. What is no JSON says nothing, unknown keys neither; BadAnswer."""
    if content_type != "application/json" or not body.strip():
        return Answer()
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadAnswer("no JSON") from None
    if not isinstance(found, dict):
        raise BadAnswer("no JSON object")
    word = found.get("action", "accept")
    try:
        act = Act(str(word).lower())
    except ValueError:
        raise BadAnswer(f"no such action: {str(word)[:40]!r}") from None
    is_spam = found.get("is_spam")
    words = found.get("message")
    return Answer(
        act=act,
        is_spam=is_spam if isinstance(is_spam, bool) else None,
        marks=_read_marks(found),
        words="".join(filter(str.isprintable, words))[:WORDS_MAX] if isinstance(words, str) else "",
    )


def _read_marks(found: Mapping[str, object]) -> Flags:
    """Labels are keywords; what IMAP cannot hold in one becomes a low line."""
    labels = found.get("add_labels", found.get("labels"))
    words = [one for one in labels[:LABELS_MAX] if isinstance(one, str)] if isinstance(labels, list) else []
    keywords = tuple("".join(c if c in _LABEL_LETTERS else "_" for c in word[:64]) for word in words if word)
    bits = Flag.SEEN if found.get("mark_read") is True else Flag.NONE
    return Flags.of(bits | (Flag.FLAGGED if found.get("mark_starred") is True else Flag.NONE), keywords)


# who calls


def api_key(secret: str) -> str:
    """Derived one way: whoever reads it knows nothing of the secret."""
    return "whk_" + hmac.digest(secret.encode(), _KEY_LABEL, "sha256").hex()


class Seal:
    """Takes a body in pieces, and gives the fields that prove who sent it."""

    def __init__(self, hook: Hook, now: Instant, instance: str) -> None:
        self._hook = hook
        self._second = now // 1000
        self._instance = instance
        self._mac = hmac.new(hook.secret.encode(), f"{self._second}.".encode(), "sha256")

    def feed(self, data: bytes) -> None:
        """In order."""
        self._mac.update(data)

    def fields(self) -> dict[str, str]:
        """When all of it has been fed."""
        if self._hook.proof is Proof.API_KEY:
            return {"X-StMsg-Api-Key": api_key(self._hook.secret)}
        return {
            "X-StMsg-Webhook-Timestamp": str(self._second),
            "X-StMsg-Webhook-Signature": f"v1={self._mac.hexdigest()}",
            "Authorization": f"Bearer {self._token()}",
        }

    def _token(self) -> str:
        """RFC 7519 by HS256; it speaks of this body alone, and not for long."""
        claims = {
            "iss": self._instance, "sub": self._hook.name, "iat": self._second, "exp": self._second + _TOKEN_SECONDS,
            "body": self._mac.hexdigest(),
        }  # fmt: skip
        signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{signed}.{_armour(hmac.digest(self._hook.secret.encode(), signed.encode(), 'sha256'))}"


def _part(value: object) -> str:
    return _armour(msgspec.json.encode(value))


def _armour(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


# what is told


def render_step(stage: str, sender: str, recipients: Sequence[str], client: Mapping[str, str], size: int) -> bytes:
    """Of MAIL and RCPT."""
    told = {"stage": stage, "mail_from": sender, "rcpt_to": list(recipients), "client": dict(client), "size": size}
    return msgspec.json.encode(told)


def render_metadata(head: bytes, size: int, received_at: Instant) -> bytes:
    """RFC 8621 §4.1, of the beginning of a letter; what only a filed one has is left out."""
    summary = summarize(head[:HEAD_MAX])
    envelope = summary.envelope
    told = {
        "messageId": [summary.message_id] if summary.message_id else None,
        "inReplyTo": _ids(envelope.in_reply_to),
        "sender": _mailboxes(envelope.sender),
        "from": _mailboxes(envelope.from_),
        "to": _mailboxes(envelope.to),
        "cc": _mailboxes(envelope.cc),
        "bcc": _mailboxes(envelope.bcc),
        "replyTo": _mailboxes(envelope.reply_to),
        "subject": decode_field(envelope.subject) if envelope.subject is not None else None,
        "sentAt": _date(envelope),
        "receivedAt": render_rfc3339(received_at),
        "size": size,
        "preview": summary.preview,
        "headers": _fields(summary.header),
    }
    return msgspec.json.encode(told)


def _fields(header: bytes) -> list[dict[str, str]]:
    fields = [(name, value) for name, value in each_field(header) if name][:FIELDS_MAX]
    return [{"name": name.decode(), "value": unfold(value).decode("utf-8", "replace")} for name, value in fields]


def _ids(value: bytes | None) -> list[str] | None:
    if not value:
        return None
    return [word.strip("<>") for word in value.decode("utf-8", "replace").split()]


def _date(envelope: Envelope) -> str | None:
    sent = parse_date(envelope.date) if envelope.date else None
    return render_rfc3339(sent.at) if sent else None


def _mailboxes(found: Sequence[Mailbox]) -> list[dict[str, str | None]] | None:
    """Groups are opened."""
    told = [
        {
            "name": decode_field(one.name) if one.name else None,
            "email": f"{one.local.decode('utf-8', 'replace')}@{one.host.decode('utf-8', 'replace')}",
        }
        for one in found
        if one.local is not None and one.host is not None
    ]
    return told or None
