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
good TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.good TXT "v=DMARC1; p=reject; rua=mailto:reports@good.test"
s._domainkey.good TXT ( "{KEY[:200]}" "{KEY[200:]}" )
evil TXT "v=spf1 -all"
_dmarc.bank TXT "v=DMARC1; p=reject; rua=mailto:dmarc@watch.test,mailto:x@victim.test"
bank.test._report._dmarc.watch TXT "v=DMARC1"
"""
OURS = """
_dmarc TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@dev.localhost"
"""
LETTER = b"From: Ann <ann@%s.test>\r\nTo: ada@dev.localhost\r\nSubject: hello\r\n\r\nhello\r\n"


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
        patch.setenv("MAILSTEAD_OUTBOUND_MODE", "relay")
        patch.setenv("MAILSTEAD_OUTBOUND_RELAY_HOST", f"127.0.0.1:{peer.port}")
        running = Sandbox(tmp_path_factory.mktemp("reports") / "box", free_base())
        running.start()
        try:
            yield running
        finally:
            running.stop()


def send(box: Sandbox, letter: bytes, sender: str, folder: Path) -> str:
    """What swaks saw."""
    file = folder / "letter"
    file.write_bytes(letter)
    command = [
        need("swaks"), "--server", f"127.0.0.1:{box.port('smtp')}", "--helo", "mail.good.test", "--from", sender,
        "--to", "ada@dev.localhost", "--data", f"@{file}",
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


def test_a_day(box: Sandbox, peer: RecordingPeer, tmp_path: Path) -> None:
    for command in (
        ("policy", "set", "--domain", "dev.localhost", "dmarc.report_enabled=on"),
        ("dkim", "generate", "--domain", "dev.localhost", "--algorithm", "ed25519"),
        ("dkim", "activate", "--domain", "dev.localhost", "--selector", "default"),
    ):
        assert box.cli(*command).returncode == 0
    signed = bytes(dkim.sign(LETTER % b"good", b"s", b"good.test", RSA_PEM)) + LETTER % b"good"
    for _ in range(2):
        assert "250 2.0.0" in send(box, signed, "ann@good.test", tmp_path)
    assert "550 5.7.26" in send(box, LETTER % b"bank", "ann@good.test", tmp_path)
    today = datetime.now(UTC).strftime("%Y-%m-%d")

    def rehearse() -> list[dict[str, Any]]:
        rows = ask(box, "send", "--day", today, "--early", "--dry-run")
        return rows if {row["domain"] for row in rows} == {"bank.test", "good.test"} else []

    assert {row["fate"] for row in until(rehearse)} == {"would be written"}
    assert {row["fate"] for row in ask(box, "send", "--day", today, "--early")} == {"written"}
    assert {row["fate"] for row in ask(box, "send", "--day", today, "--early")} == {"written before"}
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
    assert box.errors() == []
