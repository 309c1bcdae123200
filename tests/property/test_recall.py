"""What a trace keeps of an examination is enough to judge the letter again: the same under every policy."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.dkim.verify import Check, Claim
from mailstead.ground.formats.dkim.verify import Result as DkimResult
from mailstead.ground.formats.dmarc import Evaluation as Dmarc
from mailstead.ground.formats.dmarc import Record, Wish
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.spf.evaluate import Evaluation as Spf
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model import policy as p
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.ground.model.opinion import Wish as Asked
from mailstead.services.checks.evidence import Evidence, Identity, Reverse, SpfCheck
from mailstead.services.checks.judging import judge
from mailstead.services.checks.recall import read_facts
from mailstead.services.spool.explaining import tell_filed, tell_refused
from mailstead.services.spool.tracing import Filed, Refused
from mailstead.store.port.duties import Trace
from mailstead.store.port.trails import Refusal

RECIPIENT = "bob@us.test"

words = st.sampled_from(["", "x.test", "ünïcode", 'a "quoted" \\ one', "-all"])
scores = st.floats(-1000, 1000)
symptoms = st.builds(Symptom, words, scores, words)
opinions = st.builds(
    Opinion, source=words, concern=st.sampled_from(Concern), score=scores, symptoms=st.tuples(symptoms) | st.just(()),
    wish=st.sampled_from(Asked), words=words, is_final=st.booleans(), trouble=words,
    recipient=st.sampled_from(["", RECIPIENT, "eve@us.test"]),
    marks=st.sampled_from([Flags(), Flags(Flag.FLAGGED), Flags.of(Flag.SEEN, ("$a", "b"))]),
)  # fmt: skip
spfs = st.builds(Spf, st.sampled_from(SpfResult), words, words, words, words)
dmarcs = st.builds(
    Dmarc, result=st.sampled_from(DmarcResult), author=words, at=words, wish=st.sampled_from(Wish),
    record=st.none() | st.builds(Record), aligned=words, why=words,
)  # fmt: skip
evidences = st.builds(
    Evidence,
    helo=st.none() | st.builds(SpfCheck, st.just(Identity.HELO), words, words, spfs),
    mail_from=st.none() | st.builds(SpfCheck, st.just(Identity.MAIL_FROM), words, words, spfs),
    dkim=st.none() | st.just((Check(DkimResult.PASS, "", Claim(b"", None)),)),
    dmarc=st.lists(dmarcs, max_size=3).map(tuple),
    reverse=st.none() | st.builds(Reverse, words, words, words),
    opinions=st.lists(opinions, max_size=3).map(tuple),
)
actions = st.sampled_from(p.Action)
thresholds = st.tuples(scores, scores).map(sorted)
policies = st.builds(
    p.Policy,
    spf=st.builds(p.Spf, enabled=st.booleans(), fail_action=actions, softfail_action=actions),
    dmarc=st.builds(p.Dmarc, enabled=st.booleans(), reject_action=actions, quarantine_action=actions),
    clamav=st.builds(p.Clamav, enabled=st.booleans(), virus_action=actions, fail_action=actions),
    spam=st.builds(
        lambda pair, enabled, fail: p.Spam(
            quarantine_score=pair[0], reject_score=pair[1], enabled=enabled, fail_action=fail
        ),
        thresholds, st.booleans(), actions,
    ),
    quarantine=st.builds(p.Quarantine, place=st.sampled_from(p.Place)),
)  # fmt: skip


@given(evidences, policies)
def test_it_is_judged_the_same(evidence: Evidence, policy: p.Policy) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(evidence.facts(RECIPIENT)))
    assert judge(read_facts(kept), policy, RECIPIENT) == judge(evidence, policy, RECIPIENT)


@given(evidences, policies)
def test_it_is_told_in_words(evidence: Evidence, policy: p.Policy) -> None:
    judgement = judge(evidence, policy, RECIPIENT)
    checks = msgspec.json.decode(msgspec.json.encode({**evidence.facts(RECIPIENT), **judgement.facts()}))
    story = {"to": RECIPIENT, "final": True, "checks": checks, "folder": "Junk"}
    refused = tell_refused(Refused(Refusal(at=Instant(0), domain="us.test", detail=b""), story))
    filed = tell_filed(
        Filed(Trace(at=Instant(0), account_id=AccountId(1), message_id=1, session="", story=b""), RECIPIENT, "", story)
    )
    assert refused[0].startswith(("Refused: ", "Taken and thrown away: "))
    assert filed[0].startswith("Filed in Junk of bob@us.test")
    if judgement.charges and judgement.action is not p.Action.ACCEPT and judgement.charges[0].rule:
        assert f"The policy {judgement.charges[0].rule} of us.test did it." in filed
