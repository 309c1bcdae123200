"""An SMTP or LMTP server before one client in memory, on a real store: what `given` lines of transcripts describe."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.blocks import Entry, Side, read_pattern
from mailstead.ground.model.directory import Access, AccountKind, Role, Status
from mailstead.ground.model.errors import NoSpace
from mailstead.ground.model.guards import Limits as SendingLimits
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import PROFILES, Policy
from mailstead.ground.model.policy import Profile as PolicyProfile
from mailstead.ground.model.rate import parse_rates
from mailstead.net.dns import Mx
from mailstead.net.ids import IdSource
from mailstead.net.stream import TlsInfo
from mailstead.servers.smtp.profile import Dialect, Limits, Profile
from mailstead.servers.smtp.server import SmtpServer
from mailstead.servers.smtp.taker import Logins
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.accounts.login import Authenticator
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.checks.checks import Checks
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.greylist.greylisting import Greylisting
from mailstead.services.guards.asking import SendingGuards
from mailstead.services.guards.caps import Caps
from mailstead.services.policy.concealing import Concealing
from mailstead.services.reception.admission import Admission
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.services.submission.mailroom import DeliveringMailroom
from mailstead.services.submission.submit import Submission, SubmissionRules
from mailstead.store.port.messages import Load
from mailstead.store.port.spool import Wanted
from tests.support.directory import MARK, CountingHasher
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames
from tests.support.memory_stream import MemoryStream
from tests.support.stores import AnyStore, sqlite_engine

HOSTNAME = "mx.example.test"
DOMAIN = "example.test"
PASSWORD = "secret"
TLS = TlsInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384")
NOW = Instant(1_800_000_000_000)


class Disk:
    """A store whose disk can be full, and that can break."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.is_full = False  # as seen at MAIL
        self.fills_up = False  # as seen at filing
        self.is_broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def has_room(self) -> bool:
        return not self.is_full

    async def write(self, unit: Any, **options: Any) -> Any:
        if self.fills_up:
            raise NoSpace("full")
        if self.is_broken:
            raise ZeroDivisionError("a bug of ours")
        return await self._store.write(unit, **options)


@dataclass
class SmtpScene:
    """One server, one client."""

    clock: FakeClock
    store: Any
    smtp: SmtpServer
    stream: MemoryStream
    server: asyncio.Task[None]

    async def check(self, statement: str) -> None:
        """Statements of `then`."""
        if match := re.fullmatch(r"list (\S+)", statement):
            await self.store.write(lambda tx: change_lists(tx, read_entry(match[1])))
        elif match := re.fullmatch(r"(\S+@\S+) has (\d+) letters?", statement):
            assert len(await inbox(self.store, match[1])) == int(match[2])
        elif match := re.fullmatch(r"(\S+@\S+) has (\d+) letters? in (\S+)", statement):
            assert len(await inbox(self.store, match[1], match[3])) == int(match[2])
        elif match := re.fullmatch(r"letter (\d+)( in Junk)? of (\S+@\S+) (is|ends|has no|has) ?(.*)", statement):
            letter = (await inbox(self.store, match[3], "Junk" if match[2] else "INBOX"))[int(match[1]) - 1]
            text = match[5].encode().decode("unicode_escape").encode("latin-1")
            holds = {"is": letter.partition(b"\0")[2] == text, "ends": letter.endswith(text), "has": text in letter}
            assert holds["has"] is False if match[4] == "has no" else holds[match[4]], letter
        elif match := re.fullmatch(r"spool has (\d+) letters?", statement):
            assert len(await spool(self.store)) == int(match[1])
        elif match := re.fullmatch(r"(\S+@\S+) goes", statement):
            await bury(self.store, match[1])
        elif statement in SWITCHES:
            setattr(self.store, *SWITCHES[statement])
        elif statement == "the server drains":
            self.smtp.drain()
        elif statement == "tls is active":
            assert self.stream.tls is not None
        else:
            raise AssertionError(f"unknown statement {statement!r}")


async def change_lists(tx: Any, entry: Entry) -> None:
    """As a command does."""
    await tx.blocks.advance()
    await tx.blocks.put_entry(entry)


SWITCHES = {
    "the disk is full": ("is_full", True),
    "the disk has room": ("is_full", False),
    "the disk fills up": ("fills_up", True),
    "the disk is mended": ("fills_up", False),
    "the store is broken": ("is_broken", True),
    "the store is mended": ("is_broken", False),
}


