"""Looks at others without giving them a letter: whether they know a recipient, and how the way to them is.

What a probe sees is not reported to anyone (RFC 8460 counts the sessions of mail).
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Step
from mailstead.ground.model.envelope import NO_DSN
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.route import Route
from mailstead.ground.wire.smtp.client.commands import MailWords, render_mail, render_rcpt
from mailstead.ground.wire.smtp.client.replies import Reply
from mailstead.ground.wire.smtp.client.status import Stage, said_status, status_of
from mailstead.services.outbound.approach import Approach
from mailstead.services.outbound.opening import Spot
from mailstead.services.outbound.pool import Care
from mailstead.services.outbound.settings import Timeouts
from mailstead.services.outbound.story import Setback, Story
from mailstead.services.outbound.talk import Talk
from mailstead.services.outbound.tls_policy import Hop, RouteHopTrust

PATIENCE: Final = Timeouts(connect=10.0, greeting=20.0, hello=20.0, tls=20.0, login=20.0, mail=20.0, rcpt=20.0)
"""Somebody waits for what a probe finds."""


class Standing(Enum):
    """Of a recipient at a host."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNCLEAR = "unclear"  # nobody could be asked, or the answer was about something else


@dataclass(frozen=True, slots=True)
class Answer:
    """`words` are the host's, or say why there are none."""

    standing: Standing
    words: str


@dataclass(frozen=True, slots=True)
class Look:
    """One step of a way; `setback`: what ended it there. The last one of a host that would take mail `is_ready`."""

    step: Step | None = None
    setback: Setback | None = None
    is_ready: bool = False
    host: str = ""


class Prober:
    """One for a worker. Of the settings it takes all but the times."""

    def __init__(self, approach: Approach) -> None:
        self._approach = replace(approach, settings=replace(approach.settings, timeouts=PATIENCE))
        self._opener = self._approach.opener()

    async def ask(self, route: Route, address: Address) -> Answer:
        """MAIL and RCPT, and no more: what a host says that answers. Raises nothing that is expected."""
        story = Story(self._approach.clock)
        scout = self._approach.scout(story)
        try:
            async with aclosing(scout.spots(address.domain, route, Care.PLAIN)) as spots:
                async for spot in spots:
                    try:
                        return await self._ask(await self._opener.open(_unreported(spot), story), address)
                    except Setback as setback:
                        scout.setbacks.append(setback)
        except Setback as setback:
            scout.setbacks.append(setback)
        return Answer(Standing.UNCLEAR, scout.setbacks[-1].words if scout.setbacks else "there is no host to ask")

    async def _ask(self, talk: Talk, address: Address) -> Answer:
        try:
            utf8 = not address.is_ascii
            if utf8 and not talk.capabilities.smtputf8:  # it could not be given a letter for that address either
                return Answer(Standing.UNKNOWN, "the address needs SMTPUTF8, which the host does not offer")
            line = render_rcpt(address, NO_DSN, smtputf8=utf8)
            mail = await talk.ask(render_mail(None, MailWords(smtputf8=utf8)), Stage.MAIL, PATIENCE.mail)
            if not mail.is_positive:
                return Answer(Standing.UNCLEAR, mail.words)
            reply = await talk.ask(line, Stage.RCPT, PATIENCE.rcpt)
        except Invalid as error:
            return Answer(Standing.UNKNOWN, str(error))
        finally:
            talk.quit()
        return Answer(_standing(reply), reply.words)

    async def look(self, route: Route, domain: str) -> AsyncGenerator[Look, None]:
        """All hosts in their order, with EHLO and TLS, as far as letters would get; what is found is told at once."""
        story = Story(self._approach.clock)
        scout = self._approach.scout(story)
        reader = _Reader(story, scout.setbacks)
        try:
            async with aclosing(scout.spots(domain, route, Care.PLAIN)) as spots:
                async for spot in spots:
                    for look in reader.news():
                        yield look
                    end = await self._visit(spot, story)
                    for look in reader.news():
                        yield look
                    yield end
        except Setback as setback:
            scout.setbacks.append(setback)
        for look in reader.news():
            yield look

    async def _visit(self, spot: Spot, story: Story) -> Look:
        try:
            talk = await self._opener.open(_unreported(spot), story)
        except Setback as setback:
            return Look(setback=setback, host=spot.label)
        talk.quit()
        return Look(is_ready=True, host=spot.label)


class _Reader:
    """Gives what was told since it last looked."""

    def __init__(self, story: Story, setbacks: list[Setback]) -> None:
        self._story = story
        self._setbacks = setbacks
        self._steps = 0
        self._told = 0

    def news(self) -> Iterator[Look]:
        steps, setbacks = self._story.steps()[self._steps :], self._setbacks[self._told :]
        self._steps += len(steps)
        self._told += len(setbacks)
        yield from (Look(step=step) for step in steps)
        yield from (Look(setback=setback, host=setback.host) for setback in setbacks)


def _unreported(spot: Spot) -> Spot:
    return replace(spot, trust=RouteHopTrust(Hop(domain=spot.name, route=spot.route)))


def _standing(reply: Reply) -> Standing:
    """A refusal for good is one of the recipient only if it says so: RFC 3463 §3.2, and codes that have no other use.
    That we may not relay, or that it is full, says nothing of who is there."""
    if reply.is_positive:
        return Standing.KNOWN
    status = status_of(reply, Stage.RCPT)
    is_bare = said_status(reply) in (None, "5.0.0") and reply.code in (550, 551, 553)
    if reply.is_permanent and (is_bare or status.startswith("5.1.") or status == "5.2.1"):
        return Standing.UNKNOWN
    return Standing.UNCLEAR
