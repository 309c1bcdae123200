"""The DKIM-Signature field (RFC 6376 §3.5): written before it is signed, read back, and what is signed of a header."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dkim.canonical import Canon, canonical_field
from mailstead.ground.formats.dkim.header import Field, Picker
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.tags import Malformed, read_base64, read_list, read_number, read_tags, squeeze

NAME: Final = "DKIM-Signature"
LINE: Final = 76
"""Octets of a line of the fields we write."""

_SIGNATURE: Final = re.compile(rb"((?:\A|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What one field says. Names of `headers` are in lower case."""

    algorithm: str  # a=, as "rsa-sha256"
    domain: str
    selector: str
    headers: tuple[bytes, ...]
    body_hash: bytes
    signature: bytes = b""
    header_canon: Canon = Canon.RELAXED
    body_canon: Canon = Canon.RELAXED
    identity: str = ""  # i=
    signed_at: int | None = None  # t=, in seconds
    expires_at: int | None = None  # x=
    length: int | None = None  # l=


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What will be signed, but for the key: the same for every key of a domain."""

    domain: str
    headers: tuple[bytes, ...]
    body_hash: bytes
    header_canon: Canon = Canon.RELAXED
    body_canon: Canon = Canon.RELAXED
    signed_at: int
    expires_at: int | None = None

    def render(self, type_: KeyType, selector: str, *, name: str = NAME, first: str = "v=1") -> bytes:
        """The field with an empty b=, without its line end. ARC has it under another name."""
        tags = [
            first, f"a={type_.value}-sha256", f"c={self.header_canon.value}/{self.body_canon.value}",
            f"d={self.domain}", f"s={selector}", f"t={self.signed_at}",
        ]  # fmt: skip
        tags += [f"x={self.expires_at}"] if self.expires_at is not None else []
        headers = b":".join(self.headers).decode("ascii")
        tags += [f"h={headers}", f"bh={base64.b64encode(self.body_hash).decode()}", "b="]
        return fold(name, tags).encode("ascii")

    def to_sign(self, fields: Sequence[Field], unsigned: bytes) -> bytes:
        """The bytes that the key signs: the chosen fields, then the field itself (§3.7)."""
        return signed_bytes(Picker(fields).pick(self.headers), unsigned, self.header_canon)


def fold(name: str, tags: Iterable[str]) -> str:
    """A field's tags on lines of at most LINE octets; h= may be cut at its colons (§3.5)."""
    lines = [f"{name}:"]
    for tag in tags:
        room = LINE - len(lines[-1]) - 2
        pieces = re.findall(r"[^:]*:|[^:]+", tag) if tag.startswith("h=") else [tag]
        text = tag if tag == "b=" else tag + ";"
        if len(text) <= room:
            lines[-1] += " " + text
            continue
        lines.append("\t")
        for number, piece in enumerate(pieces):
            word = piece + (";" if number == len(pieces) - 1 and tag != "b=" else "")
            if len(lines[-1]) > 1 and len(lines[-1]) + len(word) > LINE:
                lines.append("\t")
            lines[-1] += word
    return "\r\n".join(lines)


def complete(unsigned: bytes, signature: bytes) -> bytes:
    """The whole field with its line end, b= folded."""
    text = base64.b64encode(signature)
    room = max(LINE - (len(unsigned) - unsigned.rfind(b"\n") - 1), 0)
    rest = text[room:]
    lines = [unsigned + text[:room], *(rest[at : at + LINE - 1] for at in range(0, len(rest), LINE - 1))]
    return b"\r\n\t".join(lines) + b"\r\n"


def signed_bytes(picked: Iterable[bytes], field: bytes, canon: Canon) -> bytes:
    """§3.7: the fields, then the DKIM-Signature with an empty b= and without its line end."""
    name, colon, value = field.partition(b":")
    emptied = name + colon + _SIGNATURE.sub(rb"\1", value, count=1)
    last = canonical_field(emptied, canon)
    return b"".join([canonical_field(raw, canon) for raw in picked]) + last.removesuffix(b"\r\n")


def read_signature(field: bytes) -> Signature:
    """What a whole DKIM-Signature field says; Malformed."""
    tags = read_tags(field.partition(b":")[2])
    if tags.get("v") != "1":
        raise Malformed("v= is not 1" if tags.get("v") else "v= is missing")
    return signature_of(tags)


def signature_of(tags: Mapping[str, str]) -> Signature:
    """What such tags say, whatever the field; Malformed."""
    if missing := [tag for tag in ("a", "b", "bh", "d", "h", "s") if not tags.get(tag)]:
        raise Malformed(f"{missing[0]}= is missing")
    header, _, body = squeeze(tags.get("c", "simple/simple")).lower().partition("/")
    signature = Signature(
        algorithm=squeeze(tags["a"]).lower(),
        domain=squeeze(tags["d"]).lower(),
        selector=squeeze(tags["s"]).lower(),
        headers=tuple(name.encode() for name in read_list(tags["h"])),
        body_hash=read_base64(tags["bh"], "bh"),
        signature=read_base64(tags["b"], "b"),
        header_canon=_canon(header),
        body_canon=_canon(body or "simple"),
        identity=squeeze(tags.get("i", "")),
        signed_at=read_number(tags["t"], "t") if "t" in tags else None,
        expires_at=read_number(tags["x"], "x") if "x" in tags else None,
        length=read_number(tags["l"], "l") if "l" in tags else None,
    )
    _hold_together(signature, tags)
    return signature


def _canon(word: str) -> Canon:
    try:
        return Canon(word)
    except ValueError:
        raise Malformed(f"c= names {word[:20]!r}") from None


def _hold_together(signature: Signature, tags: Mapping[str, str]) -> None:
    """§6.1.1: what must hold before a key is asked for."""
    if b"from" not in signature.headers:
        raise Malformed("h= lacks From")
    host = signature.identity.rpartition("@")[2].lower()
    if host and host != signature.domain and not host.endswith("." + signature.domain):
        raise Malformed("i= is not of d=")
    if "dns/txt" not in read_list(tags.get("q", "dns/txt")):
        raise Malformed("q= does not name dns/txt")
    if signature.expires_at is not None and signature.expires_at <= (signature.signed_at or 0):
        raise Malformed("x= is not after t=")
