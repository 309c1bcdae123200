"""Key records in the DNS (RFC 6376 §3.6.1): read, written, and written as a line of a zone."""

import base64
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.formats.dkim.tags import Malformed, read_base64, read_list, read_tags, squeeze

STRING_MAX: Final = 255
"""Octets of one string of a TXT record (RFC 1035 §3.3.14)."""


class KeyType(Enum):
    """The word in k=, and before "-sha256" in a=."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """`key` is a SubjectPublicKeyInfo in DER for RSA, the bare 32 octets for Ed25519 (RFC 8463 §4.2); b"": revoked."""

    type: str = KeyType.RSA.value  # kept as written: an unknown one is the judge's business
    key: bytes
    hashes: tuple[str, ...] = ()  # h=; none: all
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    notes: str = ""

    @property
    def is_testing(self) -> bool:
        """t=y: a failure counts for no more than no signature."""
        return "y" in self.flags

    @property
    def is_strict(self) -> bool:
        """t=s: i= may not be of a subdomain."""
        return "s" in self.flags


def read_record(text: bytes) -> KeyRecord:
    """What a TXT record says; Malformed."""
    tags = read_tags(text)
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise Malformed("v= is not DKIM1, or not the first tag")
    if "p" not in tags:
        raise Malformed("p= is missing")
    return KeyRecord(
        type=squeeze(tags.get("k", KeyType.RSA.value)).lower(),
        key=read_base64(tags["p"], "p"),
        hashes=read_list(tags["h"]) if "h" in tags else (),
        services=read_list(tags.get("s", "*")),
        flags=read_list(tags["t"]) if "t" in tags else (),
        notes=tags.get("n", ""),
    )


def find_record(texts: Iterable[str]) -> KeyRecord | None:
    """The key among the TXT records of its name. §3.6.2.2: there is to be one; what cannot be read is none."""
    for text in texts:
        try:
            return read_record(text.encode("latin-1"))
        except Malformed:
            continue
    return None


def render_record(record: KeyRecord) -> str:
    """The text of the TXT record."""
    tags = ["v=DKIM1", f"k={record.type}"]
    tags += [f"h={':'.join(record.hashes)}"] if record.hashes else []
    tags += [f"s={':'.join(record.services)}"] if record.services != ("*",) else []
    tags += [f"t={':'.join(record.flags)}"] if record.flags else []
    tags += [f"n={record.notes}"] if record.notes else []
    return "; ".join([*tags, f"p={base64.b64encode(record.key).decode()}"])


def record_name(selector: str, domain: str) -> str:
    """Where it is asked for (§3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def zone_line(name: str, text: str) -> str:
    """A line for a zone file: a record longer than one string is several in brackets."""
    strings = [text[start : start + STRING_MAX] for start in range(0, len(text), STRING_MAX)] or [""]
    quoted = ['"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in strings]
    if len(quoted) == 1:
        return f"{name}. IN TXT {quoted[0]}"
    return f"{name}. IN TXT (\n" + textwrap.indent("\n".join(quoted), "    ") + " )"
