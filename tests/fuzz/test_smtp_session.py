"""Any bytes at all to a whole session: no fault of ours, only replies, and it waits or has ended."""

import asyncio
import re
import ssl
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Domain
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, DomainId, FolderId, ModSeq, Uid
from mailstead.net.ids import IdSource
from mailstead.servers.smtp.profile import Dialect, Limits, Profile
from mailstead.servers.smtp.server import SmtpServer
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port.blobs import StagedBlob
from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryStream

DOMAIN = Domain(id=DomainId(1), name="a.test")
ANN = Account(id=AccountId(1), domain_id=DOMAIN.id, address=Address("ann", "a.test"))
INBOX = Folder(
    id=FolderId(1), account_id=ANN.id, name="INBOX", uidvalidity=1, uidnext=Uid(1), modseq=ModSeq(1)
)  # fmt: skip


class Everything:
    """A store, its transactions and all its aggregates, with one account and no memory."""

    def __init__(self) -> None:
        self.filed = 0

    def __getattr__(self, name: str) -> Any:
        return self

    def has_room(self) -> bool:
        return True

    async def read(self, unit: Any) -> Any:
        return await unit(self)

    async def write(self, unit: Any, **_: Any) -> Any:
        return await unit(self)

    def stage_small(self, data: bytes) -> StagedBlob:
        return StagedBlob(id=1, hash=b"", size=len(data), data=data)  # type: ignore[arg-type]

    async def find_domain(self, name: str) -> Domain | None:
        return DOMAIN if name == "a.test" else None

    async def find_account(self, address: Address) -> Account | None:
        return ANN if address.key == "ann@a.test" else None

    async def find_alias(self, address: Address) -> None:
        return None

    async def find_admin_account(self) -> None:
        return None

    async def get_account(self, account: AccountId) -> Account:
        return ANN

    async def find_folder(self, account: AccountId, name: str) -> Folder:
        return INBOX

    async def advance(self, *accounts: AccountId) -> dict[AccountId, ModSeq]:
        return dict.fromkeys(accounts, ModSeq(1))

    async def put(self, staged: StagedBlob) -> tuple[int, bool]:
        return 1, True

    async def append(self, *_: Any, **__: Any) -> tuple[Uid, int]:
        self.filed += 1
        return Uid(1), 1

    async def insert(self, message: Any) -> None: ...
    async def put_rendered(self, blob: Any, rendered: Any) -> None: ...
    async def change(self, change: Any, now: Any) -> None: ...
    async def insert_trace(self, trace: Any) -> None: ...


LINES = st.sampled_from(
    [
        b"EHLO a.test", b"HELO [1.2.3.4]", b"LHLO x", b"MAIL FROM:<>", b"MAIL FROM:<a@b.test> SIZE=5 BODY=8BITMIME",
        b"MAIL FROM:<\xc3\xbc@b.test> SMTPUTF8", b"RCPT TO:<ann@a.test>", b"RCPT TO:<x@a.test>",
        b"RCPT TO:<postmaster>", b"RCPT TO:<ann@a.test> NOTIFY=NEVER", b"DATA", b".", b"BDAT 7", b"BDAT 3 LAST",
        b"BDAT 0 LAST", b"BDAT x", b"RSET", b"NOOP", b"VRFY x", b"EXPN", b"HELP", b"QUIT", b"STARTTLS", b"",
        b"Subject: x", b"..", b"GET / HTTP/1.1", b"\xff\xfe",
        b"BDAT 99999999999999999", b"MAIL FROM:<a@b> SIZE=99999999999999999999", b"RCPT TO:<" + b'"\\' * 900 + b">",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"", b"\0\r\n"])
STREAMS = st.lists(
    st.one_of(st.tuples(LINES, ENDS).map(b"".join), st.binary(max_size=12), st.just(b"x" * 3000)), max_size=40
).map(b"".join)
REPLY = re.compile(rb"(?:[2345][0-5][0-9][ -][^\r\n\0]*\r\n)*\Z")


async def talk(stream: bytes, cut: int, dialect: Dialect) -> bytes:
    clock, store = FakeClock(), Everything()
    ids = IdSource(clock, 1)
    delivery = Delivery(store, clock, ids, Spooling(Terms(), NoOutbox()), hostname="mx.test")  # type: ignore[arg-type]
    reception = Reception(
        store, delivery, ReceptionRules(max_message_size=5000), Refusals(store, clock), Forwarding(store, clock)
    )  # type: ignore[arg-type]
    profile = Profile(
        name="mx", hostname="mx.test", dialect=dialect, limits=Limits(max_errors=1000),
        tls=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    )  # fmt: skip
    memory = MemoryStream(clock)
    task = asyncio.create_task(SmtpServer(profile, reception, clock, ids).serve(memory))
    memory.peer.send(stream, cut=cut)
    while not task.done() and not memory.is_asking:
        await asyncio.sleep(0)
    memory.peer.end()
    await asyncio.wait_for(task, 5)
    return memory.peer.take_all()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.sampled_from([0, 1, 7]), st.sampled_from(Dialect))
def test_anything(stream: bytes, cut: int, dialect: Dialect) -> None:
    said = asyncio.run(talk(stream, cut, dialect))
    assert REPLY.match(said), said
    assert b"incident" not in said
    assert said.startswith(b"220 mx.test ")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS.filter(lambda stream: b"STARTTLS" not in stream), st.integers(1, 9))
def test_replies_do_not_depend_on_the_cuts(stream: bytes, cut: int) -> None:
    assert asyncio.run(talk(stream, 0, Dialect.SMTP)) == asyncio.run(talk(stream, cut, Dialect.SMTP))
