"""Who may come in. Every way in, by whatever protocol, ends here: one place counts, delays and tells the log."""

import asyncio
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.credential import Credential, CredentialKind
from mailstead.ground.model.directory import Status, User
from mailstead.ground.model.errors import Denied, MailError
from mailstead.ground.model.second_factor import FAILURES_MAX, Judged
from mailstead.ground.wire.sasl.scram import Verifier
from mailstead.net.clock import Clock
from mailstead.services.accounts.attempt import (
    AppPasswordNeeded,
    Attempt,
    CodeNeeded,
    EnrolmentNeeded,
    Expired,
    Limited,
    NotAuthorized,
    Principal,
    Rejection,
    TooMany,
)
from mailstead.services.accounts.credentials import digest_of_app_password, digest_of_token
from mailstead.services.accounts.finding import NAME_MAX, Accounts, Finder, own_account
from mailstead.services.accounts.guard import Guard, Shut
from mailstead.services.accounts.last_use import LastUse
from mailstead.services.accounts.passwords import PASSWORD_MAX, PasswordHasher, needs_derivation, needs_rehash
from mailstead.services.accounts.places import Places
from mailstead.services.accounts.remembered import REMEMBERED, REMEMBERED_FOR, Remembered
from mailstead.services.accounts.sasl import Sasl
from mailstead.services.accounts.second_factors import Demand, Enforcement, Totp
from mailstead.services.accounts.verifiers import Verifiers
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$4tbQITePpWqKckSoO8XN2A$qHFQYY7Fwk5G8wOeunJPDvMqFnrcZXtzSprl2xJ5GhA"

__all__ = ["NAME_MAX", "REMEMBERED", "REMEMBERED_FOR", "Attempt", "Authenticator", "Principal"]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store says of a name: its user, what is open to them, and the credential they may have shown."""

    user: User | None
    accounts: Accounts
    credential: Credential | None = None

    def is_good(self, kind: CredentialKind) -> bool:
        """Whether the credential is this user's and of that kind."""
        shown = self.credential
        return shown is not None and self.user is not None and shown.user_id == self.user.id and shown.kind is kind


