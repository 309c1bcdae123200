"""A store with two accounts and letters that are kept for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailstead.ground.model import policy as p
from mailstead.ground.model.address import Address
from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.quarantine import Custody, KeptFilter, KeptLetter
from mailstead.ground.model.verdict import Reason
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.accounts.resolve import Abroad, Target
from mailstead.services.checks.specimen import Content
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.plan import Accepted, Manner, Treatment
from mailstead.services.folders.incoming import take
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Tx
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import Mailbox, make_mailbox
from tests.support.stores import AnyStore, sqlite_engine

BY = Actor("root", Through.COMMAND)
HEADER = b"From: Eve <eve@else.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_%d?=\r\nMessage-ID: <%d@else.test>\r\n"
LETTER = HEADER + b"\r\nHi %d\r\n"
SPAM = Custody(Reason.SPAM, "own 7.0: shouting +7.0 (quarantine)", has_virus=False)
VIRUS = Custody(Reason.VIRUS_FOUND, "clamav: Eicar (quarantine)", has_virus=True)
ADDED = b"X-Mailstead-Reason: because\r\n"


@dataclass
class Pupil:
    """Implements `Teacher`."""

    lessons: list[tuple[str, bytes]] = field(default_factory=list)

    async def teach(self, kept: KeptLetter, content: Content) -> None:
        self.lessons.append((kept.recipient, await content.read(0, 10_000)))


@dataclass
class Scene:
    store: Any
    clock: FakeClock
    ids: IdSource
    ann: Mailbox
    bob: Mailbox
    pupil: Pupil = field(default_factory=Pupil)
    size: int = 1 << 30

    @property
    def delivery(self) -> Delivery:
        spooling = Spooling(Terms(), NoOutbox())
        return Delivery(self.store, self.clock, self.ids, spooling, hostname="mx.home.test", quarantine_size=self.size)

    @property
    def quarantine(self) -> Quarantine:
        forwarding = Forwarding(self.store, self.clock)
        return Quarantine(self.store, self.clock, self.delivery, reverser=forwarding, teacher=self.pupil)

    async def accepted(self, box: Mailbox, custody: Custody | None = SPAM, *abroad: Abroad) -> Accepted:
        account = await box.account_row()
        treatment = Treatment(ADDED, is_aside=True, facts={"action": "quarantine"}, custody=custody)
        return Accepted(Recipient(account.address), (Target(account),), abroad=abroad, treatment=treatment)

    async def deliver(self, *accepted: Accepted, number: int = 1) -> Receipt:
        letter = take(self.store.blobs, LETTER % (number, number, number))
        envelope = Envelope(sender=Address("eve", "else.test"))
        manner = Manner(each_is_told=False, added=b"Authentication-Results: x\r\n")
        return await self.delivery.deliver(letter, envelope, accepted, Client(ip="192.0.2.1"), manner)

    async def keep(self, number: int = 1, custody: Custody = SPAM) -> KeptLetter:
        """One for ann."""
        await self.deliver(await self.accepted(self.ann, custody), number=number)
        return (await self.kept())[0]

    async def kept(self) -> list[KeptLetter]:
        return await self.quarantine.page(KeptFilter())

    async def want(self, domain: str = "home.test", **wanted: object) -> None:
        async def unit(tx: Tx) -> None:
            policy = await tx.policies.get_policy(domain)
            changed = replace(policy, quarantine=replace(policy.quarantine, **wanted))  # type: ignore[arg-type]
            version = await tx.policies.advance()
            await tx.policies.put_policy(domain, changed, version=version, now=self.clock.now())

        await self.store.write(unit)

    async def count(self, box: Mailbox, name: str = "INBOX") -> int:
        folder = await self.store.read(lambda tx: tx.folders.find_folder(box.account, name))
        assert folder is not None
        return int(folder.messages)

    async def read(self, box: Mailbox, uid: int) -> tuple[bytes, str]:
        """All of a letter in INBOX, and its keywords."""
        folder = box.folders["INBOX"]
        (row,) = await self.store.read(lambda tx: tx.messages.fetch(folder, uid, uid, 1))
        reader = await self.store.blobs.open(row.blob_id)
        return row.prefix + await reader.read(0, reader.size), row.keywords


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    """Where ann and bob want what is set aside kept."""
    async with sqlite_engine(folder) as engine:
        store: AnyStore = await engine.open()
        clock = FakeClock()
        ann, bob = await make_mailbox(store, "ann@home.test"), await make_mailbox(store, "bob@other.test")
        scene = Scene(store, clock, IdSource(clock, 1), ann, bob)
        for domain in ("home.test", "other.test"):
            await scene.want(domain, place=p.Place.KEPT)
        yield scene
