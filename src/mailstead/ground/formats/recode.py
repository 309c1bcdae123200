"""Makes a letter fit for a peer without 8BITMIME or BINARYMIME (RFC 6152 §3, RFC 2045): same content, other octets.

Three passes over the octets, each in pieces, so that a large letter is never in memory as a whole:

    scanner = Scanner()                        # 1: where its parts lie
    survey = Survey(root, eight_bit=False)     # 2: what each part needs; `finish` gives a plan, or raises Unfit
    recoder = Recoder(plan)                    # 3: the octets of before in, those of after out

Signed and encrypted parts are never touched (RFC 1847 §2.1), nor a nested message within them.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from mailstead.ground.formats.encode import Base64Encoder, QuotedPrintableEncoder
from mailstead.ground.formats.encoding import IDENTITY, Decoder, find_decoder
from mailstead.ground.formats.fit import LINE_MAX, Fit, FitScanner, fit_of
from mailstead.ground.formats.headers import each_field, find_field
from mailstead.ground.formats.part import Part

HEADERS_MAX: Final = 4 << 20
"""Octets of all headers of one letter that are kept between the passes."""

_SEALED: Final = frozenset({b"multipart/signed", b"multipart/encrypted"})
_LINE_END: Final = re.compile(rb"\r?\n")
_BLANK_LINE: Final = re.compile(rb"(?:\A|(?<=\n))\r?\n\Z")
_CTE: Final = re.compile(rb"(?im)^content-transfer-encoding[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)")
_MASK: Final = bytes(octet if octet < 0x80 else 0x3F for octet in range(256))


class Unfit(Exception):  # noqa: N818 - a fact about the letter
    """It cannot be recoded; the text says why."""


class Role(Enum):
    """What a stretch of octets is."""

    HEADER = auto()
    BODY = auto()  # of a leaf, or of a message/global that is encoded as a whole
    SEALED = auto()
    GLUE = auto()  # delimiters, and what stands before the first and after the last


@dataclass(frozen=True, slots=True)
class Stretch:
    """Octets from `start` to `end`, and whose they are."""

    role: Role
    start: int
    end: int
    part: Part
    message_end: int = 0  # where the message ends whose header this is


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a stretch: it stays, gives way to `header`, is encoded, or (glue) is mended."""

    stretch: Stretch
    header: bytes | None = None
    encoding: str = ""  # "base64", "quoted-printable"
    is_mended: bool = False


def _stretches(root: Part) -> list[Stretch]:
    """All of a message, without gaps, in order."""
    found = sorted(_walk(root, is_message=True), key=lambda stretch: (stretch.start, stretch.end))
    end = max(root.body_offset + root.body_size, found[-1].end)
    edges = [Stretch(Role.GLUE, 0, 0, root), *found, Stretch(Role.GLUE, end, end, root)]
    whole: list[Stretch] = []
    for before, after in pairwise(edges):
        if before.end < after.start:
            whole.append(Stretch(Role.GLUE, before.end, after.start, root))
        if after.start < after.end:
            whole.append(after)
    return whole


def _walk(part: Part, *, is_message: bool) -> Iterator[Stretch]:
    start, end = part.body_offset, part.body_offset + part.body_size
    yield Stretch(Role.HEADER, part.header_offset, start, part, end if is_message else 0)
    if part.media in _SEALED:
        yield Stretch(Role.SEALED, start, end, part)
    elif not part.children or part.media == b"message/global":  # RFC 6532 §3.5: the one message that may be encoded
        yield Stretch(Role.BODY, start, end, part)
    else:
        for child in part.children:
            yield from _walk(child, is_message=part.is_message)


