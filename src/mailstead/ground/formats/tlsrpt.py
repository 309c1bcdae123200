"""TLS reports (RFC 8460): who wants them, what may fail, and the report itself as JSON."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

REPORT_MAX: Final = 4 * 1024 * 1024
RECORD_MAX: Final = 4096
ADDRESSES_MAX: Final = 10

_VERSION: Final = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)")
_FIELD: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e][\x20-\x3a\x3c-\x7e]*)\Z"
)
_URI: Final = re.compile(r"(?:mailto|https):[\x21-\x2b\x2d-\x3a\x3c-\x7e]+\Z", re.IGNORECASE)


class ResultType(Enum):
    """RFC 8460 §4.3."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


class PolicyType(Enum):
    """RFC 8460 §4.2."""

    TLSA = "tlsa"
    STS = "sts"
    NO_POLICY_FOUND = "no-policy-found"


class PolicyFound(msgspec.Struct, frozen=True, rename="kebab", kw_only=True, omit_defaults=True):
    """What was in force: the lines of the policy, the domain it is of, the hosts it names."""

    policy_type: PolicyType
    policy_string: tuple[str, ...] = ()
    policy_domain: str
    mx_host: tuple[str, ...] = ()


class Summary(msgspec.Struct, frozen=True, rename="kebab", kw_only=True):
    """Of all sessions under one policy."""

    total_successful_session_count: int
    total_failure_session_count: int


class FailureDetail(msgspec.Struct, frozen=True, rename="kebab", kw_only=True, omit_defaults=True):
    """Sessions that failed in the same way."""

    result_type: ResultType
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    failed_session_count: int
    additional_information: str = ""
    failure_reason_code: str = ""


class PolicyReport(msgspec.Struct, frozen=True, rename="kebab", kw_only=True, omit_defaults=True):
    """All that is told of one policy."""

    policy: PolicyFound
    summary: Summary
    failure_details: tuple[FailureDetail, ...] = ()


class DateRange(msgspec.Struct, frozen=True, rename="kebab", kw_only=True):
    """From and to, in UTC (RFC 3339)."""

    start_datetime: str
    end_datetime: str


class Report(msgspec.Struct, frozen=True, rename="kebab", kw_only=True):
    """RFC 8460 §4.4: what one sender saw of one domain on one day."""

    organization_name: str
    date_range: DateRange
    contact_info: str
    report_id: str
    policies: tuple[PolicyReport, ...]


def date_range(start: Instant, end: Instant) -> DateRange:
    """The span of a report."""
    return DateRange(start_datetime=render_rfc3339(start), end_datetime=render_rfc3339(end))


def find_report_addresses(records: Iterable[bytes]) -> tuple[str, ...]:
    """Where reports go, of the one valid record at `_smtp._tls.<domain>` (RFC 8460 §3); empty: nobody asked for any."""
    texts = [record.decode("ascii", "replace") for record in records if len(record) <= RECORD_MAX]
    found = [text for text in texts if _VERSION.match(text)]
    return _read_addresses(found[0]) if len(found) == 1 else ()


def _read_addresses(text: str) -> tuple[str, ...]:
    fields = [field.strip(" \t") for field in text.split(";")][1:]
    if fields and not fields[-1]:
        fields.pop()  # the last delimiter may stand alone
    for field in fields:
        match = _FIELD.match(field)
        if match is None:
            return ()
        if match[1] == "rua":
            addresses = [address.strip(" \t") for address in match[2].split(",")]
            return tuple(address for address in addresses if _URI.match(address))[:ADDRESSES_MAX]
    return ()


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Report)


def render_report(report: Report) -> bytes:
    """As JSON (RFC 8460 §4.4), not compressed."""
    return _encoder.encode(report)


def parse_report(data: bytes) -> Report:
    """Read a report that somebody sent us; `Invalid`."""
    if len(data) > REPORT_MAX:
        raise Invalid("the report is longer than 4 MiB")
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the report cannot be read: {error}") from error
