"""Writes notices: from a spooled letter and the fates of its recipients, a letter that waits to leave."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from mailstead.ground.formats.automatic import is_automatic
from mailstead.ground.formats.dsn.letter import BODY_MAX, HEADER_MAX, Content, Original, Rendered, render_notice
from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.formats.headers import decode_field
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType, DsnRequest, Wishes
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import Origin, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.incoming import Incoming, Letter
from mailstead.services.notices.due import Fate, due, is_double_bounce
from mailstead.services.notices.report import is_whole_wanted, report
from mailstead.store.port.blobs import Blobs
from mailstead.telemetry import Event, emit

NOTICE_MAX: Final = 8 << 20
"""Octets. What the limits of its parts allow is less, even for a thousand recipients."""

_END_OF_HEADER: Final = re.compile(rb"(?:\A|\n)\r?\n")
_NEVER: Final = DsnRequest(notify=frozenset({"NEVER"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Ready for the unit that settles what it tells of. `spooled` gets its blob there."""

    about: SpoolId
    fates: tuple[Fate, ...]
    letter: Letter
    spooled: SpooledLetter
    recipient: SpooledRecipient


class Notices:
    """`life`: how long a notice is tried."""

    def __init__(self, blobs: Blobs, clock: Clock, ids: IdSource, *, hostname: str, life: timedelta) -> None:
        self._blobs = blobs
        self._clock = clock
        self._ids = ids
        self._hostname = hostname
        self._life_ms = int(life.total_seconds() * 1000)

    async def compose(
        self,
        letter: SpooledLetter,
        fates: Sequence[Fate],
        *,
        is_spam: bool = False,
        language: Language = Language.ENGLISH,
        destination: str = "",
    ) -> Notice | None:
        """One notice of all that is due to the sender; None if nothing is. Before the unit, for it reads the blob.

        `destination`: the lane that leads to the sender, if it is not the one of their domain.
        """
        if letter.sender is None or not due(letter, fates, is_spam=is_spam):
            return None
        original = await self._read(letter)
        told = due(letter, fates, is_automatic=is_automatic(original.header), is_spam=is_spam)
        if not told:
            return None
        notice = await self._write(letter, letter.sender, told, original, language)
        return replace(notice, recipient=replace(notice.recipient, destination=destination)) if destination else notice

    async def _read(self, letter: SpooledLetter) -> Original:
        """The header, and the body of a small letter. RFC 3461 §6.2: what cannot be had is left out."""
        if letter.blob_id is None:
            return Original(b"")
        try:
            reader = await self._blobs.open(letter.blob_id)
        except NotFound:
            return Original(b"")
        data = letter.prefix + await reader.read(0, max(HEADER_MAX, BODY_MAX))
        end = _END_OF_HEADER.search(data)
        cut = end.end() if end else len(data)
        return Original(data[:cut], data[cut:] if letter.size == len(data) else None)

    async def _write(
        self, letter: SpooledLetter, sender: Address, told: tuple[Fate, ...], original: Original, language: Language
    ) -> Notice:
        now, number = self._clock.now(), SpoolId(self._ids.next())
        content = Content(
            report=report(letter, told, hostname=self._hostname),
            sender=sender,
            author=Address.of("postmaster", letter.domain or self._hostname),
            message_id=f"{number}.notice@{self._hostname}",
            at=now,
            original=original if is_whole_wanted(letter, told) else Original(original.header),
            subject=decode_field(letter.subject.encode("utf-8", "replace")),
            original_id=letter.message_id.strip("<>"),
            needed_utf8=letter.smtputf8 and not original.header.isascii(),
            language=language,
        )
        rendered = render_notice(content)
        incoming = Incoming(self._blobs, NOTICE_MAX)
        incoming.write(rendered.data)
        return Notice(
            about=letter.id,
            fates=told,
            letter=await incoming.finish(),
            spooled=self._spool(letter, content, rendered, number),
            recipient=_address_to(sender, number, now),
        )

    def _spool(self, about: SpooledLetter, content: Content, rendered: Rendered, number: SpoolId) -> SpooledLetter:
        return SpooledLetter(
            id=number,
            created_at=content.at,
            expires_at=Instant(content.at + self._life_ms),
            sender=None,
            blob_id=None,
            prefix=b"",
            size=len(rendered.data),
            origin=Origin.NOTICE,
            domain=about.domain,
            body=BodyType.EIGHT_BIT if rendered.eight_bit else BodyType.SEVEN_BIT,
            smtputf8=rendered.smtputf8,
            # RFC 8689 §5: it tells as much as the letter did. RFC 6710 §4.6: and is as urgent.
            wishes=Wishes(require_tls=about.wishes.require_tls, priority=about.wishes.priority),
            message_id=content.message_id,
            subject=rendered.subject,
        )


def _address_to(sender: Address, letter: SpoolId, now: Instant) -> SpooledRecipient:
    return SpooledRecipient(
        letter_id=letter,
        number=0,
        address=sender,
        destination=sender.domain,
        state=State.ACTIVE,
        due_at=now,
        dsn=_NEVER,
    )


def tell_written(notice: Notice) -> None:
    """After the commit."""
    for fate in notice.fates:
        emit(
            Event.NOTICE_LETTER_WRITTEN,
            queue_id=notice.about,
            sender=str(notice.recipient.address),
            recipient=str(fate.recipient.address),
            result=fate.action.value,
            detail=fate.word.diagnostic,
        )


def tell_dropped(letter: SpooledLetter, fates: Sequence[Fate]) -> None:
    """After the commit: the failures that nobody can be told of, if there are any."""
    if not is_double_bounce(letter, fates):
        return
    for fate in fates:
        if fate.action is Action.FAILED:
            emit(
                Event.NOTICE_BOUNCE_DROPPED,
                queue_id=letter.id,
                recipient=str(fate.recipient.address),
                detail=fate.word.diagnostic,
            )
