"""What a letter needs before it leaves: fit for the peer, then signed. Once for each way, and remembered.

Small letters are held in memory. A large one is read anew in each pass: to look at it, to plan, to hash, to send.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from enum import Enum, auto
from typing import Final, Protocol

from mailstead.ground.formats.fit import LINE_MAX, Fit, FitScanner
from mailstead.ground.formats.recode import Recoder, Step, Survey, Unfit
from mailstead.ground.formats.structure import HEADER_MAX, Scanner
from mailstead.ground.model.envelope import BodyType
from mailstead.services.outbound.parcel import Chunks, Rendition, Unsuitable
from mailstead.services.signing.rules import Seal
from mailstead.services.signing.signer import BodyDigest, Signer

MEMORY_MAX: Final = 256 << 10
"""Octets of a letter that is kept in memory between the passes."""
READ: Final = 256 << 10

_HEADER_END: Final = re.compile(rb"\n\r?\n")


class Reader(Protocol):
    """A stored blob, as `store.port.blobs` has it."""

    @property
    def size(self) -> int: ...

    async def read(self, offset: int, length: int) -> bytes: ...


class _Way(Enum):
    """What is done to the octets."""

    AS_IT_IS = auto()
    BINARY = auto()  # the same, by BDAT
    EIGHT_BIT = auto()  # lines as they must be
    SEVEN_BIT = auto()  # and ASCII alone


class _Held:
    """Octets in memory."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    async def __call__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part


class _Stored:
    """Octets read as they are asked for; others come between."""

    def __init__(self, prefix: bytes, blob: Reader) -> None:
        self._prefix = prefix
        self._blob = blob

    async def __call__(self) -> AsyncIterator[bytes]:
        if self._prefix:
            yield self._prefix
        for offset in range(0, self._blob.size, READ):
            yield await self._blob.read(offset, min(READ, self._blob.size - offset))
            await asyncio.sleep(0)


class _Recoded:
    """Octets of a source, recoded as they pass."""

    def __init__(self, source: Chunks, plan: Sequence[Step]) -> None:
        self._source = source
        self._plan = plan

    async def __call__(self) -> AsyncIterator[bytes]:
        recoder = Recoder(self._plan)
        async for chunk in self._source():
            if out := recoder.feed(chunk):
                yield out
        if out := recoder.finish():
            yield out


class _Signed:
    """A signature, and then the source."""

    def __init__(self, signature: bytes, source: Chunks) -> None:
        self._signature = signature
        self._source = source

    async def __call__(self) -> AsyncIterator[bytes]:
        yield self._signature
        async for chunk in self._source():
            yield chunk


class _Splitter:
    """Finds the end of the header; what follows goes to the digest."""

    def __init__(self, digest: BodyDigest | None) -> None:
        self.header = b""
        self.size = 0
        self._digest = digest
        self._block: bytearray | None = bytearray(b"\n")  # the header so far, after a line end that is not in it

    def feed(self, data: bytes) -> None:
        """Take more octets."""
        self.size += len(data)
        if self._digest is None:
            return
        if self._block is None:
            self._digest.feed(data)
            return
        begin = max(len(self._block) - 2, 0)
        self._block += data
        if end := _HEADER_END.search(self._block, begin):
            self.header = bytes(self._block[1 : end.start() + 1])
            self._digest.feed(bytes(self._block[end.end() :]))
            self._block = None
        elif len(self._block) > HEADER_MAX:
            self._digest = None  # nobody could check it

    def finish(self) -> bytes | None:
        """The body's hash, if the letter can be signed."""
        if self._block is not None:
            self.header = bytes(self._block[1:])
        return self._digest.finish() if self._digest is not None else None


