"""One-time passwords of an authenticator app: HOTP (RFC 4226) over steps of time (RFC 6238). Pure."""

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import quote, urlencode

from mailstead.ground.model.ids import Instant

DIGITS: Final = 6
PERIOD: Final = 30
"""Seconds of a step; apps know no other for certain."""
DRIFT: Final = 1
"""Steps that a clock may be wrong (RFC 6238 §5.2)."""
SECRET: Final = 20
"""Octets: the length of SHA-1's digest (RFC 4226 §4)."""
_CODE: Final = re.compile(rf"[0-9]{{{DIGITS}}}\Z", re.ASCII)


def step_of(now: Instant) -> int:
    """RFC 6238 §4.2."""
    return now // (PERIOD * 1000)


def code_at(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3, with SHA-1: what every app can do."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def read_code(text: str) -> str:
    """The digits of what was typed, however they were grouped; "" if it is no code."""
    digits = text.replace(" ", "").replace("-", "")
    return digits if _CODE.match(digits) else ""


def find_step(secret: bytes, code: str, now: Instant, *, after: int) -> int | None:
    """The step of a code, of those around now and later than `after`: no code is taken twice (RFC 6238 §5.2)."""
    found = None
    for step in range(step_of(now) - DRIFT, step_of(now) + DRIFT + 1):  # all of them: time tells nothing
        if hmac.compare_digest(code_at(secret, step), code) and step > after:
            found = step
    return found


def show_secret(secret: bytes) -> str:
    """As apps take it: base32 without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def otpauth_uri(secret: bytes, login: str, issuer: str) -> str:
    """What the picture holds that apps look at."""
    label = f"{quote(issuer, safe='')}:{quote(login, safe='@')}"
    terms = {"secret": show_secret(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}
    return f"otpauth://totp/{label}?{urlencode(terms, quote_via=quote)}"
