"""What failed logins cost an attacker, by whose policy, and that no stranger can lock an owner out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailstead.ground.model.errors import NoSpace, NotFound
from mailstead.net.origin import networks
from mailstead.services.accounts.attempt import Attempt
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.guard import Shut
from mailstead.services.limits.blocks import Cleaning, list_blocks, remove_block
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.logins import LoginGuard
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting, set_policy, words_of

ANN, BOB, FAR = "ann@example.com", "bob@example.com", "ann@other.test"
IP, NEIGHBOUR, ELSEWHERE = "192.0.2.1", "192.0.2.2", "198.51.100.1"


@dataclass
class Scene:
    """Two workers, two domains: example.com blocks after 4 failures, other.test after 10."""

    directory: Directory
    clock: FakeClock
    limiting: list[Limiting]

    @property
    def guard(self) -> LoginGuard:
        return self.limiting[0].guard

    async def fail(self, ip: str = IP, login: str = ANN, times: int = 1, *, is_known: bool = True) -> list[float]:
        """By each of the workers in turn; what each answer has to wait."""
        guards = [one.guard for one in self.limiting]
        return [await guards[n % 2].failed(attempt(ip), login, is_known=is_known) for n in range(times)]

    async def shut(self, ip: str = IP, login: str = ANN, *, is_familiar: bool = False) -> Shut | None:
        async def familiar() -> bool:
            return is_familiar

        answers = [await one.guard.objection(attempt(ip), login, familiar) for one in self.limiting]
        assert answers[0] == answers[1]
        return answers[0]


def attempt(ip: str = IP, service: str = "smtp", session: int = 1) -> Attempt:
    return Attempt(client_ip=ip, service=service, session=session)


async def stranger() -> bool:
    return False


@pytest.fixture
async def scene(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Scene]:
    async with open_directory(tmp_path, clock) as directory:
        await add_domain(directory, NewDomain(name="other.test"))
        await add_domain(directory, NewDomain(name="alias.test", alias_of="example.com"))
        await set_policy(directory, "example.com", *words_of(4))
        await set_policy(directory, "other.test", *words_of(10))
        first = Limiting(directory.store, clock, fd=None)
        second = Limiting(directory.store, clock, fd=first.ledger._lock)
        yield Scene(directory, clock, [first, second])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_an_address_is_blocked_at_the_threshold_for_the_minutes_of_the_policy(scene: Scene) -> None:
    await scene.fail(times=2)
    await scene.fail(login=BOB)
    assert await scene.shut() is None
    await scene.fail(login="nobody@example.com", is_known=False)
    for login in (ANN, BOB, "nobody@example.com"):
        assert await scene.shut(login=login) == Shut("address", 4)
    assert await scene.shut(NEIGHBOUR) is None
    assert await scene.shut(login=FAR) is None, "another domain's logins are its own affair"
    [block] = await list_blocks(scene.directory)
    assert (block.subject, block.domain, block.until - block.began_at) == (IP, "example.com", 3_600_000)
    scene.clock.advance(3601)
    assert await scene.shut() is None
    await scene.fail(times=3)
    assert await scene.shut() is None, "what a block was made of does not make another"


async def test_failures_before_the_window_are_over(scene: Scene) -> None:
    await scene.fail(times=3)
    scene.clock.advance(17 * 60)
    await scene.fail(times=3)
    assert await scene.shut() is None


async def test_a_network_is_blocked_by_several_of_its_addresses_and_by_none_alone(scene: Scene) -> None:
    await scene.fail(times=4)
    assert await scene.shut(NEIGHBOUR) is None
    await scene.fail(NEIGHBOUR, times=2)
    assert await scene.shut("192.0.2.200") == Shut("network", 4)
    assert await scene.shut("192.0.3.1") is None
    assert {block.subject for block in await list_blocks(scene.directory)} == {IP, "192.0.2.0/24"}


async def test_of_ipv6_a_64_is_one_address(scene: Scene) -> None:
    for number in range(4):
        await scene.fail(f"2001:db8:0:1::{number:x}")
    assert await scene.shut("2001:db8:0:1:ffff::1") == Shut("address", 4)
    assert await scene.shut("2001:db8:0:2::1") is None


async def test_names_of_no_domain_go_by_the_template_and_count_together(scene: Scene) -> None:
    await set_policy(scene.directory, "_default", *words_of(3))
    for number in range(3):
        await scene.fail(login=f"x@no{number}.test", is_known=False)
    assert await scene.shut(login="y@yet-another.test") == Shut("address", 3)
    assert await scene.shut() is None


async def test_another_name_of_a_domain_is_no_second_budget(scene: Scene) -> None:
    await scene.fail(login="ann@alias.test", is_known=False, times=2)
    await scene.fail(times=2)
    assert await scene.shut(login="ann@alias.test") == Shut("address", 4)


async def test_a_change_of_the_policy_holds_at_once(scene: Scene) -> None:
    await scene.fail(times=2)
    await set_policy(scene.directory, "example.com", "auth.brute_force_threshold=3")
    await scene.fail()
    assert await scene.shut() == Shut("address", 3)
    await set_policy(scene.directory, "example.com", "auth.brute_force_enabled=off")
    assert await scene.shut() is None
    assert await scene.fail(times=20) == [0.0] * 20


async def test_only_accounts_that_exist_where_the_domain_wants_it(scene: Scene) -> None:
    await set_policy(scene.directory, "example.com", "auth.brute_force_unknown_users=off")
    await scene.fail(login="nobody@example.com", times=20, is_known=False)
    assert await scene.shut() is None
    await scene.fail(times=4)
    assert await scene.shut() == Shut("address", 4)


async def test_who_is_familiar_is_heard_but_may_not_guess_for_ever(scene: Scene) -> None:
    await scene.fail(login=BOB, times=30)
    assert await scene.shut() == Shut("address", 4)
    assert await scene.shut(is_familiar=True) is None
    await scene.fail(times=40)
    assert await scene.shut(is_familiar=True) == Shut("familiar", 40)


async def test_an_account_under_attack_slows_those_alone_that_are_new_to_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.extend(filter(None, [seconds]))

    monkeypatch.setattr("mailstead.services.limits.logins.asyncio.sleep", sleep)
    scene.guard.delay = 1.5
    for number in range(60):
        await scene.fail(f"10.{number}.0.1")
    assert await scene.guard.objection(attempt(ELSEWHERE), ANN, stranger) is None
    assert waits == [6.0]
    assert await scene.shut(ELSEWHERE, is_familiar=True) is None
    assert await scene.shut(ELSEWHERE, BOB) is None
    assert waits == [6.0]


async def test_the_delay_grows_and_has_an_end(scene: Scene) -> None:
    for one in scene.limiting:
        one.guard.delay = 1.0
    delays = await scene.fail(login=FAR, times=10)
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1.0, 3.0)


async def test_attempts_have_a_rate_of_which_a_login_that_succeeds_is_no_part(scene: Scene) -> None:
    for domain in ("example.com", "other.test"):
        await set_policy(scene.directory, domain, "rate_limit.auth_per_ip=3/15", "auth.brute_force_enabled=off")
    guard = scene.guard
    for session in range(10):
        assert await guard.objection(attempt(session=session), ANN, stranger) is None
        assert await guard.welcome(attempt(session=session), ANN) is None
    for session in range(3):
        assert await guard.objection(attempt(session=session), ANN, stranger) is None
    assert await guard.objection(attempt(session=3), ANN, stranger) == Shut("auth_per_ip", 3), "these are under way"
    assert await guard.objection(attempt(session=3), FAR, stranger) == Shut("auth_per_ip", 3), "over all domains"
    await guard.failed(attempt(session=1), ANN, is_known=True)
    assert await guard.objection(attempt(session=3), ANN, stranger) is not None
    assert await guard.welcome(attempt(session=2), ANN) is None
    assert await guard.objection(attempt(session=3), ANN, stranger) is None


async def test_a_liberal_domain_is_not_shut_by_a_strict_one(scene: Scene) -> None:
    await set_policy(scene.directory, "example.com", "rate_limit.auth_per_ip=2/15")
    await set_policy(scene.directory, "other.test", "rate_limit.auth_per_ip=50/15")
    guard = scene.guard
    answers = [await guard.objection(attempt(session=n), ANN, stranger) for n in range(4)]
    assert answers == [None, None, Shut("auth_per_ip", 2), Shut("auth_per_ip", 2)]
    assert [await guard.objection(attempt(session=9), FAR, stranger) for _ in range(5)] == [None] * 5


async def test_logins_by_imap_have_a_rate(scene: Scene) -> None:
    await set_policy(scene.directory, "example.com", "rate_limit.imap_per_user=2/60")
    said = [await scene.guard.welcome(attempt(service="imap"), ANN) for _ in range(3)]
    assert said == [None, None, Shut("imap_per_user", 2)]
    assert await scene.guard.welcome(attempt(service="pop3"), ANN) is None
    assert await scene.guard.welcome(attempt(service="imap"), BOB) is None


async def test_who_is_exempt(scene: Scene) -> None:
    exempt = Exemptions(networks(["192.0.2.0/28"]))
    guard = Limiting(scene.directory.store, scene.clock, exemptions=exempt, delay=1.0).guard
    for ip in (IP, "127.0.0.1", "::1"):
        assert [await guard.failed(attempt(ip), ANN, is_known=True) for _ in range(9)] == [1.0] * 9
    guard.delay = 0.0
    for ip in (IP, "127.0.0.1", "::1"):
        assert await guard.objection(attempt(ip), ANN, stranger) is None
    assert await list_blocks(scene.directory) == []
    assert not await exempt.hold_for("192.0.2.16")


async def test_a_block_is_removed_by_hand(scene: Scene) -> None:
    await scene.fail(times=4)
    for subject, domain in (("192.0.2.9", None), (IP, "other.test")):
        with pytest.raises(NotFound):
            await remove_block(scene.directory, subject, domain)
    [would] = await remove_block(scene.directory, IP, "example.com", dry_run=True)
    assert await scene.shut() is not None
    assert [would] == await remove_block(scene.directory, IP, None)
    assert await scene.shut() is None
    told = (await scene.directory.store.read(lambda tx: tx.audit.read_chain(0)))[-1]
    assert (told.action, told.subject, told.domain) == ("login_block.removed", IP, "example.com")


async def test_what_is_over_is_forgotten_as_often_as_the_template_says(scene: Scene) -> None:
    await scene.fail(times=4)
    cleaning = Cleaning(scene.directory.store, scene.clock, scene.limiting[0].policies)
    scene.clock.advance(3590)
    await cleaning.run()
    scene.clock.advance(20)

    async def count() -> int:
        return len(await scene.directory.store.read(lambda tx: tx.limits.list_blocks(0)))  # type: ignore[arg-type]

    await cleaning.run()
    assert await count() == 1, "not yet its time"
    scene.clock.advance(300)
    await cleaning.run()
    assert await count() == 0


async def test_a_block_that_could_not_be_written_comes_with_the_next_failure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.fail(times=3)
    store = scene.directory.store
    write = store.write

    async def full(*_: object, **__: object) -> None:
        raise NoSpace("the disk is full")

    monkeypatch.setattr(store, "write", full)
    with pytest.raises(NoSpace):
        await scene.fail()
    assert await scene.shut() is None
    monkeypatch.setattr(store, "write", write)
    await scene.fail()
    assert await scene.shut() == Shut("address", 4)
