"""Letters of strangers are counted, told to their domains, and what comes back about our own domain is read."""

import gzip
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import dkim
import pytest

from mailstead.ground.formats.feedback.aggregate import Report
from mailstead.ground.formats.feedback.aggregate_reading import AggregateReader
from tests.support.dkim import RSA, RSA_PEM
from tests.support.dns_lab import Zone, dns_lab
from tests.support.programs import need
from tests.support.recording_peer import RecordingPeer
from tests.support.server import Sandbox, free_base

pytestmark = pytest.mark.e2e

SCHEMA = Path(__file__).parents[1] / "data" / "dmarc.xsd"
KEY = RSA.record.decode()
ZONE = f"""
mx A 127.0.0.1
good MX 10 mx
good TXT "v=spf1 ip4:127.0.0.1 -all"
_smtp._tls.good TXT "v=TLSRPTv1; rua=mailto:tls@good.test"
_dmarc.good TXT "v=DMARC1; p=reject; rua=mailto:reports@good.test"
s._domainkey.good TXT ( "{KEY[:200]}" "{KEY[200:]}" )
evil TXT "v=spf1 -all"
_dmarc.bank TXT "v=DMARC1; p=reject; rua=mailto:dmarc@watch.test,mailto:x@victim.test; ruf=mailto:fail@watch.test"
watch MX 10 mx
bank.test._report._dmarc.watch TXT "v=DMARC1"
"""
OURS = """
_dmarc TXT "v=DMARC1; p=quarantine; psd=n; rua=mailto:postmaster@dev.localhost"
"""
LETTER = (
    b"From: Ann <ann@%s.test>\r\nTo: ada@dev.localhost\r\nSubject: hello\r\nMessage-ID: <1@a.test>\r\n\r\nhello\r\n"
)


@pytest.fixture(scope="module")
def peer() -> Iterator[RecordingPeer]:
    with RecordingPeer() as running:
        yield running


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, peer: RecordingPeer) -> Iterator[Sandbox]:
    zones = Zone("test", ZONE, signed=False), Zone("dev.localhost", OURS, signed=False)
    with dns_lab(*zones) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")  # swaks is on this machine
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(lab.authority))
        patch.setenv("MAILSTEAD_SERVER_WORKERS", "1")  # who has counted the last letter has counted all
        patch.setenv("MAILSTEAD_OUTBOUND_MODE", "direct")
        patch.setenv("MAILSTEAD_OUTBOUND_PORT", str(peer.port))
        running = Sandbox(tmp_path_factory.mktemp("reports") / "box", free_base())
        running.start()
        try:
            yield running
        finally:
            running.stop()


