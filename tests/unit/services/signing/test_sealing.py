"""ARC sets that we add: taken by dkimpy and by ourselves, over what others sealed before us."""

from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest

from mailstead.ground.formats import arc
from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.record import render_record
from mailstead.ground.formats.dkim.verify import BodyDigests
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.question import Found, Question
from mailstead.ground.model.signing import Algorithm, SigningKey
from mailstead.services.dispatch.content import LetterContent
from mailstead.services.outbound.parcel import Rendition
from mailstead.services.signing.making import make_key, record_of
from mailstead.services.signing.rotation import activated
from mailstead.services.signing.rules import Seal
from tests.support.arc import seal as seal_by_others
from tests.support.dkim import RSA
from tests.support.signing import open_signer
from tests.support.spf import drive
from tests.unit.services.dispatch.test_content import MemoryBlob

NAME = "x.test"
LATER = 1_900_000_000
LETTER = (
    b"From: Ann <a@elsewhere.test>\r\nTo: b@x.test\r\nSubject: hi   there\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@elsewhere.test>\r\n\r\nHello  world \r\n\r\n"
)
FOUND = b" mx.x.test;\r\n\tspf=fail smtp.mailfrom=l@list.test;\r\n\tdkim=pass header.d=elsewhere.test%b\r\n"


@pytest.fixture(autouse=True)
def _hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """dkimpy looks at a clock of its own."""
    monkeypatch.setattr(dkim, "time", SimpleNamespace(time=lambda: LATER))


async def new_key(algorithm: Algorithm = Algorithm.RSA_2048) -> SigningKey:
    return activated(await make_key(NAME, "sel", algorithm, Instant(1)), Instant(1))


async def send(
    folder: Path, key: SigningKey, letter: bytes = LETTER, said: bytes = b"", found: bytes | None = None,
    canonicalization: str = "relaxed/relaxed",
) -> bytes:  # fmt: skip
    """The letter as it leaves."""
    async with open_signer(folder, key, canonicalization=canonicalization) as (signer, _, _):
        value = FOUND % said if found is None else found
        prefix = b"Authentication-Results:" + value + b"Received: by us\r\n"
        content = LetterContent(prefix, MemoryBlob(letter), signer, Seal(NAME, (), value), is_foreign=True)
        rendition = await content.render(eight_bit=True, binary=False)
        assert isinstance(rendition, Rendition)
        return b"".join([chunk async for chunk in rendition.chunks()])


def names_of(key: SigningKey) -> dict[str, bytes]:
    return {
        f"sel._domainkey.{NAME}.": render_record(record_of(key.pem)).encode(),
        "s._domainkey.relay.test.": RSA.record,
    }


def by_dkimpy(letter: bytes, key: SigningKey) -> bytes:
    known = names_of(key)
    verdict, _, _ = dkim.arc_verify(letter, dnsfunc=lambda name, timeout=5: known.get(name.decode(), b""))
    return bytes(verdict)


def by_us(letter: bytes, key: SigningKey) -> arc.Verdict:
    known = names_of(key)
    head, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(head + b"\r\n")
    chain = arc.read_chain(fields)
    digests = BodyDigests(chain.last)
    digests.feed(body)
    digests.finish()

    def answer(question: Question) -> Found:
        text = known.get(f"{question.name}.")
        return Found((text.decode(),) if text else ())

    digest = b"".join(map(digests.of, chain.last))
    return drive(arc.verify(chain, fields, digest, LATER), answer)


@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "relaxed/simple"])
async def test_the_first_set(tmp_path: Path, canonicalization: str) -> None:
    key = await new_key()
    letter = await send(tmp_path, key, canonicalization=canonicalization)
    assert letter.startswith(b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.test; s=sel;")
    assert b"ARC-Authentication-Results: i=1; mx.x.test;\r\n\tspf=fail smtp.mailfrom=l@list.test;" in letter
    assert letter.count(b"DKIM-Signature: v=1") == 1
    assert by_dkimpy(letter, key) == b"pass"
    assert by_us(letter, key).result is arc.Result.PASS
    assert dkim.verify(letter, dnsfunc=lambda name, timeout=5: names_of(key)[name.decode()])


async def test_a_set_after_those_of_others(tmp_path: Path) -> None:
    key = await new_key()
    sealed = seal_by_others(LETTER, "relay.test")
    letter = await send(tmp_path, key, sealed, b";\r\n\tarc=pass")
    assert letter.startswith(b"ARC-Seal: i=2; a=rsa-sha256; cv=pass;")
    assert by_dkimpy(letter, key) == b"pass"
    verdict = by_us(letter, key)
    assert (verdict.result, verdict.sealers) == (arc.Result.PASS, (NAME, "relay.test"))


async def test_changes_behind_us_are_seen(tmp_path: Path) -> None:
    key = await new_key()
    letter = await send(tmp_path, key)
    for spoilt in (
        letter.replace(b"Hello", b"Jello"), letter.replace(b"spf=fail", b"spf=pass"), letter.replace(b"hi ", b"ho "),
    ):  # fmt: skip
        assert by_dkimpy(spoilt, key) != b"pass"
        assert by_us(spoilt, key).result is arc.Result.FAIL


async def test_a_key_of_the_newer_kind(tmp_path: Path) -> None:
    key = await new_key(Algorithm.ED25519)
    letter = await send(tmp_path, key)
    assert b"a=ed25519-sha256; cv=none" in letter
    assert by_us(letter, key).result is arc.Result.PASS


@pytest.mark.parametrize(
    ("letter", "found"),
    [
        (LETTER, b""),  # nobody looked into it
        (LETTER, b" ="),
        (seal_by_others(LETTER, "relay.test"), FOUND % b""),  # nobody looked into its chain
        (seal_by_others(LETTER, "relay.test"), FOUND % b"; arc=fail"),
        (LETTER, FOUND % b"; arc=pass"),
        (LETTER.replace(b"To:", b"ARC-Seal: i=1; cv=none\r\nTo:"), FOUND % b""),
    ],
)
async def test_what_is_not_sealed(tmp_path: Path, letter: bytes, found: bytes) -> None:
    sent = await send(tmp_path, await new_key(), letter, found=found)
    assert b"d=x.test; s=sel;\r\n\tt=" not in sent.partition(b"DKIM-Signature")[0]
    assert sent.startswith(b"DKIM-Signature: v=1")
