"""Postfix, Exim and OpenSMTPD bring letters to our people; mutt hands one in."""

import smtplib
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import need
from tests.support.world.home import PASSWORD, Home
from tests.support.world.letters import BODIES, EIGHT_BIT, letter
from tests.support.world.world import EXIM, OPENSMTPD, POSTFIX, World

pytestmark = pytest.mark.e2e

SENDERS = {  # where they take it from us, and what they say of themselves in our Received field
    "postfix": (POSTFIX["submit.world.test"], b"from postfix.world.test"),
    "exim": (EXIM, b"from exim.world.test"),
    "opensmtpd": (OPENSMTPD, b"from smtpd.world.test"),
}


@pytest.mark.parametrize("sender", SENDERS)
def test_letters_come_in_under_tls(world: World, home: Home, sender: str) -> None:
    """Each insists on STARTTLS; Postfix pipelines, and Exim sends by BDAT."""
    address, greeting = SENDERS[sender]
    sent = {kind: letter(f"{kind}-by-{sender}", body, author="bob@world.test") for kind, body in BODIES.items()}
    sent["eight"] = letter(f"eight-by-{sender}", "grüße\r\n".encode(), *EIGHT_BIT, author="bob@world.test")
    with smtplib.SMTP(address, world.port, timeout=30) as client:
        for one in sent.values():
            client.sendmail("bob@world.test", ["ann@home.test", "eve@home.test"], one, ["BODY=8BITMIME"])
    for kind, one in sent.items():
        for name in ("ann", "eve"):
            arrived = home.wait_letter(f"{kind}-by-{sender}", name)
            assert arrived.endswith(one)
            assert greeting in arrived
            assert b"with ESMTPS" in arrived
            assert b"tls TLS_AES" in arrived


@pytest.mark.parametrize("sender", SENDERS)
def test_refusals_are_told_by_the_sender(world: World, home: Home, sender: str) -> None:
    """We refuse in the session, so the notice is theirs, with our words."""
    address, _ = SENDERS[sender]
    with smtplib.SMTP(address, world.port, timeout=30) as client:
        client.sendmail("ann@home.test", ["ghost@home.test"], letter(f"ghost-by-{sender}"))
    notice = home.wait_notice(f"ghost-by-{sender}")
    assert "User not found" in notice.as_string().replace("=\n", "")


def test_addresses_in_any_script(world: World, home: Home) -> None:
    home.say("alias", "add", "büro@home.test", "ann@home.test")
    sent = letter("script-in", "grüße\r\n".encode(), *EIGHT_BIT, "To: <büro@home.test>", author="Bøb <bøb@world.test>")
    with smtplib.SMTP(POSTFIX["submit.world.test"], world.port, timeout=30) as client:
        client.ehlo("laptop")
        client.command_encoding = "utf-8"
        client.mail("bøb@world.test", ["SMTPUTF8", "BODY=8BITMIME"])
        assert client.rcpt("büro@home.test")[0] == 250
        assert client.data(sent)[0] == 250
    arrived = home.wait_letter("script-in")
    assert arrived.endswith(sent)
    assert "Return-Path: <bøb@world.test>".encode() in arrived


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_people_hand_in(world: World, home: Home, tmp_path: Path, program: str) -> None:
    """Each by the mechanism that it likes best."""
    rc = tmp_path / "rc"
    rc.write_text(
        f'set smtp_url="smtp://ann@home.test@127.0.0.1:{home.base + 587}/"\nset smtp_pass="{PASSWORD}"\n'
        f"set ssl_starttls=yes\nset ssl_force_tls=yes\nset ssl_verify_host=no\nset ssl_verify_dates=no\nset copy=no\n"
        f'set from="ann@home.test"\nset certificate_file="{home.folder}/data/tls/cert.pem"\nset use_envelope_from=yes\n'
    )
    done = subprocess.run(
        [need(program), "-n", "-F", str(rc), "-s", f"by-{program}", "--", "bob@plain.world.test"],
        input="hello\n.\ngrüße €\n", capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (arrived,) = world.postfix.mail.wait(f"by-{program}", what=home.log)
    assert arrived.endswith("hello\n.\ngrüße €\n".encode())
