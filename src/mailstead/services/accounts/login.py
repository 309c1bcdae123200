"""Who may come in. A verified login is remembered under a keyed hash, so that only the first one pays argon2."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.directory import Account, Role, Status, User
from mailstead.ground.model.errors import Busy, Denied, Invalid, MailError
from mailstead.net.clock import Clock
from mailstead.services.accounts.passwords import PASSWORD_MAX, PasswordHasher, needs_rehash
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

REMEMBERED: Final = 10_000
REMEMBERED_FOR: Final = 3600.0
FLIGHTS_MAX: Final = 1000
NAME_MAX: Final = 320
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$4tbQITePpWqKckSoO8XN2A$qHFQYY7Fwk5G8wOeunJPDvMqFnrcZXtzSprl2xJ5GhA"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user who has logged in, with the accounts open to them; `account` is the one their mail client shows."""

    user: User
    accounts: tuple[tuple[Account, Role], ...]
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Where a login comes from, for the log."""

    client_ip: str
    service: str
    session: int = 0
    mechanism: str = ""


class Authenticator:
    """Verifies passwords and statuses. Unknown users cost what known ones cost."""

    def __init__(self, store: Store, hasher: PasswordHasher, clock: Clock, *, default_domain: str) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._default_domain = default_domain
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, float] = OrderedDict()
        self._flights: dict[bytes, asyncio.Task[bool]] = {}

    async def login(
        self, name: str, password: str, *, client_ip: str, service: str, session: int = 0, mechanism: str = ""
    ) -> Principal:
        """Log in by full address or by a bare name of the default domain; Denied for any refusal, Busy for later."""
        attempt = Attempt(client_ip=client_ip, service=service, session=session, mechanism=mechanism)
        started = self._clock.monotonic()
        user, accounts = await self._store.read(lambda tx: self._find(tx, name))
        if not await self._fits(user, password):
            raise self._refused(attempt, name, "unknown user" if user is None else "wrong password")
        assert user is not None
        if user.status is not Status.ACTIVE:
            raise self._refused(attempt, name, "user not active")
        if not accounts:
            raise self._refused(attempt, name, "no active account")
        await self._rehash(user, password)
        elapsed = self._clock.monotonic() - started
        emit(
            Event.AUTH_LOGIN_SUCCEEDED, session=session, protocol=service, client_ip=client_ip, username=name,
            mechanism=mechanism, elapsed=elapsed,
        )  # fmt: skip
        return Principal(user, accounts, _own(user, accounts))

    async def _find(self, tx: ReadTx, name: str) -> tuple[User | None, tuple[tuple[Account, Role], ...]]:
        """The user of a login name, and the accounts that are open now."""
        user = None
        for login in await self._candidates(tx, name):
            user = await tx.directory.find_user(login)
            if user is not None:
                break
        if user is None:
            return None, ()
        access = [(a, role) for a, role in await tx.directory.list_access(user.id) if a.status is Status.ACTIVE]
        domains = [await tx.directory.get_domain(domain) for domain in {account.domain_id for account, _ in access}]
        active = {domain.id for domain in domains if domain.status is Status.ACTIVE}
        return user, tuple((account, role) for account, role in access if account.domain_id in active)

    async def _candidates(self, tx: ReadTx, name: str) -> list[str]:
        """The logins a name may mean, the likeliest first."""
        if len(name) > NAME_MAX:
            return []
        if "@" not in name:
            return [fold(name), f"{fold(name)}@{self._default_domain}"]
        try:
            address = Address.parse(name)
        except Invalid:
            return []
        found = [address.key]
        domain = await tx.directory.find_domain(address.domain)
        if domain is not None and domain.alias_of is not None:
            target = await tx.directory.get_domain(domain.alias_of)
            found.append(Address(address.local, target.name).key)
        return found

    async def _fits(self, user: User | None, password: str) -> bool:
        """Is it the password? Also asked for nobody, so that time tells nothing."""
        if len(password) > PASSWORD_MAX:
            return False
        stored = user.password_hash if user is not None and user.password_hash else _NOBODY
        ticket = self._ticket(user.id if user is not None else 0, stored, password)
        if self._remembers(ticket):
            return True
        fits = await self._verify_once(ticket, password, stored) and stored is not _NOBODY
        if fits:
            self._remember(ticket)
        return fits

    async def _verify_once(self, ticket: bytes, password: str, stored: str) -> bool:
        """The same login at the same time is verified once; a caller that goes away does not stop it for the others."""
        flight = self._flights.get(ticket)
        if flight is None:
            if len(self._flights) >= FLIGHTS_MAX:
                raise Busy("too many logins at once")
            flight = asyncio.create_task(self._hasher.verify(password, stored))
            self._flights[ticket] = flight
            flight.add_done_callback(lambda done: self._landed(ticket, done))
        return await asyncio.shield(flight)

    def _landed(self, ticket: bytes, flight: "asyncio.Task[bool]") -> None:
        del self._flights[ticket]
        if not flight.cancelled():
            flight.exception()  # seen, even if all who asked are gone

    def _ticket(self, user: int, stored: str, password: str) -> bytes:
        """Names a login without telling its password. The stored hash is in it: a new password forgets the old one."""
        words = b"%d\0%s\0%s" % (user, stored.encode(), password.encode("utf-8", "surrogatepass"))
        return hmac.digest(self._key, words, hashlib.sha256)

    def _remembers(self, ticket: bytes) -> bool:
        until = self._verified.get(ticket)
        if until is None:
            return False
        if until <= self._clock.monotonic():
            del self._verified[ticket]
            return False
        self._verified.move_to_end(ticket)
        return True

    def _remember(self, ticket: bytes) -> None:
        self._verified[ticket] = self._clock.monotonic() + REMEMBERED_FOR
        self._verified.move_to_end(ticket)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)

    async def _rehash(self, user: User, password: str) -> None:
        """Replace a hash of an older scheme, unless the password was changed meanwhile. A login never fails by it."""
        if not needs_rehash(user.password_hash):
            return

        async def replace(tx: Tx) -> bool:
            now = await tx.directory.find_user(user.login)
            if now is None or now.password_hash != user.password_hash:
                return False
            await tx.directory.update_user(user.id, password_hash=fresh)
            return True

        try:
            fresh = await self._hasher.hash(password)
            if await self._store.write(replace):
                self._remember(self._ticket(user.id, fresh, password))
                emit(Event.AUTH_PASSWORD_REHASHED, account=user.id)
        except MailError:
            return

    def _refused(self, attempt: Attempt, name: str, reason: str) -> Denied:
        emit(
            Event.AUTH_LOGIN_FAILED, session=attempt.session, protocol=attempt.service, client_ip=attempt.client_ip,
            username=name[:NAME_MAX], mechanism=attempt.mechanism, reason=reason,
        )  # fmt: skip
        return Denied("authentication failed")


def _own(user: User, accounts: tuple[tuple[Account, Role], ...]) -> Account:
    """The account whose address is the login; else the first, which is a personal one if there is any."""
    return next((account for account, _ in accounts if account.address.key == user.login), accounts[0][0])
