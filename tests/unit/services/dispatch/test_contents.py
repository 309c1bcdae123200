"""Whether and how a letter is signed is its domain's own choice, and a choice holds for the next letter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.signature import read_signature
from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.policy import Policy, Sheet
from mailstead.ground.model.policy_columns import change, read_words
from mailstead.ground.model.spool import Origin, SpooledLetter
from mailstead.services.dispatch.contents import KEPT_SECONDS, SignedContents
from mailstead.services.outbound.parcel import Rendition
from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadTx, Store, Tx
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import NOW
from tests.support.signing import BOTH, open_signer
from tests.support.spooled import letter, recipient, spool

BODY = b"From: a@x.test\r\nTo: b@y.test\r\nSubject: hi\r\n\r\nHello\r\n"


class Scene:
    def __init__(self, store: Store, contents: SignedContents, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self._contents = contents
        self._count = 0

    async def want(self, *words: str) -> None:
        policy: Policy = change(Sheet(), read_words(list(words))).policy

        async def unit(tx: Tx) -> None:
            await tx.policies.put_policy("x.test", policy, version=await tx.policies.advance(), now=NOW)

        await self.store.write(unit)

    async def send(self, **other: object) -> bytes:
        """The octets of one more letter."""
        self._count += 1
        number = self._count
        one = letter(number, **({"domain": "x.test", "prefix": b""} | other))
        await spool(self.store, one, recipient(number), body=BODY)  # type: ignore[arg-type]
        return await self.send_again()

    async def send_again(self) -> bytes:
        """The octets of the last letter, as its next try would send them."""
        number = self._count

        async def unit(tx: ReadTx) -> SpooledLetter:
            return await tx.spool.get_letter(SpoolId(number))

        content = await self._contents.open(await self.store.read(unit))
        rendition = await content.render(eight_bit=True, binary=False)
        assert isinstance(rendition, Rendition)
        return b"".join([chunk async for chunk in rendition.chunks()])


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_signer(tmp_path, BOTH[1]) as (signer, store, clock):
        await store.write(lambda tx: tx.directory.insert_domain("x.test", now=NOW, default_quota=0))
        yield Scene(store, SignedContents(store.blobs, clock, signer, Policies(store)), clock)


async def test_signing_turned_off_and_on_again(scene: Scene) -> None:
    assert (await scene.send()).startswith(b"DKIM-Signature:")
    await scene.want("dkim.signing_enabled=off")
    assert await scene.send() == BODY
    await scene.want("dkim.signing_enabled=on")
    assert (await scene.send()).startswith(b"DKIM-Signature:")


async def test_a_later_try_is_signed_as_of_then(scene: Scene) -> None:
    await scene.want("dkim.signing_enabled=off")
    assert await scene.send() == BODY
    await scene.want("dkim.signing_enabled=on")
    assert await scene.send_again() == BODY  # the lanes of one letter share what was made
    scene.clock.advance(KEPT_SECONDS)
    assert (await scene.send_again()).startswith(b"DKIM-Signature:")


async def test_what_others_keep_is_handed_off_as_it_came(scene: Scene) -> None:
    assert await scene.send(origin=Origin.HANDED_OFF) == BODY


async def test_the_fields_of_the_column(scene: Scene) -> None:
    usual = read_signature(split_fields(await scene.send())[0].raw)
    assert b"subject" in usual.headers
    await scene.want("dkim.headers_to_sign=From,To")
    chosen = read_signature(split_fields(await scene.send())[0].raw)
    assert {bytes(name) for name in chosen.headers} == {b"from", b"to"}


OURS = b"Delivered-To: l@x.test\r\nAuthentication-Results: mx.x.test; spf=pass\r\nReceived: by us\r\n"


async def test_what_an_alias_sends_on_is_sealed_where_its_domain_wants_it(scene: Scene) -> None:
    assert b"ARC-Seal:" not in await scene.send(origin=Origin.FORWARDED, prefix=OURS)
    await scene.want("arc.seal=on")
    sealed = await scene.send(origin=Origin.FORWARDED, prefix=OURS)
    assert sealed.startswith(b"ARC-Seal: i=1;")
    assert b"ARC-Authentication-Results: i=1; mx.x.test; spf=pass\r\n" in sealed
    assert b"ARC-Seal:" not in await scene.send(origin=Origin.SUBMITTED, prefix=OURS)
    assert b"ARC-Seal:" not in await scene.send(origin=Origin.FORWARDED)  # what stands in the letter itself is not ours
