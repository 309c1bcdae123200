"""OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's forerunner of it): a token in place of a password."""

import re
from typing import Final

from mailstead.ground.wire.sasl.gs2 import Binding, parse_header
from mailstead.ground.wire.sasl.step import MESSAGE_MAX, Challenge, Malformed, Step, TokenClaim, text_of

_PAIR: Final = re.compile(rb"([A-Za-z]+)=([^\x00-\x08\x0b\x0c\x0e-\x1f]*)")
_TOKEN: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9\-._~+/]+=*)\Z")  # RFC 6750 §2.1


class OauthBearer:
    """RFC 7628 §3.1: gs2-header kvsep *kvpair kvsep."""

    refusal: Final = Challenge(b'{"status":"invalid_token"}')
    """RFC 7628 §3.2.2: said before the failure, and answered by one dummy message."""

    def start(self, initial: bytes | None) -> Step:
        """Client first."""
        return Challenge() if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """The one message."""
        header, rest = parse_header(_bounded(response))
        if header.binding is Binding.DEMANDED:
            raise Malformed("this mechanism binds no channel")
        return TokenClaim(header.authzid, _token_of(_pairs(rest)))


class Xoauth2:
    """`user=` name `^Aauth=Bearer` token `^A^A`."""

    refusal: Final = Challenge(b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}')

    def start(self, initial: bytes | None) -> Step:
        """Client first."""
        return Challenge() if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """The one message."""
        pairs = _pairs(b"\x01" + _bounded(response))
        if not pairs.get("user"):
            raise Malformed("no user")
        return TokenClaim(pairs["user"], _token_of(pairs))


def _bounded(response: bytes) -> bytes:
    if len(response) > MESSAGE_MAX:
        raise Malformed("too long")
    return response


def _pairs(data: bytes) -> dict[str, str]:
    """RFC 7628 §3.1: kvsep *(key "=" value kvsep) kvsep."""
    if data[:1] != b"\x01" or data[-2:] != b"\x01\x01":
        raise Malformed("not a list of pairs")
    found: dict[str, str] = {}
    for piece in data[1:-2].split(b"\x01"):
        pair = _PAIR.fullmatch(piece)
        if pair is None:
            raise Malformed("not a pair")
        key = pair[1].decode("ascii").lower()
        if key in found:
            raise Malformed("a pair twice")
        found[key] = text_of(pair[2])
    return found


def _token_of(pairs: dict[str, str]) -> str:
    token = _TOKEN.match(pairs.get("auth", ""))
    if token is None:
        raise Malformed("no bearer token")
    return token[1]
