"""The client's side of PLAIN, LOGIN and SCRAM-SHA-256, for logging in at a relay. Nonces come from the caller."""

import hmac
import re
from binascii import Error, a2b_base64, b2a_base64
from hashlib import pbkdf2_hmac, sha256
from typing import Final, Protocol

from mailstead.ground.wire.sasl.prep import saslprep
from mailstead.ground.wire.sasl.scram import ITERATIONS_MIN

ITERATIONS_MAX: Final = 200_000  # a relay that asks for more would have us work for it
_FIRST: Final = re.compile(rb"r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=([0-9]{1,8})(?:,.*)?", re.DOTALL)
_FINAL: Final = re.compile(rb"v=([A-Za-z0-9+/=]+)(?:,.*)?", re.DOTALL)


class Untrusted(Exception):  # noqa: N818
    """The server did not say what the mechanism has it say, or could not prove that it knows the password."""


class SaslClient(Protocol):
    """One exchange."""

    name: str

    def initial(self) -> bytes | None:
        """What may be sent with the command; None where the server speaks first."""

    def answer(self, challenge: bytes) -> bytes:
        """May compute for milliseconds; Untrusted."""

    @property
    def is_satisfied(self) -> bool:
        """True if success may be believed."""


class PlainClient:
    """RFC 4616."""

    name = "PLAIN"
    is_satisfied = True

    def __init__(self, login: str, password: str) -> None:
        self._message = f"\0{login}\0{password}".encode()

    def initial(self) -> bytes:
        """All there is."""
        return self._message

    def answer(self, challenge: bytes) -> bytes:  # noqa: ARG002 - it is not looked at
        """Once more, for servers that took no initial response."""
        return self._message


class LoginClient:
    """draft-murchison-sasl-login: whatever the prompts are called, the name and then the password."""

    name = "LOGIN"
    is_satisfied = True

    def __init__(self, login: str, password: str) -> None:
        self._answers = [password.encode(), login.encode()]

    def initial(self) -> None:
        """The server speaks first."""

    def answer(self, challenge: bytes) -> bytes:  # noqa: ARG002
        """To its two questions."""
        if not self._answers:
            raise Untrusted("asked a third time")
        return self._answers.pop()


class ScramClient:
    """RFC 5802, RFC 7677, without channel binding."""

    name = "SCRAM-SHA-256"

    def __init__(self, login: str, password: str, nonce: str) -> None:
        escaped = saslprep(login).replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={escaped},r={nonce}".encode()
        self._nonce = nonce.encode()
        self._password = saslprep(password).encode()
        self._signature = b""
        self.is_satisfied = False

    def initial(self) -> bytes:
        """client-first: this client knows no channel binding."""
        return b"n,," + self._bare

    def answer(self, challenge: bytes) -> bytes:
        """client-final to server-first; nothing to server-final, which has to prove itself."""
        return self._check(challenge) if self._signature else self._prove(challenge)

    def _prove(self, challenge: bytes) -> bytes:
        found = _FIRST.fullmatch(challenge)
        iterations = int(found[3]) if found else 0
        if found is None or not found[1].startswith(self._nonce) or len(found[1]) == len(self._nonce):
            raise Untrusted("not the first message of a SCRAM server")
        if not ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
            raise Untrusted(f"{iterations} iterations asked for")
        salted = pbkdf2_hmac("sha256", self._password, _unbase64(found[2]), iterations)
        without_proof = b"c=biws,r=" + found[1]
        auth = b",".join((self._bare, challenge, without_proof))
        client_key = hmac.digest(salted, b"Client Key", sha256)
        signature = hmac.digest(sha256(client_key).digest(), auth, sha256)
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", sha256), auth, sha256)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return without_proof + b",p=" + b2a_base64(proof, newline=False)

    def _check(self, challenge: bytes) -> bytes:
        found = _FINAL.fullmatch(challenge)
        if found is None or not hmac.compare_digest(_unbase64(found[1]), self._signature):
            raise Untrusted("the server did not prove that it knows the password")
        self.is_satisfied = True
        return b""


def _unbase64(text: bytes) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except Error:
        raise Untrusted("not base64") from None