async def inbox(store: Any, address: str, path: str = "INBOX") -> list[bytes]:
    """Each letter of a folder: prefix, NUL, body."""

    async def rows(tx: Any) -> Any:
        account = await tx.directory.find_account(Address.parse(address))
        folder = await tx.folders.find_folder(account.id, path)
        return await tx.messages.fetch(folder.id, 1, 0xFFFFFFFF, Load.MESSAGE, limit=10_000)

    letters = []
    for row in await store.read(rows):
        reader = await store.blobs.open(row.blob_id)
        body = b""
        while len(body) < reader.size:
            body += await reader.read(len(body), 65536)
        letters.append(row.prefix + b"\0" + body)
    return letters


async def spool(store: Any) -> Any:
    async def rows(tx: Any) -> Any:
        return await tx.spool.list_waiting(Wanted())

    return await store.read(rows)


async def bury(store: Any, address: str) -> None:
    async def unit(tx: Any) -> None:
        account = await tx.directory.find_account(Address.parse(address))
        await tx.directory.bury_account(account.id, NOW)

    await store.write(unit)


def read_entry(word: str) -> Entry:
    """`block:pattern`, `allow:pattern>scope`."""
    side, _, rest = word.partition(":")
    pattern, _, scope = rest.partition(">")
    return Entry(side=Side(side), pattern=read_pattern(pattern), scope=scope)


async def furnish(store: AnyStore, given: Mapping[str, str]) -> None:
    """`accounts=a@d,b@d:1000` (quota), `aliases=x@d:a@d+b@d`, `domains=d,e>d` (an alias), `access=a@d>b@d:sender`.

    With `profile=submission` each account has a user of that login. `lists=block:*@b.test,allow:a@b.test>example.test`.
    """
    addresses = [word for word in given.get("accounts", "ann@example.test,bob@example.test").split(",") if word]
    names = {canonical_domain(word.partition("@")[2].partition(":")[0]): "" for word in addresses}
    names |= {word.partition(">")[0]: word.partition(">")[2] for word in given.get("domains", "").split(",") if word}
    off = set(given.get("suspended", "").split(",")) | set(given.get("inactive", "").split(","))

    async def unit(tx: Any) -> None:
        domains: dict[str, Any] = {}
        for name, target in sorted(names.items(), key=lambda item: item[1]):
            domains[name] = await tx.directory.insert_domain(
                name, now=NOW, alias_of=domains[target].id if target else None,
                catchall=given.get("catchall") or None if not target else None, default_quota=0,
            )  # fmt: skip
        for word in addresses:
            text, _, quota = word.partition(":")
            address = Address.parse(text)
            account = await tx.directory.insert_account(
                domains[address.domain].id, address, kind=AccountKind.PERSONAL, quota_bytes=int(quota or 0), now=NOW
            )
            modseqs = await tx.advance(account.id)
            await tx.folders.create_birth_folders(account.id, modseq=modseqs[account.id], now=NOW)
            if text == given.get("admin") or given.get("profile") == "submission":
                admin, hashed = text == given.get("admin"), MARK + PASSWORD
                user = await tx.directory.insert_user(address.key, hashed, is_admin=admin, now=NOW)
                await tx.directory.grant(Access(user.id, account.id, Role.ADMIN))
            if text in off:
                status = Status.SUSPENDED if text in given.get("suspended", "") else Status.INACTIVE
                await tx.directory.update_account(account.id, status=status)
        for word in given.get("aliases", "").split(","):
            if word:
                source, _, targets = word.partition(":")
                address = Address.parse(source)
                targeted = tuple(targets.split("+"))
                await tx.directory.insert_alias(domains[address.domain].id, address, targeted, now=NOW)
        for word in given.get("access", "").split(","):
            if word:
                login, _, rest = word.partition(">")
                text, _, role = rest.partition(":")
                user = await tx.directory.find_user(login)
                account = await tx.directory.find_account(Address.parse(text))
                await tx.directory.grant(Access(user.id, account.id, Role[role.upper()]))
        for word in filter(None, given.get("lists", "").split(",")):
            await tx.blocks.put_entry(read_entry(word))
        for name in off & set(domains):
            status = Status.SUSPENDED if name in given.get("suspended", "") else Status.INACTIVE
            await tx.directory.update_domain(replace(domains[name], status=status))

    await store.write(unit)


