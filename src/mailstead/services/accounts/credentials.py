"""App passwords and tokens: 128 random bits, shown once, kept as SHA-256: nobody guesses them, so no slow hash."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.credential import Credential, CredentialKind
from mailstead.ground.model.errors import Conflict, Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.permission import parse_scope
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.users import get_user
from mailstead.store.port import ReadTx, Tx

PROTOCOLS: Final = ("imap", "pop3", "smtp", "managesieve", "api")
API: Final = "api"
LOGIN: Final = "login"
"""How the names of tokens begin that a login by password gave."""
EACH_MAX: Final = 100
NAME_MAX: Final = 64
_ALPHABET: Final = "23456789abcdefghijkmnpqrstuvwxyz"  # 5 bits each; no 0 O 1 l
_LETTERS: Final = 26
_APP_PASSWORD: Final = re.compile(rf"[{_ALPHABET}]{{{_LETTERS}}}")
_TOKEN: Final = re.compile(r"mst_[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential to be, of the user `owner`; no protocols are all."""

    owner: str
    kind: CredentialKind
    name: str
    protocols: Sequence[str] = ()
    scopes: Sequence[str] = ()  # of the API; none: whatever its owner may do
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. The secret is known here and now, and never again."""

    credential: Credential
    login: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Made({self.credential.name!r}, ...)"


def make_secret(kind: CredentialKind) -> str:
    """An app password in groups to be typed, or a token."""
    if kind is CredentialKind.TOKEN:
        return f"mst_{secrets.token_urlsafe(16)}"
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    return "-".join(letters[at : at + 5] for at in range(0, _LETTERS, 5))


def digest_of_app_password(text: str) -> str | None:
    """Of what may be one, however it was typed; None for what cannot be."""
    if len(text) > 2 * _LETTERS:
        return None
    letters = text.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(letters.encode()).hexdigest() if _APP_PASSWORD.fullmatch(letters) else None


def digest_of_token(text: str) -> str | None:
    """Of what may be a token of ours; None for what cannot be."""
    return hashlib.sha256(text.encode()).hexdigest() if _TOKEN.fullmatch(text) else None


async def add_credential(directory: Directory, new: NewCredential, *, dry_run: bool = False) -> Made:
    """Make one; NoSuchUser, AlreadyExists, Invalid, Conflict where there are very many."""
    _check(new, directory.clock.now())
    secret = make_secret(new.kind)
    digest = digest_of_token(secret) if new.kind is CredentialKind.TOKEN else digest_of_app_password(secret)
    assert digest is not None
    what = (new.kind, new.name, digest)
    protocols = tuple(new.protocols) or ((API,) if new.scopes else ())
    now = directory.clock.now()

    async def unit(tx: Tx) -> Made:
        user = await get_user(tx, directory, new.owner)
        if len(await tx.credentials.list_credentials(user.id, new.kind)) >= EACH_MAX:
            raise Conflict(f"{user.login} has {EACH_MAX} of them: revoke some")
        made = await tx.credentials.insert_credential(
            user.id, what, protocols, now=now, expires_at=new.expires_at, scopes=tuple(new.scopes)
        )
        await directory.record(tx, f"{new.kind.value}.created", user.login, after=facts_of(made))
        return Made(made, user.login, secret)

    return await directory.commit(unit, dry_run=dry_run)


async def add_login(directory: Directory, owner: str, expires_at: Instant) -> Made:
    """A token of the API for somebody who has just logged in; those that are over go; NoSuchUser, Conflict."""
    now = directory.clock.now()
    secret = make_secret(CredentialKind.TOKEN)
    name, digest = f"{LOGIN} {secrets.token_hex(6)}", digest_of_token(secret)
    assert digest is not None

    async def unit(tx: Tx) -> Made:
        user = await get_user(tx, directory, owner)
        kept = await tx.credentials.list_credentials(user.id, CredentialKind.TOKEN)
        over = [one for one in kept if one.name.startswith(LOGIN) and one.is_over(now)]
        for one in over:
            await tx.credentials.delete_credential(user.id, CredentialKind.TOKEN, one.name)
        if len(kept) - len(over) >= EACH_MAX:
            raise Conflict(f"{user.login} has {EACH_MAX} tokens: revoke some")
        what = (CredentialKind.TOKEN, name, digest)
        made = await tx.credentials.insert_credential(user.id, what, (API,), now=now, expires_at=expires_at)
        await directory.record(tx, "token.created", user.login, after=facts_of(made))
        return Made(made, user.login, secret)

    return await directory.commit(unit)


async def list_credentials(directory: Directory, owner: str, kind: CredentialKind) -> list[Credential]:
    """Those of a user; NoSuchUser."""

    async def unit(tx: ReadTx) -> list[Credential]:
        user = await get_user(tx, directory, owner)
        return await tx.credentials.list_credentials(user.id, kind)

    return await directory.store.read(unit)


async def revoke_credential(
    directory: Directory, owner: str, kind: CredentialKind, name: str, *, dry_run: bool = False
) -> Credential:
    """It is worthless at once for new logins; NoSuchUser, NotFound."""

    async def unit(tx: Tx) -> Credential:
        user = await get_user(tx, directory, owner)
        gone = await tx.credentials.delete_credential(user.id, kind, name)
        await directory.record(tx, f"{kind.value}.revoked", user.login, before=facts_of(gone))
        return gone

    return await directory.commit(unit, dry_run=dry_run)


def _check(new: NewCredential, now: Instant) -> None:
    if not 0 < len(new.name) <= NAME_MAX or not new.name.isprintable():
        raise Invalid(f"a name has 1 to {NAME_MAX} letters")
    for protocol in new.protocols:
        if protocol not in PROTOCOLS:
            raise Invalid(f"there is no protocol {protocol!r}; {', '.join(PROTOCOLS)} are")
    for scope in new.scopes:
        parse_scope(scope)
    if new.scopes and (new.kind is not CredentialKind.TOKEN or set(new.protocols) - {API}):
        raise Invalid("scopes are of the API: a token with scopes is good for nothing else")
    if new.expires_at is not None and new.expires_at <= now:
        raise Invalid("its time would have passed already")
