"""What a mechanism answers to what the client said: say this, or look this up, or this is what it claims."""

from dataclasses import dataclass
from typing import Final, Protocol

MESSAGE_MAX: Final = 12 * 1024
"""Bytes of one message: tokens are long, the rest is short."""


class Malformed(Exception):  # noqa: N818 - it is a fact about the client
    """Not a message of this mechanism, or one that RFC text forbids. The words hold nothing of the message."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Send this, and hand over what the client answers."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class PasswordClaim:
    """Is it this user's password? `authzid`: whom they want to be; empty: themselves."""

    authzid: str
    name: str
    password: str

    def __repr__(self) -> str:
        """Without the password, whoever prints it."""
        return f"PasswordClaim({self.authzid!r}, {self.name!r}, ...)"


@dataclass(frozen=True, slots=True)
class TokenClaim:
    """Whose token is it, and is it still good? `name` may be empty: the token's own user."""

    name: str
    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"TokenClaim({self.name!r}, ...)"


@dataclass(frozen=True, slots=True)
class CertificateClaim:
    """The client's certificate says who they are (EXTERNAL); `authzid` may choose among its names."""

    authzid: str


@dataclass(frozen=True, slots=True)
class VerifierWanted:
    """SCRAM: give the verifier of this user to `ScramMechanism.supply`."""

    authzid: str
    name: str


@dataclass(frozen=True, slots=True)
class Proved:
    """SCRAM: this user knows the password, and has been shown that we know it too."""

    authzid: str
    name: str


@dataclass(frozen=True, slots=True)
class Disproved:
    """SCRAM: they do not, or the channel is not the one they see."""

    name: str


Claim = PasswordClaim | TokenClaim | CertificateClaim | Proved | Disproved
Step = Challenge | VerifierWanted | Claim


class Mechanism(Protocol):
    """One exchange. `start` once, then `take` for each response."""

    def start(self, initial: bytes | None) -> Step:
        """Begin; `initial` is the initial response, b"" an empty one, None if none came. Malformed."""

    def take(self, response: bytes) -> Step:
        """The answer to a challenge; Malformed."""


def text_of(data: bytes) -> str:
    """UTF-8 without NUL; Malformed."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if "\0" in text:
        raise Malformed("a NUL where none may be")
    return text
