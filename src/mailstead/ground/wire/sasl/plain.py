"""PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login) and EXTERNAL (RFC 4422 appendix A)."""

from typing import Final

from mailstead.ground.wire.sasl.step import (
    MESSAGE_MAX,
    CertificateClaim,
    Challenge,
    Malformed,
    PasswordClaim,
    Step,
    text_of,
)

USER_PROMPT: Final = b"Username:"  # some clients look for these very words
PASSWORD_PROMPT: Final = b"Password:"


class Plain:
    """RFC 4616 §2: [authzid] NUL authcid NUL passwd."""

    def start(self, initial: bytes | None) -> Step:
        """Client first: without an initial response, ask for it."""
        return Challenge() if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """The one message."""
        parts = response.split(b"\0")
        if len(parts) != 3 or len(response) > MESSAGE_MAX:
            raise Malformed("not a message of PLAIN")
        authzid, name, password = map(text_of, parts)
        if not name or not password:  # RFC 4616 §2: 1*SAFE
            raise Malformed("a name and a password expected")
        return PasswordClaim(authzid, name, password)


class Login:
    """Never a standard, and what some clients of SMTP and IMAP still speak. It knows no authzid."""

    def __init__(self) -> None:
        self._name: str | None = None

    def start(self, initial: bytes | None) -> Step:
        """Server first; an initial response counts as the name."""
        return Challenge(USER_PROMPT) if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """The name, then the password."""
        text = text_of(response)
        if not text or len(response) > MESSAGE_MAX:
            raise Malformed("a name and a password expected")
        if self._name is None:
            self._name = text
            return Challenge(PASSWORD_PROMPT)
        return PasswordClaim("", self._name, text)


class External:
    """RFC 4422 appendix A: the one message is the authzid, empty for whom the certificate names."""

    def start(self, initial: bytes | None) -> Step:
        """Client first."""
        return Challenge() if initial is None else self.take(initial)

    def take(self, response: bytes) -> Step:
        """The one message."""
        if len(response) > MESSAGE_MAX:
            raise Malformed("too long")
        return CertificateClaim(text_of(response))
