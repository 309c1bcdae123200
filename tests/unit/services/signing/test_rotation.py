"""A key's life, by a clock and a DNS of the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import Algorithm, KeyState
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.signing import keys
from mailstead.services.signing.rotation import KEPT_MS, SETTLE_MS, Rotation, is_settled, shows
from mailstead.telemetry import Event
from tests.support.directory import open_directory
from tests.support.dkim import ED25519, RSA
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.signing import MemoryDns, signing_key
from tests.unit.services.signing.conftest import Told

DOMAIN = "example.com"
BOTH = (Algorithm.RSA_2048, Algorithm.ED25519)


class House:
    """A directory with its clock, its DNS and the duty over them."""

    def __init__(self, directory: Directory, clock: FakeClock) -> None:
        self.directory, self.clock, self.dns = directory, clock, MemoryDns()
        self.rotation = Rotation(directory.store, self.dns, clock)

    async def states(self) -> dict[str, str]:
        return {key.selector: key.state.value for key in await keys.list_keys(self.directory, DOMAIN)}

    async def publish(self, selector: str) -> None:
        (key,) = await keys.show_keys(self.directory, DOMAIN, selector)
        self.dns.texts[keys.published_at(key)] = [keys.record_text(key).encode()]

    async def after(self, seconds: float) -> dict[str, str]:
        """Let time pass, let the duty run, and tell the states."""
        self.clock.advance(seconds)
        await self.rotation.run()
        return await self.states()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        yield House(directory, clock)


def test_what_the_dns_has_to_show() -> None:
    key = signing_key(ED25519)
    assert shows(key, [ED25519.record])
    assert shows(key, [ED25519.record.replace(b"; ", b" ;\t")])
    assert not shows(key, [])
    assert not shows(key, [RSA.record])
    assert not shows(key, [ED25519.record, RSA.record]), "two records are none"
    assert not shows(key, [b"v=DKIM1; k=ed25519; p="])
    assert not shows(key, [b"nonsense"])


def test_when_it_may_sign() -> None:
    key, now = signing_key(ED25519, state=KeyState.NEW), Instant(START_MS)
    assert not is_settled(key, now, is_first=True), "it was not seen"


async def test_the_first_key_signs_as_soon_as_it_is_seen(house: House, told: Told) -> None:
    made = await keys.generate_keys(house.directory, DOMAIN, "mail", BOTH)
    assert [key.selector for key in made] == ["mail", "mail-ed25519"]
    assert await house.after(60) == {"mail": "new", "mail-ed25519": "new"}
    house.dns.down.add("mail._domainkey.example.com")
    await house.publish("mail")
    await house.publish("mail-ed25519")
    assert await house.after(60) == {"mail": "new", "mail-ed25519": "active"}
    house.dns.down.clear()
    assert await house.after(60) == {"mail": "active", "mail-ed25519": "active"}
    assert [event["result"] for event in told.of(Event.SIGNING_KEY_CHANGED)] == ["new", "new", "active", "active"]


async def test_a_successor_waits_and_the_old_record_is_kept(house: House) -> None:
    await keys.generate_keys(house.directory, DOMAIN, "mail", [Algorithm.ED25519])
    await keys.activate_key(house.directory, DOMAIN, "mail")
    (made,) = await keys.rotate_keys(house.directory, DOMAIN)
    assert made.selector == "mail-20270115"
    await house.publish(made.selector)
    assert await house.after(0) == {"mail": "active", made.selector: "new"}
    house.dns.texts.clear()
    assert await house.after(SETTLE_MS / 1000) == {"mail": "active", made.selector: "new"}, "one server is behind"
    await house.publish(made.selector)
    assert await house.after(1) == {"mail": "active", made.selector: "new"}
    assert await house.after(SETTLE_MS / 1000 - 1) == {"mail": "active", made.selector: "new"}
    assert await house.after(1) == {"mail": "retiring", made.selector: "active"}
    assert await house.after(KEPT_MS / 1000 - 1) == {"mail": "retiring", made.selector: "active"}
    assert await house.after(1) == {"mail": "retired", made.selector: "active"}
    asked = len(house.dns.asked)
    await house.after(60)
    assert len(house.dns.asked) == asked, "only new keys are looked for"


async def test_keys_of_another_kind_go_on(house: House) -> None:
    await keys.generate_keys(house.directory, DOMAIN, "mail", BOTH)
    for selector in ("mail", "mail-ed25519"):
        await keys.activate_key(house.directory, DOMAIN, selector)
    assert await house.states() == {"mail": "active", "mail-ed25519": "active"}
    made = await keys.rotate_keys(house.directory, DOMAIN)
    assert sorted(key.selector for key in made) == ["mail-20270115", "mail-ed25519-20270115"]
    changed = await keys.activate_key(house.directory, DOMAIN, "mail-20270115")
    assert [key.selector for key in changed] == ["mail-20270115", "mail"]
    assert (await house.states())["mail-ed25519"] == "active"


async def test_more_keys_than_are_looked_for_at_once(house: House) -> None:
    for number in range(45):
        await add_domain(house.directory, NewDomain(name=f"d{number}.test"))
        await keys.generate_keys(house.directory, f"d{number}.test", "s", [Algorithm.ED25519])
    await house.rotation.run()
    assert len(set(house.dns.asked)) == len(house.dns.asked) == 45


async def test_what_is_refused(house: House) -> None:
    directory = house.directory
    with pytest.raises(NotFound):
        await keys.generate_keys(directory, "other.test", "mail", BOTH)
    for selector in ("", "a b", "[x]", "é", "a..b", "a."):
        with pytest.raises(Invalid):
            await keys.generate_keys(directory, DOMAIN, selector, BOTH)
    with pytest.raises(NotFound):
        await keys.show_keys(directory, DOMAIN, None)
    with pytest.raises(NotFound):
        await keys.rotate_keys(directory, DOMAIN)
    await keys.generate_keys(directory, DOMAIN, "mail", [Algorithm.ED25519])
    with pytest.raises(AlreadyExists):
        await keys.generate_keys(directory, DOMAIN, "Mail", [Algorithm.ED25519])
    with pytest.raises(Conflict):
        await keys.rotate_keys(directory, DOMAIN)
    await keys.activate_key(directory, DOMAIN, "mail")
    with pytest.raises(Conflict):
        await keys.activate_key(directory, DOMAIN, "mail")
    with pytest.raises(Conflict):
        await keys.remove_key(directory, DOMAIN, "mail")
    assert (await keys.retire_key(directory, DOMAIN, "mail")).state is KeyState.RETIRING
    with pytest.raises(Conflict):
        await keys.retire_key(directory, DOMAIN, "mail")
    with pytest.raises(Conflict):
        await keys.remove_key(directory, DOMAIN, "mail")
    await keys.remove_key(directory, DOMAIN, "mail", force=True)
    assert await house.states() == {}


async def test_a_rehearsal_leaves_nothing(house: House) -> None:
    directory = house.directory
    assert len(await keys.generate_keys(directory, DOMAIN, "mail", BOTH, dry_run=True)) == 2
    assert await house.states() == {}
    await keys.generate_keys(directory, DOMAIN, "mail", [Algorithm.ED25519])
    await keys.activate_key(directory, DOMAIN, "mail", dry_run=True)
    assert await house.states() == {"mail": "new"}
    await keys.activate_key(directory, DOMAIN, "mail")
    await keys.rotate_keys(directory, DOMAIN, dry_run=True)
    await keys.retire_key(directory, DOMAIN, "mail", dry_run=True)
    await keys.remove_key(directory, DOMAIN, "mail", force=True, dry_run=True)
    assert await house.states() == {"mail": "active"}


async def test_one_that_never_signed_need_not_be_kept(house: House) -> None:
    await keys.generate_keys(house.directory, DOMAIN, "mail", [Algorithm.ED25519])
    assert (await keys.retire_key(house.directory, DOMAIN, "mail")).state is KeyState.RETIRED
    await keys.remove_key(house.directory, DOMAIN, "mail")


@pytest.mark.parametrize(
    ("selector", "taken", "chosen"),
    [
        ("mail", set(), "mail-20270115"),
        ("mail", {"mail-20270115"}, "mail-2027011502"),
        ("mail-20270115", {"mail-20270115", "mail-2027011502"}, "mail-2027011503"),
        ("mail-20260101", set(), "mail-20270115"),
        ("mail-ed25519", set(), "mail-ed25519-20270115"),
        ("20260101", set(), "20260101-20270115"),
    ],
)
def test_names_of_successors(selector: str, taken: set[str], chosen: str) -> None:
    assert keys.next_selector(selector, Instant(START_MS), taken) == chosen
