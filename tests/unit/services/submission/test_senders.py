"""As whom a user may write, in a directory of dicts; and that what was taken from them is soon known."""

from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Access, AccountKind, Role, Status
from mailstead.services.accounts.attempt import Principal
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.submission.senders import FRESH_FOR, LOOKUPS_MAX, Rights, find_owner
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.unit.services.accounts.test_resolve import Directory, account, directory

ANN, TEAM = account(1, "ann@a.test"), account(7, "team@a.test")


def house(**aliases: tuple[str, ...]) -> Directory:
    made = directory(aliases={f"{name}@a.test": targets for name, targets in aliases.items()})
    made.accounts.append(TEAM)
    return made


async def owner(where: Directory, text: str) -> str | None:
    found = await find_owner(where, {ANN.id: ANN, TEAM.id: TEAM}, Address.parse(text))  # type: ignore[arg-type]
    return str(found.address) if found else None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@a.test", "ann@a.test"),
        ("ANN@A.test", "ann@a.test"),
        ("ann+x+y@a.test", "ann@a.test"),
        ("ann@b.test", "ann@a.test"),  # a domain alias
        ("team@a.test", "team@a.test"),
        ("bob@a.test", None),
        ("bob+ann@a.test", None),
        ("+ann@a.test", None),
        ("nobody@a.test", None),
        ("any@c.test", None),  # its catch-all leads to ann
        ("ann@elsewhere.test", None),
        ("ann@asleep.test", None),
        ("ann@x.test", None),  # domain aliases in a circle
        ("postmaster@a.test", None),
    ],
)
async def test_addresses(text: str, found: str | None) -> None:
    assert await owner(house(), text) == found


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        (("ann@a.test",), "ann@a.test"),
        (("ann",), "ann@a.test"),
        (("team@a.test", "ann@a.test"), "team@a.test"),
        (("deep",), "ann@a.test"),
        (("ann@a.test", "bob@a.test"), None),
        (("ann@a.test", "x@elsewhere.test"), None),
        (("info",), None),
        (("not an address@@",), None),
        ((), None),
    ],
)
async def test_aliases(targets: tuple[str, ...], found: str | None) -> None:
    where = house(info=targets, deep=("ann@a.test",))
    assert await owner(where, "info@a.test") == found
    assert await owner(where, "info+tag@a.test") == found


async def test_an_exact_address_of_others_is_no_tag_of_mine() -> None:
    where = house()
    where.accounts.append(account(8, "ann+boss@a.test"))
    assert await owner(where, "ann+boss@a.test") is None
    assert await owner(where, "ann+other@a.test") == "ann@a.test"


async def test_wide_aliases_are_given_up() -> None:
    where = house(**{f"n{i}": (f"n{i + 1}", f"n{i + 1}") for i in range(30)})
    assert await owner(where, "n0@a.test") is None
    assert where.asked <= LOOKUPS_MAX


async def test_access_is_read_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as made:
        user, own = await _ann_and_team(made)
        rights = Rights(made.store, clock, Principal(user, ((own[0], Role.ADMIN), (own[1], Role.SENDER)), own[0]))
        team = Address("team", "example.com")
        assert await rights.owner_of(team) == own[1]
        await made.store.write(lambda tx: tx.directory.revoke(user.id, own[1].id))
        assert await rights.owner_of(team) == own[1]  # for some seconds
        clock.advance(FRESH_FOR)
        assert await rights.owner_of(team) is None
        assert (await rights.account_of(None)).id == own[0].id  # type: ignore[union-attr]
        await made.store.write(lambda tx: tx.directory.update_user(user.id, status=Status.SUSPENDED))
        clock.advance(FRESH_FOR)
        assert await rights.account_of(None) is None
        assert await rights.owner_of(own[0].address) is None


async def test_editors_do_not_send(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as made:
        user, own = await _ann_and_team(made)
        rights = Rights(made.store, clock, Principal(user, ((own[0], Role.ADMIN), (own[1], Role.EDITOR)), own[0]))
        assert await rights.owner_of(own[1].address) is None


async def _ann_and_team(made):  # type: ignore[no-untyped-def]
    await add_user(made, NewUser(address="ann@example.com", password="long enough"))

    async def unit(tx):  # type: ignore[no-untyped-def]
        domain = await tx.directory.find_domain("example.com")
        user = await tx.directory.find_user("ann@example.com")
        team = await tx.directory.insert_account(
            domain.id, Address("team", "example.com"), kind=AccountKind.SHARED, quota_bytes=0, now=made.clock.now()
        )
        await tx.directory.grant(Access(user.id, team.id, Role.SENDER))
        return user, (await tx.directory.find_account(Address("ann", "example.com")), team)

    return await made.store.write(unit)
