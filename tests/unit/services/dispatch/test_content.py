"""Letters before they leave: fit for the peer, signed as they leave, and read in pieces."""

import asyncio
import email
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.formats.dkim.verify import Result
from mailstead.ground.formats.fit import fit_of
from mailstead.ground.model.envelope import BodyType
from mailstead.services.dispatch.content import MEMORY_MAX, READ, LetterContent
from mailstead.services.outbound.parcel import Content, Rendition, Unsuitable
from mailstead.services.signing.rules import Seal
from mailstead.services.signing.signer import Signer
from tests.support.fake_clock import START_MS
from tests.support.signing import BOTH, RECORDS, open_signer
from tests.unit.ground.formats.dkim.test_verify import check_all

PREFIX = b"Received: by us\r\n"
HEAD = b"From: a@x.test\r\nTo: b@y.test\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"
PLAIN = HEAD + b"\r\nHello\r\n"
ACCENTS = (
    HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "é\r\n".encode()
)
BARE = ACCENTS + b"line\nfeed\r\n"


class MemoryBlob:
    """Implements `store.port.blobs.BlobReader`, and notes what was asked of it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.reads: list[int] = []

    @property
    def size(self) -> int:
        return len(self._data)

    async def read(self, offset: int, length: int) -> bytes:
        self.reads.append(length)
        return self._data[offset : offset + length]


@pytest.fixture
async def signer(tmp_path: Path) -> AsyncIterator[Signer]:
    async with open_signer(tmp_path, *BOTH) as (made, _, _):
        yield made


async def octets(rendition: Rendition | Unsuitable) -> bytes:
    """All of it; said twice it is the same."""
    assert isinstance(rendition, Rendition)
    data = b"".join([chunk async for chunk in rendition.chunks()])
    assert b"".join([chunk async for chunk in rendition.chunks()]) == data
    assert rendition.size == len(data)
    return data


def is_signed(data: bytes) -> bool:
    checks = check_all(data, RECORDS, START_MS // 1000)
    assert all(check.result is Result.PASS for check in checks), checks
    return len(checks) == 2


def content_of(letter: bytes, signer: Signer, domain: str = "x.test", *, is_foreign: bool = False) -> LetterContent:
    content = LetterContent(PREFIX, MemoryBlob(letter), signer, Seal(domain), is_foreign=is_foreign)
    as_port: Content = content
    assert as_port is content
    return content


@pytest.mark.parametrize(
    ("letter", "eight_bit", "binary", "body", "is_same"),
    [
        (PLAIN, False, False, BodyType.SEVEN_BIT, True),
        (PLAIN, True, True, BodyType.SEVEN_BIT, True),
        (ACCENTS, True, False, BodyType.EIGHT_BIT, True),
        (ACCENTS, True, True, BodyType.EIGHT_BIT, True),
        (ACCENTS, False, False, BodyType.SEVEN_BIT, False),
        (BARE, True, True, BodyType.BINARY, True),
        (BARE, True, False, BodyType.SEVEN_BIT, False),
        (HEAD + b"\r\n" + b"x" * 2000 + b"\r\n", True, True, BodyType.BINARY, True),
        (HEAD + b"\r\n" + b"x" * 2000 + b"\r\n", False, False, BodyType.SEVEN_BIT, False),
        (HEAD, False, False, BodyType.SEVEN_BIT, True),
    ],
)
async def test_fit_and_signed(
    signer: Signer, letter: bytes, eight_bit: bool, binary: bool, body: BodyType, is_same: bool
) -> None:
    rendition = await content_of(letter, signer).render(eight_bit=eight_bit, binary=binary)
    data = await octets(rendition)
    assert isinstance(rendition, Rendition)
    assert rendition.body is body
    assert data.endswith(PREFIX + letter) is is_same
    assert binary or fit_of(data).suits(eight_bit=eight_bit)
    if letter is not HEAD:
        assert is_signed(data)
    before, after = email.message_from_bytes(PREFIX + letter), email.message_from_bytes(data)
    assert after.get_payload(decode=True) == before.get_payload(decode=True)


async def test_made_once_for_each_way(signer: Signer) -> None:
    content = content_of(ACCENTS, signer)
    eight, again, seven, binary = await asyncio.gather(
        content.render(eight_bit=True, binary=False),
        content.render(eight_bit=True, binary=False),
        content.render(eight_bit=False, binary=False),
        content.render(eight_bit=True, binary=True),
    )
    assert eight is again is binary
    assert seven is not eight
    assert seven is await content.render(eight_bit=False, binary=False)
    assert is_signed(await octets(seven))


async def test_nobody_signs(signer: Signer) -> None:
    for domain in ("", "other.test"):
        rendition = await content_of(PLAIN, signer, domain).render(eight_bit=True, binary=False)
        assert await octets(rendition) == PREFIX + PLAIN


async def test_what_cannot_go(signer: Signer) -> None:
    header = await content_of("Subject: é\r\n".encode() + PLAIN, signer).render(eight_bit=False, binary=False)
    assert isinstance(header, Unsuitable)
    assert header.status == "5.6.9"
    sealed = HEAD + b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n\xc3\xa9\r\n--s--\r\n"
    signed = await content_of(sealed, signer).render(eight_bit=False, binary=False)
    assert isinstance(signed, Unsuitable)
    assert signed.status == "5.6.3"
    assert isinstance(await content_of(sealed, signer).render(eight_bit=True, binary=False), Rendition)
    bare = await content_of(sealed.replace(b"\xc3\xa9", b"x\ny"), signer).render(eight_bit=True, binary=False)
    assert isinstance(bare, Unsuitable)


async def test_long_lines_alone_refuse_nobody(signer: Signer) -> None:
    long = b"x" * 2000 + b"\r\n"
    sealed = HEAD + b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" + long + b"--s--\r\n"
    data = await octets(await content_of(sealed, signer).render(eight_bit=False, binary=False))
    assert data.endswith(sealed)
    foreign = content_of(HEAD + b"\r\n" + long, signer, "", is_foreign=True)
    assert await octets(await foreign.render(eight_bit=True, binary=False)) == PREFIX + HEAD + b"\r\n" + long


async def test_what_it_asks_of_its_way(signer: Signer) -> None:
    assert (await content_of("Subject: é\r\n".encode() + PLAIN, signer).fit()).has_utf8_header
    assert not (await content_of(ACCENTS, signer).fit()).has_utf8_header


@pytest.mark.parametrize("eight_bit", [True, False])
async def test_a_large_letter_is_read_in_pieces(signer: Signer, eight_bit: bool) -> None:
    parts = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "Zeile mit Ümläuten\r\n".encode() * 40_000
    parts += b"--b\r\nContent-Type: image/png\r\n\r\n" + b"\x89PNG" * 100 + b"\r\n--b--\r\n"
    letter = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts
    blob = MemoryBlob(letter)
    assert blob.size > 3 * MEMORY_MAX
    rendition = await LetterContent(PREFIX, blob, signer, Seal("x.test")).render(eight_bit=eight_bit, binary=False)
    data = await octets(rendition)
    assert is_signed(data)
    assert fit_of(data).suits(eight_bit=eight_bit)
    assert max(blob.reads) <= READ
    leaves = [
        [part.get_payload(decode=True) for part in email.message_from_bytes(one).walk() if not part.is_multipart()]
        for one in (letter, data)
    ]
    assert leaves[0] == leaves[1]
    assert isinstance(rendition, Rendition)
    assert max([len(chunk) async for chunk in rendition.chunks()]) < 4 * READ


async def test_a_header_that_never_ends_is_not_signed(signer: Signer) -> None:
    letter = b"From: a@x.test\r\n" + b"X-Filler: some words\r\n" * 60_000 + b"\r\nHello\r\n"
    data = await octets(await content_of(letter, signer).render(eight_bit=True, binary=False))
    assert data == PREFIX + letter
