"""MTA-STS (RFC 8461): the TXT record that says a domain has a policy, and the policy's text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import Invalid

POLICY_MAX: Final = 64 * 1024  # RFC 8461 §3.3: a limit on the size of the text
RECORD_MAX: Final = 4096
MX_MAX: Final = 500
AGE_MAX: Final = 31_557_600  # RFC 8461 §3.2: about a year

_VERSION: Final = re.compile(r"v=STSv1[ \t]*(?:;|\Z)")
_RECORD_FIELD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*=[ \t]*([\x21-\x3a\x3c\x3e-\x7e]+)\Z")
_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_POLICY_FIELD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*([^\x00-\x1f\x7f]*?)[ \t]*\Z")
_AGE: Final = re.compile(r"[0-9]{1,10}\Z")


class Mode(Enum):
    """RFC 8461 §5: what becomes of a host that fails."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """`mx`: canonical names, a first label `*` stands for any one."""

    mode: Mode
    max_age: int  # seconds
    mx: tuple[str, ...] = ()

    def covers(self, host: str) -> bool:
        """RFC 8461 §4.1: is this MX host (canonical) one that the policy names?"""
        _, dot, parent = host.partition(".")
        return host in self.mx or (bool(dot) and f"*.{parent}" in self.mx)

    def lines(self) -> tuple[str, ...]:
        """As it is told in reports (RFC 8460 §4.4: policy-string)."""
        return (
            "version: STSv1",
            f"mode: {self.mode.value}",
            *(f"mx: {pattern}" for pattern in self.mx),
            f"max_age: {self.max_age}",
        )


def find_policy_id(records: Iterable[bytes]) -> str | None:
    """The id of the one valid record at `_mta-sts.<domain>`; None: the domain has no policy (RFC 8461 §3.1)."""
    texts = [record.decode("ascii", "replace") for record in records if len(record) <= RECORD_MAX]
    found = [text for text in texts if _VERSION.match(text)]
    return _read_id(found[0]) if len(found) == 1 else None


def _read_id(text: str) -> str | None:
    fields = [field.strip(" \t") for field in text.split(";")][1:]
    if fields and not fields[-1]:
        fields.pop()  # the last delimiter may stand alone
    named: dict[str, str] = {}
    for field in fields:
        match = _RECORD_FIELD.match(field)
        if match is None:
            return None
        named.setdefault(match[1], match[2])
    found = named.get("id", "")
    return found if _ID.match(found) else None


def parse_policy(data: bytes) -> Policy:
    """Read the text that HTTPS brought (RFC 8461 §3.2); `Invalid` says what is wrong with it."""
    if len(data) > POLICY_MAX:
        raise Invalid("the policy is longer than 64 KiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("the policy is not UTF-8") from error
    named: dict[str, str] = {}
    patterns: dict[str, None] = {}
    for line in text.rstrip(" \t\r\n").replace("\r\n", "\n").split("\n"):
        match = _POLICY_FIELD.match(line)
        if match is None:
            raise Invalid(f"the policy has the line {line[:80]!r}")
        if match[1] == "mx":
            patterns[_read_pattern(match[2])] = None
        else:
            named.setdefault(match[1], match[2])  # RFC 8461 §3.2: of a field given twice the first counts
    if len(patterns) > MX_MAX:
        raise Invalid(f"the policy names more than {MX_MAX} hosts")
    return _put_together(named, tuple(patterns))


def _put_together(named: dict[str, str], patterns: tuple[str, ...]) -> Policy:
    if named.get("version") != "STSv1":
        raise Invalid("the policy has no version STSv1")
    try:
        mode = Mode(named.get("mode", ""))
    except ValueError as error:
        raise Invalid("the policy has no known mode") from error
    age = named.get("max_age", "")
    if not _AGE.match(age):
        raise Invalid("the policy has no max_age")
    if not patterns and mode is not Mode.NONE:
        raise Invalid("the policy names no host")
    return Policy(mode, min(int(age), AGE_MAX), patterns)


def _read_pattern(text: str) -> str:
    if text.startswith("*."):
        return f"*.{_read_host(text[2:])}"
    return _read_host(text)


def _read_host(text: str) -> str:
    if text.startswith("["):
        raise Invalid("the policy names an address where a host should be")
    return canonical_domain(text)
