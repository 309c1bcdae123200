"""Letters of our people to Postfix, Exim and OpenSMTPD: what arrives is what was sent, octet by octet."""

from email import message_from_bytes, policy

import pytest

from tests.support.world.home import Home, fate_of, report_of
from tests.support.world.letters import BODIES, EIGHT_BIT, letter
from tests.support.world.maildir import Maildir
from tests.support.world.world import World

pytestmark = pytest.mark.e2e

WORDS = {  # of the fields that the host adds
    "plain.world.test": (b"from mx.home.test", b"with ESMTP id"),
    "tls.world.test": (b"from mx.home.test", b"using TLSv1.3", b"with ESMTPS id"),
    "exim.world.test": (b"helo=mx.home.test", b"with esmtps"),
    # that of Debian 12 fails in every handshake, with OpenSSL's own client too: it comes in the clear then (RFC 7435)
    "smtpd.world.test": (b"from mx.home.test", b"with ESMTP"),
}


def maildir_of(world: World, domain: str) -> Maildir:
    return {"exim": world.exim, "smtpd": world.opensmtpd}.get(domain.partition(".")[0], world.postfix).mail


def stored(sent: bytes) -> bytes:
    """As servers keep it: with LF."""
    return sent.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("domain", WORDS)
def test_what_arrives_is_what_was_sent(world: World, home: Home, domain: str) -> None:
    """Before it stand only the fields that servers add."""
    sent = {kind: letter(f"{kind}-{domain}", body) for kind, body in BODIES.items()}
    sent["eight"] = letter(f"eight-{domain}", "grüße\r\n€\r\n".encode(), *EIGHT_BIT)
    for one in sent.values():
        home.submit(one, f"bob@{domain}")
    for kind, one in sent.items():
        (arrived,) = maildir_of(world, domain).wait(f"{kind}-{domain}", what=home.log)
        assert arrived.endswith(b"\n" + stored(one))
        added = arrived[: -len(stored(one))]
        theirs = added.partition(b"\nDKIM-Signature:")[0]
        assert all(word in theirs for word in WORDS[domain]), theirs
        assert all(line[:1] in b" \t" or b":" in line for line in added.splitlines())


def test_any_certificate_is_better_than_none(world: World, home: Home) -> None:
    """RFC 7435; the story says what it was worth."""
    home.submit(letter("expired"), "bob@expired.world.test")
    (arrived,) = world.postfix.mail.wait("expired", what=home.log)
    assert b"(using TLSv1.3" in arrived
    home.wait_event("spool.recipient.sent", to="bob@expired.world.test")
    (chapter,) = home.stories("bob@expired.world.test")
    (tls,) = (step for step in chapter["steps"] if step["what"] == "tls")
    assert (tls["version"], tls["subject"], tls["verified"]) == ("TLSv1.3", "CN=e", 0)


def test_one_of_three_is_unknown(world: World, home: Home) -> None:
    home.submit(letter("three"), "bob@plain.world.test", "nobody@plain.world.test", "cy@plain.world.test")
    arrived = world.postfix.mail.wait("three", 2, home.log)
    assert sorted(one.split(b"X-Original-To: ")[1].split(b"@")[0] for one in arrived) == [b"bob", b"cy"]
    notice = home.wait_notice("three")
    fate = fate_of(notice)
    assert (fate["Final-Recipient"], fate["Action"]) == ("rfc822; nobody@plain.world.test", "failed")
    assert fate["Status"].startswith("5.1.1")
    assert fate["Remote-MTA"] == "dns; mx.plain.world.test"
    assert "550 5.1.1" in fate["Diagnostic-Code"]
    assert len(world.postfix.mail.letters("three")) == 2


@pytest.mark.parametrize(
    ("domain", "status", "words"),
    [
        ("exim.world.test", "5.1.1", "smtp; 550 No such user"),
        ("smtpd.world.test", "5.2.4", "smtp; 524 5.2.4 Mailing list expansion problem"),
    ],
)
def test_refusals_in_other_words(home: Home, domain: str, status: str, words: str) -> None:
    """Exim gives no enhanced code, OpenSMTPD an odd one; the notice tells what was said."""
    home.submit(letter(f"nobody-{domain}"), f"nobody@{domain}")
    fate = fate_of(home.wait_notice(f"nobody-{domain}"))
    assert fate["Status"] == status
    assert fate["Diagnostic-Code"].strip().startswith(words)


