"""Senders of forwarded letters, with the store's secret and its domains."""

from mailstead.ground.formats.srs import rewrite
from mailstead.ground.model.address import Address
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.forwarding import Forwarding
from tests.support.fake_clock import FakeClock

BOB = Address("bob", "example.org")


async def test_all_workers_share_one_secret(directory: Directory, clock: FakeClock) -> None:
    sender = await Forwarding(directory.store, clock).rewrite(BOB, "example.com")
    assert sender is not None
    assert sender.domain == "example.com"
    assert sender.local.startswith("SRS0=")
    assert await Forwarding(directory.store, clock).reverse(sender) == BOB


async def test_senders_that_stay(directory: Directory, clock: FakeClock) -> None:
    forwarding = Forwarding(directory.store, clock)
    ann = Address("ann", "example.com")
    assert await forwarding.rewrite(ann, "other.example") is ann
    assert await forwarding.rewrite(None, "example.com") is None


LONG = Address("0100018c" + "-4f5b" * 8 + "-000000", "eu-west-1.bounces.example.org")


async def test_a_long_sender_goes_by_a_short_name(directory: Directory, clock: FakeClock) -> None:
    forwarding = Forwarding(directory.store, clock)
    sender = await forwarding.rewrite(LONG, "example.com")
    assert sender is not None
    assert len(sender.local) <= 64
    assert await forwarding.rewrite(LONG, "example.com") == sender
    another = Forwarding(directory.store, clock)
    assert await another.reverse(Address(sender.local.lower(), "example.com")) == LONG
    assert await another.reverse(Address("SRSK=" + "A" * 24, "example.com")) is None


async def test_a_short_name_ends(directory: Directory, clock: FakeClock) -> None:
    forwarding = Forwarding(directory.store, clock)
    sender = await forwarding.rewrite(LONG, "example.com")
    assert sender is not None
    clock.advance(14 * 86_400)
    await forwarding.forget()
    assert await forwarding.reverse(sender) == LONG
    clock.advance(86_400)
    assert await forwarding.reverse(sender) is None
    await forwarding.forget()
    clock.advance(-86_400)
    assert await forwarding.reverse(sender) is None


async def test_what_is_not_ours(directory: Directory, clock: FakeClock) -> None:
    forwarding = Forwarding(directory.store, clock)
    forged = rewrite(BOB, "example.com", b"guess", clock.now())
    assert forged is not None
    assert await forwarding.reverse(forged) is None
    assert await forwarding.reverse(Address("bob", "example.com")) is None


async def test_older_secrets_hold(directory: Directory, clock: FakeClock) -> None:
    old = rewrite(BOB, "example.com", b"before", clock.now())
    assert old is not None
    assert await Forwarding(directory.store, clock, older=(b"before",)).reverse(old) == BOB
    clock.advance(15 * 86_400)
    assert await Forwarding(directory.store, clock, older=(b"before",)).reverse(old) is None
