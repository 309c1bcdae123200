"""What a door says to those it does not let in: one line of its protocol for each refusal."""

import re

import pytest

from mailstead.app.config import Config
from mailstead.app.config_kinds import IpAddress, Port
from mailstead.app.config_mail import SmtpConfig
from mailstead.app.config_sending import SubmissionConfig
from mailstead.app.doors import IMAP_REFUSALS, POP3_REFUSALS, endpoints
from mailstead.net.listener import Refusal


@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        (IMAP_REFUSALS, rb"\* BYE \[UNAVAILABLE\] [ -~]+\r\n"),
        (POP3_REFUSALS, rb"-ERR \[SYS/TEMP\] [ -~]+\r\n"),
    ],
    ids=["imap", "pop3"],
)
def test_every_refusal_has_its_line(lines: dict[Refusal, bytes], shape: bytes) -> None:
    assert lines.keys() == set(Refusal)
    assert all(re.fullmatch(shape, line) for line in lines.values())


def test_where_our_own_people_hand_in_their_mail() -> None:
    addresses = (IpAddress("192.0.2.1"),)
    smtp = SmtpConfig(listen=addresses)
    bound = {(end.name, end.host, end.port) for end in endpoints(Config(smtp=smtp))}
    assert {("submission", "192.0.2.1", 587), ("submissions", "192.0.2.1", 465)} <= bound
    inside = SubmissionConfig(listen=(IpAddress("10.0.0.1"),))
    moved = {(end.name, end.host) for end in endpoints(Config(smtp=smtp, submission=inside))}
    assert {("smtp", "192.0.2.1"), ("submission", "10.0.0.1"), ("submissions", "10.0.0.1")} <= moved
    off = SmtpConfig(submission_port=Port(0), smtps_port=Port(0))
    assert not {"submission", "submissions"} & {end.name for end in endpoints(Config(smtp=off))}
