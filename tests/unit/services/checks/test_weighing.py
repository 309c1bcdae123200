"""What filters say, weighed by a policy."""

import pytest

from mailstead.ground.model import policy as p
from mailstead.ground.model.opinion import Concern, Opinion, Symptom, Wish
from mailstead.ground.model.policy import Action, Policy
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import judge, soften


def spam(score: float = 0.0, **more: object) -> Opinion:
    return Opinion(source="own", concern=Concern.SPAM, score=score, **more)  # type: ignore[arg-type]


def act(*opinions: Opinion, policy: Policy | None = None, recipient: str = "bob@us.test") -> Action:
    return judge(Evidence(opinions=opinions), policy or Policy(), recipient).action


@pytest.mark.parametrize(
    ("score", "action"), [(4.9, Action.ACCEPT), (5.0, Action.QUARANTINE), (9.9, Action.QUARANTINE), (10, Action.REJECT)]
)
def test_scores(score: float, action: Action) -> None:
    assert act(spam(score)) is action
    assert act(spam(-50), spam(score)) is action


def test_switched_off() -> None:
    virus = Opinion(source="clamav", concern=Concern.VIRUS, words="Eicar")
    off = Policy(spam=p.Spam(enabled=False), clamav=p.Clamav(enabled=False))
    assert act(spam(50), virus, policy=off) is Action.ACCEPT
    assert act(virus) is Action.REJECT


@pytest.mark.parametrize(
    ("wish", "action"),
    [
        (Wish.LET_IN, Action.ACCEPT),
        (Wish.TAG, Action.TAG),
        (Wish.SET_ASIDE, Action.QUARANTINE),
        (Wish.REFUSE, Action.REJECT),
        (Wish.PUT_OFF, Action.DEFER),
        (Wish.JUDGE_AGAIN, Action.HOLD),
        (Wish.DISCARD, Action.DISCARD),
    ],
)
@pytest.mark.parametrize("concern", [Concern.SPAM, Concern.RULE])
def test_wishes(wish: Wish, action: Action, concern: Concern) -> None:
    assert act(Opinion(source="x", concern=concern, wish=wish)) is action


def test_what_is_final_stands_alone_among_scores() -> None:
    rule = spam(wish=Wish.LET_IN, is_final=True)
    virus = Opinion(source="clamav", concern=Concern.VIRUS, words="Eicar")
    assert act(spam(50), rule) is Action.ACCEPT
    assert act(spam(50), rule, virus) is Action.REJECT


def test_what_is_said_of_one_recipient() -> None:
    opinion = spam(50, recipient="bob@us.test")
    assert act(opinion) is Action.REJECT
    assert act(opinion, recipient="eve@us.test") is Action.ACCEPT


@pytest.mark.parametrize("action", [Action.DEFER, Action.HOLD, Action.QUARANTINE, Action.ACCEPT, Action.TAG])
def test_silence(action: Action) -> None:
    policy = Policy(clamav=p.Clamav(fail_action=action), spam=p.Spam(fail_action=action))
    silent = Opinion(source="clamav", concern=Concern.VIRUS, trouble="timeout")
    judgement = judge(Evidence(opinions=(silent,)), policy)
    assert judgement.action is action
    assert judgement.charges[0].reason is Reason.FILTER_SILENT
    assert "timeout" in judgement.words
    assert act(spam(trouble="refused"), policy=policy) is action


def test_silence_refuses_nobody_for_good() -> None:
    policy = Policy(clamav=p.Clamav(fail_action=Action.REJECT))
    silent = Opinion(source="clamav", concern=Concern.VIRUS, trouble="timeout")
    judgement = judge(Evidence(opinions=(silent,)), policy)
    assert isinstance(judgement.verdict, Defer)
    assert soften(judgement).verdict is PASS


def test_words_come_first_and_the_heaviest_of_them() -> None:
    symptoms = (Symptom("A", 1.0, "a little"), Symptom("B", 6.0, "very much"), Symptom("C", -0.5))
    judgement = judge(Evidence(opinions=(spam(6.5, symptoms=symptoms),)), Policy())
    assert judgement.words == "own 6.5: very much +6.0, a little +1.0, C -0.5 (quarantine)"


def test_the_sender_reads_what_a_rule_says() -> None:
    opinion = Opinion(source="milter x", concern=Concern.RULE, wish=Wish.REFUSE, words="no such thing here")
    verdict = judge(Evidence(opinions=(opinion,)), Policy()).verdict
    assert isinstance(verdict, Refuse)
    assert verdict.words == "no such thing here"
