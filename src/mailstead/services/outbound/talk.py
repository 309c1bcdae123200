"""One connection's dialogue, as far as it is the same for all that is said: commands out, replies in.

Whatever ends the dialogue is a `Setback`: silence, a close, garbage, and 421 wherever it comes (RFC 5321 §3.8).
"""

import asyncio
from contextlib import suppress

from mailstead.ground.model.route import Speech
from mailstead.ground.wire.smtp.client.capabilities import NO_CAPABILITIES, Capabilities
from mailstead.ground.wire.smtp.client.commands import render
from mailstead.ground.wire.smtp.client.replies import BadReply, Reply, ReplyReader
from mailstead.ground.wire.smtp.client.status import Stage, status_of
from mailstead.net.connection import Connection
from mailstead.net.stream import PeerGone, TimedOut, TlsInfo
from mailstead.services.outbound.story import Setback, Story


class Talk:
    """Belongs to one attempt at a time, whose story it tells; in between it lies idle in the pool."""

    def __init__(self, connection: Connection, speech: Speech, host: str, story: Story) -> None:
        self.connection = connection
        self.speech = speech
        self.host = host  # as results name it: "mx1.example.org [192.0.2.1]"
        self.story = story
        self.capabilities: Capabilities = NO_CAPABILITIES
        self.greeting_name = ""
        self.uses = 0  # transactions begun
        self.needs_reset = False  # one was begun and did not end by itself
        self.is_over = False
        self._reader = ReplyReader()

    @property
    def tls(self) -> TlsInfo | None:
        """What was agreed on."""
        return self.connection.tls

    @property
    def is_lmtp(self) -> bool:
        """One reply for each recipient after the content (RFC 2033 §4.2)."""
        return self.speech is Speech.LMTP

    @property
    def is_stale(self) -> bool:
        """True if an idle one said something or went away: it can only be a farewell."""
        return self.is_over or self._reader.has_pending or self.connection.has_input()

    def say(self, data: bytes) -> None:
        """Queue bytes."""
        self.connection.write(data)

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - one sweeping timer serves all connections
        """Wait until little is queued; if they close, their last words count."""
        try:
            await self.connection.drain(timeout)
        except PeerGone as error:
            raise await self._last_words() or self.fail(f"connection lost (content): {error}") from None

    async def ask(self, line: bytes, stage: Stage, timeout: float) -> Reply:  # noqa: ASYNC109
        """One command and its reply."""
        self.say(line)
        return await self.hear(stage, timeout)

    async def hear(self, stage: Stage, timeout: float) -> Reply:  # noqa: ASYNC109
        """The next reply, 421 excepted; all of it within the time, so that drops of it win them none."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + timeout
        while (reply := self._reader.next_reply()) is None:
            try:
                data = await self.connection.read(ends_at - loop.time())
            except TimedOut:
                raise self.fail(f"no reply in time ({stage.value})") from None
            except PeerGone as error:
                raise self.fail(f"connection lost ({stage.value}): {error}") from None
            if not data:
                raise self.fail(f"connection closed ({stage.value})")
            self._reader.feed(data)
        if isinstance(reply, BadReply):
            raise self.fail(f"{reply.why} ({stage.value})", "4.5.0")
        self.story.tell("reply", to=stage.value, text=reply.words)
        if reply.code == 421:
            raise self._farewell(reply, stage)
        return reply

    def fail(self, words: str, status: str = "4.4.2") -> Setback:
        """The connection is of no more use."""
        self.abort()
        self.story.tell("lost", host=self.host, why=words)
        return Setback(status, words, self.host)

    def _farewell(self, reply: Reply, stage: Stage) -> Setback:
        self.abort()
        return Setback(status_of(reply, stage), reply.words, self.host, is_busy=reply.code == 421)

    async def _last_words(self) -> Setback | None:
        """What they said before they closed, in the middle of the content."""
        with suppress(PeerGone, TimedOut):
            self._reader.feed(await self.connection.read(0))
        reply = self._reader.next_reply()
        if not isinstance(reply, Reply) or reply.code < 400:
            return None
        self.story.tell("reply", to=Stage.CONTENT.value, text=reply.words)
        return self._farewell(reply, Stage.CONTENT)

    def forget_input(self) -> None:
        """RFC 3207 §4.2: what was said in the clear was not said."""
        self._reader.clear()
        self.capabilities = NO_CAPABILITIES

    def quit(self) -> None:
        """Take leave without waiting for theirs (RFC 5321 §4.1.1.10 has us wait; nothing hangs on it)."""
        if not self.is_over:
            self.say(render("QUIT"))
            self.is_over = True
            self.connection.close()

    def abort(self) -> None:
        """Close at once."""
        self.is_over = True
        self.connection.abort()
