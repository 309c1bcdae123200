"""What senders are told, here and at other servers."""

import pytest

from tests.support.world.home import Home, fate_of, is_notice_of, parse, report_of
from tests.support.world.letters import letter
from tests.support.world.world import World

pytestmark = pytest.mark.e2e


def test_a_notice_has_three_parts(home: Home) -> None:
    """RFC 3461 §6, RFC 3464."""
    home.submit(
        letter("parts"), "nobody@plain.world.test",
        mail=("ENVID=xyz", "RET=HDRS"), rcpt=("ORCPT=rfc822;was@old.example",),
    )  # fmt: skip
    notice = home.wait_notice("parts")
    text, report, returned = notice.get_payload()
    kinds = [part.get_content_type() for part in (text, report, returned)]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert (notice["Return-Path"], notice["Auto-Submitted"]) == ("<>", "auto-replied")
    assert notice.get_param("report-type") == "delivery-status"
    assert "nobody@plain.world.test" in text.get_content()
    message, fate = report_of(notice)
    assert (message["Reporting-MTA"], message["Original-Envelope-Id"]) == ("dns; mx.home.test", "xyz")
    assert fate["Original-Recipient"] == "rfc822; was@old.example"
    assert fate["Diagnostic-Code"].startswith("smtp; 550 5.1.1 ")


def test_success_is_relayed_where_nobody_promises_more(world: World, home: Home) -> None:
    """RFC 3461 §5.2.2: the peer does not know DSN; here it is delivered for certain."""
    home.submit(letter("relayed"), "bob@old.world.test", rcpt=("NOTIFY=SUCCESS",))
    home.submit(letter("delivered"), "eve@home.test", rcpt=("NOTIFY=SUCCESS",))
    for action in ("relayed", "delivered"):
        fate = fate_of(home.wait_notice(action))
        assert (fate["Action"], fate["Status"][0]) == (action, "2")


def test_never_is_never(world: World, home: Home) -> None:
    home.submit(letter("never"), "nobody@plain.world.test", rcpt=("NOTIFY=NEVER",))
    home.submit(letter("after never"), "nobody@tls.world.test")
    home.wait_notice("after never")
    home.wait_event("spool.recipient.failed", to="nobody@plain.world.test")
    assert not any(is_notice_of(one, "never") for one in home.inbox())


def test_abroad_the_sender_hears_of_it_too(world: World, home: Home) -> None:
    """What an alias sends on and its host refuses at once: we tell the sender, in a letter that we sign."""
    home.say("alias", "add", "gone@home.test", "nobody@plain.world.test")
    home.take(letter("gone", author="bob@exim.world.test"), "gone@home.test", sender="bob@exim.world.test")
    (arrived,) = world.exim.mail.wait("Not delivered: gone", what=home.log)
    notice = parse(arrived)
    assert is_notice_of(notice, "gone")
    assert "d=home.test" in notice["DKIM-Signature"]
    assert fate_of(notice)["Status"].startswith("5.1.1")
    assert "plain.world.test" not in str(fate_of(notice)["Original-Recipient"])


def test_the_null_sender_hears_of_nothing(home: Home) -> None:
    home.say("alias", "add", "void@home.test", "nobody@tls.world.test")
    home.take(letter("void", author="mailer@exim.world.test"), "void@home.test", sender="")
    assert home.wait_event("notice.bounce.dropped", to="nobody@tls.world.test")


def test_a_late_bounce_finds_its_way_back(world: World, home: Home) -> None:
    """bob writes to an alias here; Exim takes it, and then returns it to our SRS address, and so to bob."""
    home.say("alias", "add", "late@home.test", "late@exim.world.test")
    home.take(letter("late", author="bob@smtpd.world.test"), "late@home.test", sender="bob@smtpd.world.test")
    (arrived,) = world.opensmtpd.mail.wait("Mail delivery failed: returning message to sender", what=home.log)
    assert "gone since it was accepted" in arrived.decode()
    assert "late" in arrived.decode().partition("Subject: late")[1]
    assert home.wait_event("spool.recipient.sent", **{"to": "bob@smtpd.world.test", "from": ""})
    sent = home.wait_event("spool.recipient.sent", to="late@exim.world.test")
    assert sent["from"] == "bob@smtpd.world.test"
    assert "SRS0=" in world.exim.log()
