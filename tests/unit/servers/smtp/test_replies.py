"""Both tables are total, and temporary stays temporary."""

import pytest

from mailstead.ground.model.outcome import Deferred, Delivered, Failed
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.ground.wire.smtp.reply import Status
from mailstead.servers.smtp.replies import DEFERRALS, REFUSALS, reply_to_outcome, reply_to_verdict


def test_every_reason_has_a_reply() -> None:
    assert REFUSALS.keys() == DEFERRALS.keys() == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_classes(reason: Reason) -> None:
    assert 500 <= REFUSALS[reason].code < 600
    assert 450 <= DEFERRALS[reason].code < 460
    assert reply_to_verdict(Refuse(reason, "secret"), "a@b.test").status.code >= 500
    assert reply_to_verdict(Defer(reason, "secret")).status is DEFERRALS[reason]
    assert b"secret" not in reply_to_verdict(Refuse(reason, "secret"), "a@b.test").render()


def test_outcomes() -> None:
    assert reply_to_outcome(Delivered(), 7).render() == b"250 2.0.0 Ok: filed as 7\r\n"
    assert reply_to_outcome(Deferred(Reason.BUSY), 7).status is Status.TRY_LATER
    assert reply_to_outcome(Failed(Reason.TOO_MANY_HOPS), 7).status is Status.TOO_MANY_HOPS
