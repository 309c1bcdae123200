"""Words of a verdict go to our own users in place of the usual ones."""

from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.servers.smtp.replies import reply_to_verdict


def test_words_stand_in_the_reply() -> None:
    late = Defer(Reason.SENDING_LIMIT, "account ann@home.test", "sending limit reached, try again in 14 minutes")
    assert reply_to_verdict(late).render() == b"450 4.7.1 sending limit reached, try again in 14 minutes\r\n"
    gone = Refuse(Reason.RECIPIENT_SUPPRESSED, "evidence", "bob@far.test suppressed since 2027-01-15 because 550 no")
    assert reply_to_verdict(gone).render() == (b"550 5.1.1 bob@far.test suppressed since 2027-01-15 because 550 no\r\n")


def test_without_words_evidence_stays_with_us() -> None:
    assert b"evidence" not in reply_to_verdict(Refuse(Reason.SENDING_LIMIT, "evidence")).render()
