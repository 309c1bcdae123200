"""The first thing anyone does: send a letter over SMTP, read it over IMAP."""

import email
import imaplib
import json
import smtplib
import ssl
import urllib.request

import pytest

from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_ready_line_names_what_scripts_need(box: Sandbox) -> None:
    assert set(box.ready["ports"]) == {
        "smtp",
        "lmtp",
        "submission",
        "submissions",
        "imap",
        "imaps",
        "pop3",
        "pop3s",
        "http",
    }
    assert {a["address"] for a in box.ready["accounts"]} >= {"you@dev.localhost", "ada@dev.localhost"}
    assert box.ready["admin_token"]


def test_smtp_in_imap_out(box: Sandbox) -> None:
    text = (
        "From: eve@elsewhere.example\r\nTo: ada@dev.localhost\r\nSubject: first\r\n\r\n.dot\r\n..two dots\r\nbody\r\n"
    )
    with box.smtp() as client:
        client.sendmail("eve@elsewhere.example", ["ada@dev.localhost"], text)
    reader = box.imap("ada")
    reader.select("INBOX")
    _, found = reader.search(None, 'SUBJECT "first"')
    _, rows = reader.fetch(found[0].split()[-1], "(BODY.PEEK[])")
    raw = rows[0][1]
    assert raw.endswith(text.encode())
    message = email.message_from_bytes(raw)
    assert message["Return-Path"] == "<eve@elsewhere.example>"
    assert "dev.localhost" in message["Received"] or "by " in message["Received"]
    reader.logout()


def test_starttls_on_both_protocols(box: Sandbox) -> None:
    with box.smtp() as client:
        client.starttls(context=_unverified())
        client.ehlo("client.example")
        client.sendmail("eve@elsewhere.example", ["you@dev.localhost"], "Subject: tls\r\n\r\nx\r\n")
    reader = imaplib.IMAP4("127.0.0.1", box.port("imap"))
    reader.starttls(_unverified())
    reader.login("you@dev.localhost", box.password("you"))
    reader.select("INBOX")
    assert reader.search(None, 'SUBJECT "tls"')[1][0]
    reader.logout()


def test_imaps(box: Sandbox) -> None:
    reader = imaplib.IMAP4_SSL("127.0.0.1", box.port("imaps"), ssl_context=_unverified())
    reader.login("you@dev.localhost", box.password("you"))
    assert reader.select("INBOX")[0] == "OK"
    reader.logout()


def test_lmtp_answers_for_each_recipient(box: Sandbox) -> None:
    with smtplib.LMTP("127.0.0.1", box.port("lmtp"), "mx.example") as client:
        client.ehlo()
        client.mail("a@elsewhere.example")
        codes = [client.rcpt(f"{name}@dev.localhost")[0] for name in ("you", "nobody", "ada")]
        assert codes == [250, 550, 250]
        # RFC 2033 §4.2: one reply for each recipient that was accepted; smtplib reads the first only
        assert client.data("Subject: l\r\n\r\nx\r\n")[0] == 250
        assert client.getreply()[0] == 250
        assert client.noop()[0] == 250


def test_unknown_recipient_and_relaying_are_refused(box: Sandbox) -> None:
    with box.smtp() as client:
        client.ehlo("client.example")
        client.mail("a@elsewhere.example")
        code, text = client.rcpt("nobody@dev.localhost")
        assert (code, b"5.1.1" in text, b"User not found" in text) == (550, True, True)
        code, text = client.rcpt("someone@elsewhere.example")
        assert (code, text) == (554, b"5.7.1 Relay access denied")


def test_health_and_metrics(box: Sandbox) -> None:
    base = f"http://127.0.0.1:{box.port('http')}"
    with urllib.request.urlopen(f"{base}/health", timeout=10) as answer:
        assert json.load(answer)["status"] == "healthy"
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
        assert b"elemta_messages_total" in answer.read()


def test_samples_are_there(box: Sandbox) -> None:
    reader = box.imap("you")
    reader.select("INBOX")
    assert len(reader.search(None, "ALL")[1][0].split()) >= 24
    reader.logout()
