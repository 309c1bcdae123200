"""Questions and replies of the DNS as octets: what to send, whose reply it is, what it says (RFC 1035, RFC 6891)."""

import secrets
import struct
from dataclasses import dataclass
from typing import Final

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.edns import EDECode

from mailstead.net.dns import Trouble

UDP_MAX: Final = 1232  # what passes any path without fragments: a fragment can be forged (RFC 9715 §3.2)
QUESTION_AT: Final = 12
_TRUNCATED: Final = 0x02  # in the third octet of the header
_RESPONSE: Final = 0x80

BOGUS: Final = frozenset(
    {
        EDECode.DNSSEC_BOGUS, EDECode.SIGNATURE_EXPIRED, EDECode.SIGNATURE_NOT_YET_VALID, EDECode.DNSKEY_MISSING,
        EDECode.RRSIGS_MISSING, EDECode.NO_ZONE_KEY_BIT_SET, EDECode.NSEC_MISSING,
        EDECode.SIGNATURE_EXPIRED_BEFORE_VALID,
    }
)  # fmt: skip
"""RFC 8914 §4: the codes that say it was the validation that failed."""


_HEADER: Final = struct.Struct("!6H")
_TWO: Final = struct.Struct("!2H")
_ENDING: Final = struct.Struct("!B2HIH").pack(0, dns.rdatatype.OPT, UDP_MAX, 0, 0)
"""RFC 6891 §6.1.2: EDNS version 0 and how much we take; it has codes to say why something failed."""


@dataclass(frozen=True, slots=True)
class Question:
    """One query, ready to send."""

    name: dns.name.Name
    kind: dns.rdatatype.RdataType
    section: bytes  # what is asked (RFC 1035 §4.1.2)
    octets: bytes  # the whole message

    @classmethod
    def of(cls, name: dns.name.Name, kind: dns.rdatatype.RdataType, *, unchecked: bool = False) -> "Question":
        """A new one with a random id. AD asks to be told of validation (RFC 6840 §5.7), `unchecked` for none of it."""
        flags = dns.flags.RD | dns.flags.AD | (dns.flags.CD if unchecked else 0)
        section = (name.to_wire() or b"") + _TWO.pack(kind, dns.rdataclass.IN)
        header = _HEADER.pack(secrets.randbits(16), flags, 1, 0, 0, 1)
        return cls(name, kind, section, header + section + _ENDING)

    def is_answered_by(self, reply: bytes) -> bool:
        """RFC 5452 §9.1: the same id and the same question; anything else is somebody else's, or forged."""
        return (
            len(reply) >= QUESTION_AT + len(self.section)
            and reply[:2] == self.octets[:2]
            and bool(reply[2] & _RESPONSE)
            and reply[4:6] == b"\0\1"
            and reply[QUESTION_AT : QUESTION_AT + len(self.section)].lower() == self.section.lower()
        )


def is_truncated(reply: bytes) -> bool:
    """There is more than UDP could bring."""
    return bool(reply[2] & _TRUNCATED)


@dataclass(frozen=True, slots=True)
class Found:
    """What a good reply says. `is_whole` is False if it ends in an alias whose target was not told."""

    name: dns.name.Name  # where the aliases led
    records: tuple[dns.rdata.Rdata, ...]
    ttl: int  # seconds; 0 where nothing says how long it holds
    is_secure: bool
    exists: bool
    is_whole: bool


def read_reply(question: Question, reply: bytes) -> Found | Trouble:
    """Octets that passed `is_answered_by`; what makes no sense counts as a failure of the server."""
    try:
        message = dns.message.from_wire(reply, ignore_trailing=True)
        if not isinstance(message, dns.message.QueryMessage):
            return Trouble.SERVFAIL
        return _find_trouble(message) or _read(question, message)
    except (dns.exception.DNSException, ValueError):
        return Trouble.SERVFAIL


def _find_trouble(message: dns.message.QueryMessage) -> Trouble | None:
    code = message.rcode()
    if code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return None
    if code == dns.rcode.REFUSED:
        return Trouble.REFUSED
    extended = [option.code for option in message.options if isinstance(option, dns.edns.EDEOption)]
    return Trouble.BOGUS if BOGUS.intersection(extended) else Trouble.SERVFAIL


def _read(question: Question, message: dns.message.QueryMessage) -> Found:
    exists = message.rcode() == dns.rcode.NOERROR
    chain = message.resolve_chaining()
    records = tuple(chain.answer) if chain.answer is not None else ()
    told_end = any(rrset.rdtype == dns.rdatatype.SOA for rrset in message.authority)
    is_negative = not records
    return Found(
        chain.canonical_name,
        records,
        0 if is_negative and not told_end else chain.minimum_ttl,  # RFC 2308 §5: without SOA it is not to be kept
        bool(message.flags & dns.flags.AD),
        exists,
        bool(records) or not exists or told_end or chain.canonical_name == question.name,
    )
