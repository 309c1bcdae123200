"""Our own filter asked about letters, as the panel asks it."""

from collections.abc import Iterable
from dataclasses import replace

from mailstead.ground.formats.dmarc import Evaluation as DmarcEvaluation
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.spam.lore import Lore
from mailstead.ground.formats.spf.evaluate import Evaluation, Result
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Opinion, Symptom, Wish
from mailstead.ground.model.policy import Policy, Spam
from mailstead.services.checks.evidence import Evidence, Identity, Reverse, SpfCheck
from mailstead.services.checks.specimen import Octets, Specimen
from mailstead.services.filters.own.own import OwnFilter

LETTER = (
    b"From: Ann <ann@x.test>\r\nTo: bob@example.test\r\nSubject: lunch\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@x.test>\r\n\r\nShall we meet at noon, at the place by the river?\r\n"
)


def specimen(letter: bytes = LETTER, *, evidence: Evidence | None = None, helo: str = "mail.x.test") -> Specimen:
    return Specimen(
        envelope=Envelope(
            sender=Address.parse("ann@x.test"), recipients=(Recipient(Address.parse("bob@example.test")),)
        ),
        client=Client(ip="192.0.2.1", helo=helo),
        evidence=evidence or Evidence(),
        field=b"",
        content=Octets(letter),
        accounts=((),),
        policies={"example.test": Policy()},
    )


class Blank:
    """A memory of nothing."""

    async def recall(self, _: Iterable[AccountId]) -> dict[AccountId, Lore]:
        return {}


class Strangers:
    """Nobody knows anybody."""

    async def recognize(self, *_: object) -> dict[AccountId, list[Symptom]]:
        return {}


class NoLists:
    """None is set up."""

    async def look_up(self, *_: object) -> list[Symptom]:
        return []


OWN = OwnFilter(Blank(), Strangers(), NoLists())


async def ask(one: Specimen) -> Opinion:
    (opinion,) = await OWN.examine(one)
    return opinion


async def names(one: Specimen) -> set[str]:
    return {symptom.name for symptom in (await ask(one)).symptoms}


def spf(result: Result) -> SpfCheck:
    return SpfCheck(Identity.MAIL_FROM, "ann@x.test", "x.test", Evaluation(result))


async def test_an_honest_letter() -> None:
    opinion = await ask(specimen())
    assert (opinion.score, opinion.symptoms) == (0, ())


async def test_who_does_not_want_it_is_not_told() -> None:
    off = replace(specimen(), policies={"example.test": Policy(spam=Spam(enabled=False))})
    assert await OWN.examine(off) == ()


async def test_its_origin_speaks() -> None:
    evidence = Evidence(mail_from=spf(Result.FAIL), reverse=Reverse("permerror", "192.0.2.1"))
    assert {"SPF_FAIL", "NO_PTR", "HELO_IP"} <= await names(specimen(evidence=evidence, helo="192.0.2.1"))
    passed = Evidence(mail_from=spf(Result.FAIL), dmarc=(DmarcEvaluation(result=DmarcResult.PASS, author="x.test"),))
    assert await names(specimen(evidence=passed)) == {"DMARC_PASS"}


async def test_impostors() -> None:
    assert "LOOKALIKE" in await names(specimen(LETTER.replace(b"ann@x.test", b"ann@examp1e.test")))
    assert "FROM_OURS" in await names(specimen(LETTER.replace(b"ann@x.test", b"ann@example.test")))
    assert "NAME_OURS" in await names(specimen(LETTER.replace(b"Ann <", b"example.test support <")))
    vouched = Evidence(dmarc=(DmarcEvaluation(result=DmarcResult.PASS, author="example.test"),))
    ours = specimen(LETTER.replace(b"ann@x.test", b"ann@example.test"), evidence=vouched)
    assert "FROM_OURS" not in await names(ours)


async def test_the_heaviest_reason_comes_first() -> None:
    opinion = await ask(
        specimen(LETTER.replace(b"ann@x.test", b"ann@examp1e.test").replace(b"lunch", b"LUNCH FOR FREE!!"))
    )
    weights = [abs(symptom.weight) for symptom in opinion.symptoms]
    assert weights == sorted(weights, reverse=True)
    assert opinion.score == round(sum(symptom.weight for symptom in opinion.symptoms), 2)


def ruled(letter: bytes, rules: str) -> Specimen:
    return replace(specimen(letter), policies={"example.test": Policy(spam=Spam(config=rules))})


async def test_hard_rules_decide_alone() -> None:
    junk = b"X-Ad: yes\r\n" + LETTER
    for action, wish in (("spam", Wish.SET_ASIDE), ("ham", Wish.LET_IN), ("drop", Wish.DISCARD)):
        opinion = await ask(ruled(junk, f'{{"rules": [{{"header_match": "X-Ad: YES", "action": "{action}"}}]}}'))
        assert (opinion.wish, opinion.is_final, opinion.recipient) == (wish, True, "bob@example.test")
        assert "X-Ad: YES" in opinion.symptoms[0].words
    assert not (await ask(ruled(LETTER, '{"rules": [{"header_match": "X-Ad: YES", "action": "spam"}]}'))).is_final


async def test_hard_rules_of_all_domains() -> None:
    own = OwnFilter(Blank(), Strangers(), NoLists(), '{"rules": [{"arc_verdict": "none", "action": "spam"}]}')
    (opinion,) = await own.examine(specimen())
    assert opinion.wish is Wish.SET_ASIDE
    (opinion,) = await own.examine(ruled(LETTER, '{"rules": []}'))
    assert not opinion.is_final
