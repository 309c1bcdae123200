"""Who may come in, and what it costs."""

import asyncio

import pytest

from mailstead.ground.model.directory import AccountKind, Role, Status
from mailstead.ground.model.errors import Busy, Denied
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain, list_domains
from mailstead.services.accounts.login import REMEMBERED, REMEMBERED_FOR, Authenticator, Principal
from mailstead.services.accounts.shared import add_shared
from mailstead.services.accounts.users import (
    NewUser,
    UserChange,
    UserView,
    add_user,
    change_user,
    set_password,
    view_user,
)
from mailstead.store.port import Tx
from tests.support.directory import MARK, CountingHasher
from tests.support.fake_clock import FakeClock

PASSWORD = "long enough"


@pytest.fixture
def hasher(directory: Directory) -> CountingHasher:
    assert isinstance(directory.hasher, CountingHasher)
    return directory.hasher


@pytest.fixture
async def door(directory: Directory, hasher: CountingHasher, clock: FakeClock) -> Authenticator:
    await add_user(directory, NewUser(address="ann@example.com", password=PASSWORD))
    return Authenticator(directory.store, hasher, clock, default_domain="example.com")


async def login(door: Authenticator, name: str = "ann@example.com", password: str = PASSWORD) -> Principal:
    return await door.login(name, password, client_ip="192.0.2.1", service="imap")


async def test_by_address_and_by_bare_name(directory: Directory, door: Authenticator) -> None:
    await add_domain(directory, NewDomain(name="example.net", alias_of="example.com"))
    for name in ("ann@example.com", "ANN@Example.COM", "ann", "Ann", "ann@example.net"):
        principal = await login(door, name)
        assert principal.user.login == "ann@example.com"
        assert str(principal.account.address) == "ann@example.com"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann@example.com", "wrong"),
        ("ann@example.com", ""),
        ("ann@example.com", "x" * 5000),
        ("bob@example.com", PASSWORD),
        ("ann@elsewhere.test", PASSWORD),
        ("", PASSWORD),
        ("a b@@", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("ann\0", PASSWORD),
    ],
)
async def test_who_is_refused(door: Authenticator, name: str, password: str) -> None:
    with pytest.raises(Denied, match=r"^authentication failed$"):
        await login(door, name, password)


async def test_an_unknown_user_costs_what_a_known_one_costs(door: Authenticator, hasher: CountingHasher) -> None:
    for name in ("ann@example.com", "nobody@example.com", "nobody", "@"):
        hasher.verified.clear()
        with pytest.raises(Denied):
            await login(door, name, "wrong")
        assert len(hasher.verified) == 1


async def test_the_second_login_is_free(door: Authenticator, hasher: CountingHasher, clock: FakeClock) -> None:
    for _ in range(10):
        await login(door)
    assert len(hasher.verified) == 1
    clock.advance(REMEMBERED_FOR + 1)
    await login(door)
    assert len(hasher.verified) == 2


async def test_a_wrong_password_is_never_remembered(door: Authenticator, hasher: CountingHasher) -> None:
    for _ in range(3):
        with pytest.raises(Denied):
            await login(door, password="wrong")
    assert len(hasher.verified) == 3


async def test_a_new_password_ends_the_old_one_at_once(directory: Directory, door: Authenticator) -> None:
    await login(door)
    await set_password(directory, "ann", "quite another")
    with pytest.raises(Denied):
        await login(door)
    await login(door, password="quite another")


async def test_no_password_is_kept_in_what_is_remembered(door: Authenticator) -> None:
    await login(door)
    assert len(door._remembered._verified) == 1
    assert all(len(ticket) == 32 and PASSWORD.encode() not in ticket for ticket in door._remembered._verified)


async def test_memory_has_a_bound(door: Authenticator, hasher: CountingHasher) -> None:
    for number in range(REMEMBERED + 5):
        door._remembered._remember(number.to_bytes(4, "big"))
    assert len(door._remembered._verified) == REMEMBERED
    await login(door)
    assert len(door._remembered._verified) == REMEMBERED


async def test_the_same_login_at_the_same_time_is_verified_once(door: Authenticator, hasher: CountingHasher) -> None:
    principals = await asyncio.gather(*(login(door) for _ in range(20)))
    assert len(principals) == 20
    assert len(hasher.verified) == 1
    assert door._remembered._flights == {}


