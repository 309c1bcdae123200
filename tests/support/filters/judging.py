"""A sandbox that asks filters about what this machine brings, as if it came from far."""

import json
import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.filters.daemons import free_port
from tests.support.server import Sandbox, free_base

QUIET = ("spf.enabled=off", "dmarc.enabled=off", "dkim.verify_enabled=off")
"""Nothing is asked of the DNS."""


@contextmanager
def judging_box(folder: Path, security: Mapping[str, object]) -> Iterator[Sandbox]:
    """`security`: keys of that section and below, with _ for dots."""
    box = Sandbox(folder / "box", free_base())
    try:
        with pytest.MonkeyPatch.context() as patch:  # for its start alone: others may run beside it
            patch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")
            patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
            patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(free_port()))
            for key, value in security.items():
                patch.setenv(f"MAILSTEAD_SECURITY_{key.upper()}", str(value))
            box.start()
        set_policy(box, *QUIET)
        yield box
    finally:
        if box.process is not None and box.process.poll() is None:
            box.stop()


def set_policy(box: Sandbox, *values: str, domain: str = "dev.localhost") -> None:
    done = box.cli("policy", "set", "--domain", domain, *values)
    assert done.returncode == 0, done.stderr


def send(box: Sandbox, letter: bytes, *recipients: str) -> tuple[int, bytes]:
    """The reply after the content."""
    with box.smtp() as client:
        client.ehlo("mail.far.test")
        client.mail("eve@far.test")
        for recipient in recipients or ("ada@dev.localhost",):
            assert client.rcpt(recipient)[0] == 250
        try:
            return client.data(letter)
        except smtplib.SMTPDataError as error:
            raise AssertionError(f"DATA itself is refused: {error}") from error


def told(box: Sandbox, event: str) -> list[dict[str, object]]:
    """Lines of the log with that event."""
    lines = [json.loads(line) for line in box.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == event]


def fetch(box: Sandbox, subject: str, folder: str = "INBOX") -> bytes:
    """The header of the latest letter of ada's with that subject."""
    with box.imap("ada") as reader:
        reader.select(folder)
        _, found = reader.search(None, f'SUBJECT "{subject}"')
        _, rows = reader.fetch(found[0].split()[-1], "(BODY.PEEK[HEADER])")
        return bytes(rows[0][1])


def unfold(header: bytes) -> bytes:
    """Each field on one line."""
    return header.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