def send(box: Sandbox, letter: bytes, sender: str, folder: Path, to: str = "ada@dev.localhost") -> str:
    """What swaks saw."""
    file = folder / "letter"
    file.write_bytes(letter)
    command = [
        need("swaks"), "--server", f"127.0.0.1:{box.port('smtp')}", "--helo", "mail.good.test", "--from", sender,
        "--to", to, "--data", f"@{file}",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def ask(box: Sandbox, *arguments: str) -> list[dict[str, Any]]:
    """Rows of a command."""
    done = box.cli("report", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def until(ready: Callable[[], Any]) -> Any:
    """What it gives once it gives something."""
    deadline = time.monotonic() + 60
    while not (found := ready()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


def validate(xml: bytes, folder: Path) -> Report:
    """By the schema of RFC 9990, and by our own reader."""
    file = folder / "report.xml"
    file.write_bytes(xml)
    command = [need("xmllint"), "--nonet", "--noout", "--schema", str(SCHEMA), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    reader = AggregateReader()
    reader.feed(xml)
    return reader.finish()


def attachment(letter: Message, media: str = "application/gzip") -> bytes:
    (part,) = [part for part in letter.walk() if part.get_content_type() == media]
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return gzip.decompress(payload)


def send_reports(box: Sandbox, kind: str, *domains: str) -> list[dict[str, Any]]:
    """Those of today about these domains, once their letters or sessions are counted."""
    command = ["send", "--day", datetime.now(UTC).strftime("%Y-%m-%d"), "--kind", kind, "--early"]

    def rehearse() -> list[dict[str, Any]]:
        rows = ask(box, *command, "--dry-run")
        return rows if {row["domain"] for row in rows if row["fate"] == "would be written"} == set(domains) else []

    until(rehearse)
    return ask(box, *command)


def test_a_day(box: Sandbox, peer: RecordingPeer, tmp_path: Path) -> None:
    for command in (
        ("policy", "set", "--domain", "dev.localhost", "dmarc.report_enabled=on"),
        ("dkim", "generate", "--domain", "dev.localhost", "--algorithm", "rsa2048"),
        ("dkim", "activate", "--domain", "dev.localhost", "--selector", "default"),
    ):
        assert box.cli(*command).returncode == 0
    signed = bytes(dkim.sign(LETTER % b"good", b"s", b"good.test", RSA_PEM)) + LETTER % b"good"
    for _ in range(2):
        assert "250 2.0.0" in send(box, signed, "ann@good.test", tmp_path)
    assert "550 5.7.26" in send(box, LETTER % b"bank", "ann@good.test", tmp_path)
    assert {row["fate"] for row in send_reports(box, "dmarc", "bank.test", "good.test")} == {"written"}
    assert {row["fate"] for row in send_reports(box, "dmarc")} == {"written before"}
    until(lambda: len(peer.taken) == 2)
    told = {one.recipient: message_from_bytes(one.content) for one in peer.taken}
    assert set(told) == {"reports@good.test", "dmarc@watch.test"}  # nobody may have others flooded
    assert all(letter["DKIM-Signature"] for letter in told.values())

    report = validate(attachment(told["reports@good.test"]), tmp_path)
    (counted,) = report.records
    assert (counted.letters, counted.record.disposition.value) == (2, "pass")
    assert (counted.record.is_dkim_aligned, counted.record.is_spf_aligned) == (True, True)
    assert [(one.domain, one.result) for one in counted.record.dkim] == [("good.test", "pass")]

    report = validate(attachment(told["dmarc@watch.test"]), tmp_path)
    (counted,) = report.records
    assert (counted.letters, counted.record.disposition.value) == (1, "reject")
    assert (counted.record.is_pass, counted.record.envelope_from) == (False, "good.test")
    rows = ask(box, "list", "--sent")
    assert {(row["domain"], row["note"]) for row in rows} == {
        ("good.test", ""), ("bank.test", "victim.test does not take reports about bank.test"),
    }  # fmt: skip


def test_lines(box: Sandbox, peer: RecordingPeer, tmp_path: Path) -> None:
    """The DMARC reports were mail, too: their sessions are told of, and what comes so is read as it is written."""
    assert [row["domain"] for row in send_reports(box, "tls", "good.test") if row["fate"] == "written"] == ["good.test"]
    letter = until(lambda: next((one.content for one in peer.taken if one.recipient == "tls@good.test"), None))
    told = message_from_bytes(letter)
    assert (told["TLS-Report-Domain"], told["TLS-Required"]) == ("good.test", "No")
    report = json.loads(attachment(told, "application/tlsrpt+gzip"))
    (policy,) = report["policies"]
    assert policy["policy"] == {"policy-type": "no-policy-found", "policy-domain": "good.test"}
    assert policy["failure-details"][0]["result-type"] == "starttls-not-supported"
    back = letter.replace(b"TLS-Report-Domain: good.test", b"TLS-Report-Domain: dev.localhost")
    assert "250 2.0.0" in send(box, back, "tls@good.test", tmp_path, "postmaster@dev.localhost")
    (row,) = until(lambda: ask(box, "list", "tls"))
    assert (row["organization"], row["domain"], row["bad"]) == ("dev.localhost", "dev.localhost", 1)


def test_what_comes_back(box: Sandbox, tmp_path: Path) -> None:
    """Somebody forges us; the report goes to our own postmaster, and is read there."""
    forged = LETTER.replace(b"%s.test", b"dev.localhost")
    assert "250 2.0.0" in send(box, forged, "ann@evil.test", tmp_path)
    send_reports(box, "dmarc", "dev.localhost")
    (row,) = until(lambda: ask(box, "list", "dmarc", "--domain", "dev.localhost"))
    assert (row["organization"], row["good"], row["bad"]) == ("dev.localhost", 0, 1)
    done = box.cli("report", "show", str(row["id"]))
    assert "from dev.localhost, disposition quarantine, spf evil.test fail" in done.stdout
    (source,) = ask(box, "summary", "dmarc")
    assert (source["source"], source["bad"]) == ("127.0.0.1", 1)


def test_a_failure_is_told_at_once(box: Sandbox, peer: RecordingPeer, tmp_path: Path) -> None:
    assert box.cli("policy", "set", "--domain", "dev.localhost", "failures.enabled=on").returncode == 0
    assert "550 5.7.26" in send(box, LETTER % b"bank", "ann@good.test", tmp_path)
    letter = until(lambda: next((one.content for one in peer.taken if one.recipient == "fail@watch.test"), None))
    told = message_from_bytes(letter)
    assert (told.get_content_type(), told.get_param("report-type")) == ("multipart/report", "feedback-report")
    for words in (b"Auth-Failure: dmarc", b"Delivery-Result: reject", b"Reported-Domain: bank.test", b"@bank.test>"):
        assert words in letter
    assert b"Ann" not in letter
    assert b"hello" not in letter


def test_what_an_alias_sends_on_is_sealed(box: Sandbox, peer: RecordingPeer, tmp_path: Path) -> None:
    """ARC: who gets it learns what we found out, and dkimpy believes it."""
    for command in (
        ("policy", "set", "--domain", "dev.localhost", "arc.seal=on"),
        ("alias", "add", "list@dev.localhost", "far@good.test"),
    ):
        assert box.cli(*command).returncode == 0
    signed = bytes(dkim.sign(LETTER % b"good", b"s", b"good.test", RSA_PEM)) + LETTER % b"good"
    assert "250 2.0.0" in send(box, signed, "ann@good.test", tmp_path, "list@dev.localhost")
    letter = until(lambda: next((one.content for one in peer.taken if one.recipient == "far@good.test"), None))
    (key,) = json.loads(box.cli("dkim", "show", "--domain", "dev.localhost", "--json").stdout)["keys"]
    verdict, sets, why = dkim.arc_verify(letter, dnsfunc=lambda name, timeout=5: key["record"]["value"].encode())
    assert (verdict, len(sets)) == (b"pass", 1), why
    told = message_from_bytes(letter)["ARC-Authentication-Results"]
    assert "dmarc=pass header.from=good.test" in told


def test_nothing_went_wrong(box: Sandbox) -> None:
    assert box.errors() == []
