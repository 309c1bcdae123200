"""Feedback of a mailbox host: somebody there called a letter of ours spam (RFC 5965)."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.headers import each_field, find_field, unfold

COMPLAINTS: Final = frozenset({"abuse", "fraud", "virus", "other"})
"""RFC 5965 §7.3; "not-spam" is the opposite, and other types are about other things."""
VALUE_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is said of whom. `message_id` proves that whoever complains has the letter: nobody can guess it."""

    kind: str
    message_id: str
    recipient: str  # often left out, or made unreadable


def read_complaint(report: bytes, original: bytes) -> Complaint | None:
    """Of the part for machines, and of the header of the letter it is about; None if it is no complaint, or of what
    cannot be known."""
    told = {name.lower(): _clean(value) for name, value in each_field(report)}
    kind = told.get(b"feedback-type", "").lower()
    message_id = _clean(find_field(original, b"message-id") or b"").strip("<>")
    if kind not in COMPLAINTS or not message_id:
        return None
    return Complaint(kind, message_id, told.get(b"original-rcpt-to", "").strip("<>"))


def _clean(value: bytes) -> str:
    text = unfold(value).decode("utf-8", "replace").strip()
    return "".join(char for char in text if char.isprintable())[:VALUE_MAX]
