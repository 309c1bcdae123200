"""A letter that a filter could not judge: each domain decides, and who takes it takes it durably."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.ground.model import policy as p
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.model.outcome import Deferred, Delivered, Outcome
from mailstead.ground.model.policy import Action, Policy
from mailstead.ground.model.spool import JUDGING, State
from mailstead.ground.model.verdict import Reason
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.checks.checks import Checks
from mailstead.services.checks.waiting import read_case
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.delivery.plan import Accepted
from mailstead.services.policy.concealing import Concealing
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import MINUTE, Terms
from mailstead.store.port.spool import Wanted
from tests.support.examining import SetPanel
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames
from tests.support.smtp_scene import furnish
from tests.support.stores import sqlite_engine

SILENT = Opinion(source="clamav", concern=Concern.VIRUS, trouble="no answer in 60 s")
LETTER = b"From: eve@far.test\r\nSubject: hi\r\n\r\nhello\r\n"
CLIENT = Client(ip="192.0.2.7", helo="mail.far.test", session="7")
QUIET = Policy(spf=p.Spf(enabled=False), dmarc=p.Dmarc(enabled=False))


class ByDomain:
    """What a domain does when clamd is silent stands in its name."""

    async def of(self, domain: str) -> Policy:
        return replace(QUIET, clamav=p.Clamav(fail_action=Action(domain.partition(".")[0])))


@pytest.mark.parametrize(
    ("domains", "outcomes", "filed", "waiting"),
    [
        (("hold.test",), (Delivered(),), 0, ["ann@hold.test"]),
        (("hold.test", "accept.test"), (Delivered(), Delivered()), 1, ["ann@hold.test"]),
        (("hold.test", "defer.test"), (Delivered(), Delivered()), 1, ["ann@hold.test"]),  # set aside: one reply
        (("defer.test",), (Deferred(Reason.FILTER_SILENT),), 0, []),
        (("reject.test",), (Deferred(Reason.FILTER_SILENT),), 0, []),
    ],
)
async def test_who_waits(
    tmp_path: Path, domains: tuple[str, ...], outcomes: tuple[Outcome, ...], filed: int, waiting: list[str]
) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store, clock = await engine.open(), FakeClock()
        await furnish(store, {"accounts": ",".join(f"ann@{domain}" for domain in domains)})
        delivery = Delivery(store, clock, IdSource(clock, 1), Spooling(Terms(), NoOutbox()), hostname="mx.test")
        checks = Checks(KnownNames(), clock, ByDomain(), hostname="mx.test", panel=SetPanel((SILENT,)))
        forwarding = Forwarding(store, clock)
        reception = Reception(
            store, delivery, ReceptionRules(), Refusals(store, clock, Concealing(store)), forwarding, examiner=checks
        )  # fmt: skip
        envelope = Envelope(sender=Address("eve", "far.test"))
        accepted: list[Accepted] = []
        for domain in domains:
            one = Recipient(Address("ann", domain))
            found = await reception.judge_recipient(envelope, one, CLIENT, is_proxied=False)
            assert isinstance(found, Accepted)
            accepted.append(found)
            envelope = envelope.with_recipient(one)
        letter = await reception.begin_body(envelope, CLIENT).finish(LETTER)
        receipt = await reception.accept(letter, envelope, accepted, CLIENT, each_is_told=False)
        assert tuple(type(one) for one in receipt.outcomes) == tuple(type(one) for one in outcomes)

        async def count(tx: object) -> int:
            return int((await tx.session.row("SELECT COUNT(*) FROM message"))[0])  # type: ignore[attr-defined]

        assert await store.write(count) == filed
        pairs = await store.read(lambda tx: tx.spool.list_waiting(Wanted()))
        assert [str(one.address) for _, one in pairs] == waiting
        for spooled, one in pairs:
            assert (one.destination, one.state) == (JUDGING, State.DEFERRED)
            assert one.due_at == clock.now() + 5 * MINUTE
            assert one.last is not None
            assert one.last.diagnostic == (
                "waits to be judged: clamav gave no answer: no answer in 60 s (hold)"
            )  # fmt: skip
            assert b"Received: from mail.far.test" in spooled.prefix
            _, client, field = read_case(spooled.case)
            assert (client.ip, client.helo, field in spooled.prefix) == ("192.0.2.7", "mail.far.test", True)
