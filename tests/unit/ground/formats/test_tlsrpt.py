"""TLS reports (RFC 8460)."""

import json

import pytest

from mailstead.ground.formats import tlsrpt
from mailstead.ground.formats.tlsrpt import (
    FailureDetail,
    PolicyFound,
    PolicyReport,
    PolicyType,
    Report,
    ResultType,
    Summary,
    date_range,
    find_report_addresses,
    parse_report,
    render_report,
)
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

# RFC 8460 Appendix B
EXAMPLE = {
    "organization-name": "Company-X",
    "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
    "contact-info": "sts-reporting@company-x.example",
    "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
    "policies": [
        {
            "policy": {
                "policy-type": "sts",
                "policy-string": ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"],
                "policy-domain": "company-y.example",
                "mx-host": ["*.mail.company-y.example"],
            },
            "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "sending-mta-ip": "2001:db8:abcd:0012::1",
                    "receiving-mx-hostname": "mx1.mail.company-y.example",
                    "failed-session-count": 100,
                },
                {
                    "result-type": "starttls-not-supported",
                    "sending-mta-ip": "2001:db8:abcd:0013::1",
                    "receiving-mx-hostname": "mx2.mail.company-y.example",
                    "receiving-ip": "203.0.113.56",
                    "failed-session-count": 200,
                    "additional-information": "https://reports.company-x.example/report_info ? id = 5065427 c - 23 d3#",
                },
                {
                    "result-type": "validation-failure",
                    "sending-mta-ip": "198.51.100.62",
                    "receiving-ip": "203.0.113.58",
                    "receiving-mx-hostname": "mx-backup.mail.company-y.example",
                    "failed-session-count": 3,
                    "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED",
                },
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([b"v=TLSRPTv1;rua=mailto:reports@example.com"], ("mailto:reports@example.com",)),
        ([b"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt;"], ("https://reporting.example.com/v1/tlsrpt",)),
        ([b"v=TLSRPTv1; rua=mailto:a@a.test , https://b.test/?a=b"], ("mailto:a@a.test", "https://b.test/?a=b")),
        ([b"v=TLSRPTv1; new=x; rua=mailto:a@a.test", b"other"], ("mailto:a@a.test",)),
        ([b"v=TLSRPTv1; rua=ftp://a.test,mailto:a@a.test"], ("mailto:a@a.test",)),
        ([b"v=TLSRPTv1; rua=mailto:a@a.test", b"v=TLSRPTv1; rua=mailto:b@a.test"], ()),
        ([b"v=TLSRPTv2; rua=mailto:a@a.test"], ()),
        ([b"v=TLSRPTv1; rua"], ()),
        ([b"v=TLSRPTv1;"], ()),
        ([b"v=TLSRPTv1; rua=mailto:a b@a.test"], ()),
        ([], ()),
    ],
)
def test_who_wants_reports(records: list[bytes], found: tuple[str, ...]) -> None:
    assert find_report_addresses(records) == found


def test_the_example_of_the_rfc_goes_round() -> None:
    report = parse_report(json.dumps(EXAMPLE).encode())
    assert report.policies[0].failure_details[1].result_type is ResultType.STARTTLS_NOT_SUPPORTED
    assert json.loads(render_report(report)) == EXAMPLE


def test_what_is_not_known_is_left_out() -> None:
    policy = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="a.test")
    detail = FailureDetail(result_type=ResultType.VALIDATION_FAILURE, failed_session_count=1)
    summary = Summary(total_successful_session_count=0, total_failure_session_count=1)
    report = Report(
        organization_name="us", date_range=date_range(Instant(1_800_000_000_000), Instant(1_800_086_399_000)),
        contact_info="x", report_id="1",
        policies=(PolicyReport(policy=policy, summary=summary, failure_details=(detail,)),),
    )  # fmt: skip
    shown = json.loads(render_report(report))
    assert shown["date-range"] == {"start-datetime": "2027-01-15T08:00:00Z", "end-datetime": "2027-01-16T07:59:59Z"}
    assert shown["policies"][0]["policy"] == {"policy-type": "no-policy-found", "policy-domain": "a.test"}
    assert shown["policies"][0]["failure-details"] == [{"result-type": "validation-failure", "failed-session-count": 1}]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"policies": 1}', b"[" * 100_000])
def test_what_is_no_report(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_report(data)


def test_a_report_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tlsrpt, "REPORT_MAX", 10)
    with pytest.raises(Invalid, match="4 MiB"):
        parse_report(json.dumps(EXAMPLE).encode())
