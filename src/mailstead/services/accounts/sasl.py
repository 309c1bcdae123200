"""Logging in by SASL, the same for every protocol. Each carries base64 and its own replies, nothing else.

    exchange = authenticator.sasl.begin(mechanism, line, attempt)
    answer = await exchange.start(initial)             # None: no initial response came; b"": an empty one
    while isinstance(answer, Challenge):
        ... send answer.data in base64, read a line; "*" cancels
        answer = await exchange.take(response)
    # answer is a Principal

Raises Malformed (a client's fault: BAD, 501, -ERR), NotOffered, PrivacyRequired, Denied (authentication failed; cases:
NotAuthorized, who may not be whom they want to be, and Expired), Busy (try again later; case: Limited). The delay that
a failure costs has passed when the error comes: flush what was sent before.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from mailstead.ground.model.errors import Denied
from mailstead.ground.wire.sasl.bearer import OauthBearer, Xoauth2
from mailstead.ground.wire.sasl.plain import External, Login, Plain
from mailstead.ground.wire.sasl.scram import Scram, Verifier
from mailstead.ground.wire.sasl.step import (
    CertificateClaim,
    Challenge,
    Claim,
    Disproved,
    Malformed,
    Mechanism,
    PasswordClaim,
    Proved,
    Step,
    TokenClaim,
    VerifierWanted,
)
from mailstead.net.stream import TlsInfo
from mailstead.services.accounts.attempt import Attempt, Principal, Rejection
from mailstead.services.accounts.verifiers import Verifiers

SCRAM: Final = "SCRAM-SHA-256"
PLUS: Final = "SCRAM-SHA-256-PLUS"
_SIMPLE: Final[Mapping[str, Callable[[], Mechanism]]] = {
    "PLAIN": Plain,
    "LOGIN": Login,
    "OAUTHBEARER": OauthBearer,
    "XOAUTH2": Xoauth2,
    "EXTERNAL": External,
}

__all__ = ["Challenge", "Exchange", "Line", "Malformed", "NotOffered", "PrivacyRequired", "Sasl"]


class NotOffered(Denied):
    """There is no such mechanism, or not on this connection."""


class PrivacyRequired(Denied):
    """Start TLS first."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is true of a connection. `is_private`: under TLS, or from this machine where that is allowed.

    `lists_plus`: -PLUS is advertised. It is taken all the same from those who bring a binding by themselves.
    """

    tls: TlsInfo | None
    is_private: bool
    lists_plus: bool = True

    @property
    def end_point(self) -> bytes:
        """RFC 5929 §4: the hash of the certificate it was shown."""
        return self.tls.certificate_hash if self.tls is not None else b""

    @property
    def emails(self) -> tuple[str, ...]:
        """What a verified certificate of the client calls it."""
        return self.tls.client_emails if self.tls is not None else ()


class Door(Protocol):
    """What judges claims: see `login.Authenticator`."""

    verifiers: Verifiers

    async def enter_by_password(
        self, attempt: Attempt, name: str, password: str, *, authzid: str = ""
    ) -> Principal: ...
    async def enter_by_proof(self, attempt: Attempt, name: str, *, authzid: str = "") -> Principal: ...
    async def enter_by_token(self, attempt: Attempt, name: str, token: str) -> Principal | Rejection: ...
    async def enter_by_certificate(self, attempt: Attempt, emails: tuple[str, ...], authzid: str) -> Principal: ...
    async def verifier_of(self, attempt: Attempt, name: str) -> Verifier: ...
    async def refuse(
        self, attempt: Attempt, name: str, reason: str, error: type[Denied] = Denied, *, is_guess: bool = True
    ) -> Denied: ...


class Sasl:
    """The mechanisms of a worker."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def offered(self, line: Line) -> tuple[str, ...]:
        """Names to advertise, the strongest first; none where passwords may not go. See `Authenticator.refresh`."""
        if not line.is_private:
            return ()
        names: list[str] = []
        if line.emails:
            names.append("EXTERNAL")
        if self._door.verifiers.are_complete:
            names += [PLUS, SCRAM] if line.end_point and line.lists_plus else [SCRAM]
        return (*names, "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2")

    def begin(self, mechanism: str, line: Line, attempt: Attempt) -> "Exchange":
        """One AUTHENTICATE or AUTH; NotOffered, PrivacyRequired."""
        name = mechanism.upper()
        if not line.is_private:
            raise PrivacyRequired("start TLS first")
        if name not in self.offered(replace(line, lists_plus=True)):
            raise NotOffered(f"{name[:20]} is not offered here")
        return Exchange(self._door, self._make(name, line), line, replace(attempt, mechanism=name))

    def _make(self, name: str, line: Line) -> Mechanism:
        if name in _SIMPLE:
            return _SIMPLE[name]()
        return Scram(
            nonce=secrets.token_urlsafe(18),
            end_point=line.end_point,
            is_plus=name == PLUS,
            offers_plus=bool(line.end_point) and line.lists_plus,
        )


class Exchange:
    """One login on its way."""

    def __init__(self, door: Door, core: Mechanism, line: Line, attempt: Attempt) -> None:
        self._door = door
        self._core = core
        self._line = line
        self._attempt = attempt
        self._refused: Rejection | None = None

    async def start(self, initial: bytes | None) -> Challenge | Principal:
        """Begin."""
        return await self._follow(self._core.start(initial))

    async def take(self, response: bytes) -> Challenge | Principal:
        """Go on with what the client answered to the last challenge."""
        if self._refused is not None:  # RFC 7628 §3.2.3: whatever they answer, now it fails
            refused = self._refused
            raise await self._door.refuse(self._attempt, refused.name, refused.reason, refused.error)
        return await self._follow(self._core.take(response))

    async def _follow(self, step: Step) -> Challenge | Principal:
        match step:
            case Challenge():
                return step
            case VerifierWanted(_, name):
                assert isinstance(self._core, Scram)
                return self._core.supply(await self._door.verifier_of(self._attempt, name))
            case TokenClaim():
                return await self._token(step)
            case _:
                return await self._judge(step)

    async def _token(self, claim: TokenClaim) -> Challenge | Principal:
        answer = await self._door.enter_by_token(self._attempt, claim.name, claim.token)
        if isinstance(answer, Principal):
            return answer
        assert isinstance(self._core, OauthBearer | Xoauth2)
        self._refused = answer
        return self._core.refusal

    async def _judge(self, claim: Claim) -> Principal:
        door, attempt = self._door, self._attempt
        match claim:
            case PasswordClaim(authzid, name, password):
                return await door.enter_by_password(attempt, name, password, authzid=authzid)
            case CertificateClaim(authzid):
                return await door.enter_by_certificate(attempt, self._line.emails, authzid)
            case Proved(authzid, name):
                return await door.enter_by_proof(attempt, name, authzid=authzid)
            case Disproved(name):
                raise await door.refuse(attempt, name, "wrong proof")
            case TokenClaim():
                raise AssertionError("judged before")
