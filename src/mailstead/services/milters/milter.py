"""One milter: a letter is told it from the connection to the last octet, in one go, once all of it is here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.milter import Fallback, MilterRule
from mailstead.ground.model.opinion import Concern, Opinion, Symptom, Wish
from mailstead.ground.wire import milter as wire
from mailstead.ground.wire.milter import DeleteRecipient, Edit, Plain, Quarantine, Reply, ReplyCode, Step, Terms
from mailstead.net.connection import Connection
from mailstead.net.stream import PeerGone
from mailstead.services.filters.line import Lines
from mailstead.services.milters.working import Working

EDITS_MAX: Final = 1000
"""Besides the pieces of a new body, which are as many as its length takes."""
_FATES: Final[Mapping[Plain, Wish]] = {
    Plain.REJECT: Wish.REFUSE, Plain.TEMPFAIL: Wish.PUT_OFF, Plain.DISCARD: Wish.DISCARD
}  # fmt: skip
_FALLBACKS: Final[Mapping[Fallback, Wish]] = {
    Fallback.ACCEPT: Wish.NOTHING,
    Fallback.TEMPFAIL: Wish.PUT_OFF,
    Fallback.REJECT: Wish.REFUSE,
    Fallback.QUARANTINE: Wish.SET_ASIDE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is known beside the letter. `queue_id` is what it goes by in the milter's log."""

    envelope: Envelope
    client: Client
    client_name: str
    hostname: str
    daemon_name: str
    queue_id: str
    size_max: int


class Milter:
    """One for a worker."""

    def __init__(self, rule: MilterRule, lines: Lines) -> None:
        self.rule = rule
        self._lines = lines

    @property
    def source(self) -> str:
        """Of its opinions."""
        return f"milter {self.rule.name}"

    async def visit(self, occasion: Occasion, working: Working) -> tuple[Opinion, ...]:
        """Tell it, change the letter as it asks, and say what it wants of the envelope; Silent."""
        async with self._lines.open() as connection:
            talk = _Talk(connection, self._lines.timeout, occasion.size_max)
            terms = await talk.negotiate()
            opinions = await self._tell(talk, terms, occasion, working)
            await talk.quit()
            if not any(one.wish in (Wish.REFUSE, Wish.PUT_OFF) and not one.recipient for one in opinions):
                working.edit(talk.edits, has_leading_space=terms.has_leading_space)
        return opinions

    def opine_silent(self, why: str) -> Opinion:
        """While it does not answer."""
        wish = _FALLBACKS[self.rule.fallback]
        if wish is Wish.NOTHING:
            return Opinion(source=self.source, concern=Concern.RULE, trouble=why)
        symptom = Symptom("MILTER_SILENT", words=f"it gave no answer: {why}")
        return Opinion(source=self.source, concern=Concern.RULE, wish=wish, symptoms=(symptom,))

    async def _tell(
        self, talk: "_Talk", terms: Terms, occasion: Occasion, working: Working
    ) -> tuple[Opinion, ...]:  # fmt: skip
        about_some: list[Opinion] = []
        is_body_skipped = False
        async for step, macros, packet, recipient in _script(terms, occasion, working):
            if not terms.wants(step) or (step is Step.BODY and is_body_skipped):
                continue
            reply = await talk.tell(macros + packet, is_answered=terms.answers(step), is_end=step is Step.END)
            if reply is Plain.ACCEPT:
                break
            if reply is Plain.SKIP and step is Step.BODY:
                is_body_skipped = True
            elif reply is not Plain.CONTINUE:
                opinion = self._opine(reply, recipient)
                if not opinion.recipient:
                    talk.abort()
                    return (opinion,)
                about_some.append(opinion)
        return (*about_some, *self._opine_edits(talk.edits, occasion.envelope.recipients))

    def _opine(self, reply: Reply, recipient: str) -> Opinion:
        match reply:
            case Plain() if reply in _FATES:
                wish, words = _FATES[reply], ""
            case ReplyCode(code, words):
                wish = Wish.REFUSE if code >= 500 else Wish.PUT_OFF
            case _:
                raise Invalid(f"{reply} in a place where it has no meaning")
        about = "" if wish is Wish.DISCARD else recipient
        return Opinion(source=self.source, concern=Concern.RULE, wish=wish, words=words, recipient=about)

    def _opine_edits(self, edits: list[Edit], recipients: tuple[Recipient, ...]) -> list[Opinion]:
        """What it wants beside the letter itself."""
        opinions: list[Opinion] = []
        known = {str(one.address).lower(): str(one.address) for one in recipients}
        for edit in edits:
            match edit:
                case Quarantine(reason):
                    symptoms = (Symptom("MILTER_QUARANTINE", words=reason),) if reason else ()
                    opinions.append(
                        Opinion(source=self.source, concern=Concern.RULE, wish=Wish.SET_ASIDE, symptoms=symptoms)
                    )
                case DeleteRecipient(address) if address.lower() in known:
                    opinions.append(
                        Opinion(
                            source=self.source, concern=Concern.RULE, wish=Wish.DISCARD,
                            recipient=known[address.lower()],
                        )
                    )  # fmt: skip
                case _:
                    pass
        return opinions


