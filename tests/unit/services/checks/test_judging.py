"""What is done with a letter: by evidence and policy alone."""

import pytest

from mailstead.ground.formats.dmarc import Evaluation as Dmarc
from mailstead.ground.formats.dmarc import Record, Wish
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.spf.evaluate import Evaluation as Spf
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model import policy as p
from mailstead.ground.model.policy import PROFILES, Action, Policy, Profile
from mailstead.ground.model.verdict import PASS, Reason, Refuse
from mailstead.services.checks.evidence import Evidence, Identity, SpfCheck
from mailstead.services.checks.judging import judge, soften

DEFAULTS = PROFILES[Profile.GOMAILSERVER]


def spf(result: SpfResult, identity: Identity = Identity.MAIL_FROM) -> SpfCheck:
    return SpfCheck(identity, "eve@x.test", "x.test", Spf(result, "-all", "x.test"))


def dmarc(result: DmarcResult, wish: Wish = Wish.REJECT, author: str = "x.test") -> Dmarc:
    return Dmarc(result=result, author=author, at=author, record=Record(policy=wish), wish=wish, why="why")


@pytest.mark.parametrize(
    ("result", "action"),
    [
        (SpfResult.FAIL, Action.REJECT),
        (SpfResult.SOFTFAIL, Action.ACCEPT),
        (SpfResult.PASS, Action.ACCEPT),
        (SpfResult.NEUTRAL, Action.ACCEPT),
        (SpfResult.NONE, Action.ACCEPT),
        (SpfResult.TEMPERROR, Action.ACCEPT),
        (SpfResult.PERMERROR, Action.ACCEPT),
    ],
)
def test_spf_by_default(result: SpfResult, action: Action) -> None:
    judgement = judge(Evidence(mail_from=spf(result)), DEFAULTS)
    assert judgement.action is action
    assert bool(judgement.charges) == (result in (SpfResult.FAIL, SpfResult.SOFTFAIL))


@pytest.mark.parametrize("action", Action)
def test_every_action_of_every_check(action: Action) -> None:
    policy = Policy(
        spf=p.Spf(fail_action=action, softfail_action=action),
        dmarc=p.Dmarc(reject_action=action, quarantine_action=action),
    )
    for evidence in (
        Evidence(mail_from=spf(SpfResult.FAIL)),
        Evidence(mail_from=spf(SpfResult.SOFTFAIL)),
        Evidence(dmarc=(dmarc(DmarcResult.FAIL),)),
        Evidence(dmarc=(dmarc(DmarcResult.FAIL, Wish.QUARANTINE),)),
    ):
        judgement = judge(evidence, policy)
        assert judgement.action is action
        assert isinstance(judgement.verdict, Refuse) == (action is Action.REJECT)
        assert f"({action.value})" in judgement.words


def test_a_bounce_is_judged_by_its_helo() -> None:
    helo = spf(SpfResult.FAIL, Identity.HELO)
    assert judge(Evidence(helo=helo), DEFAULTS).action is Action.REJECT
    assert judge(Evidence(helo=helo, mail_from=spf(SpfResult.NONE)), DEFAULTS).action is Action.ACCEPT


def test_what_dmarc_vouches_for_is_not_held_against_it() -> None:
    evidence = Evidence(mail_from=spf(SpfResult.FAIL), dmarc=(dmarc(DmarcResult.PASS),))
    assert judge(evidence, DEFAULTS).action is Action.ACCEPT
    assert judge(evidence, Policy(dmarc=p.Dmarc(enabled=False))).action is Action.REJECT


def test_the_worst_author_counts() -> None:
    evidence = Evidence(
        mail_from=spf(SpfResult.FAIL),
        dmarc=(
            dmarc(DmarcResult.PASS),
            dmarc(DmarcResult.FAIL, Wish.NONE, "b.test"),
            dmarc(DmarcResult.FAIL, Wish.QUARANTINE, "c.test"),
        ),
    )
    judgement = judge(evidence, DEFAULTS)
    assert [charge.reason for charge in judgement.charges] == [Reason.SPF_FAILED, Reason.DMARC_FAILED]
    assert "c.test wants quarantine" in judgement.words


def test_what_is_off_does_not_judge() -> None:
    evidence = Evidence(mail_from=spf(SpfResult.FAIL), dmarc=(dmarc(DmarcResult.FAIL),))
    policy = Policy(spf=p.Spf(enabled=False), dmarc=p.Dmarc(enabled=False))
    assert judge(evidence, policy).verdict is PASS
    assert judge(evidence, PROFILES[Profile.MU]).action is Action.ACCEPT
    assert len(judge(evidence, PROFILES[Profile.MU]).charges) == 2


def test_refused_by_one_of_several_is_set_aside() -> None:
    judgement = soften(judge(Evidence(mail_from=spf(SpfResult.FAIL)), DEFAULTS))
    assert (judgement.action, judgement.verdict) == (Action.QUARANTINE, PASS)
    assert soften(judge(Evidence(), DEFAULTS)).action is Action.ACCEPT
