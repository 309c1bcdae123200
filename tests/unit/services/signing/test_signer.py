"""Letters are signed by every active key, and a change of keys is seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.signature import read_signature
from mailstead.ground.formats.dkim.verify import Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import KeyState
from mailstead.services.signing.rules import Seal
from mailstead.services.signing.signer import LOOK_AGAIN, Signer
from mailstead.telemetry import Event
from tests.support.dkim import ED25519, RSA
from tests.support.fake_clock import START_MS
from tests.support.signing import BOTH, RECORDS, open_signer, signing_key
from tests.unit.ground.formats.dkim.test_verify import check_all
from tests.unit.services.signing.conftest import Told

HEADER = b"From: a@x.test\r\nTo: b@y.test\r\nSubject: hi\r\nX-Other: z\r\n"
BODY = b"Hello,  world \r\n\r\n"
NOW = START_MS // 1000


async def sign(signer: Signer, domain: str = "x.test") -> bytes:
    digest = signer.digest()
    digest.feed(BODY)
    return await signer.sign(Seal(domain), HEADER, digest.finish())


@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
async def test_every_active_key_signs(tmp_path: Path, canonicalization: str) -> None:
    old = signing_key(RSA, selector="old", state=KeyState.RETIRING)
    async with open_signer(tmp_path, *BOTH, old, canonicalization=canonicalization) as (signer, _, _):
        fields = await sign(signer)
    checks = check_all(fields + HEADER + b"\r\n" + BODY, RECORDS, NOW)
    assert [check.result for check in checks] == [Result.PASS] * 2
    assert {check.claim.key_name for check in checks} == RECORDS.keys()


async def test_what_is_signed(tmp_path: Path) -> None:
    async with open_signer(tmp_path, BOTH[1], life=3600) as (signer, _, _):
        signature = read_signature(split_fields(await sign(signer))[0].raw)
    assert (signature.signed_at, signature.expires_at) == (NOW, NOW + 3600)
    assert signature.headers.count(b"from") == signature.headers.count(b"subject") == 2
    assert signature.headers.count(b"cc") == 1
    assert b"x-other" not in signature.headers
    assert b"list-id" not in signature.headers


async def test_the_fields_of_a_domain_are_its_own_choice(tmp_path: Path) -> None:
    async with open_signer(tmp_path, BOTH[1]) as (signer, _, _):
        digest = signer.digest()
        digest.feed(BODY)
        signed = await signer.sign(Seal("x.test", (b"from", b"to", b"x-other")), HEADER, digest.finish())
    signature = read_signature(split_fields(signed)[0].raw)
    assert {bytes(name) for name in signature.headers} == {b"from", b"to", b"x-other"}
    assert signature.headers.count(b"from") == 2, "still nobody adds another"


async def test_no_key(tmp_path: Path, told: Told) -> None:
    async with open_signer(tmp_path, *BOTH) as (signer, _, clock):
        assert await signer.signs("x.test")
        assert not await signer.signs("")
        for _ in range(3):
            assert not await signer.signs("y.test")
            assert await sign(signer, "y.test") == b""
            clock.advance(LOOK_AGAIN)
        assert told.of(Event.SIGNING_KEY_MISSING) == [{"domain": "y.test"}], "it is said once"


async def test_a_change_is_seen(tmp_path: Path) -> None:
    async with open_signer(tmp_path, BOTH[0]) as (signer, store, clock):
        assert (await sign(signer)).count(b"DKIM-Signature") == 1
        await store.write(lambda tx: tx.signing.insert_key(BOTH[1]))
        clock.advance(LOOK_AGAIN)
        assert (await sign(signer)).count(b"DKIM-Signature") == 2
        gone = replace(BOTH[0], state=KeyState.RETIRING, retired_at=Instant(2))
        await store.write(lambda tx: tx.signing.update_key(gone, was=KeyState.ACTIVE))
        clock.advance(LOOK_AGAIN)
        fields = await sign(signer)
        assert b"s=e;" in fields
        assert b"s=r;" not in fields


async def test_a_broken_key_does_not_stop_the_others(tmp_path: Path, told: Told) -> None:
    broken = replace(signing_key(ED25519, selector="b"), pem="nonsense")
    async with open_signer(tmp_path, broken, *BOTH) as (signer, _, _):
        assert (await sign(signer)).count(b"DKIM-Signature") == 2
    (event,) = told.of(Event.SIGNING_KEY_BROKEN)
    assert event["selector"] == "b"
    assert "nonsense" not in str(event)


async def test_only_so_many_domains_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.services.signing.signer.DOMAINS_MAX", 3)
    async with open_signer(tmp_path, *BOTH) as (signer, _, _):
        for number in range(9):
            await signer.signs(f"{number}.test")
        assert len(signer._rings) == 3
        assert await signer.signs("x.test")
