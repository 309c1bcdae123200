"""One mail transaction on an open dialogue (RFC 5321 §3.3): MAIL, RCPT, DATA or BDAT, pipelined where offered.

Results go to the ledger as they are heard. A `Setback` leaves waiting whoever has none yet.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.attempt import Ending
from mailstead.ground.model.envelope import NO_DSN, BodyType
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.spool import SpooledRecipient
from mailstead.ground.wire.smtp.client.commands import MailWords, render, render_mail, render_rcpt
from mailstead.ground.wire.smtp.client.content import BareLineEnd, DotStuffer
from mailstead.ground.wire.smtp.client.replies import Reply
from mailstead.ground.wire.smtp.client.status import Stage, said_status, status_of
from mailstead.services.outbound.parcel import Parcel, Rendition
from mailstead.services.outbound.settings import Timeouts
from mailstead.services.outbound.story import Ledger, Setback, Unfit
from mailstead.services.outbound.talk import Talk

BLOCK: Final = 256 * 1024  # octets of one BDAT
SLOWEST: Final = 500  # octets a second that a host must take


@dataclass(frozen=True, slots=True)
class Transaction:
    """One letter, as this peer may have it, for some recipients."""

    talk: Talk
    parcel: Parcel
    rendition: Rendition
    words: MailWords
    recipients: Sequence[SpooledRecipient]
    ledger: Ledger
    timeouts: Timeouts

    async def run(self) -> None:
        """Everyone gets a result, but those the peer found too many of: they wait for the next transaction."""
        talk = self.talk
        try:
            opening = self._opening()
        except Invalid as error:
            raise Unfit("5.5.4", str(error)) from None
        if talk.capabilities.pipelining:
            talk.say(b"".join(line for _, line in opening))
        was_begun, talk.needs_reset, talk.uses = talk.needs_reset, True, talk.uses + 1
        if was_begun:
            await self._turn(opening[0][1], Stage.RESET, self.timeouts.reset)
        mail = await self._turn(opening[was_begun][1], Stage.MAIL, self.timeouts.mail)
        if not mail.is_positive and not talk.capabilities.pipelining:
            self._refuse_all(mail)
            return
        accepted = await self._name_recipients([line for stage, line in opening if stage is Stage.RCPT], mail)
        if self._is_binary:
            if mail.is_positive and accepted:
                await self._give_chunks(accepted)
        elif accepted or talk.capabilities.pipelining:
            await self._ask_for_data(accepted)
        if not mail.is_positive:
            self._refuse_all(mail)

    @property
    def _is_binary(self) -> bool:
        return self.rendition.body is BodyType.BINARY

    def _opening(self) -> list[tuple[Stage, bytes]]:
        """All commands that may go out in one group (RFC 2920 §3.1)."""
        capabilities = self.talk.capabilities
        lines = [(Stage.RESET, render("RSET"))] if self.talk.needs_reset else []
        lines.append((Stage.MAIL, render_mail(self.parcel.sender, self.words)))
        for recipient in self.recipients:
            dsn = recipient.dsn if capabilities.dsn else NO_DSN
            lines.append((Stage.RCPT, render_rcpt(recipient.address, dsn, smtputf8=self.words.smtputf8)))
        if not self._is_binary:
            lines.append((Stage.DATA, render("DATA")))
        return lines

    async def _turn(self, line: bytes, stage: Stage, timeout: float) -> Reply:  # noqa: ASYNC109
        """The reply to a command, which is said now unless it went out with its group."""
        if not self.talk.capabilities.pipelining:
            self.talk.say(line)
        return await self.talk.hear(stage, timeout)

    def _refuse_all(self, mail: Reply) -> None:
        """MAIL refused for good is about the letter; refused for now it is about the host, and another may take it."""
        if not mail.is_permanent:
            raise Setback(status_of(mail, Stage.MAIL), mail.words, self.talk.host)
        self.ledger.hear(self.recipients, mail, Stage.MAIL, self.talk.host)

    async def _name_recipients(self, lines: Sequence[bytes], mail: Reply) -> list[SpooledRecipient]:
        accepted: list[SpooledRecipient] = []
        for recipient, line in zip(self.recipients, lines, strict=True):
            reply = await self._turn(line, Stage.RCPT, self.timeouts.rcpt)
            if not mail.is_positive:
                continue  # what they say of recipients then says nothing
            if reply.is_positive:
                accepted.append(recipient)
            elif not (accepted and _are_too_many(reply)):
                self._hear_refusal(recipient, reply)
        return accepted

    def _hear_refusal(self, recipient: SpooledRecipient, reply: Reply) -> None:
        if _are_too_many(reply) and reply.is_permanent:  # RFC 5321 §4.5.3.1.10: 552 means 452 here
            self.ledger.settle([recipient], Ending.DEFERRED, "4.5.3", reply.words, self.talk.host)
            self.ledger.is_heard = True
        else:
            self.ledger.hear([recipient], reply, Stage.RCPT, self.talk.host)

    async def _ask_for_data(self, accepted: Sequence[SpooledRecipient]) -> None:
        talk = self.talk
        reply = await self._turn(render("DATA"), Stage.DATA, self.timeouts.data)
        if reply.code == 354 and accepted:
            async with self._at_least_slowly():
                await self._send_lines()
            await self._drain_end()
            await self._hear_endings(accepted)
        elif reply.code == 354:  # RFC 2920 §3.1: nobody was accepted, and yet it waits for content
            await talk.ask(b".\r\n", Stage.CONTENT, self.timeouts.done)
        elif accepted:
            self.ledger.hear(accepted, reply, Stage.DATA, talk.host)

    async def _send_lines(self) -> None:
        stuffer = DotStuffer()
        ready = b""
        try:
            async for piece in self.rendition.chunks():
                ready += stuffer.encode(piece)
                if len(ready) >= BLOCK:
                    self.talk.say(ready)
                    await self.talk.drain(self.timeouts.block)
                    ready = b""
            self.talk.say(ready + stuffer.end())  # a small letter is one write
        except BareLineEnd:
            self.talk.abort()  # within DATA there is no other way to take it back
            raise Unfit("5.6.11", "the letter has a bare CR or LF") from None

    async def _give_chunks(self, accepted: Sequence[SpooledRecipient]) -> None:
        async with self._at_least_slowly():
            is_wanted = await self._send_chunks(accepted)
        if is_wanted:
            self.talk.say(render("BDAT", "0", "LAST"))
            await self._drain_end()
            await self._hear_endings(accepted)

    async def _send_chunks(self, accepted: Sequence[SpooledRecipient]) -> bool:
        """RFC 3030 §2: blocks of known size; True if all were taken."""
        block = bytearray()
        async for piece in self.rendition.chunks():
            block += piece
            if len(block) >= BLOCK and not await self._send_block(block, accepted):
                return False
        return not block or await self._send_block(block, accepted)

    @asynccontextmanager
    async def _at_least_slowly(self) -> AsyncIterator[None]:
        """Whoever takes a few octets now and then would keep us for ever."""
        try:
            async with asyncio.timeout(self.timeouts.block + self.rendition.size / SLOWEST):
                yield
        except TimeoutError:
            raise self.talk.fail("it takes the letter too slowly") from None

    async def _send_block(self, block: bytearray, accepted: Sequence[SpooledRecipient]) -> bool:
        self.talk.say(render("BDAT", str(len(block))) + block)
        block.clear()
        await self.talk.drain(self.timeouts.block)
        reply = await self.talk.hear(Stage.CONTENT, self.timeouts.block)
        if not reply.is_positive:
            self.ledger.hear(accepted, reply, Stage.CONTENT, self.talk.host)
        return reply.is_positive

    async def _drain_end(self) -> None:
        """The end is on its way: from here on they may have the letter (RFC 1047)."""
        try:
            await self.talk.drain(self.timeouts.block)
        except Setback:
            return  # `_hear_endings` hears it too, and knows whom it concerns

    async def _hear_endings(self, accepted: Sequence[SpooledRecipient]) -> None:
        """One reply, or in LMTP one for each (RFC 2033 §4.2). Without it nobody knows, and nobody else is asked."""
        taken = Ending.DELIVERED if self.talk.capabilities.dsn else Ending.RELAYED
        shares = [[recipient] for recipient in accepted] if self.talk.is_lmtp else [accepted]
        for share in shares:
            try:
                reply = await self.talk.hear(Stage.CONTENT, self.timeouts.done)
            except Setback as setback:
                self.ledger.settle(accepted, Ending.DEFERRED, setback.status, setback.words, setback.host)
                raise
            if reply.is_positive:
                status = status_of(reply, Stage.CONTENT)
                self.ledger.settle(share, taken, status, reply.words, self.talk.host)
                self.ledger.is_heard = True
            else:
                self.ledger.hear(share, reply, Stage.CONTENT, self.talk.host)
        self.talk.needs_reset = False


def _are_too_many(reply: Reply) -> bool:
    """RFC 5321 §4.5.3.1.10: not this recipient, but one more than it takes at once."""
    said = said_status(reply)
    return reply.code in (452, 552) and (said is None or said[2:] == "5.3")
