"""SpamAssassin's daemon: it gets the letter with the fields that we put before it, and answers with its report."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.received import render_received, render_return_path
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.wire.spamc import Reply, ReplyReceiver, read_report, read_score, render_head
from mailstead.net.clock import Clock
from mailstead.net.connection import Connection
from mailstead.services.checks.specimen import Content, Specimen
from mailstead.services.filters.asking import Silent, Unable
from mailstead.services.filters.line import Lines, pieces

NAME: Final = "spamassassin"
USUAL_THRESHOLD: Final = 5.0
_LAST: Final = b"\r\n"
"""It reads lines, and waits for the end of the last one; DKIM does not count empty ones there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamdSettings:
    """What the operator decides."""

    hostname: str
    max_size: int
    user: str = ""


class Spamd:
    """One for a worker."""

    name = NAME
    concern = Concern.SPAM

    def __init__(self, lines: Lines, clock: Clock, settings: SpamdSettings) -> None:
        self._lines = lines
        self._clock = clock
        self._settings = settings

    @property
    def place(self) -> str:
        """Where it is."""
        return str(self._lines.place)

    def is_wanted(self, specimen: Specimen) -> bool:
        """By any domain."""
        return any(policy.spam.enabled for policy in specimen.policies.values())

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """The score in our coin, and its rules."""
        reply = await self._exchange("REPORT", specimen.content, before=self._render_trace(specimen))
        if reply.code:
            raise Unable(f"{self._lines.place}: it refused: {reply.words}")
        try:
            found = read_score(reply)
        except Invalid as error:
            raise Silent(f"{self._lines.place}: {error}") from None
        coin = USUAL_THRESHOLD / found.threshold if found.threshold > 0 else 1.0
        return (
            Opinion(
                source=NAME, concern=Concern.SPAM, score=found.score * coin, symptoms=read_report(reply.body),
            ),
        )  # fmt: skip

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        """For what its Bayes keeps; spamd has to be started with --allow-tell."""
        wanted = {"Message-class": "spam" if is_spam else "ham", "Set": "local"}
        reply = await self._exchange("TELL", content, headers=wanted)
        if reply.code:
            raise Silent(f"{self._lines.place}: it refused: {reply.words}")

    def _render_trace(self, specimen: Specimen) -> bytes:
        """What it goes by to know who the letter came from."""
        recipients = specimen.envelope.recipients
        received = render_received(
            specimen.client, by=self._settings.hostname, id="", at=self._clock.now(),
            recipient=recipients[0].address if len(recipients) == 1 else None,
        )  # fmt: skip
        return render_return_path(specimen.envelope.sender) + specimen.field + received

    async def _exchange(
        self, command: str, content: Content, *, before: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        size = min(content.size, self._settings.max_size)
        head = render_head(command, len(before) + size + len(_LAST), user=self._settings.user, headers=headers)
        async with self._lines.open() as connection:
            connection.write(head + before)
            await self._lines.send(connection, _finish_line(pieces(content, size)))
            return await self._read(connection)

    async def _read(self, connection: Connection) -> Reply:
        receiver = ReplyReceiver()
        while data := await connection.read(self._lines.timeout):
            if (reply := receiver.feed(data)) is not None:
                return reply
        return receiver.finish()


async def _finish_line(data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in data:
        yield piece
    yield _LAST
