"""SHA512-CRYPT, the `$6$` of crypt(3), after its public specification ("Unix crypt using SHA-256 and SHA-512").

Only to verify hashes of imported users; the standard library's `crypt` is gone from Python 3.13 on.
"""

import hashlib
import re
from typing import Final

ROUNDS_DEFAULT: Final = 5000
ROUNDS_MIN: Final = 1000
ROUNDS_MAX: Final = 1_000_000  # the specification allows a thousand times more: over half an hour for one login

_ALPHABET: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_STORED: Final = re.compile(r"\$6\$(?:rounds=([0-9]{1,9})\$)?([^$:\n]{0,16})\$([./0-9A-Za-z]{86})\Z")


def parse_sha512_crypt(stored: str) -> tuple[int | None, bytes, str]:
    """Rounds (None if not written), salt and digest of a stored hash; ValueError."""
    found = _STORED.match(stored)
    if found is None:
        raise ValueError("not a SHA512-CRYPT hash")
    rounds = int(found[1]) if found[1] else None
    if rounds is not None and not ROUNDS_MIN <= rounds <= ROUNDS_MAX:
        raise ValueError(f"SHA512-CRYPT with {rounds} rounds; {ROUNDS_MIN} to {ROUNDS_MAX} are taken")
    return rounds, found[2].encode(), found[3]


def sha512_crypt(password: bytes, salt: bytes, rounds: int = ROUNDS_DEFAULT) -> str:
    """The 86 characters after the last `$`. The numbers are the steps of the specification."""
    length = len(password)
    b = hashlib.sha512(password + salt + password).digest()  # 4-8
    start = password + salt + _stretch(b, length)  # 1-3, 9-10
    bits = length
    while bits:  # 11
        start += b if bits & 1 else password
        bits >>= 1
    digest = hashlib.sha512(start).digest()  # 12
    p = _stretch(hashlib.sha512(password * length).digest(), length)  # 13-16
    s = _stretch(hashlib.sha512(salt * (16 + digest[0])).digest(), len(salt))  # 17-20
    for turn in range(rounds):  # 21
        odd = turn & 1
        step = p if odd else digest
        if turn % 3:
            step += s
        if turn % 7:
            step += p
        digest = hashlib.sha512(step + (digest if odd else p)).digest()
    return _encode(digest)


def _stretch(block: bytes, length: int) -> bytes:
    """`block` again and again up to `length` bytes."""
    return (block * (length // len(block) + 1))[:length]


def _encode(digest: bytes) -> str:
    """Step 22: bytes in the order 0 21 42, 22 43 1, ... as base 64 with the low bits first."""
    out: list[str] = []
    a, b, c = 0, 21, 42
    for _ in range(21):
        out.append(_digits(digest[a] << 16 | digest[b] << 8 | digest[c], 4))
        a, b, c = b + 1, c + 1, a + 1
    out.append(_digits(digest[63], 2))
    return "".join(out)


def _digits(value: int, count: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(count))