class Authenticator:
    """Verifies what proves a user. Unknown ones cost what known ones cost. Without a guard nothing is counted."""

    def __init__(
        self, store: Store, hasher: PasswordHasher, clock: Clock, *, default_domain: str, guard: Guard | None = None,
        enforcement: Enforcement | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._guard = guard
        self._finder = Finder(default_domain)
        self._remembered = Remembered(hasher, clock)
        self._last_use = LastUse(store)
        self._places = Places(store, clock)
        self._improving: set[int] = set()
        self.totp = Totp(store, clock, enforcement)
        self.verifiers = Verifiers(store, clock, hasher.iterations, self.totp.is_anybody_bound)
        self.sasl = Sasl(self)

    async def refresh(self) -> None:
        """Before mechanisms are told to a client: at a greeting, and after STARTTLS. Costs nothing within a second."""
        await self.verifiers.refresh()

    async def login(
        self, name: str, password: str, *, client_ip: str, service: str, session: int = 0, mechanism: str = ""
    ) -> Principal:
        """Log in by full address or by a bare name of the default domain; Denied for any refusal, Busy for later."""
        attempt = Attempt(client_ip=client_ip, service=service, session=session, mechanism=mechanism)
        return await self.enter_by_password(attempt, name, password)

    async def administered(self, user: User) -> list[str]:
        """The domains that they look after."""
        return await self._store.read(lambda tx: tx.directory.list_administered(user.id))

    # --- the ways in ---

    async def enter_by_password(self, attempt: Attempt, name: str, password: str, *, authzid: str = "") -> Principal:
        """By the user's password or an app password; NotAuthorized if they want to be somebody else."""
        started = self._clock.monotonic()
        known = await self._find(name, digest_of_app_password(password))
        await self._heed(attempt, name, known.user)
        if known.is_good(CredentialKind.APP_PASSWORD):
            if objection := self._object(attempt, name, known):
                raise await self.refuse(attempt, name, objection.reason, objection.error, is_guess=False)
        elif await self._fits(known.user, password):
            assert known.user is not None
            await self._improve(known.user, password)
            await self._ask_more(attempt, name, known.user)
        else:
            raise await self.refuse(attempt, name, "unknown user" if known.user is None else "wrong password")
        return await self._welcome(attempt, name, authzid, known, started)

    async def enter_by_proof(self, attempt: Attempt, name: str, *, authzid: str = "") -> Principal:
        """SCRAM has proved the password of this name."""
        known = await self._find(name)
        if known.user is not None:
            await self._ask_more(attempt, name, known.user)
        return await self._welcome(attempt, name, authzid, known, self._clock.monotonic())

    async def enter_by_token(self, attempt: Attempt, name: str, token: str) -> Principal | Rejection:
        """By a bearer token, of which `name` may be empty. A rejection is told to the client before it is raised."""
        started = self._clock.monotonic()
        digest = digest_of_token(token)

        async def unit(tx: ReadTx) -> _Known:
            found = await tx.credentials.find_holder(digest) if digest else None
            if found is None:
                return _Known(None, ())
            return _Known(found[0], await self._finder.open_accounts(tx, found[0]), found[1])

        known = await self._store.read(unit)
        await self._heed(attempt, name, known.user)
        if known.user is None or not known.is_good(CredentialKind.TOKEN):
            return Rejection(name, "unknown token")
        login = known.user.login
        if objection := self._object(attempt, login, known):
            return objection
        if name and not await self._means(name, known.user):
            return Rejection(login, "not authorized", NotAuthorized)
        if known.user.status is not Status.ACTIVE or not known.accounts:
            return Rejection(login, "user not active")
        return await self._welcome(attempt, login, "", known, started)

    async def enter_by_certificate(self, attempt: Attempt, emails: tuple[str, ...], authzid: str) -> Principal:
        """The address in a verified certificate is the login; with several, `authzid` may say which one."""
        started = self._clock.monotonic()
        for email in emails:
            known = await self._find(email)
            if known.user is not None and (not authzid or await self._means(authzid, known.user)):
                await self._ask_more(attempt, email, known.user)
                return await self._welcome(attempt, email, "", known, started)
        raise await self.refuse(attempt, authzid or ", ".join(emails), "no user of that certificate")

    async def verifier_of(self, attempt: Attempt, name: str) -> Verifier:
        """For SCRAM: the user's, or a stable false one."""

        async def unit(tx: ReadTx) -> tuple[User | None, str | None]:
            user, _ = await self._finder.find(tx, name)
            return user, None if user is None else await tx.credentials.find_verifier(user.id)

        user, stored = await self._store.read(unit)
        await self._heed(attempt, name, user)
        return await self.verifiers.of(self._finder.counted(name), user, stored)

    # --- what all have in common ---

    async def refuse(
        self, attempt: Attempt, name: str, reason: str, error: type[Denied] = Denied, *, is_guess: bool = True
    ) -> Denied:
        """Count it, let it cost time, tell the log; the error to raise."""
        emit(
            Event.AUTH_LOGIN_FAILED, session=attempt.session, protocol=attempt.service, client_ip=attempt.client_ip,
            username=name[:NAME_MAX], mechanism=attempt.mechanism, reason=reason,
        )  # fmt: skip
        if self._guard is not None and is_guess:
            login, is_known = await self._counted(name)
            await asyncio.sleep(await self._guard.failed(attempt, login, is_known=is_known))
        return error("authentication failed")

    async def _ask_more(self, attempt: Attempt, name: str, user: User) -> None:
        """The password is right. Where a second factor is asked for it is not enough; and that is said to nobody who
        did not know it."""
        demand = await self.totp.demand(user)
        if demand is Demand.NOTHING:
            return
        if attempt.code is None:
            await self.refuse(attempt, name, "app password needed", is_guess=False)
            raise AppPasswordNeeded("this account needs an app password")
        if demand is Demand.ENROLMENT:
            await self.refuse(attempt, name, "no second factor", is_guess=False)
            raise EnrolmentNeeded("this domain asks for a second factor: have one set up for this account")
        if not attempt.code:
            await self.refuse(attempt, name, "code needed", is_guess=False)
            raise CodeNeeded("a code of the second factor is needed")
        await self._weigh(attempt, name, user, attempt.code)

    async def _weigh(self, attempt: Attempt, name: str, user: User, code: str) -> None:
        """A wrong code counts as a wrong password does, and besides for itself."""
        match await self.totp.check(user, code):
            case Judged.GOOD:
                return
            case Judged.RECOVERED:
                emit(
                    Event.AUTH_RECOVERY_USED, session=attempt.session, protocol=attempt.service,
                    client_ip=attempt.client_ip, username=name[:NAME_MAX],
                )  # fmt: skip
            case Judged.SHUT:
                _tell_shut(attempt, name, Shut("codes", FAILURES_MAX))
                raise Limited("too many wrong codes, try again later")
            case Judged.WRONG | Judged.MISSING:
                raise await self.refuse(attempt, name, "wrong code")

    async def _heed(self, attempt: Attempt, name: str, user: User | None) -> None:
        """Limited if this address has failed or tried too often."""
        if self._guard is None:
            return
        login = user.login if user is not None else self._finder.counted(name)

        async def is_familiar() -> bool:
            return user is not None and await self._places.is_familiar(user.id, attempt.client_ip)

        shut = await self._guard.objection(attempt, login, is_familiar)
        if shut is None:
            return
        _tell_shut(attempt, name, shut)
        await asyncio.sleep(self._guard.delay)
        raise Limited("too many failed logins, try again later")

    async def _welcome(self, attempt: Attempt, name: str, authzid: str, known: _Known, started: float) -> Principal:
        """They are who they say; now, may they come in? Only themselves may be meant by `authzid`."""
        user = known.user
        if user is None or user.status is not Status.ACTIVE:
            raise await self.refuse(attempt, name, "user not active")
        if not known.accounts:
            raise await self.refuse(attempt, name, "no active account")
        if authzid and not await self._means(authzid, user):
            raise await self.refuse(attempt, name, "not authorized", NotAuthorized, is_guess=False)
        if self._guard is not None:
            if (shut := await self._guard.welcome(attempt, user.login)) is not None:
                _tell_shut(attempt, name, shut)
                raise TooMany("too many logins, try again later")
            self._places.note(user.id, attempt.client_ip)
        emit(
            Event.AUTH_LOGIN_SUCCEEDED, session=attempt.session, protocol=attempt.service, client_ip=attempt.client_ip,
            username=name, mechanism=attempt.mechanism, elapsed=self._clock.monotonic() - started,
        )  # fmt: skip
        return Principal(user, known.accounts, own_account(user, known.accounts), known.credential)

    async def _find(self, name: str, digest: str | None = None) -> _Known:
        async def unit(tx: ReadTx) -> _Known:
            user, accounts = await self._finder.find(tx, name)
            shown = await tx.credentials.find_credential(digest) if digest else None
            return _Known(user, accounts, shown)

        return await self._store.read(unit)

    async def _means(self, name: str, user: User) -> bool:
        async def unit(tx: ReadTx) -> bool:
            return await self._finder.means(tx, name, user)

        return await self._store.read(unit)

    async def _counted(self, name: str) -> tuple[str, bool]:
        """The name under which failures are counted: however it is written, a user has one. Is it somebody's?"""
        user = (await self._find(name)).user
        return (user.login, True) if user is not None else (self._finder.counted(name), False)

    def _object(self, attempt: Attempt, name: str, known: _Known) -> Rejection | None:
        """The credential is genuine; is it for this protocol, and for today?"""
        credential, now = known.credential, self._clock.now()
        assert credential is not None
        if not credential.serves(attempt.service):
            return Rejection(name, "credential of another protocol")
        if credential.is_over(now):
            return Rejection(name, "credential expired", Expired)
        self._last_use.note(credential, now)
        return None

    async def _fits(self, user: User | None, password: str) -> bool:
        """Is it the password? Also asked for nobody, so that time tells nothing."""
        if len(password) > PASSWORD_MAX:
            return False
        has_one = user is not None and bool(user.password_hash)
        stored = user.password_hash if user is not None and has_one else _NOBODY
        return await self._remembered.fits(user.id if user is not None else 0, password, stored, is_false=not has_one)

    async def _improve(self, user: User, password: str) -> None:
        """Now that the password is seen: replace a hash of an older scheme, store a verifier for SCRAM.

        Unless the password was changed meanwhile. A login never fails by it.
        """
        is_old = needs_rehash(user.password_hash)
        if user.id in self._improving or not (is_old or await self._lacks_verifier(user)):
            return
        self._improving.add(user.id)
        try:
            fresh = await self._hasher.hash(password) if is_old else None
            await self._replace(user, fresh, await self._hasher.derive(password))
            if fresh is not None:
                self._remembered.remember(user.id, password, fresh)
        except MailError:
            return
        finally:
            self._improving.discard(user.id)

    async def _lacks_verifier(self, user: User) -> bool:
        if self.verifiers.are_complete:
            return False

        async def unit(tx: ReadTx) -> str | None:
            return await tx.credentials.find_verifier(user.id)

        return needs_derivation(await self._store.read(unit), self._hasher.iterations)

    async def _replace(self, user: User, fresh: str | None, verifier: str) -> None:
        async def unit(tx: Tx) -> bool:
            now = await tx.directory.find_user(user.login)
            if now is None or now.password_hash != user.password_hash:
                return False
            if fresh is not None:
                await tx.directory.update_user(user.id, password_hash=fresh)
            await tx.credentials.store_verifier(user.id, verifier)
            return True

        if await self._store.write(unit):
            self.verifiers.forget()
            if fresh is not None:
                emit(Event.AUTH_PASSWORD_REHASHED, account=user.id)


def _tell_shut(attempt: Attempt, name: str, shut: Shut) -> None:
    emit(
        Event.AUTH_LOGIN_BLOCKED, session=attempt.session, protocol=attempt.service, client_ip=attempt.client_ip,
        username=name[:NAME_MAX], reason=shut.reason, limit=shut.limit,
    )  # fmt: skip
