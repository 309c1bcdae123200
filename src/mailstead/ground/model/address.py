"""Mail addresses (RFC 5321 §4.1.2, RFC 6531 §3.3): the local part keeps its case and is compared without it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna

from mailstead.ground.model.errors import Invalid

LOCAL_MAX: Final = 64  # RFC 5321 §4.5.3.1.1, in octets
DOMAIN_MAX: Final = 255  # RFC 5321 §4.5.3.1.2
ADDRESS_MAX: Final = 254  # RFC 5321 §4.5.3.1.3: a path of 256 octets with its brackets

# RFC 5321 §4.1.2: Dot-string; atext as in RFC 5322 §3.2.3, widened by RFC 6531 §3.3 to any non-ASCII character.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_DOT_STRING: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_QUOTABLE: Final = re.compile(r"[\x20-\x7e\u0080-\U0010ffff]*\Z")
_HOST_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\Z|_[A-Za-z0-9_-]{0,62}\Z")
_LITERAL: Final = re.compile(r"\[[0-9A-Za-z.:\-]{1,250}\]\Z")


def fold(text: str) -> str:
    """The form in which local parts and logins are compared."""
    if text.isascii():
        return text.lower()  # what the rest comes to, at a tenth of its cost
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def canonical_domain(name: str) -> str:
    """A-labels in lower case (RFC 5890 §2.3.2.1), or a literal as it stands; `Invalid` for anything else."""
    if name.startswith("["):
        if not _LITERAL.match(name):
            raise Invalid(f"{name!r} is not an address literal")
        return name
    trimmed = name[:-1] if name.endswith(".") else name
    if not trimmed.isascii():
        try:
            trimmed = idna.encode(trimmed, uts46=True, std3_rules=True, transitional=False).decode("ascii")
        except idna.IDNAError as error:
            raise Invalid(f"{name!r} is not a domain name: {error}") from error
    lower = trimmed.lower()
    if not lower or len(lower) > DOMAIN_MAX or not all(_HOST_LABEL.match(label) for label in lower.split(".")):
        raise Invalid(f"{name!r} is not a domain name")
    return lower


def display_domain(name: str) -> str:
    """U-labels for people, where the A-labels are valid; else unchanged."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox address. `local` is unquoted and keeps its case; `domain` is canonical."""

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `local@domain`, quoted local parts included; `Invalid` says what is wrong."""
        local, at, domain = text.rpartition("@")
        if not at:
            raise Invalid(f"{text!r} has no @")
        if local.startswith('"'):
            local = _unquote(local)
        elif not _DOT_STRING.match(local):
            raise Invalid(f"{text!r} has an invalid local part")
        return cls.of(local, domain)

    @classmethod
    def of(cls, local: str, domain: str) -> "Address":
        """Join an unquoted local part and a domain name."""
        size = len(local.encode("utf-8", "surrogatepass"))
        if not local or size > LOCAL_MAX or not _QUOTABLE.match(local):
            raise Invalid(f"{local!r} is not a valid local part")
        name = canonical_domain(domain)
        if size + 1 + len(name) > ADDRESS_MAX:
            raise Invalid("the address is longer than 254 octets")
        return cls(local, name)

    @property
    def key(self) -> str:
        """What two spellings of one mailbox share."""
        return f"{fold(self.local)}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """False if sending it needs SMTPUTF8 (RFC 6531 §3.4)."""
        return self.local.isascii()

    def __str__(self) -> str:
        """The form for SMTP and headers: quoted only where the grammar asks for it."""
        if _DOT_STRING.match(self.local):
            return f"{self.local}@{self.domain}"
        escaped = self.local.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"@{self.domain}'


def _unquote(quoted: str) -> str:
    """RFC 5321 §4.1.2: Quoted-string = DQUOTE *(qtextSMTP / quoted-pairSMTP) DQUOTE."""
    if len(quoted) < 3 or not quoted.endswith('"'):
        raise Invalid(f"{quoted!r} is not a quoted local part")
    out: list[str] = []
    inner = iter(quoted[1:-1])
    for char in inner:
        if char == '"':
            raise Invalid(f"{quoted!r} is not a quoted local part")
        following = next(inner, None) if char == "\\" else char
        if following is None:
            raise Invalid(f"{quoted!r} ends in a lone backslash")
        out.append(following)
    return "".join(out)