class SlowHasher(CountingHasher):
    """Verifies when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def verify(self, password: str, stored: str) -> bool:
        self.entered.set()
        await self.gate.wait()
        return await super().verify(password, stored)


async def test_one_who_goes_away_does_not_stop_the_others(directory: Directory, clock: FakeClock) -> None:
    await add_user(directory, NewUser(address="ann@example.com", password=PASSWORD))
    slow = SlowHasher()
    door = Authenticator(directory.store, slow, clock, default_domain="example.com")
    first, second = asyncio.create_task(login(door)), asyncio.create_task(login(door))
    await slow.entered.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.gate.set()
    assert (await second).user.login == "ann@example.com"
    assert len(slow.verified) == 1


class BusyHasher(CountingHasher):
    """Has no time."""

    async def verify(self, password: str, stored: str) -> bool:
        raise Busy("later")

    async def hash(self, password: str) -> str:
        raise Busy("later")


async def test_busy_is_no_refusal(directory: Directory, clock: FakeClock, door: Authenticator) -> None:
    busy = Authenticator(directory.store, BusyHasher(), clock, default_domain="example.com")
    with pytest.raises(Busy):
        await login(busy)


async def store_hash(directory: Directory, stored: str) -> None:
    async def unit(tx: Tx) -> None:
        user = await tx.directory.find_user("ann@example.com")
        assert user is not None
        await tx.directory.update_user(user.id, password_hash=stored)

    await directory.store.write(unit)


async def hash_of(directory: Directory) -> str:
    view = await view_user(directory, "ann")
    assert isinstance(view, UserView)
    return view.user.password_hash


async def test_a_hash_of_elsewhere_is_replaced_at_login(
    directory: Directory, door: Authenticator, hasher: CountingHasher
) -> None:
    await store_hash(directory, "{OLD}" + PASSWORD)
    with pytest.raises(Denied):
        await login(door, password="wrong")
    assert await hash_of(directory) == "{OLD}" + PASSWORD
    await login(door)
    assert await hash_of(directory) == MARK + PASSWORD
    hasher.verified.clear()
    await login(door)
    assert hasher.verified == []


async def test_a_password_changed_meanwhile_is_not_overwritten(directory: Directory, clock: FakeClock) -> None:
    await add_user(directory, NewUser(address="ann@example.com", password=PASSWORD))
    await store_hash(directory, "{OLD}" + PASSWORD)

    class Meanwhile(CountingHasher):
        async def hash(self, password: str) -> str:
            await store_hash(directory, MARK + "changed meanwhile")
            return await super().hash(password)

    door = Authenticator(directory.store, Meanwhile(), clock, default_domain="example.com")
    await login(door)
    assert await hash_of(directory) == MARK + "changed meanwhile"


async def test_a_login_does_not_fail_because_its_hash_cannot_be_replaced(
    directory: Directory, clock: FakeClock
) -> None:
    await add_user(directory, NewUser(address="ann@example.com", password=PASSWORD))
    await store_hash(directory, "{OLD}" + PASSWORD)

    class NoHash(CountingHasher):
        async def hash(self, password: str) -> str:
            raise Busy("later")

    await login(Authenticator(directory.store, NoHash(), clock, default_domain="example.com"))
    assert await hash_of(directory) == "{OLD}" + PASSWORD


async def test_statuses_are_looked_at_each_time(directory: Directory, door: Authenticator) -> None:
    await login(door)
    await change_user(directory, "ann", UserChange(status=Status.SUSPENDED))
    with pytest.raises(Denied):
        await login(door)
    await change_user(directory, "ann", UserChange(status=Status.ACTIVE))
    await login(door)
    (domain,) = await list_domains(directory)

    async def close(tx: Tx) -> None:
        from dataclasses import replace

        await tx.directory.update_domain(replace(domain, status=Status.INACTIVE))

    await directory.store.write(close)
    with pytest.raises(Denied):
        await login(door)


async def test_shared_accounts_are_open_too(directory: Directory, door: Authenticator) -> None:
    await add_shared(directory, "team", {"ann": Role.EDITOR}, None)
    principal = await login(door)
    assert [(account.kind, role) for account, role in principal.accounts] == [
        (AccountKind.PERSONAL, Role.ADMIN),
        (AccountKind.SHARED, Role.EDITOR),
    ]
    assert principal.account.kind is AccountKind.PERSONAL
