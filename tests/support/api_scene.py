"""The whole API on a store of its own, with a caller for each role and two tenants."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from mailstead.ground.model.address import Address
from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.directory import Role, UserRole
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.quarantine import Custody, KeptFilter
from mailstead.ground.model.verdict import Reason
from mailstead.net.ids import IdSource
from mailstead.servers.web.app import GUESTS, Sources, build_app
from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.v1.api import Api
from mailstead.servers.web.v1.counts import Counts
from mailstead.servers.web.v1.site import Site
from mailstead.servers.web.v1.table import ENDPOINTS
from mailstead.services.accounts.aliases import add_alias
from mailstead.services.accounts.credentials import NewCredential, add_credential
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.resolve import Target
from mailstead.services.accounts.shared import add_shared
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.delivery.plan import Accepted, Manner, Treatment
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.folders.incoming import take
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.policy.concealing import Concealing
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.services.spool.tracing import Tracing
from mailstead.telemetry.recent import Told, Wanted
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting

TOKEN = "a token of the configuration"
PASSWORD = "a long password"
PEOPLE = {
    "ada@example.com": NewUser(address="ada@example.com", password=PASSWORD, is_admin=True),
    "oscar@example.com": NewUser(address="oscar@example.com", password=PASSWORD, role=UserRole.OPERATOR),
    "rita@example.com": NewUser(address="rita@example.com", password=PASSWORD, role=UserRole.READONLY),
    "dora@one.test": NewUser(
        address="dora@one.test", password=PASSWORD, role=UserRole.DOMAIN_ADMIN, domains=("one.test",)
    ),
    "ann@one.test": NewUser(address="ann@one.test", password=PASSWORD),
    "bob@two.test": NewUser(address="bob@two.test", password=PASSWORD),
}
"""dora looks after one.test, where ann is; two.test is another tenant's."""


@dataclass
class Answered:
    status: int
    body: Any
    headers: Any
    raw: bytes


@dataclass
class Scene:
    directory: Directory
    clock: FakeClock
    client: "TestClient[Any, Any]"
    delivery: Delivery
    keys: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    async def call(
        self, method: str, path: str, body: Any = None, *, by: str | None = "", headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answered:  # fmt: skip
        """As the token of the configuration, as somebody by their key, or as nobody (None)."""
        sent = {} if by is None else {"Authorization": f"Bearer {self.keys.get(by, by) or TOKEN}"}
        data = raw
        if body is not None:
            data, sent["Content-Type"] = msgspec.json.encode(body), "application/json"
        sent |= headers or {}
        async with self.client.request(method, f"/api/v1{path}", data=data, headers=sent) as response:
            octets = await response.read()
            is_json = response.content_type == "application/json" and octets
            return Answered(response.status, msgspec.json.decode(octets) if is_json else None, response.headers, octets)

    async def keep(self, address: str, *, has_virus: bool = False) -> str:
        """A letter that is kept aside for an account; its number."""
        account = await self.directory.store.read(lambda tx: tx.directory.find_account(Address.parse(address)))
        assert account is not None
        custody = Custody(Reason.VIRUS_FOUND if has_virus else Reason.SPAM, "own: xyzzy", has_virus=has_virus)
        treatment = Treatment(b"", is_aside=True, facts={}, custody=custody)
        accepted = Accepted(Recipient(account.address), (Target(account),), treatment=treatment)
        letter = take(self.directory.store.blobs, b"Subject: xyzzy\r\n\r\nHi\r\n")
        sender = Envelope(sender=Address("eve", "else.test"))
        await self.delivery.deliver(letter, sender, (accepted,), Client(ip="192.0.2.1"), Manner(each_is_told=False))
        (kept, *_) = await self.directory.store.read(lambda tx: tx.quarantine.list_kept(KeptFilter()))
        return str(kept.id)

    async def key(self, owner: str, name: str = "key", *scopes: str) -> str:
        new = NewCredential(owner=owner, kind=CredentialKind.TOKEN, name=name, scopes=scopes)
        return (await add_credential(self.directory, new)).secret


async def build_scene(directory: Directory, clock: FakeClock, token: str = TOKEN, *, is_guarded: bool = False) -> Scene:
    """`is_guarded`: guesses from this machine count, too."""
    store = directory.store
    guard = Limiting(store, clock, exemptions=Exemptions(has_loopback=not is_guarded)).guard
    authenticator = Authenticator(store, directory.hasher, clock, default_domain="example.com", guard=guard)
    terms = Terms()
    hand = Hand(store, clock, IdSource(clock, 0), terms, returning=None, check_route=parse_route)
    delivery = Delivery(store, clock, IdSource(clock, 1), Spooling(Terms(), NoOutbox()), hostname="mx.example.com")
    told: list[Told] = []

    async def nothing() -> Any:
        return ""

    async def numbers() -> dict[str, float]:
        return {"messages_received_total": 7.0}

    async def logs(wanted: Wanted) -> list[Told]:
        return [one for one in told if wanted.text in one.message][: wanted.limit]

    site = Site(
        directory=directory, gatekeeper=Gatekeeper(authenticator, token), hand=hand,
        tracing=Tracing(store, clock, hand, Concealing(store)),
        quarantine=Quarantine(store, clock, delivery, reverser=Forwarding(store, clock)), numbers=numbers, logs=logs,
        counts=Counts(directory, hand), selector="mail",
    )  # fmt: skip
    app = build_app(Sources(nothing, nothing, v1=Api(site, ENDPOINTS)))
    app[GUESTS] = {}
    client = TestClient(TestServer(app))
    await client.start_server()
    return Scene(directory, clock, client, delivery, told=told)


async def furnish(scene: Scene) -> None:
    """Two tenants and a caller of each role."""
    for name in ("one.test", "two.test"):
        await add_domain(scene.directory, NewDomain(name=name))
    for login, new in PEOPLE.items():
        await add_user(scene.directory, new)
        scene.keys[login] = await scene.key(login)
    await add_alias(scene.directory, "info@one.test", ["ann@one.test"])
    await add_alias(scene.directory, "info@two.test", ["bob@two.test"])
    await add_shared(scene.directory, "team@one.test", {"ann@one.test": Role.ADMIN}, None)
    await add_shared(scene.directory, "team@two.test", {"bob@two.test": Role.ADMIN}, None)
