"""Why a letter is where it is, in words."""

from typing import Any

import pytest

from mailstead.ground.model.ids import AccountId, Instant
from mailstead.services.spool.explaining import tell_filed, tell_refused
from mailstead.services.spool.tracing import Filed, Refused
from mailstead.store.port.duties import Trace
from mailstead.store.port.trails import Refusal

WISH = "asks to reject (p=reject) what fails DMARC"
DMARC = {
    "spf": [{"of": "mail_from", "domain": "evil.test", "result": "fail", "by": "-all"}],
    "dmarc": [{"domain": "bank.test", "result": "fail", "policy": "reject", "at": "bank.test", "why": "no"}],
    "action": "reject",
    "charges": [
        ("DMARC failed", "reject", "dmarc: no; bank.test wants reject", "dmarc.reject_action=reject"),
        ("SPF failed", "accept", "spf: fail", "spf.fail_action=accept"),
    ],
}


def refused(**story: Any) -> list[str]:
    row = Refusal(at=Instant(0), domain="us.test", detail=b"")
    return tell_refused(Refused(row, {"to": "ann@us.test", "final": True, **story}))


def filed(account: str = "ann@us.test", **checks: Any) -> list[str]:
    trace = Trace(at=Instant(0), account_id=AccountId(1), message_id=1, session="", story=b"")
    story = {"to": "ann@us.test", "folder": "Junk", "checks": checks}
    return tell_filed(Filed(trace, account, "1@x", story))


def test_a_forged_author() -> None:
    assert refused(checks=DMARC) == [
        f"Refused: the author's domain bank.test {WISH}; SPF fail, no valid DKIM signature.",
        "The policy dmarc.reject_action=reject of us.test did it.",
        "SPF (mail from): fail of evil.test by -all",
        "DMARC: fail of bank.test, its policy is p=reject",
        "passed over, as the policy spf.fail_action=accept wants: spf: fail",
    ]
    told = refused(checks=DMARC | {"taken": True, "dkim": [{"domain": "list.test", "result": "pass"}]})
    assert "signed by list.test alone" in told[0]
    assert "set aside for this recipient" in told[2]


@pytest.mark.parametrize(
    ("reason", "why", "words"),
    [
        ("user unknown", "ann@us.test", "Refused: there is no such mailbox here (ann@us.test)."),
        ("refused by a ghost", "", "Refused: refused by a ghost."),
    ],
)
def test_what_was_decided_at_the_door(reason: str, why: str, words: str) -> None:
    assert refused(reason=reason, why=why) == [words]
    assert refused(reason=reason, why=why, final=False)[0].startswith("Put off: ")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SPF failed", "Refused: 192.0.2.1 may not send for x.test: SPF fail (-all)."),
        ("virus found", "Refused: a virus was found, said."),
        ("spam", "Refused: taken for spam, said."),
        ("refused by a rule", "Refused: a rule wants it so, said."),
        ("filter does not answer", "Refused: said."),
    ],
)
def test_accusations(reason: str, words: str) -> None:
    spf = [{"of": "mail_from", "domain": "x.test", "result": "fail", "by": "-all"}]
    told = refused(ip="192.0.2.1", checks={"spf": spf, "action": "reject", "charges": [(reason, "reject", "said", "")]})
    assert told[:2] == [words, "The filter asked for it by itself."]


def test_thrown_away() -> None:
    told = refused(checks={"action": "discard", "charges": [("refused by a rule", "discard", "hook x", "")]})
    assert told[0] == "Taken and thrown away: a rule wants it so, hook x."


def test_set_aside() -> None:
    charge = ("spam", "quarantine", "own 6.0: shouting +6.0", "spam.quarantine_score=5")
    opinion = {"source": "own", "concern": "spam", "score": 6.0, "symptoms": [("CAPS", 1.0, ""), ("A", 5.0, "bad")]}
    assert filed(action="quarantine", charges=[charge], filters=[opinion]) == [
        "Filed in Junk of ann@us.test: taken for spam, own 6.0: shouting +6.0.",
        "The policy spam.quarantine_score=5 of us.test did it.",
        "own: 6.0 points",
        "  +5.0 bad",
        "  +1.0 CAPS",
    ]
    softened = filed(action="quarantine", charges=[("spam", "reject", "own 12", "spam.reject_score=10")])
    assert softened[2].startswith("It would have been refused, but others")


def test_nothing_against_it() -> None:
    checks = {
        "arc": {"result": "pass", "sealers": ["list.test"]},
        "iprev": {"result": "pass", "name": "mx.far.test"},
        "dkim": [{"domain": "far.test", "selector": "s", "result": "pass"}],
        "dmarc": [{"domain": "far.test", "result": "pass", "by": "far.test"}],
        "filters": [{"source": "clamav", "trouble": "timeout"}, {"source": "own"}],
        "action": "accept",
    }
    assert filed("", **checks) == [
        "Filed in Junk of an account that is gone.",
        "DKIM: pass of far.test, selector s",
        "DMARC: pass of far.test, vouched for by far.test, it has no policy",
        "ARC: pass, sealed by list.test",
        "reverse name: pass mx.far.test",
        "clamav: no answer (timeout)",
        "own: nothing against it",
    ]
