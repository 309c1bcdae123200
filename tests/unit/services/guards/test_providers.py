"""Which provider a destination is, how fast it is written to, and how a new server begins."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.model.rate import parse_rates
from mailstead.services.guards.providers import GOMAILSERVER, Profile, Provider, ProviderRates, warm_up_cap
from tests.support.fake_clock import FakeClock
from tests.support.spooled import recipient
from tests.support.stores import AnyStore, sqlite_engine
from tests.unit.services.guards.zone import Zone

DAY = 86_400_000
SMALL = Profile(
    (Provider("big", frozenset({"big.test"}), (".big.example",), parse_rates("3/minute 5/hour")),),
    parse_rates("2/minute"),
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


@pytest.mark.parametrize(
    ("domain", "hosts", "name"),
    [
        ("gmail.com", (), "gmail"),
        ("company.test", ("aspmx.l.google.com",), "gmail"),
        ("hotmail.com", (), "outlook"),
        ("company.test", ("company-test.mail.protection.outlook.com",), "outlook"),
        ("company.test", ("mta5.am0.yahoodns.net",), "yahoo"),
        ("company.test", ("mx.notgoogle.com", "outlook.com.evil.test"), None),
    ],
)
def test_providers_are_known_by_domain_and_host(domain: str, hosts: tuple[str, ...], name: str | None) -> None:
    found = GOMAILSERVER.find(domain, hosts)
    assert (found.name if found else None) == name


def test_the_first_fortnight() -> None:
    assert [warm_up_cap(day * DAY) for day in (-1, 0, 1, 12, 13, 14)] == [100, 100, 200, 70_000, 80_000, None]


async def test_those_beyond_the_rate_wait_until_there_is_room(store: AnyStore) -> None:
    clock = FakeClock()
    rates = ProviderRates(store, clock, SMALL, resolver=Zone({"firm.test MX": ["mx.big.example"]}), is_warming_up=False)
    first = [recipient(1, number, f"u{number}@big.test") for number in range(2)]
    assert await rates.admit(first) == {}
    waiting = await rates.admit([recipient(2, number, f"u{number}@firm.test") for number in range(2)])
    assert list(waiting) == [1]  # the same provider by its MX
    assert waiting[1].why == "3/minute for big is used up for 65 seconds"
    clock.advance((waiting[1].until - clock.now()) / 1000)
    assert list(await rates.admit([recipient(3, number, "x@big.test") for number in range(3)])) == [2]  # 5/hour
    assert list(await rates.admit([recipient(4, number, "x@small.test") for number in range(3)])) == [2]
    assert list(await rates.admit([recipient(5, 0, "x@other.test")])) == []


async def test_a_silent_dns_leaves_the_ordinary_rate(store: AnyStore) -> None:
    rates = ProviderRates(store, FakeClock(), SMALL, resolver=Zone({}, is_silent=True), is_warming_up=False)
    assert list(await rates.admit([recipient(1, number, "x@firm.test") for number in range(3)])) == [2]


async def test_a_new_server_counts_all_destinations_together(store: AnyStore) -> None:
    clock = FakeClock()
    rates = ProviderRates(store, clock, None, resolver=None, is_warming_up=True)
    assert await rates.admit([recipient(1, number, "x@a.test") for number in range(60)]) == {}
    waiting = await rates.admit([recipient(2, number, "x@b.test") for number in range(60)])
    assert sorted(waiting) == list(range(40, 60))
    assert waiting[40].why.startswith("100/day for a new server is used up")
    clock.advance((waiting[40].until - clock.now()) / 1000)
    assert await rates.admit([recipient(3, number, "x@b.test") for number in range(200)]) == {}
    clock.advance(14 * 86400)
    assert await rates.admit([recipient(4, 0, "x@b.test")] * 100_000) == {}