class LetterContent:
    """Implements `outbound.parcel.Content` over a stored letter.

    It is signed as `seal` says. `is_foreign`: others have signed it, so it is recoded only where it has to be.
    """

    def __init__(self, prefix: bytes, blob: Reader, signer: Signer, seal: Seal, *, is_foreign: bool = False) -> None:
        self._prefix = prefix
        self._blob = blob
        self._signer = signer
        self._wanted = seal
        self._is_foreign = is_foreign
        self._source: Chunks | None = None
        self._fit: Fit | None = None
        self._made: dict[_Way, Rendition | Unsuitable] = {}
        self._turn = asyncio.Lock()  # several hosts may ask at once

    async def fit(self) -> Fit:
        """What the letter asks of its way; `has_utf8_header` is for SMTPUTF8."""
        async with self._turn:
            return await self._look()

    async def render(self, *, eight_bit: bool, binary: bool) -> Rendition | Unsuitable:
        """The octets for a peer that takes these."""
        async with self._turn:
            fit = await self._look()
            if not eight_bit and fit.has_8bit_header:
                return Unsuitable("5.6.9", "its header is not ASCII, and the next host takes nothing else")
            way = self._way(fit, eight_bit=eight_bit, binary=binary)
            if way not in self._made:
                self._made[way] = await self._make(way, fit)
            return self._made[way]

    def _way(self, fit: Fit, *, eight_bit: bool, binary: bool) -> _Way:
        if fit.suits(eight_bit=eight_bit):
            return _Way.AS_IT_IS
        if eight_bit and binary:  # RFC 3030 §3: no rule about lines holds then
            return _Way.BINARY
        if self._is_foreign and _is_only_long(fit, eight_bit=eight_bit):
            return _Way.AS_IT_IS
        return _Way.EIGHT_BIT if eight_bit else _Way.SEVEN_BIT

    async def _look(self) -> Fit:
        """The first pass."""
        if self._fit is None:
            source: Chunks = _Stored(self._prefix, self._blob)
            if len(self._prefix) + self._blob.size <= MEMORY_MAX:
                source = _Held(b"".join([chunk async for chunk in source()]))
            scanner = FitScanner()
            async for chunk in source():
                scanner.feed(chunk)
            self._source, self._fit = source, scanner.finish()
        return self._fit

    async def _make(self, way: _Way, fit: Fit) -> Rendition | Unsuitable:
        source = self._source
        assert source is not None
        if way in (_Way.AS_IT_IS, _Way.BINARY):
            return await self._seal(source, BodyType.BINARY if way is _Way.BINARY else _body_of(fit))
        eight_bit = way is _Way.EIGHT_BIT
        try:
            plan = await self._plan(source, eight_bit=eight_bit)
        except Unfit as error:
            if _is_only_long(fit, eight_bit=eight_bit):  # most take longer lines; a refusal would help nobody
                return await self._seal(source, _body_of(fit))
            return Unsuitable("5.6.3", f"it cannot be recoded for the next host: {error}")
        recoded: Chunks = _Recoded(source, plan)
        if isinstance(source, _Held):
            recoded = _Held(*[chunk async for chunk in recoded()])
        scanner = FitScanner()
        async for chunk in recoded():
            scanner.feed(chunk)
        return await self._seal(recoded, _body_of(scanner.finish()))

    async def _plan(self, source: Chunks, *, eight_bit: bool) -> list[Step]:
        """Two passes: where the parts lie, and what each one needs; Unfit."""
        scanner = Scanner()
        async for chunk in source():
            scanner.feed(chunk)
        survey = Survey(scanner.finish(), eight_bit=eight_bit)
        async for chunk in source():
            survey.feed(chunk)
        return survey.finish()

    async def _seal(self, source: Chunks, body: BodyType) -> Rendition:
        """Count and sign."""
        splitter = _Splitter(self._signer.digest() if await self._signer.signs(self._wanted.domain) else None)
        async for chunk in source():
            splitter.feed(chunk)
        digest, signature = splitter.finish(), b""
        if digest is not None:
            signature = await self._signer.sign(self._wanted, bytes(splitter.header), digest)
        chunks = _Signed(signature, source) if signature else source
        return Rendition(size=len(signature) + splitter.size, body=body, chunks=chunks)


def _is_only_long(fit: Fit, *, eight_bit: bool) -> bool:
    """Whether nothing but long lines is against sending it as it is."""
    return fit.longest_line > LINE_MAX and not fit.is_binary and (eight_bit or not fit.has_8bit)


def _body_of(fit: Fit) -> BodyType:
    """What MAIL has to say of it, where it is not binary."""
    return BodyType.EIGHT_BIT if fit.has_8bit else BodyType.SEVEN_BIT
