"""The part for machines: message/delivery-status (RFC 3464 §2) and message/global-delivery-status (RFC 6533 §4.1)."""

import re
from typing import Final

from mailstead.ground.formats.charset import guess_text
from mailstead.ground.formats.date import parse_date, render_date
from mailstead.ground.formats.dsn.addresses import TEXT_MAX, clean, decode_unitext
from mailstead.ground.formats.dsn.report import RFC822, SMTP, UTF8, Action, Entry, Report, Typed
from mailstead.ground.formats.headers import each_field, unfold
from mailstead.ground.model.ids import Instant

STATUS_MAX: Final = 1 << 20
"""Octets of the part that are read."""
ENTRIES_MAX: Final = 1000
LINE_MAX: Final = 78  # RFC 5322 §2.1.1
DIAGNOSTICS_MAX: Final = 128 << 10
"""Octets of all diagnostics of one report; each of many recipients has a smaller share."""
DIAGNOSTIC_MIN: Final = 80

_EMPTY_LINE: Final = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
_STATUS: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_UNDEFINED: Final = {  # RFC 3463 §3.1
    Action.FAILED: "5.0.0",
    Action.DELAYED: "4.0.0",
    Action.RELAYED: "2.0.0",
    Action.EXPANDED: "2.0.0",
    Action.DELIVERED: "2.0.0",
}
_ACTIONS: Final = {action.value: action for action in Action}


def render_status(report: Report) -> bytes:
    """Groups of fields: one for the letter, one for each recipient."""
    share = max(DIAGNOSTIC_MIN, DIAGNOSTICS_MAX // max(1, len(report.entries)))
    is_ascii = report.is_ascii
    groups = [_letter_fields(report)]
    groups += [_entry_fields(entry, share) for entry in report.entries]
    blocks = ["\r\n".join(_fold(name, value) for name, value in group) for group in groups]
    text = "\r\n\r\n".join(blocks) + "\r\n"
    return text.encode("ascii" if is_ascii else "utf-8", "replace")


def _letter_fields(report: Report) -> list[tuple[str, str]]:
    fields = []
    if report.envelope_id:
        fields.append(("Original-Envelope-Id", clean(report.envelope_id)))
    fields.append(("Reporting-MTA", _typed(report.reporting_mta)))
    if report.arrival is not None:
        fields.append(("Arrival-Date", _date(report.arrival)))
    return fields


def _entry_fields(entry: Entry, share: int) -> list[tuple[str, str]]:
    """RFC 6533 §4.1 keeps the order of RFC 3464 §2.3."""
    fields = []
    if entry.original is not None:
        fields.append(("Original-Recipient", _typed(entry.original)))
    fields += [
        ("Final-Recipient", _typed(entry.final)),
        ("Action", entry.action.value),
        ("Status", _status(entry)),
    ]
    if entry.remote_mta is not None:
        fields.append(("Remote-MTA", _typed(entry.remote_mta)))
    if entry.diagnostic is not None:
        text = clean(entry.diagnostic.text, min(share, TEXT_MAX))
        fields.append(("Diagnostic-Code", _typed(Typed(entry.diagnostic.type, text))))
    if entry.last_attempt is not None:
        fields.append(("Last-Attempt-Date", _date(entry.last_attempt)))
    if entry.will_retry_until is not None:
        fields.append(("Will-Retry-Until", _date(entry.will_retry_until)))
    return fields


def _status(entry: Entry) -> str:
    """RFC 3464 §2.3.4 has no report without one."""
    return entry.status if _STATUS.fullmatch(entry.status) else _UNDEFINED[entry.action]


def _typed(value: Typed) -> str:
    return f"{value.type}; {clean(value.text)}"


def _date(at: Instant) -> str:
    return render_date(at).decode("ascii")


def _fold(name: str, value: str) -> str:
    """Lines end before a space of the value, so that unfolding gives it back."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > LINE_MAX and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def parse_status(data: bytes) -> Report | None:
    """What others wrote, read with tolerance; None without any recipient that has an action.

    Not more than the first STATUS_MAX octets and ENTRIES_MAX recipients count.
    """
    groups = _EMPTY_LINE.split(data[:STATUS_MAX].strip(), maxsplit=ENTRIES_MAX + 1)[: ENTRIES_MAX + 1]
    read = [_read_group(group) for group in groups]
    head = read[0]
    entries = [entry for entry in map(_read_entry, read) if entry is not None]
    if not entries:
        return None
    return Report(
        reporting_mta=_read_typed(head.get("reporting-mta", ""), "dns"),
        envelope_id=clean(head.get("original-envelope-id", "")),
        arrival=_read_date(head.get("arrival-date")),
        entries=tuple(entries),
    )


def _read_group(group: bytes) -> dict[str, str]:
    """The first field of a name counts."""
    fields: dict[str, str] = {}
    for name, value in each_field(group):
        if name:
            fields.setdefault(name.decode("ascii").lower(), guess_text(unfold(value)))
    return fields


def _read_entry(fields: dict[str, str]) -> Entry | None:
    action = _ACTIONS.get(fields.get("action", "").partition("(")[0].strip().lower())
    if action is None or "final-recipient" not in fields:
        return None
    status = _STATUS.match(fields.get("status", ""))
    return Entry(
        original=_read_address(fields.get("original-recipient")),
        final=_read_address(fields["final-recipient"]) or Typed(RFC822, ""),
        action=action,
        status=status[1] if status else "",
        diagnostic=_read_some(fields.get("diagnostic-code"), SMTP),
        remote_mta=_read_some(fields.get("remote-mta"), "dns"),
        last_attempt=_read_date(fields.get("last-attempt-date")),
        will_retry_until=_read_date(fields.get("will-retry-until")),
    )


def _read_typed(value: str, default: str) -> Typed:
    kind, semicolon, text = value.partition(";")
    return Typed(kind.strip().lower(), clean(text)) if semicolon else Typed(default, clean(value))


def _read_some(value: str | None, default: str) -> Typed | None:
    return None if value is None else _read_typed(value, default)


def _read_address(value: str | None) -> Typed | None:
    """Many write it in brackets, which RFC 3464 §2.3.1 does not have."""
    if value is None:
        return None
    typed = _read_typed(value, RFC822)
    text = typed.text
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    return Typed(typed.type, decode_unitext(text) if typed.type == UTF8 else text)


def _read_date(value: str | None) -> Instant | None:
    date = parse_date(value.encode("utf-8", "replace")) if value else None
    return date.at if date else None
