"""mutt and neomutt with libgsasl choose SCRAM-SHA-256-PLUS if SMTP lists it, have no channel binding, and give up."""

import smtplib
from pathlib import Path

import pytest

from tests.support.authority import stranger
from tests.support.scram import ScramClient
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

YOU = "you@dev.localhost"


def test_submission_lists_no_plus_and_believes_those_who_saw_none(tmp_path: Path) -> None:
    """RFC 5802 §6: "y" is a client that could bind, and was offered nothing to bind by."""
    with sandbox(tmp_path, "--no-samples") as box:
        for header in ("n,,", "y,,"):
            login(box, header)


def login(box: Sandbox, header: str) -> None:
    with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["auth"].split()[:2] == ["SCRAM-SHA-256", "PLAIN"]
        core = ScramClient(YOU, box.password("you"), gs2=header)
        steps = iter((lambda _: core.first(), core.final, lambda said: core.check(said) or b""))
        assert smtp.auth("SCRAM-SHA-256", lambda said=None: next(steps)(said).decode())[0] == 235