class _Cutter:
    """Gives the pieces of a stream to the stretches they belong to."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self._number = 0
        self._at = 0

    def cut(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """(number of the stretch, its octets)."""
        done = 0
        while done < len(data) and self._number < len(self._stretches):
            piece = data[done : done + self._stretches[self._number].end - self._at]
            yield self._number, piece
            done += len(piece)
            self._at += len(piece)
            if self._at == self._stretches[self._number].end:
                self._number += 1


class Survey:
    """Looks at every stretch; then says what is to be done, or that nothing can be."""

    def __init__(self, root: Part, *, eight_bit: bool) -> None:
        self._root = root
        self._eight_bit = eight_bit
        self._stretches = _stretches(root)
        self._cutter = _Cutter(self._stretches)
        self._scanners = [FitScanner(has_header=False) for _ in self._stretches]
        self._headers: dict[int, bytearray] = {}
        self._kept = 0
        self._encoded: list[int] = []  # where the headers of parts begin that have to be encoded

    def feed(self, data: bytes) -> None:
        """The next octets of the message."""
        for number, piece in self._cutter.cut(data):
            self._scanners[number].feed(piece)
            if self._stretches[number].role is Role.HEADER:
                self._kept += len(piece)
                if self._kept > HEADERS_MAX:
                    raise Unfit("its headers are too large")
                self._headers.setdefault(number, bytearray()).extend(piece)

    def finish(self) -> list[Step]:
        """The plan; Unfit."""
        fits = [scanner.finish() for scanner in self._scanners]
        bodies = {
            stretch.part.header_offset: fit
            for stretch, fit in zip(self._stretches, fits, strict=True)
            if stretch.role is Role.BODY and not fit.suits(eight_bit=self._eight_bit)
        }
        self._encoded = sorted(bodies)
        return [self._step(number, fit, bodies) for number, fit in enumerate(fits)]

    def _step(self, number: int, fit: Fit, bodies: Mapping[int, Fit]) -> Step:
        """`bodies`: those that have to be encoded, by where the header of their part begins."""
        stretch = self._stretches[number]
        body = bodies.get(stretch.part.header_offset)
        match stretch.role:
            case Role.HEADER:
                return Step(stretch, header=self._header(stretch, bytes(self._headers[number]), body))
            case Role.BODY:
                return Step(stretch, encoding=self._encoding(stretch.part, body) if body else "")
            case Role.SEALED:
                if not fit.suits(eight_bit=self._eight_bit):
                    raise Unfit("a signed or encrypted part would have to be changed")
                return Step(stretch)
            case Role.GLUE:
                if fit.longest_line > LINE_MAX:
                    raise Unfit("a line between the parts is too long")
                return Step(stretch, is_mended=not fit.suits(eight_bit=self._eight_bit))

    def _encoding(self, part: Part, fit: Fit) -> str:
        """Content that is encoded in another way is decoded first."""
        if find_decoder(part.encoding) is None:
            raise Unfit(f"a part has an unknown encoding ({part.encoding[:40].decode('latin-1')})")
        if part.is_text and part.encoding.lower() in IDENTITY and not fit.is_binary and fit.longest_line <= LINE_MAX:
            return "quoted-printable"
        return "base64"

    def _header(self, stretch: Stretch, raw: bytes, body: Fit | None) -> bytes | None:
        """The header as it has to be; None: as it is."""
        part, header = stretch.part, raw
        if self._must_be_mime(stretch) and not find_field(header, b"mime-version"):
            header = _insert(header, b"MIME-Version: 1.0\r\n")
        if body is not None:
            header = self._relabel(part, header, body)
        elif part.media not in _SEALED and part.encoding.lower() in self._too_much():
            header = _set_encoding(header, "8bit" if self._eight_bit else "7bit")
        fit = fit_of(header, has_header=False)
        if not fit.suits(eight_bit=True):
            header = _mend_header(header)
        if fit.has_8bit and not self._eight_bit and part is not self._root:
            raise Unfit("the header of a part is not ASCII")
        return None if header == raw else header

    def _too_much(self) -> tuple[bytes, ...]:
        """Encodings of containers that the parts no longer need."""
        return (b"binary",) if self._eight_bit else (b"8bit", b"binary")

    def _must_be_mime(self, stretch: Stretch) -> bool:
        """RFC 2045 §4: a message of which anything is encoded has to say that it is MIME."""
        first = bisect_left(self._encoded, stretch.start)
        return first < len(self._encoded) and self._encoded[first] < stretch.message_end

    def _relabel(self, part: Part, header: bytes, body: Fit) -> bytes:
        """What the encoded body is now."""
        kind = _real_type(header)
        if kind.startswith(b"multipart/") or (kind.startswith(b"message/") and kind != b"message/global"):
            raise Unfit(f"a {kind[:40].decode('latin-1')} may not be encoded")  # RFC 2045 §6.4
        if not kind:  # RFC 1428 §3, for octets that nobody named
            charset = b"utf-8" if body.is_utf8 else b"unknown-8bit"
            header = _insert(header, b"Content-Type: text/plain; charset=%b\r\n" % charset)
        return _set_encoding(header, self._encoding(part, body))


def _real_type(header: bytes) -> bytes:
    """As the field has it: what was too deep to be looked into shows as something else in the tree."""
    for name, value in each_field(header):
        if name.lower() == b"content-type":
            return b"".join(value.partition(b";")[0].split()).lower()
    return b""


def _set_encoding(header: bytes, encoding: str) -> bytes:
    """With this Content-Transfer-Encoding and no other."""
    return _insert(_CTE.sub(b"", header), b"Content-Transfer-Encoding: %b\r\n" % encoding.encode())


def _insert(header: bytes, field: bytes) -> bytes:
    """With one field more, before the empty line."""
    blank = _BLANK_LINE.search(header)
    block, end = (header[: blank.start()], blank[0]) if blank else (header, b"\r\n")
    if block and not block.endswith(b"\n"):
        block += b"\r\n"
    return block + field + end


def _mend_header(header: bytes) -> bytes:
    """Every line ends in CRLF, and none is longer than it may be: a fold means no more than a space."""
    if b"\0" in header or re.search(rb"\r(?!\n)", header):
        raise Unfit("a header holds NUL or a CR alone")
    lines = []
    for whole in _LINE_END.split(header):
        line = whole
        while len(line) > LINE_MAX:
            cut = max(line.rfind(b" ", 1, LINE_MAX), line.rfind(b"\t", 1, LINE_MAX))
            if line[:cut].isspace() or cut < 1:  # RFC 5322 §2.2.3: a fold of blanks alone would be no field
                cut = LINE_MAX - 1
            rest = line[cut:]
            lines.append(line[:cut])
            line = rest if rest[:1] in (b" ", b"\t") else b" " + rest
        lines.append(line)
    return b"\r\n".join(lines)


class _Mender:
    """Glue that nobody reads: octets beyond ASCII become "?", NUL too, and every line ends in CRLF."""

    def __init__(self) -> None:
        self._has_cr = False

    def feed(self, data: bytes) -> bytes:
        """A CR at the end waits for its LF."""
        if self._has_cr:
            data = b"\r" + data
        self._has_cr = data.endswith(b"\r")
        if self._has_cr:
            data = data[:-1]
        return re.sub(rb"\r\n|\r|\n", b"\r\n", data.translate(_MASK).replace(b"\0", b"?"))

    def finish(self) -> bytes:
        """A CR was the last octet."""
        return b"\r\n" if self._has_cr else b""


class _Encoding:
    """From one Content-Transfer-Encoding to another."""

    def __init__(self, decoder: Decoder, encoding: str, *, is_last: bool) -> None:
        self._decoder = decoder
        self._encoder = Base64Encoder() if encoding == "base64" else QuotedPrintableEncoder()
        self._soft_end = b"\r\n" if encoding == "base64" else b"=\r\n"
        self._is_last = is_last
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        """What is decided."""
        return self._note(self._encoder.feed(self._decoder.feed(data)))

    def finish(self) -> bytes:
        """The rest; at the end of the letter with a line end that adds nothing to the content."""
        rest = self._note(self._encoder.feed(self._decoder.finish()) + self._encoder.finish())
        return rest + (self._soft_end if self._is_last and self._tail not in (b"", b"\r\n") else b"")

    def _note(self, out: bytes) -> bytes:
        self._tail = (self._tail + out)[-2:]
        return out


class Recoder:
    """Carries out a plan."""

    def __init__(self, plan: Sequence[Step]) -> None:
        self._plan = plan
        self._cutter = _Cutter([step.stretch for step in plan])
        self._last = -1
        self._work: _Mender | _Encoding | None = None

    def feed(self, data: bytes) -> bytes:
        """The octets of before in, those of after out."""
        out: list[bytes] = []
        for number, piece in self._cutter.cut(data):
            if number != self._last:
                out.append(self._close())
                out.append(self._begin(number))
            if self._work is not None:
                out.append(self._work.feed(piece))
            elif self._plan[number].header is None:
                out.append(piece)
        return b"".join(out)

    def finish(self) -> bytes:
        """What was kept back."""
        return self._close()

    def _close(self) -> bytes:
        work, self._work = self._work, None
        return work.finish() if work is not None else b""

    def _begin(self, number: int) -> bytes:
        self._last = number
        step = self._plan[number]
        if step.encoding:
            decoder = find_decoder(step.stretch.part.encoding)
            assert decoder is not None
            self._work = _Encoding(decoder, step.encoding, is_last=number == len(self._plan) - 1)
        elif step.is_mended:
            self._work = _Mender()
        return step.header or b""
