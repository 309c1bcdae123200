"""What a notice says for machines, of what we know: pure."""

import re
from collections.abc import Sequence
from typing import Final

from mailstead.ground.formats.dsn.addresses import decode_xtext, read_orcpt, type_address
from mailstead.ground.formats.dsn.report import OURS, SMTP, Action, Entry, Report, Typed
from mailstead.ground.model.envelope import BodyType
from mailstead.ground.model.spool import Origin, SpooledLetter
from mailstead.services.notices.due import Fate

_REPLY: Final = re.compile(r"[2-5]\d\d[ -]")  # RFC 3464 §2.3.6: an smtp diagnostic is a reply


def is_whole_wanted(letter: SpooledLetter, told: Sequence[Fate]) -> bool:
    """RFC 3461 §6.2: only with a failure; RFC 8689 §5: never of a letter that had to be protected.

    RFC 3030 §3: a binary body could not go back over most hosts.
    """
    return (
        letter.ret != "HDRS"
        and not letter.wishes.require_tls
        and letter.body is not BodyType.BINARY
        and any(fate.action is Action.FAILED for fate in told)
    )


def report(letter: SpooledLetter, told: Sequence[Fate], *, hostname: str) -> Report:
    """What the notice says for machines."""
    return Report(
        reporting_mta=Typed("dns", hostname),
        envelope_id=decode_xtext(letter.envid) if letter.envid else "",
        arrival=letter.created_at,
        entries=tuple(dict.fromkeys(_entry(letter, fate) for fate in told)),
    )


def _entry(letter: SpooledLetter, fate: Fate) -> Entry:
    recipient, word = fate.recipient, fate.word
    original = read_orcpt(recipient.dsn.original) if recipient.dsn.original else None
    # RFC 3464 §4.2: where an alias leads is not the sender's business; the words of a host there often repeat it.
    is_private = letter.origin is Origin.FORWARDED and original is not None
    host = "" if is_private else word.host.partition(" ")[0]
    said = "" if is_private else word.diagnostic
    is_reply = bool(host) and _REPLY.match(said) is not None
    return Entry(
        original=original,
        final=original if is_private and original is not None else type_address(str(recipient.address)),
        action=fate.action,
        status=word.status,
        diagnostic=Typed(SMTP if is_reply else OURS, said) if said else None,
        remote_mta=Typed("dns", host) if host else None,
        last_attempt=word.at or None,
        will_retry_until=letter.expires_at if fate.action is Action.DELAYED else None,
    )
