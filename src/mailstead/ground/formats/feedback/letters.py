"""Letters that carry reports: DMARC (RFC 9990 §3.5.2) and TLS (RFC 8460 §5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.date import render_date
from mailstead.ground.formats.dsn.letter import b2a_base64_lines
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

LINE_MAX: Final = 78
AGGREGATE: Final = "application/gzip"
TLS: Final = "application/tlsrpt+gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covering:
    """What every letter with a report says. `submitter` is the domain that reports, times are in seconds."""

    author: Address
    recipients: Sequence[Address]
    report_id: str
    domain: str  # that it is about
    submitter: str
    begin: int
    end: int
    at: Instant

    @property
    def subject(self) -> str:
        """The same grammar in both RFCs; folded, for its words may be long."""
        words = (f"Report Domain: {self.domain}", f"Submitter: {self.submitter}", f"Report-ID: <{self.report_id}>")
        return "\r\n ".join(words)

    @property
    def stem(self) -> str:
        """Of the file's name."""
        return f"{self.submitter}!{self.domain}!{self.begin}!{self.end}"


def render_aggregate(covering: Covering, packed: bytes) -> bytes:
    """With a document that is gzipped already."""
    return _render(covering, "multipart/mixed", (), "DMARC", AGGREGATE, f"{covering.stem}.xml.gz", packed)


def render_tls(covering: Covering, packed: bytes) -> bytes:
    """RFC 8460 §5.3; RFC 8689 §5: it goes out in the clear rather than not at all, or it could not tell of that."""
    fields = (
        f"TLS-Report-Domain: {covering.domain}",
        f"TLS-Report-Submitter: {covering.submitter}",
        "TLS-Required: No",
    )
    name = f"{covering.stem}.json.gz"
    return _render(covering, "multipart/report; report-type=tlsrpt", fields, "TLS", TLS, name, packed)


def _render(
    covering: Covering, kind: str, fields: Sequence[str], word: str, media: str, name: str, packed: bytes
) -> bytes:
    boundary = f"=_{covering.begin}_{covering.at}"  # base64 and our own words have no line that begins so
    head = [
        f'From: "{covering.submitter} reports" <{covering.author}>',
        f"To: {_fold([f'<{one}>' for one in covering.recipients])}",
        f"Subject: {covering.subject}",
        f"Date: {render_date(covering.at).decode('ascii')}",
        f"Message-ID: <{covering.report_id}>",
        "Auto-Submitted: auto-generated",  # RFC 3834 §5: nobody answers it by itself
        *fields,
        "MIME-Version: 1.0",
        f'Content-Type: {kind};\r\n boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"This is a {word} report of {covering.submitter} about {covering.domain}.",
        "",
        f"--{boundary}",
        f"Content-Type: {media}",
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment;\r\n filename="{name}"',
        "",
        "",
    ]
    return "\r\n".join(head).encode("ascii") + b2a_base64_lines(packed) + f"--{boundary}--\r\n".encode("ascii")


def _fold(words: Sequence[str]) -> str:
    lines = [""]
    for number, word in enumerate(words, 1):
        text = word if number == len(words) else f"{word}, "
        if lines[-1] and len(lines[-1]) + len(text) > LINE_MAX:
            lines.append("")
        lines[-1] += text
    return "\r\n ".join(lines)
