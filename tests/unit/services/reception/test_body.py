"""Small letters whole, large ones in pieces, nothing past the limit."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import NoSpace, TooLarge
from mailstead.ground.model.policy import Policy
from mailstead.services.checks.checks import Checks
from mailstead.services.checks.specimen import Octets
from mailstead.services.reception.body import Body, Examined
from mailstead.store.port.blobs import INLINE_MAX
from tests.support.examining import OnePolicy
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames


class Blobs:
    """Remembers what was staged."""

    def __init__(self) -> None:
        self.small: list[bytes] = []
        self.large = b""
        self.is_aborted = False
        self.is_full = False

    def stage_small(self, data: bytes) -> Any:
        if self.is_full:
            raise NoSpace("full")
        self.small.append(data)
        return data

    def stage(self) -> "Blobs":
        return self

    def write(self, data: bytes) -> None:
        self.large += data

    async def finish(self) -> Any:
        return self.large

    def abort(self) -> None:
        self.is_aborted = True


async def test_a_small_letter_is_not_copied() -> None:
    blobs = Blobs()
    letter = b"Subject: x\r\n\r\ny\r\n"
    body = Body(blobs, 1000)  # type: ignore[arg-type]
    assert (await body.finish(letter)).staged is letter  # type: ignore[comparison-overlap]
    assert body.size == len(letter)


async def test_pieces() -> None:
    blobs = Blobs()
    body = Body(blobs, 10 * INLINE_MAX)  # type: ignore[arg-type]
    for _ in range(3):
        body.write(b"x" * INLINE_MAX)
    await body.finish(b"end")
    assert blobs.large == b"x" * (3 * INLINE_MAX) + b"end"
    assert not blobs.small


async def test_one_large_piece() -> None:
    blobs = Blobs()
    await Body(blobs, 10 * INLINE_MAX).finish(b"x" * (INLINE_MAX + 1))  # type: ignore[arg-type]
    assert len(blobs.large) == INLINE_MAX + 1


@pytest.mark.parametrize("pieces", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"x"] * 11])
async def test_past_the_limit(pieces: list[bytes]) -> None:
    body = Body(Blobs(), 10)  # type: ignore[arg-type]
    with pytest.raises(TooLarge):
        for piece in pieces:
            body.write(piece)
    body.abort()
    with pytest.raises(TooLarge):
        await Body(Blobs(), 10).finish(b"".join(pieces))  # type: ignore[arg-type]


async def test_exactly_the_limit() -> None:
    body = Body(Blobs(), 10)  # type: ignore[arg-type]
    body.write(b"x" * 4)
    await body.finish(b"x" * 6)
    assert body.size == 10


async def test_a_full_disk_is_told() -> None:
    blobs = Blobs()
    blobs.is_full = True
    with pytest.raises(NoSpace):
        await Body(blobs, 10).finish(b"x")  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [100, 3 * INLINE_MAX])
async def test_what_is_forged_is_not_stored(size: int) -> None:
    blobs = Blobs()
    checks = Checks(KnownNames(), FakeClock(), OnePolicy(Policy()), hostname="us.test")
    envelope = Envelope(sender=None, recipients=(Recipient(Address.parse("bob@us.test")),))
    examination = checks.begin(envelope, Client(ip="192.0.2.1"))
    body = Body(blobs, 10 * INLINE_MAX, examination)  # type: ignore[arg-type]
    rest = b"\r\nFrom: a@x.test\r\n\r\n" + b"x" * size + b"\r\n"
    body.write(b"Subject: y\r\nAuthentication-Results: US.test; dkim=pass")
    letter = await body.finish(rest)
    assert isinstance(letter, Examined)
    assert (blobs.large or blobs.small[0]) == b"Subject: y" + rest
    assert b"Authentication-Results: us.test;" in (await letter.examination.report(Octets(rest), ((),))).field


async def test_a_body_that_is_forgotten_ends_its_examination() -> None:
    names = KnownNames()
    checks = Checks(names, FakeClock(), OnePolicy(Policy()), hostname="us.test")
    body = Body(Blobs(), 10, checks.begin(Envelope(sender=None), Client(ip="192.0.2.1")))  # type: ignore[arg-type]
    with pytest.raises(TooLarge):
        body.write(b"x" * 11)
    await asyncio.sleep(0)
    assert names.asked == []
