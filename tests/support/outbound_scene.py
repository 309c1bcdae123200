"""Outbound before peers of a script: parcels, settings, a DNS in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending
from mailstead.ground.model.envelope import BodyType, DsnRequest
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import SpooledRecipient, State
from mailstead.net.clock import Clock, SystemClock
from mailstead.net.dns import Mx
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.services.outbound.outbound import Outbound
from mailstead.services.outbound.parcel import Parcel, Rendition, Unsuitable
from mailstead.services.outbound.settings import OutboundSettings, Timeouts
from mailstead.services.outbound.tls_policy import RouteTrust, Trust
from tests.support.names import Names

LETTER = b"Subject: hello\r\n\r\n.one dot\r\nbye\r\n"
PATIENT = Timeouts(**dict.fromkeys(Timeouts.__dataclass_fields__, 20.0))


@dataclass
class Octets:
    """Implements `Content`."""

    data: bytes = LETTER
    body: BodyType = BodyType.SEVEN_BIT
    step: int = 7
    asked: int = 0

    async def render(self, *, eight_bit: bool, binary: bool) -> Rendition | Unsuitable:
        self.asked += 1
        if self.body is BodyType.BINARY and not binary:
            return Unsuitable("5.6.3", "binary")
        if self.body is BodyType.EIGHT_BIT and not eight_bit:
            return Unsuitable("5.6.3", "8-bit")
        return Rendition(len(self.data), self.body, self._chunks)

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.data), self.step):
            yield self.data[start : start + self.step]


def recipient(number: int, address: str, dsn: DsnRequest | None = None) -> SpooledRecipient:
    parsed = Address.parse(address)
    return SpooledRecipient(
        letter_id=SpoolId(7), number=number, address=parsed, destination=parsed.domain, state=State.ACTIVE,
        due_at=Instant(0), dsn=dsn or DsnRequest(),
    )  # fmt: skip


def parcel(*addresses: str, port: int = 25, route: Route | None = None, **more: Any) -> Parcel:
    """To `addresses`, all of one domain; direct, to that port, if no route is given."""
    recipients = tuple(recipient(number, text) for number, text in enumerate(addresses or ("bob@b.test",)))
    given = {
        "id": 7,
        "sender": Address.parse("ann@a.test"),
        "recipients": recipients,
        "domain": recipients[0].address.domain,
        "route": route or Route(port=port),
        "content": Octets(),
    }
    return Parcel(**{**given, **more})


def names_of(domain: str = "b.test", *, ip: str = "127.0.0.1") -> Names:
    """One domain with one host on this machine."""
    host = f"mx.{domain}"
    return Names().add("mx", domain, Mx(10, host)).add("a", host, ip)


def settings(**more: Any) -> OutboundSettings:
    return replace(OutboundSettings(hostname="out.a.test", timeouts=PATIENT), **more)


@asynccontextmanager
async def outbound(
    names: Names | None = None,
    *,
    trust: Trust | None = None,
    authorities: Path | None = None,
    clock: Clock | None = None,
    **more: Any,
) -> AsyncIterator[Outbound]:
    """Closed at the end. `more` are settings."""
    made = Outbound(
        resolver=names or names_of(),
        clock=clock or SystemClock(),
        settings=settings(**more),
        trust=trust or RouteTrust(),
        random=Random(1),
        contexts=ClientContexts(authorities),
        sweep=Sweep(0.01),
    )
    try:
        yield made
    finally:
        await made.close()


def endings(attempt: Attempt) -> list[Ending]:
    return [result.ending for result in attempt.results]


def statuses(attempt: Attempt) -> list[str]:
    return [result.status for result in attempt.results]
