"""Giving a user a second factor, and taking it away. The secret and the recovery codes are shown once."""

import secrets
from dataclasses import dataclass, replace

from mailstead.ground.formats.totp import SECRET, find_step, otpauth_uri, read_code, show_secret
from mailstead.ground.model.directory import User
from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.ground.model.second_factor import SecondFactor
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.second_factors import ALPHABET, RECOVERY, digest_of_recovery
from mailstead.services.accounts.users import get_user
from mailstead.store.port import ReadTx, Tx

RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Enrolled:
    """To be put into the app; it counts for nothing until a first code was shown."""

    login: str
    secret: str
    uri: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Enrolled({self.login!r}, ...)"


@dataclass(frozen=True, slots=True)
class State:
    """What a user has. `factor` None: nothing."""

    user: User
    factor: SecondFactor | None
    recovery_left: int


async def enroll(directory: Directory, name: str, *, issuer: str, dry_run: bool = False) -> Enrolled:
    """A new secret, in place of one that was never confirmed; NoSuchUser, AlreadyExists."""
    secret, now = secrets.token_bytes(SECRET), directory.clock.now()

    async def unit(tx: Tx) -> str:
        user = await get_user(tx, directory, name)
        there = await tx.second_factors.hold(user.id)
        if there is not None and there.confirmed_at is not None:
            raise AlreadyExists(f"{user.login} has a second factor (mailstead user totp remove {user.login})")
        await tx.second_factors.put(SecondFactor(user_id=user.id, secret=secret.hex(), enrolled_at=now))
        await directory.record(tx, "totp.enrolled", user.login)
        return user.login

    login = await directory.commit(unit, dry_run=dry_run)
    return Enrolled(login, show_secret(secret), otpauth_uri(secret, login, issuer))


async def confirm(directory: Directory, name: str, code: str, *, dry_run: bool = False) -> tuple[str, tuple[str, ...]]:
    """With a first code of the app: from now on it is asked for. The login, and the recovery codes; NoSuchUser,
    NotFound, AlreadyExists, Invalid."""
    codes, now, digits = _make_recovery(), directory.clock.now(), read_code(code)

    async def unit(tx: Tx) -> str:
        user = await get_user(tx, directory, name)
        factor = await tx.second_factors.hold(user.id)
        if factor is None:
            raise NotFound(f"{user.login} has none to confirm (mailstead user totp enroll {user.login})")
        if factor.confirmed_at is not None:
            raise AlreadyExists(f"the second factor of {user.login} is confirmed")
        step = find_step(bytes.fromhex(factor.secret), digits, now, after=factor.last_step) if digits else None
        if step is None:
            raise Invalid("that is not the code that the app shows now; are its clock and ours right?")
        await tx.second_factors.put(replace(factor, confirmed_at=now, last_step=step))
        await tx.second_factors.put_recovery(user.id, [digest_of_recovery(one) for one in codes])
        await directory.record(tx, "totp.confirmed", user.login)
        return user.login

    return await directory.commit(unit, dry_run=dry_run), codes


async def renew_recovery(directory: Directory, name: str, *, dry_run: bool = False) -> tuple[str, tuple[str, ...]]:
    """Ten new recovery codes, and those before are worthless; NoSuchUser, NotFound."""
    codes = _make_recovery()

    async def unit(tx: Tx) -> str:
        user = await get_user(tx, directory, name)
        factor = await tx.second_factors.hold(user.id)
        if factor is None or factor.confirmed_at is None:
            raise NotFound(f"{user.login} has no second factor")
        await tx.second_factors.put_recovery(user.id, [digest_of_recovery(one) for one in codes])
        await directory.record(tx, "totp.recovery-renewed", user.login)
        return user.login

    return await directory.commit(unit, dry_run=dry_run), codes


async def remove(directory: Directory, name: str, *, dry_run: bool = False) -> str:
    """The password alone is enough again, unless the domain asks for more; NoSuchUser, NotFound."""

    async def unit(tx: Tx) -> str:
        user = await get_user(tx, directory, name)
        if not await tx.second_factors.delete(user.id):
            raise NotFound(f"{user.login} has no second factor")
        await directory.record(tx, "totp.removed", user.login)
        return user.login

    return await directory.commit(unit, dry_run=dry_run)


async def state(directory: Directory, name: str) -> State:
    """What there is; NoSuchUser."""

    async def unit(tx: ReadTx) -> State:
        user = await get_user(tx, directory, name)
        left = await tx.second_factors.count_recovery(user.id)
        return State(user, await tx.second_factors.find(user.id), left)

    return await directory.store.read(unit)


def _make_recovery() -> tuple[str, ...]:
    """In groups of four, to be written down."""

    def make() -> str:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY))
        return "-".join(letters[at : at + 4] for at in range(0, RECOVERY, 4))

    return tuple(make() for _ in range(RECOVERY_CODES))
