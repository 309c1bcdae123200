"""Passwords: argon2id for new ones; hashes brought from elsewhere verify and are replaced at the next login.

The functions here take milliseconds of a core: workers call them through the helper process (`PasswordHasher`).
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.sasl.prep import saslprep
from mailstead.ground.wire.sasl.scram import ITERATIONS_DEFAULT, derive, parse_verifier
from mailstead.services.accounts.sha512crypt import ROUNDS_DEFAULT, parse_sha512_crypt, sha512_crypt

if TYPE_CHECKING:
    import argon2

TIME_COST: Final = 2
MEMORY_KIB: Final = 19 * 1024
PARALLELISM: Final = 1
PASSWORD_MAX: Final = 1024
"""Bytes of a password in UTF-8."""
STORED_MAX: Final = 512
"""Characters of a stored hash."""
MEMORY_KIB_MAX: Final = 256 * 1024
BCRYPT_COST_MAX: Final = 15
SALT: Final = 16

_CURRENT: Final = f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}$"
_ARGON2: Final = re.compile(r"\$argon2(?:id|i|d)\$v=19\$m=([0-9]{1,8}),t=([0-9]{1,3}),p=([0-9]{1,3})\$")
_BCRYPT: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}\Z")
_SALTED: Final = re.compile(r"\{(SSHA|SSHA256|SSHA512)\}([A-Za-z0-9+/]+={0,2})\Z", re.IGNORECASE)
_DIGESTS: Final = {"SSHA": "sha1", "SSHA256": "sha256", "SSHA512": "sha512"}
_PREFIX: Final = re.compile(r"\{(?:ARGON2ID|ARGON2I|BLF-CRYPT|SHA512-CRYPT|CRYPT)\}(?=\$)", re.IGNORECASE)


class PasswordHasher(Protocol):
    """Hashing off the event loop. All raise Busy when too many wait."""

    iterations: int
    """Of PBKDF2 for new SCRAM verifiers."""

    async def verify(self, password: str, stored: str) -> bool:
        """As `verify_password`; True exactly if they fit."""

    async def hash(self, password: str) -> str:
        """As `hash_password`."""

    async def derive(self, password: str) -> str:
        """As `derive_verifier`."""


class DirectHasher:
    """In this process: for commands, which have nothing else to do meanwhile."""

    def __init__(self, iterations: int = ITERATIONS_DEFAULT) -> None:
        self.iterations = iterations

    async def verify(self, password: str, stored: str) -> bool:
        """At once."""
        return verify_password(password, stored)

    async def hash(self, password: str) -> str:
        """At once."""
        return hash_password(password)

    async def derive(self, password: str) -> str:
        """At once."""
        return derive_verifier(password, self.iterations)


def prepare_password(password: str) -> str:
    """RFC 8265 §4.2.1 (OpaqueString): spaces of other scripts become U+0020, then NFC; no control characters.

    Looser than PRECIS in one point: joiners are taken, since people type emoji. Invalid says what is wrong.
    """
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    prepared = unicodedata.normalize("NFC", spaced)
    if not prepared:
        raise Invalid("the password is empty")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Cn", "Co"} for char in prepared):
        raise Invalid("the password holds a control character or one that Unicode does not know")
    if len(prepared.encode()) > PASSWORD_MAX:
        raise Invalid(f"the password is longer than {PASSWORD_MAX} bytes")
    return prepared


def generate_password() -> str:
    """Twenty letters and digits in groups of five: 100 bits, read aloud or typed without doubt (no 0 O 1 l I)."""
    alphabet = "23456789abcdefghijkmnpqrstuvwxyz"
    letters = "".join(secrets.choice(alphabet) for _ in range(20))
    return "-".join(letters[at : at + 5] for at in range(0, 20, 5))


def hash_password(password: str) -> str:
    """A new argon2id hash; Invalid for what cannot be a password."""
    return _argon2().hash(prepare_password(password))


def derive_verifier(password: str, iterations: int) -> str:
    """A new SCRAM-SHA-256 verifier with a salt of its own; Invalid for what cannot be a password."""
    prepared = prepare_password(password)
    return str(derive(saslprep(prepared).encode(), secrets.token_bytes(SALT), iterations))


def needs_derivation(verifier: str | None, iterations: int) -> bool:
    """True if there is none, or one that costs a guesser less than what is configured now."""
    known = parse_verifier(verifier) if verifier else None
    return known is None or known.iterations < iterations


def needs_rehash(stored: str) -> bool:
    """True unless it is what `hash_password` makes today."""
    return not stored.startswith(_CURRENT)


def check_stored(stored: str) -> str:
    """A hash as it may be imported, without its Dovecot prefix; Invalid for unknown schemes and absurd costs."""
    bare = _PREFIX.sub("", stored, count=1)
    if len(bare) > STORED_MAX or not _is_known(bare):
        raise Invalid(f"{_scheme(stored)} is not taken; argon2, bcrypt, SHA512-CRYPT and {{SSHA}} are")
    return bare


def verify_password(password: str, stored: str) -> bool:
    """True if the password fits the stored hash. Never raises: what cannot be read fits nothing."""
    try:
        secret = prepare_password(password).encode()
        bare = check_stored(stored)
    except Invalid:
        return False
    if bare.startswith("$argon2"):
        return _verify_argon2(secret, bare)
    if bare.startswith("$2"):
        return _verify_bcrypt(secret, bare)
    if bare.startswith("$6$"):
        rounds, salt, digest = parse_sha512_crypt(bare)
        return hmac.compare_digest(sha512_crypt(secret, salt, rounds or ROUNDS_DEFAULT), digest)
    return _verify_salted(secret, bare)


def _is_known(bare: str) -> bool:
    if found := _ARGON2.match(bare):
        memory, turns, lanes = (int(number) for number in found.groups())
        return memory <= MEMORY_KIB_MAX and 1 <= turns <= 16 and 1 <= lanes <= 16
    if found := _BCRYPT.match(bare):
        return int(found[1]) <= BCRYPT_COST_MAX
    if bare.startswith("$6$"):
        try:
            parse_sha512_crypt(bare)
        except ValueError:
            return False
        return True
    return _salted(bare) is not None


def _scheme(stored: str) -> str:
    """The name of a scheme for a message, never the hash."""
    found = re.match(r"\{[A-Za-z0-9.-]{1,20}\}|\$[a-z0-9]{1,10}\$", stored)
    return f"a hash of scheme {found[0]}" if found else "a hash without a known scheme"


@cache
def _argon2() -> "argon2.PasswordHasher":
    import argon2

    return argon2.PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)


def _verify_argon2(secret: bytes, stored: str) -> bool:
    import argon2

    try:
        return _argon2().verify(stored, secret)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _verify_bcrypt(secret: bytes, stored: str) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(secret[:72], stored.encode())  # every bcrypt before this library's 5.0 cut there
    except ValueError:
        return False


def _salted(bare: str) -> tuple[str, bytes] | None:
    """Name of the digest, and digest with salt, of an RFC 2307 salted hash."""
    found = _SALTED.match(bare)
    if found is None:
        return None
    name = _DIGESTS[found[1].upper()]
    try:
        raw = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return None
    return (name, raw) if len(raw) > hashlib.new(name).digest_size else None


def _verify_salted(secret: bytes, bare: str) -> bool:
    salted = _salted(bare)
    if salted is None:
        return False
    name, raw = salted
    size = hashlib.new(name).digest_size
    return hmac.compare_digest(hashlib.new(name, secret + raw[size:]).digest(), raw[:size])
