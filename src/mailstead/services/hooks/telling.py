"""A letter as a hook gets to see it."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.formats.headers import find_field
from mailstead.ground.formats.hook import HEAD_MAX, render_metadata
from mailstead.ground.model.hook import Format, Hook, Stage
from mailstead.ground.model.ids import Instant
from mailstead.services.checks.specimen import Content, Octets
from mailstead.services.hooks.calling import Call

RECIPIENTS_TOLD: Final = 50
_FIELD_MAX: Final = 998
_IDS: Final = 64 * 1024
"""Octets at the beginning of a letter among which its Message-ID is looked for."""


async def tell_letter(
    hook: Hook, stage: Stage, body: Content, recipients: Sequence[str], *, is_spam: bool | None, now: Instant
) -> Call:
    """`is_spam`: None where nobody has judged yet."""
    head = await body.read(0, HEAD_MAX if hook.format is Format.METADATA else _IDS)
    addresses = ", ".join(recipients[:RECIPIENTS_TOLD])
    fields = {
        "X-StMsg-Mailbox": addresses,
        "X-StMsg-Recipient": addresses,
        "X-StMsg-Is-Spam": "pending" if is_spam is None else str(is_spam).lower(),
        "X-StMsg-Message-Id": _message_id(head),
    }
    fields = {name: value for name, value in fields.items() if value}
    if hook.format is Format.METADATA:
        told = Octets(render_metadata(head, body.size, now))
        return Call(hook=hook, stage=stage, body=told, content_type="application/json", fields=fields)
    return Call(hook=hook, stage=stage, body=body, content_type="message/rfc822", fields=fields)


def _message_id(head: bytes) -> str:
    """Without what no field may hold."""
    value = find_field(head.partition(b"\r\n\r\n")[0], b"message-id") or b""
    return "".join(filter(str.isprintable, value.decode("ascii", "replace")))[:_FIELD_MAX]
