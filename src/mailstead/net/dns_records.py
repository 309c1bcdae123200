"""Records as dnspython has them (their fields are made up by type), as values of ours."""

from typing import Any

import dns.name

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.net.dns import Mx


def read_name(name: dns.name.Name) -> str:
    """Lower case, no last dot; "." is the root."""
    return name.to_text(omit_final_dot=True).lower()


def read_mx(data: Any) -> Mx:
    """RFC 1035 §3.3.9."""
    return Mx(data.preference, read_name(data.exchange))


def read_a(data: Any) -> str:
    """RFC 1035 §3.4.1."""
    return str(data.address)


def read_aaaa(data: Any) -> str:
    """RFC 3596 §2.2."""
    return str(data.address)


def read_txt(data: Any) -> bytes:
    """RFC 7208 §3.3: the strings of one record are one text."""
    return b"".join(data.strings)


def read_tlsa(data: Any) -> Tlsa:
    """RFC 6698 §2.1."""
    return Tlsa(data.usage, data.selector, data.mtype, data.cert)


def read_ptr(data: Any) -> str:
    """RFC 1035 §3.3.12."""
    return read_name(data.target)


def read_ns(data: Any) -> str:
    """RFC 1035 §3.3.11."""
    return read_name(data.target)