@pytest.mark.parametrize("name", ["bare", "named", "dual"])
def test_ways_to_a_host(world: World, home: Home, name: str) -> None:
    """No MX at all; an MX that is an alias; an IPv6 address where nobody listens."""
    home.submit(letter(f"way-{name}"), f"bob@{name}.world.test")
    world.postfix.mail.wait(f"way-{name}", what=home.log)


def test_too_large_for_the_host(world: World, home: Home) -> None:
    home.submit(letter("large", b"0123456789\r\n" * 3000), "bob@small.world.test")
    fate = fate_of(home.wait_notice("large"))
    assert fate["Status"].startswith("5.3.4")
    assert "the host takes 20000" in fate["Diagnostic-Code"]
    home.submit(letter("slim"), "bob@small.world.test")
    world.postfix.mail.wait("slim", what=home.log)


def test_addresses_in_any_script(world: World, home: Home) -> None:
    sent = letter("script", "grüße\r\n".encode(), *EIGHT_BIT, "To: Büro <büro@plain.world.test>")
    home.submit(sent, "büro@plain.world.test", mail=("SMTPUTF8", "BODY=8BITMIME"))
    (arrived,) = world.postfix.mail.wait("script", what=home.log)
    assert arrived.endswith(stored(sent))
    assert "X-Original-To: büro@plain.world.test".encode() in arrived
    home.submit(letter("no script", b"x\r\n", "To: büro@old.world.test"), "büro@old.world.test", mail=("SMTPUTF8",))
    assert fate_of(home.wait_notice("no script"))["Status"].startswith("5.6.7")


def test_eight_bits_for_a_host_of_seven(world: World, home: Home) -> None:
    """RFC 6152 §3: encoded on the way, and the same to its reader."""
    text = "grüße €\r\n.dot\r\n" * 20
    home.submit(letter("seven", text.encode(), *EIGHT_BIT), "bob@old.world.test")
    (arrived,) = world.postfix.mail.wait("seven", what=home.log)
    assert max(arrived) < 128
    parsed = message_from_bytes(arrived, policy=policy.SMTP)
    assert parsed["Content-Transfer-Encoding"] in ("quoted-printable", "base64")
    assert parsed.get_content().replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_lines_longer_than_smtp_allows(world: World, home: Home) -> None:
    """RFC 5321 §4.5.3.1.6: no line past 998 octets leaves, and the reader sees the one line all the same."""
    text = "word " * 600
    home.submit(letter("endless", text.encode() + b"\r\n", *EIGHT_BIT), "bob@plain.world.test")
    (arrived,) = world.postfix.mail.wait("endless", what=home.log)
    parsed = message_from_bytes(arrived, policy=policy.SMTP)
    assert parsed.get_content() == text + "\r\n"
    assert max(map(len, arrived.splitlines())) <= 998


def test_greylisting(world: World, home: Home) -> None:
    home.submit(letter("grey"), "bob@grey.world.test")
    world.postfix.mail.wait("grey", what=home.log)
    home.wait_event("spool.recipient.sent", to="bob@grey.world.test")
    first, second = home.stories("bob@grey.world.test")
    assert (first["results"][0]["ending"], first["results"][0]["status"]) == ("deferred", "4.2.0")
    assert "Greylisted" in first["results"][0]["said"]
    assert second["results"][0]["ending"] in ("relayed", "delivered")
    assert world.greylist.seen.count(("ann@home.test", "bob@grey.world.test")) == 2


def test_wishes_of_the_sender_are_passed_on(world: World, home: Home) -> None:
    """RFC 3461: Postfix itself answers, with the identifier and the original recipient that we told it."""
    home.submit(
        letter("wishes"), "bob@plain.world.test",
        mail=("RET=HDRS", "ENVID=QQ314159"),
        rcpt=("NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;Bob+40old.example"),
    )  # fmt: skip
    notice = home.wait_notice("wishes", action="delivered")
    message, fate = report_of(notice)
    assert message["Reporting-MTA"] == "dns; postfix.world.test"
    assert message["Original-Envelope-Id"] == "QQ314159"
    assert fate["Original-Recipient"] == "rfc822;Bob@old.example"


def test_domains_that_take_no_mail(home: Home) -> None:
    for domain, status in (("nomail.world.test", "5.1.10"), ("missing.world.test", "5.1.2")):
        home.submit(letter(f"to {domain}"), f"bob@{domain}")
        assert fate_of(home.wait_notice(f"to {domain}"))["Status"].startswith(status)
