"""A DMARC report with everything in it."""

from mailstead.ground.formats.feedback.aggregate import (
    About,
    Counted,
    Disposition,
    Override,
    Published,
    Reason,
    Record,
    Report,
    Sender,
    Signature,
    render,
)

PUBLISHED = Published(
    domain="example.com", policy="reject", subdomains="quarantine", nonexistent="none", dkim_mode="s",
    spf_mode="r", failure_options="1:d", is_testing=True,
)  # fmt: skip
GOOD = Record(
    source_ip="192.0.2.1", disposition=Disposition.PASS, is_dkim_aligned=True, is_spf_aligned=False,
    header_from="example.com", envelope_from="list.test", envelope_to="us.test",
    dkim=(Signature("example.com", "s", "pass"), Signature("list.test", "t", "fail", "body")),
    spf=Sender("list.test", "pass", "a < b & c"),
)  # fmt: skip
BAD = Record(
    source_ip="2001:db8::1", disposition=Disposition.NONE, is_dkim_aligned=False, is_spf_aligned=False,
    header_from="evil.example.com", reasons=(Reason(Override.LOCAL_POLICY, "we know\x00 them"), Reason(Override.OTHER)),
)  # fmt: skip
ABOUT = About(
    organization="us.test", email="postmaster@us.test", report_id="2026-05-31.example.com@us.test",
    begin=1_780_185_600, end=1_780_271_999, error="odd", generator="Mailstead",
)  # fmt: skip
REPORT = Report(ABOUT, PUBLISHED, (Counted(GOOD, 3), Counted(BAD, 70_000)))


def xml_of(report: Report = REPORT) -> bytes:
    return b"".join(render(report))
