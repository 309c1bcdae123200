"""Any bytes at all to a whole session: no fault of ours, only replies, and it waits or has ended."""

import asyncio
import re
import ssl
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Domain, Role, User
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, DomainId, FolderId, ModSeq, Uid, UserId
from mailstead.net.ids import IdSource
from mailstead.net.stream import TlsInfo
from mailstead.servers.smtp.profile import Dialect, Limits, Profile, submission
from mailstead.servers.smtp.server import SmtpServer
from mailstead.servers.smtp.taker import Logins
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.accounts.login import Authenticator
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.policy.concealing import Concealing
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.services.submission.mailroom import DeliveringMailroom
from mailstead.services.submission.ports import NoGuards
from mailstead.services.submission.submit import Submission, SubmissionRules
from mailstead.store.port.blobs import StagedBlob
from tests.support.directory import MARK, CountingHasher
from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryStream

DOMAIN = Domain(id=DomainId(1), name="a.test")
ANN = Account(id=AccountId(1), domain_id=DOMAIN.id, address=Address("ann", "a.test"))
USER = User(id=UserId(1), login="ann@a.test", password_hash=MARK + "secret")
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

    async def find_user(self, login: str) -> User | None:
        return USER if login == "ann@a.test" else None

    async def list_access(self, user: UserId) -> list[tuple[Account, Role]]:
        return [(ANN, Role.ADMIN)]

    async def get_domain(self, domain: DomainId) -> Domain:
        return DOMAIN

    async def find_credential(self, digest: str) -> None:
        return None

    async def find_holder(self, digest: str) -> None:
        return None

    async def find_verifier(self, user: UserId) -> None:
        return None

    async def lacks_verifier(self) -> bool:
        return False

    async def are_any_asked(self) -> bool:
        return False

    async def is_asked(self, user: UserId) -> bool:
        return False

    async def keep_secret(self, name: str, fresh: str) -> str:
        return fresh

    async def store_verifier(self, user: UserId, verifier: str) -> None: ...

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
        b"AUTH PLAIN AGFubkBhLnRlc3QAc2VjcmV0", b"AUTH PLAIN AGFubkBhLnRlc3QAc2VjcmV0", b"AUTH PLAIN", b"AUTH LOGIN",
        b"AUTH PLAIN AGEAYg==", b"AUTH SCRAM-SHA-256 biwsbj1hbm4scj14", b"AUTH X", b"AUTH PLAIN ====", b"*", b"YQ==",
        b"MAIL FROM:<ann@a.test>", b"MAIL FROM:<ann@a.test> BODY=BINARYMIME HOLDFOR=5 BY=9;NT MT-PRIORITY=4 AUTH=<>",
        b"RCPT TO:<ann>", b"From: ann@a.test", b"From: x@y",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"", b"\0\r\n"])
STREAMS = st.lists(
    st.one_of(st.tuples(LINES, ENDS).map(b"".join), st.binary(max_size=12), st.just(b"x" * 3000)), max_size=40
).map(b"".join)
REPLY = re.compile(rb"(?:[2345][0-5][0-9][ -][^\r\n\0]*\r\n)*\Z")


def build(dialect: Dialect | None, clock: FakeClock, store: Any) -> SmtpServer:
    """None: submission."""
    ids = IdSource(clock, 1)
    spooling, forwarding = Spooling(Terms(), NoOutbox()), Forwarding(store, clock)
    delivery, refusals = (
        Delivery(store, clock, ids, spooling, hostname="mx.test"),
        Refusals(store, clock, Concealing(store)),
    )
    limits, tls = Limits(max_errors=1000), (lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    if dialect is not None:
        profile = Profile(name="mx", hostname="mx.test", dialect=dialect, limits=limits, tls=tls)
        rules = ReceptionRules(max_message_size=5000)
        return SmtpServer(profile, Reception(store, delivery, rules, refusals, forwarding), clock, ids)
    room = DeliveringMailroom(store, delivery, forwarding, NoGuards())
    outboxes = Submission(store, clock, room, room, NoGuards(), refusals, SubmissionRules(max_message_size=5000))
    logins = Logins(
        authenticator=Authenticator(store, CountingHasher(), clock, default_domain="a.test"),
        admit=outboxes.open,
        max_message_size=5000,
    )
    return SmtpServer(submission("mx.test", tls=tls, limits=limits, default_domain="a.test"), logins, clock, ids)


async def talk(stream: bytes, cut: int, dialect: Dialect | None) -> bytes:
    clock, store = FakeClock(), Everything()
    memory = MemoryStream(clock, tls=TlsInfo("TLSv1.3", "X") if dialect is None else None)
    task = asyncio.create_task(build(dialect, clock, store).serve(memory))
    memory.peer.send(stream, cut=cut)
    while not task.done() and not memory.is_asking:
        await asyncio.sleep(0)
    memory.peer.end()
    await asyncio.wait_for(task, 5)
    return memory.peer.take_all()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.sampled_from([0, 1, 7]), st.sampled_from([*Dialect, None]))
def test_anything(stream: bytes, cut: int, dialect: Dialect | None) -> None:
    said = asyncio.run(talk(stream, cut, dialect))
    assert REPLY.match(said), said
    assert b"incident" not in said
    assert said.startswith(b"220 mx.test ")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS.filter(lambda stream: b"STARTTLS" not in stream), st.integers(1, 9))
def test_replies_do_not_depend_on_the_cuts(stream: bytes, cut: int) -> None:
    assert asyncio.run(talk(stream, 0, Dialect.SMTP)) == asyncio.run(talk(stream, cut, Dialect.SMTP))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, max_size=20))
def test_nobody_sends_unheard_of(lines: list[bytes]) -> None:
    """Whatever came before: nothing is taken from whom no password has let in."""
    unheard = [line for line in lines if not line.startswith(b"AUTH PLAIN AGF")]
    stream = b"EHLO x\r\n" + b"".join(line + b"\r\n" for line in unheard)
    said = asyncio.run(talk(stream + b"MAIL FROM:<ann@a.test>\r\n", 0, None))
    assert b"250 2.1.0" not in said
    assert b"354" not in said
