"""ClamAV's daemon: it gets the letter as it is, and says whether it knows a virus in it."""

from collections.abc import AsyncIterator
from typing import Final

from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.ground.wire.clamd import (
    END,
    OPEN,
    VERSION,
    Answer,
    Clean,
    Failed,
    Found,
    ReplyReceiver,
    TooLong,
    frame,
    read_answer,
)
from mailstead.ground.wire.said import tame
from mailstead.net.connection import Connection
from mailstead.net.stream import PeerGone
from mailstead.services.checks.specimen import Content, Specimen
from mailstead.services.filters.asking import Silent, Unable
from mailstead.services.filters.line import Lines, pieces

NAME: Final = "clamav"
LEAST: Final = 1 << 20
"""A daemon that does not take even so much of a letter is of no use."""


class Clamd:
    """One for a worker. It learns how much of a letter the daemon takes (its StreamMaxLength)."""

    name = NAME
    concern = Concern.VIRUS

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._takes = 0  # not known

    @property
    def place(self) -> str:
        """Where it is."""
        return str(self._lines.place)

    def is_wanted(self, specimen: Specimen) -> bool:
        """By any domain."""
        return any(policy.clamav.enabled for policy in specimen.policies.values())

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """The whole letter, or as much of it as the most careful domain and the daemon want."""
        content = specimen.content
        wanted = [policy.clamav.max_scan_size for policy in specimen.policies.values() if policy.clamav.enabled]
        limits = (0 if 0 in wanted else max(wanted), self._takes)
        size = min([content.size, *filter(None, limits)])
        while isinstance(answer := await self._scan(content, size), TooLong):
            if size <= LEAST:
                raise Silent(f"{self._lines.place}: its StreamMaxLength is below {LEAST} octets")
            size = max(LEAST, size // 2)
            self._takes = size if answer.is_said else self._takes
        return (self._opine(answer, size, content.size),)

    async def version(self) -> str:
        """Of the daemon and of its signatures; Silent."""
        async with self._lines.open() as connection:
            connection.write(VERSION)
            return tame(await self._read(connection))

    async def _scan(self, content: Content, size: int) -> Answer:
        async with self._lines.open() as connection:
            await self._lines.send(connection, _stream(content, size))
            try:
                return read_answer(await self._read(connection))
            except PeerGone:
                if size <= LEAST:
                    raise
                return TooLong(is_said=False)  # it closes after saying so, and then its words may be lost on the way

    async def _read(self, connection: Connection) -> str:
        receiver = ReplyReceiver()
        while (reply := receiver.feed(await self._lines.read(connection))) is None:
            pass
        return reply

    def _opine(self, answer: Clean | Found | Failed, size: int, whole: int) -> Opinion:
        symptoms = (Symptom("PARTLY_SCANNED", words=f"the first {size} of {whole} octets"),) if size < whole else ()
        match answer:
            case Clean():
                return Opinion(source=NAME, concern=Concern.VIRUS, symptoms=symptoms)
            case Found(name):
                return Opinion(source=NAME, concern=Concern.VIRUS, symptoms=symptoms, words=name)
            case Failed(words):
                raise Unable(f"{self._lines.place}: {words}")


async def _stream(content: Content, size: int) -> AsyncIterator[bytes]:
    yield OPEN
    async for piece in pieces(content, size):
        yield frame(piece)
    yield END
