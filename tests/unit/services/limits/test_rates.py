"""Rates of letters and connections: which policy holds where, and what is counted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.policy import Rate, RateLimit
from mailstead.ground.model.verdict import PASS, Defer, Reason, Verdict
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.limits import widest as module
from mailstead.services.limits.rates import RateLimits
from mailstead.services.limits.widest import Widest, WidestRates
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting, set_policy

ONE, TWO = "example.com", "other.test"
IP = "192.0.2.1"
EVE = Envelope(sender=Address("eve", "far.test"))


@dataclass
class Scene:
    directory: Directory
    clock: FakeClock
    limiting: Limiting

    @property
    def rates(self) -> RateLimits:
        return self.limiting.rates

    async def rate(self, domain: str, **columns: str) -> None:
        await set_policy(self.directory, domain, *(f"rate_limit.{name}={value}" for name, value in columns.items()))

    async def connect(self, times: int, ip: str = IP) -> list[bool]:
        return [await self.rates.judge_connection(Client(ip=ip)) == PASS for _ in range(times)]

    async def letter(self, domain: str = ONE, *, envelope: Envelope = EVE, session: int = 1, ip: str = IP) -> Verdict:
        return await self.rates.judge_recipient(envelope, domain, Client(ip=ip, session=str(session)))

    async def letters(self, times: int, domain: str = ONE, *, ip: str = IP, own_sessions: bool = False) -> list[str]:
        """The column that each one met, "" for none."""
        verdicts = [
            await self.letter(domain, session=100 + number if own_sessions else 1, ip=ip) for number in range(times)
        ]
        return [one.evidence.partition(":")[0] if isinstance(one, Defer) else "" for one in verdicts]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        await add_domain(directory, NewDomain(name=TWO))
        yield Scene(directory, clock, Limiting(directory.store, clock))


async def test_before_a_domain_is_known_the_most_liberal_one_holds(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_ip="2/60")
    await scene.rate(TWO, smtp_per_ip="4/60")
    assert await scene.connect(6) == [True] * 4 + [False] * 2
    assert await scene.connect(1, "2001:db8::1") == [True]
    verdict = await scene.rates.judge_connection(Client(ip=IP))
    assert isinstance(verdict, Defer)
    assert verdict.reason is Reason.RATE_LIMIT
    await scene.rate(TWO, enabled="off")
    assert await scene.connect(9) == [True] * 9


async def test_then_that_of_the_recipient_by_the_connections_that_brought_it_mail(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_ip="2/60")
    assert await scene.letters(4, own_sessions=True) == ["", "", "smtp_per_ip", "smtp_per_ip"]
    assert await scene.letters(4, TWO, own_sessions=True) == [""] * 4
    again = await scene.letter(session=100)
    assert again == PASS, "a session that was heard stays heard"


async def test_an_hour_and_a_day_side_by_side(scene: Scene) -> None:
    """Whoever is within any domain's rate is greeted."""
    await scene.rate(ONE, smtp_per_ip="2/60")
    await scene.rate(TWO, smtp_per_ip="3/1440")
    assert await scene.connect(4) == [True, True, True, False]
    scene.clock.advance(2 * 3600)
    assert await scene.connect(3) == [True, True, False]


async def test_what_is_widest(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "A_PAGE", 1)
    widest = WidestRates(scene.directory.store, scene.clock)

    async def look() -> Widest:
        return await widest.look(await scene.limiting.policies.look())

    assert await look() == Widest((Rate(100, 60),), (Rate(10, 15),))
    await scene.rate(TWO, smtp_per_ip="500/60", auth_per_ip="0/15")
    assert await look() == Widest((Rate(500, 60),), ())
    monkeypatch.setattr(module, "WINDOWS_MAX", 1)
    await scene.rate(ONE, smtp_per_ip="5/10")
    assert await look() == Widest((), ())


async def test_thousands_of_domains_are_not_read_for_every_connection(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page takes a second here: while domains come in by the hundred, what was read holds for a while."""
    widest = WidestRates(scene.directory.store, scene.clock)
    page = widest._page

    async def slow(after: str) -> list[tuple[str, RateLimit]]:
        scene.clock.advance(1)
        return await page(after)

    monkeypatch.setattr(widest, "_page", slow)

    async def look() -> int:
        return (await widest.look(await scene.limiting.policies.look())).smtp_per_ip[0].count

    assert await look() == 100
    await scene.rate(ONE, smtp_per_ip="200/60")
    assert await look() == 100
    scene.clock.advance(20)
    assert await look() == 200


async def test_without_a_domain_the_template_holds(scene: Scene) -> None:
    await scene.rate("_default", smtp_per_ip="7/60")
    for name in (ONE, TWO):
        found = await scene.directory.store.read(lambda tx, name=name: tx.directory.find_domain(name))
        assert found is not None
        await scene.directory.store.write(lambda tx, found=found: tx.directory.delete_domain(found.id))
    widest = await WidestRates(scene.directory.store, scene.clock).look(await scene.limiting.policies.look())
    assert widest.smtp_per_ip == (Rate(7, 60),)


async def test_letters_of_a_sender_count_for_each_domain(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_sender="2/1440")
    assert await scene.letters(3) == ["", "", "smtp_per_sender"]
    assert await scene.letters(3, TWO) == [""] * 3
    null = Envelope(sender=None)
    assert [await scene.letter(envelope=null) for _ in range(4)] == [PASS] * 4
    scene.clock.advance(27 * 3600)
    assert await scene.letters(1) == [""]


async def test_further_recipients_of_a_letter_are_no_further_letters(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_domain="1/60")
    assert await scene.letter() == PASS
    begun = EVE.with_recipient(Recipient(Address("ann", ONE)))
    assert await scene.letter(envelope=begun) == PASS
    assert isinstance(await scene.letter(), Defer)
    assert await scene.letter(TWO, envelope=begun) == PASS


async def test_what_is_refused_counts_for_nothing(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_domain="1/60", smtp_per_sender="2/60", smtp_per_ip="3/60")
    assert await scene.letters(9, own_sessions=True) == ["", *["smtp_per_domain"] * 8]
    await scene.rate(ONE, smtp_per_domain="9/60")
    assert await scene.letters(2, own_sessions=True, ip="192.0.2.9") == ["", "smtp_per_sender"]


async def test_what_a_user_and_a_domain_hand_in(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_user="2/60")
    await scene.rate(TWO, smtp_per_domain="3/60")
    client = Client(ip=IP)

    async def hand_in(login: str, domain: str) -> Verdict:
        return await scene.rates.judge_submission(login, domain, client)

    assert [await hand_in("ann@example.com", TWO) for _ in range(2)] == [PASS] * 2
    late = await hand_in("ann@example.com", TWO)
    assert late == Defer(
        Reason.RATE_LIMIT, "smtp_per_user: 2 in 60 minutes",
        "Sending limit reached: at most 2 letters in 60 minutes for ann@example.com",
    )  # fmt: skip
    assert await hand_in("bob@example.com", TWO) == PASS
    late = await hand_in("bob@example.com", TWO)
    assert isinstance(late, Defer)
    assert late.evidence == "smtp_per_domain: 3 in 60 minutes"
    assert await hand_in("bob@example.com", ONE) == PASS, "its user's budget is whole"


async def test_commands_and_exempt_clients_meet_no_limit(scene: Scene) -> None:
    await scene.rate(ONE, smtp_per_user="1/60")
    assert {await scene.rates.judge_submission("ann@example.com", ONE, Client(ip="")) for _ in range(3)} == {PASS}
