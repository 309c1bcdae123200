"""DMARC aggregate reports (RFC 9990): what one receiver saw of one policy domain on one day, as XML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final
from xml.sax.saxutils import escape

NAMESPACE: Final = "urn:ietf:params:xml:ns:dmarc-2.0"
SIGNATURES_MAX: Final = 100
"""§3.1.3."""

_FOREIGN: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 knows no character for."""


class Disposition(Enum):
    """What came of the policy."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word, no secret
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Override(Enum):
    """§3.1.6: why that is not what the policy says."""

    LOCAL_POLICY = "local_policy"
    MAILING_LIST = "mailing_list"
    OTHER = "other"
    TEST_MODE = "policy_test_mode"
    TRUSTED_FORWARDER = "trusted_forwarder"


@dataclass(frozen=True, slots=True)
class Reason:
    """An override in words."""

    type: Override
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM signature; its result is a word of RFC 8601 §2.7.1."""

    domain: str
    selector: str
    result: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """What SPF said of MAIL FROM; its result is a word of RFC 8601 §2.7.2."""

    domain: str
    result: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The policy as it was seen last. Wishes that were not said are ""."""

    domain: str
    policy: str = "none"
    subdomains: str = ""
    nonexistent: str = ""
    dkim_mode: str = "r"
    spf_mode: str = "r"
    failure_options: str = "0"
    is_testing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Letters that are alike in all of this."""

    source_ip: str
    disposition: Disposition
    is_dkim_aligned: bool
    is_spf_aligned: bool
    header_from: str
    envelope_from: str = ""  # "": the null reverse-path
    envelope_to: str = ""
    reasons: tuple[Reason, ...] = ()
    dkim: tuple[Signature, ...] = ()
    spf: Sender | None = None

    @property
    def is_pass(self) -> bool:
        """RFC 9989 §4.4: one of the two is enough."""
        return self.is_dkim_aligned or self.is_spf_aligned


@dataclass(frozen=True, slots=True)
class Counted:
    """A record and how many letters it stands for."""

    record: Record
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report says of itself; times are in seconds."""

    organization: str
    email: str
    report_id: str
    begin: int
    end: int
    error: str = ""
    generator: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    about: About
    published: Published
    records: tuple[Counted, ...]


def render(report: Report) -> Iterator[bytes]:
    """The document in pieces, a record each, so that others come between."""
    head = ['<?xml version="1.0" encoding="UTF-8"?>', f'<feedback xmlns="{NAMESPACE}">', _one("version", "1.0")]
    yield _join([*head, *_about(report.about), *_published(report.published)])
    for counted in report.records:
        yield _join(_record(counted))
    yield b"</feedback>\n"


def _about(about: About) -> list[str]:
    return _within(
        "report_metadata",
        _one("org_name", about.organization),
        _one("email", about.email),
        _one("report_id", about.report_id),
        *_within("date_range", _one("begin", str(about.begin)), _one("end", str(about.end))),
        *_maybe("error", about.error),
        *_maybe("generator", about.generator),
    )


def _published(one: Published) -> list[str]:
    """§3.1.1.5: tags that were not said have their defaults."""
    return _within(
        "policy_published",
        _one("domain", one.domain),
        _one("p", one.policy),
        _one("sp", one.subdomains or one.policy),
        _one("np", one.nonexistent or one.subdomains or one.policy),
        _one("adkim", one.dkim_mode),
        _one("aspf", one.spf_mode),
        _one("discovery_method", "treewalk"),
        _one("fo", one.failure_options),
        _one("testing", "y" if one.is_testing else "n"),
    )


def _record(counted: Counted) -> list[str]:
    record = counted.record
    evaluated = _within(
        "policy_evaluated",
        _one("disposition", record.disposition.value),
        _one("dkim", _verdict(is_aligned=record.is_dkim_aligned)),
        _one("spf", _verdict(is_aligned=record.is_spf_aligned)),
        *[
            line
            for one in record.reasons
            for line in _within("reason", _one("type", one.type.value), *_maybe("comment", one.comment))
        ],
    )
    row = _within("row", _one("source_ip", record.source_ip), _one("count", str(counted.letters)), *evaluated)
    identifiers = _within(
        "identifiers",
        _one("header_from", record.header_from),
        _one("envelope_from", record.envelope_from),
        *_maybe("envelope_to", record.envelope_to),
    )
    return _within("record", *row, *identifiers, *_results(record))


def _results(record: Record) -> list[str]:
    lines = [
        line
        for one in record.dkim[:SIGNATURES_MAX]
        for line in _within(
            "dkim",
            _one("domain", one.domain),
            _one("selector", one.selector),
            _one("result", one.result),
            *_maybe("human_result", one.words),
        )
    ]
    if record.spf is not None:
        lines += _within(
            "spf",
            _one("domain", record.spf.domain),
            _one("scope", "mfrom"),
            _one("result", record.spf.result),
            *_maybe("human_result", record.spf.words),
        )
    return _within("auth_results", *lines)


def _verdict(*, is_aligned: bool) -> str:
    return "pass" if is_aligned else "fail"


def _within(name: str, *lines: str) -> list[str]:
    return [f"<{name}>", *lines, f"</{name}>"]


def _one(name: str, text: str) -> str:
    return f"<{name}>{escape(_FOREIGN.sub('?', text))}</{name}>"


def _maybe(name: str, text: str) -> list[str]:
    return [_one(name, text)] if text else []


def _join(lines: list[str]) -> bytes:
    return "\n".join([*lines, ""]).encode("utf-8", "replace")