class _Talk:
    """Packets out, replies in."""

    def __init__(self, connection: Connection, timeout: float, size_max: int) -> None:
        self._connection = connection
        self._timeout = timeout
        self._receiver = wire.Receiver()
        self._packets: list[tuple[bytes, bytes]] = []
        self._room = size_max
        self.edits: list[Edit] = []

    async def negotiate(self) -> Terms:
        """First of all."""
        self._connection.write(wire.render_offer())
        return wire.parse_terms(*await self._next())

    async def tell(self, packet: bytes, *, is_answered: bool, is_end: bool) -> Reply:
        """What it says to that; CONTINUE where it says nothing. Edits come at the end alone."""
        self._connection.write(packet)
        await self._connection.drain(self._timeout)
        while is_answered:
            reply = wire.parse_reply(*await self._next())
            if reply is Plain.PROGRESS:
                continue
            if isinstance(reply, Plain | ReplyCode):
                return reply
            if not is_end:
                raise Invalid("a change before the end of the letter")
            self._keep(reply)
        return Plain.CONTINUE

    def abort(self) -> None:
        """It has decided: no more of this letter."""
        self._connection.write(wire.ABORT)

    async def quit(self) -> None:
        """Say so, and give the loop the turn in which it is sent: then the line is cut."""
        self._connection.write(wire.QUIT)
        await asyncio.sleep(0)

    def _keep(self, edit: Edit) -> None:
        if isinstance(edit, wire.ReplaceBody):
            self._room -= len(edit.data)
        elif sum(not isinstance(one, wire.ReplaceBody) for one in self.edits) >= EDITS_MAX:
            raise Invalid(f"more than {EDITS_MAX} changes")
        if self._room < 0:
            raise Invalid("a new body that is longer than a letter may be")
        self.edits.append(edit)

    async def _next(self) -> tuple[bytes, bytes]:
        while not self._packets:
            data = await self._connection.read(self._timeout)
            if not data:
                raise PeerGone("ended")
            self._packets += self._receiver.feed(data)
        return self._packets.pop(0)


_Line = tuple[Step, bytes, bytes, str]
"""The step, its macros and its packet; the recipient that it is about."""


async def _script(terms: Terms, occasion: Occasion, working: Working) -> AsyncIterator[_Line]:
    """All that is told of a letter, in order, with the macros that Postfix gives."""
    for line in _envelope_lines(occasion):
        yield line
    for name, value in working.fields:
        if name:
            yield Step.HEADER, b"", wire.render_field(name, value, terms), ""
    number = {"i": occasion.queue_id}
    yield Step.END_OF_HEADER, wire.render_macros(Step.END_OF_HEADER, number), wire.render_bare(Step.END_OF_HEADER), ""
    if terms.wants(Step.BODY):
        async for piece in working.pieces(wire.CHUNK):
            yield Step.BODY, b"", wire.render_body(piece), ""
    yield Step.END, wire.render_macros(Step.END, number), wire.render_bare(Step.END), ""


def _envelope_lines(occasion: Occasion) -> list[_Line]:
    client, envelope = occasion.client, occasion.envelope
    sender = str(envelope.sender or "")
    version, _, cipher = client.tls.partition(" ")
    start = {
        "j": occasion.hostname, "{daemon_name}": occasion.daemon_name, "v": "Mailstead",
        "{client_addr}": client.ip, "{client_name}": occasion.client_name, "{client_port}": str(client.port),
        "_": f"{occasion.client_name} [{client.ip}]",
    }  # fmt: skip
    mail = {
        "i": occasion.queue_id, "{auth_type}": "PLAIN" if client.login else "", "{auth_authen}": client.login,
        "{mail_addr}": sender, "{mail_host}": sender.rpartition("@")[2], "{mailer}": "local",
    }  # fmt: skip
    words = [f"<{sender}>"]
    words += ["BODY=8BITMIME"] if envelope.body.value != "7BIT" else []
    words += ["SMTPUTF8"] if envelope.smtputf8 else []
    hello = wire.render_macros(Step.HELO, {"{tls_version}": version, "{cipher}": cipher})
    number = wire.render_macros(Step.DATA, {"i": occasion.queue_id})
    return [
        (
            Step.CONNECT, wire.render_macros(Step.CONNECT, start),
            wire.render_connect(occasion.client_name, client.ip, client.port), "",
        ),
        (Step.HELO, hello, wire.render_words(Step.HELO, [client.helo]), ""),
        (Step.MAIL, wire.render_macros(Step.MAIL, mail), wire.render_words(Step.MAIL, words), ""),
        *(_recipient_line(one, occasion) for one in envelope.recipients),
        (Step.DATA, number, wire.render_bare(Step.DATA), ""),
    ]  # fmt: skip


def _recipient_line(one: Recipient, occasion: Occasion) -> _Line:
    address = str(one.address)
    macros = {
        "i": occasion.queue_id, "{rcpt_addr}": address, "{rcpt_host}": one.address.domain, "{rcpt_mailer}": "local",
    }  # fmt: skip
    packet = wire.render_words(Step.RCPT, [f"<{address}>"])
    return Step.RCPT, wire.render_macros(Step.RCPT, macros), packet, address
