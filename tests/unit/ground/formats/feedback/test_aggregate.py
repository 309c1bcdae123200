"""DMARC reports: what we write is by the schema of RFC 9990, and what others write is read."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.feedback.aggregate import Counted, Report
from mailstead.ground.formats.feedback.aggregate_reading import RECORDS_MAX, AggregateReader
from mailstead.ground.model.errors import Invalid
from tests.support.aggregate import ABOUT, BAD, GOOD, PUBLISHED, REPORT, xml_of
from tests.support.programs import need

SCHEMA = Path(__file__).parents[4] / "data" / "dmarc.xsd"
OLD = b"""<?xml version="1.0"?>
<feedback>
  <report_metadata><org_name>Old &amp; Co</org_name><email>a@old.test</email><report_id>17</report_id>
    <date_range><begin>1</begin><end>86400</end></date_range></report_metadata>
  <policy_published><domain>Example.COM</domain><adkim>r</adkim><p>none</p><pct>100</pct></policy_published>
  <record>
    <row><source_ip>192.0.2.7</source_ip><count>2</count>
      <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf>
        <reason><type>sampled_out</type><comment>old</comment></reason></policy_evaluated></row>
    <identifiers><header_from>example.com</header_from></identifiers>
    <auth_results><spf><domain>example.com</domain><result>pass</result></spf></auth_results>
  </record>
</feedback>
"""


def read(data: bytes, step: int = 0) -> Report:
    reader = AggregateReader()
    step = step or max(len(data), 1)
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
    return reader.finish()


def test_the_schema_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_bytes(xml_of())
    done = subprocess.run(
        [need("xmllint"), "--nonet", "--noout", "--schema", str(SCHEMA), str(file)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_it_is_read_as_it_was_written() -> None:
    told = replace(BAD, reasons=(replace(BAD.reasons[0], comment="we know? them"), BAD.reasons[1]))
    assert read(xml_of()) == Report(ABOUT, PUBLISHED, (Counted(GOOD, 3), Counted(told, 70_000)))


def test_tags_that_were_not_said_have_their_defaults() -> None:
    published = replace(PUBLISHED, subdomains="", nonexistent="")
    text = xml_of(replace(REPORT, published=published))
    assert b"<sp>reject</sp>\n<np>reject</np>" in text


def test_an_old_report() -> None:
    report = read(OLD)
    assert report.about.organization == "Old & Co"
    assert (report.published.domain, report.published.policy) == ("example.com", "none")
    (counted,) = report.records
    assert (counted.letters, counted.record.is_pass, counted.record.reasons[0].comment) == (2, True, "old")


@given(st.integers(1, 40))
def test_it_does_not_matter_how_it_is_cut(step: int) -> None:
    assert read(OLD, step) == read(OLD)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no XML"),
        (b"<feedback>", "no XML"),
        (b"<html></html>", "no DMARC report"),
        (b"<feedback></feedback>", "it lacks"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><feedback>&a;</feedback>', "DTD"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><feedback/>', "DTD"),
        (b"<feedback><a><a><a><a><a><a><a><a><a><a>", "too deep"),
        (b"<feedback><record>" + b"<a/>" * 2000, "too large"),
        (OLD.replace(b"192.0.2.7", b"nowhere"), "source_ip"),
        (OLD.replace(b"<count>2", b"<count>-2"), "no number"),
        (OLD.replace(b"<count>2", b"<count>" + b"9" * 900), "no number"),
        (OLD.replace(b"<report_id>17</report_id>", b""), "report_id"),
        ("<feedback>ä</feedback>".encode("latin-1"), "no XML"),
    ],
)
def test_what_is_no_report(data: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(data)


def test_too_many_records() -> None:
    start, end = OLD.index(b"  <record>"), OLD.index(b"</feedback>")
    with pytest.raises(Invalid, match="more than"):
        read(OLD[:start] + OLD[start:end] * (RECORDS_MAX + 1) + OLD[end:])
