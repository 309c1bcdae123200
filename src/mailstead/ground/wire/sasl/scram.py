"""SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), the server's side.

What is stored (`Verifier`) proves a password without being one. Nonces and salts come from the caller.
"""

import hmac
import re
from binascii import Error, a2b_base64, b2a_base64
from dataclasses import dataclass
from hashlib import pbkdf2_hmac, sha256
from typing import Final

from mailstead.ground.wire.sasl.gs2 import Binding, Header, parse_header, unescape
from mailstead.ground.wire.sasl.step import (
    MESSAGE_MAX,
    Challenge,
    Disproved,
    Malformed,
    Proved,
    Step,
    VerifierWanted,
    text_of,
)

END_POINT: Final = "tls-server-end-point"
DIGEST: Final = 32
ITERATIONS_MIN: Final = 4096  # RFC 7677 §4
ITERATIONS_DEFAULT: Final = 15_000
ITERATIONS_MAX: Final = 10_000_000
_FIRST: Final = re.compile(rb"n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)((?:,[A-Za-z]=[^,]*)*)")
_FINAL: Final = re.compile(rb"(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,]*)*),p=([A-Za-z0-9+/=]+)")
_STORED: Final = re.compile(r"SCRAM-SHA-256\$([0-9]{1,8}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class Verifier:
    """RFC 5802 §3. As text it has the form PostgreSQL and others use."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def __str__(self) -> str:
        """SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>."""
        salt, stored, server = map(_base64, (self.salt, self.stored_key, self.server_key))
        return f"SCRAM-SHA-256${self.iterations}:{salt}${stored}:{server}"

    def __repr__(self) -> str:
        """Without the keys."""
        return f"Verifier({self.iterations}, ...)"


def derive(password: bytes, salt: bytes, iterations: int) -> Verifier:
    """Milliseconds of a core: not for an event loop."""
    salted = pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", sha256)
    return Verifier(iterations, salt, sha256(client_key).digest(), hmac.digest(salted, b"Server Key", sha256))


def parse_verifier(text: str) -> Verifier | None:
    """As `str` made it; None for anything else."""
    found = _STORED.fullmatch(text)
    if found is None:
        return None
    try:
        salt, stored, server = (a2b_base64(part, strict_mode=True) for part in found.groups()[1:])
    except Error:
        return None
    iterations = int(found[1])
    if len(stored) != DIGEST or len(server) != DIGEST or not ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
        return None
    return Verifier(iterations, salt, stored, server)


class Scram:
    """One exchange. `end_point` is the hash of the certificate this connection was shown, b"" if there is none."""

    def __init__(self, *, nonce: str, end_point: bytes, is_plus: bool, offers_plus: bool) -> None:
        self._nonce = nonce
        self._end_point = end_point
        self._is_plus = is_plus
        self._offers_plus = offers_plus
        self._header = Header(Binding.NONE, "", "", b"")
        self._name = ""
        self._client_first = self._server_first = b""
        self._joined = b""
        self._verifier: Verifier | None = None
        self._is_proved = False

    def start(self, initial: bytes | None) -> Step:
        """Client first."""
        return Challenge() if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """client-first, client-final, and at last the empty answer to what we proved."""
        if len(response) > MESSAGE_MAX:
            raise Malformed("too long")
        if self._is_proved:
            if response:
                raise Malformed("nothing more was asked")
            return Proved(self._header.authzid, self._name)
        return self._first(response) if self._verifier is None else self._final(response, self._verifier)

    def supply(self, verifier: Verifier) -> Challenge:
        """After `VerifierWanted`: the user's, or a false one that no proof fits."""
        self._verifier = verifier
        salt = _base64(verifier.salt).encode("ascii")
        self._server_first = b"r=%b,s=%b,i=%d" % (self._joined, salt, verifier.iterations)
        return Challenge(self._server_first)

    def _first(self, message: bytes) -> VerifierWanted:
        self._header, bare = parse_header(message)
        self._check_binding()
        found = _FIRST.fullmatch(bare)
        if found is None:  # RFC 5802 §5.1: so is `m=`, an extension that is mandatory
            raise Malformed("not a first message of SCRAM")
        if b",m=" in found[3]:
            raise Malformed("a mandatory extension that is not known")
        self._client_first = bare
        self._name = unescape(text_of(found[1]))
        self._joined = found[2] + self._nonce.encode("ascii")
        return VerifierWanted(self._header.authzid, self._name)

    def _check_binding(self) -> None:
        """RFC 5802 §6: a client that could bind and saw no offer, though there was one, was robbed of it."""
        binding = self._header.binding
        if self._is_plus:
            if binding is not Binding.DEMANDED:
                raise Malformed("PLUS without channel binding")
            if self._header.binding_name != END_POINT or not self._end_point:
                raise Malformed("this kind of channel binding is not supported")
        elif binding is Binding.DEMANDED:
            raise Malformed("channel binding needs PLUS")
        elif binding is Binding.UNOFFERED and self._offers_plus:
            raise Malformed("channel binding was offered: somebody took it out on the way")

    def _final(self, message: bytes, verifier: Verifier) -> Step:
        found = _FINAL.fullmatch(message)
        if found is None:
            raise Malformed("not a final message of SCRAM")
        try:
            bound, proof = (a2b_base64(found[at], strict_mode=True) for at in (2, 4))
        except Error:
            raise Malformed("not base64") from None
        if found[3] != self._joined:
            raise Malformed("another nonce")
        expected = self._header.raw + (self._end_point if self._is_plus else b"")
        auth = b",".join((self._client_first, self._server_first, found[1]))
        signature = hmac.digest(verifier.stored_key, auth, sha256)
        key = bytes(a ^ b for a, b in zip(proof, signature, strict=False))
        is_bound = hmac.compare_digest(bound, expected)
        fits = hmac.compare_digest(sha256(key).digest(), verifier.stored_key)
        if not is_bound or not fits or len(proof) != DIGEST:
            return Disproved(self._name)
        self._is_proved = True
        return Challenge(b"v=" + _base64(hmac.digest(verifier.server_key, auth, sha256)).encode("ascii"))


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")