def build(store: Any, clock: FakeClock, given: Mapping[str, str]) -> SmtpServer:
    """The server as `given` describes it: limits by their names."""
    limits = Limits(
        **{f.name: type(getattr(Limits(), f.name))(given[f.name]) for f in fields(Limits) if f.name in given}
    )
    profile = Profile(
        name=given.get("profile", "mx"),
        hostname=HOSTNAME,
        dialect=Dialect(given.get("dialect", "lmtp" if given.get("profile") == "lmtp" else "smtp")),
        tls=(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) if given.get("tls") == "yes" else None,
        limits=limits,
        smtputf8=given.get("smtputf8") != "no",
        takes_logins=given.get("profile") == "submission",
        default_domain=DOMAIN if given.get("profile") == "submission" else "",
    )
    rules = ReceptionRules(
        max_message_size=int(given.get("max_message_size", "52428800")),
        relay_networks=tuple(ip_network(word) for word in given.get("relay_networks", "").split(",") if word),
    )
    ids = IdSource(clock, 7)
    delivery, refusals = (
        Delivery(store, clock, ids, Spooling(Terms(), NoOutbox()), hostname=HOSTNAME),
        Refusals(store, clock, Concealing(store)),
    )
    if not profile.takes_logins:
        policies = Policies(given.get("policy", ""), greylists=given.get("greylist", ""))
        admission = Admission(store, Blocks(store, clock), Greylisting(store, clock), policies)
        takes = Reception(
            store, delivery, rules, refusals, Forwarding(store, clock), examiner=examiner(clock, given),
            admission=admission if profile.dialect is Dialect.SMTP else None,
        )  # fmt: skip
        return SmtpServer(profile, takes, clock, ids)
    guards = SendingGuards(store, clock, Caps(SendingLimits(parse_rates(given.get("sends", "")), ())))
    local, size = DeliveringMailroom(store, delivery, Forwarding(store, clock), guards), rules.max_message_size
    wanted = SubmissionRules(max_message_size=size, hide_client=given.get("hide_client") != "no")
    submission = Submission(store, clock, local, local, guards, refusals, wanted)
    authenticator = Authenticator(store, CountingHasher(), clock, default_domain=DOMAIN)
    logins = Logins(authenticator=authenticator, admit=submission.open, max_message_size=size)
    return SmtpServer(profile, logins, clock, ids)


class Policies:
    """By domain: `policy=example.test:mu,...`; others have the defaults; greylisting where `greylist=` names one."""

    def __init__(self, words: str, *, greylists: str = "") -> None:
        self._profiles = dict(word.split(":") for word in words.split(",") if word)
        self._greylists = greylists.split(",")

    async def of(self, domain: str) -> Policy:
        chosen = PROFILES[PolicyProfile(self._profiles.get(domain, "gomailserver"))]
        return replace(chosen, greylist=replace(chosen.greylist, enabled=domain in self._greylists))


def examiner(clock: FakeClock, given: Mapping[str, str]) -> Checks | None:
    """With `dns="TXT client.test v=spf1 -all | PTR 192.0.2.1 client.test | ..."`; SERVFAIL as the value is silence."""
    if "dns" not in given:
        return None
    names = KnownNames()
    records: dict[tuple[str, str], list[Any]] = {}
    for line in filter(None, map(str.strip, given["dns"].split("|"))):
        kind, name, value = line.split(" ", 2)
        read = {"TXT": str.encode, "MX": lambda host: Mx(10, host)}.get(kind, str)
        records.setdefault((kind, name), []).append(value if value == "SERVFAIL" else read(value))
    for (kind, name), values in records.items():
        if "SERVFAIL" in values:
            names.fail(kind, name)
        else:
            names.put(kind, name, *values)
    return Checks(names, clock, Policies(given.get("policy", "")), hostname=HOSTNAME)


@asynccontextmanager
async def open_scene(folder: Path, given: Mapping[str, str]) -> AsyncIterator[SmtpScene]:
    """The store lies in `folder`."""
    clock = FakeClock()
    async with sqlite_engine(folder) as engine:
        real = await engine.open()
        await furnish(real, given)
        store = Disk(real)
        smtp = build(store, clock, given)
        stream = MemoryStream(
            clock, peer_ip=given.get("from", "192.0.2.1"), is_proxied=given.get("proxied") == "yes",
            tls=TLS if given.get("tls") == "active" else None,
        )  # fmt: skip
        task = asyncio.create_task(smtp.serve(stream))
        try:
            yield SmtpScene(clock, store, smtp, stream, task)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
