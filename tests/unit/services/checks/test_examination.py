"""A letter from its first octet to its judgement, with names in memory, and with a hostile name server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailstead.ground.formats.authres import Results, read
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.model.policy import Action, Dmarc, Policy, Spf
from mailstead.ground.model.question import Kind, Question
from mailstead.net.clock import SystemClock
from mailstead.net.dns_exchange import Servers
from mailstead.net.resolver import CachingResolver
from mailstead.services.checks.asking import Inquiry
from mailstead.services.checks.checks import Checks, Report
from mailstead.services.checks.specimen import Octets
from mailstead.telemetry.metrics import REGISTRY
from tests.support.arc import seal
from tests.support.dkim import ED25519, RSA, sign
from tests.support.examining import OnePolicy, SetPanel
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames
from tests.support.nameserver import Nameserver, nameserver, nothing, records, silence, truncated

LETTER = b"From: Ann <ann@x.test>\r\nSubject: hi\r\n\r\nhello\r\n"
CLIENT = Client(ip="192.0.2.1", helo="mail.x.test")
ANN = Address.parse("ann@x.test")
BOB = Recipient(Address.parse("bob@us.test"))
QUICK = Policy(spf=Spf(dns_timeout=1), dmarc=Dmarc(dns_timeout=1))


async def examine(checks: Checks, letter: bytes, sender: Address | None = ANN, step: int = 7) -> Report:
    examination = checks.begin(Envelope(sender=sender, recipients=(BOB,)), CLIENT)
    kept = b"".join(examination.feed(letter[at : at + step]) for at in range(0, len(letter), step))
    assert kept + examination.finish() == letter
    return await examination.report(Octets(letter), ((),))


def known(policy: Policy = QUICK) -> tuple[KnownNames, Checks]:
    names = KnownNames()
    return names, Checks(names, FakeClock(), OnePolicy(policy), hostname="us.test")


def found(report: Report) -> list[tuple[str, str]]:
    results = read(report.field.partition(b":")[2])
    assert isinstance(results, Results)
    return [(finding.method, finding.result) for finding in results.findings]


async def test_all_is_well() -> None:
    names, checks = known()
    names.put("TXT", "x.test", b"v=spf1 a -all")
    names.put("A", "x.test", "192.0.2.1")
    names.put("TXT", "mail.x.test", b"v=spf1 -all")
    names.put("TXT", "_dmarc.x.test", b"v=DMARC1; p=reject; adkim=s")
    names.put("TXT", "s._domainkey.x.test", RSA.record)
    names.put("PTR", "192.0.2.1", "mail.x.test")
    report = await examine(checks, sign(LETTER, RSA))
    assert found(report) == [
        ("spf", "fail"), ("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass"), ("iprev", "fail"),
    ]  # fmt: skip
    assert report.judgements[0].action is Action.ACCEPT


async def test_several_signatures_and_several_authors() -> None:
    names, checks = known()
    names.put("TXT", "_dmarc.x.test", b"v=DMARC1; p=reject")
    names.put("TXT", "_dmarc.bank.test", b"v=DMARC1; p=reject")
    names.put("TXT", "s._domainkey.x.test", b"junk", ED25519.record)
    letter = sign(sign(LETTER.replace(b"\r\nSubject", b", <b@bank.test>\r\nSubject"), RSA), ED25519)
    report = await examine(checks, letter)
    assert found(report)[2:] == [
        ("dkim", "pass"), ("dkim", "permerror"), ("dmarc", "pass"), ("dmarc", "fail"), ("iprev", "permerror"),
    ]  # fmt: skip
    assert report.judgements[0].action is Action.REJECT
    assert "bank.test wants reject" in report.judgements[0].words


async def test_an_author_behind_many() -> None:
    names, checks = known()
    names.put("TXT", "_dmarc.bank.test", b"v=DMARC1; p=reject")
    many = b", ".join(b"<a@y%d.test>" % number for number in range(4))
    report = await examine(checks, b"From: " + many + b"\r\nFrom: <ceo@bank.test>\r\n" + LETTER.partition(b"\r\n")[2])
    assert ("dmarc", "fail") in found(report)
    assert report.judgements[0].action is Action.REJECT
    assert report.judgements[0].words == "dmarc: From names more than 4 domains (reject)"


async def test_the_mark_of_a_signature_written_with_blanks() -> None:
    _, checks = known()
    field = b"DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s; h=from; b = AbCdEfGhIjKl; bh=AA==; z=To:rob=2Cb=3D\r\n"
    assert b"header.b=AbCdEfGh" in (await examine(checks, field + LETTER)).field


async def test_more_signatures_than_anyone_looks_at() -> None:
    names, checks = known()
    await examine(checks, b"DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s; h=from; bh=AA==; b=AA==\r\n" * 9 + LETTER)
    assert names.asked.count(("TXT", "s._domainkey.x.test")) == 5


async def test_a_changed_body() -> None:
    names, checks = known()
    names.put("TXT", "s._domainkey.x.test", RSA.record)
    report = await examine(checks, sign(LETTER, RSA) + b"more\r\n")
    assert ("dkim", "fail") in found(report)


async def test_a_chain_of_relays() -> None:
    names, checks = known()
    names.put("TXT", "s._domainkey.one.test", RSA.record)
    names.put("TXT", "s._domainkey.two.test", RSA.record)
    letter = seal(seal(LETTER, "one.test"), "two.test")
    report = await examine(checks, letter)
    assert ("arc", "pass") in found(report)
    assert report.evidence.facts("bob@us.test")["arc"] == {"result": "pass", "sealers": ("two.test", "one.test")}
    assert ("arc", "fail") in found(await examine(checks, letter + b"more\r\n"))


async def test_a_bounce() -> None:
    names, checks = known()
    names.put("TXT", "mail.x.test", b"v=spf1 ip4:192.0.2.1 -all")
    names.put("TXT", "_dmarc.x.test", b"v=DMARC1; p=reject")
    report = await examine(checks, LETTER, sender=None)
    assert found(report) == [("spf", "pass"), ("dkim", "none"), ("dmarc", "pass"), ("iprev", "permerror")]


async def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    names, checks = known(Policy(spf=Spf(enabled=False), dmarc=Dmarc(enabled=False)))
    await examine(checks, sign(LETTER, RSA))
    assert [kind for kind, _ in names.asked] == ["PTR", "TXT"]  # dkim.verify_enabled stays


async def test_filters_alone_judge_a_neighbour() -> None:
    names = KnownNames()
    names.put("TXT", "x.test", b"v=spf1 -all")
    virus = Opinion(source="clamav", concern=Concern.VIRUS, words="Eicar")
    panel = SetPanel((virus,))
    checks = Checks(names, FakeClock(), OnePolicy(QUICK), hostname="us.test", panel=panel)
    examination = checks.begin(Envelope(sender=ANN, recipients=(BOB,)), CLIENT, is_neighbour=True)
    examination.feed(LETTER)
    examination.finish()
    report = await examination.report(Octets(LETTER), ((),))
    assert names.asked == []
    assert report.field == b""
    assert [specimen.evidence.spf for specimen in panel.shown] == [None]
    assert report.judgements[0].action is Action.REJECT


async def test_events_count_results() -> None:
    names, checks = known()
    before = dict(REGISTRY.counters["spf_checks_total"].series)
    names.put("TXT", "x.test", b"v=spf1 -all")
    await examine(checks, LETTER)
    assert REGISTRY.counters["spf_checks_total"].series["fail",] == before.get(("fail",), 0) + 1


async def test_who_gives_up_leaves_nothing_behind() -> None:
    names, checks = known()
    examination = checks.begin(Envelope(sender=ANN, recipients=(BOB,)), CLIENT)
    examination.feed(b"From")
    examination.abort()
    examination.abort()
    await asyncio.sleep(0)
    assert names.asked == []


async def test_questions_have_an_end() -> None:
    names = KnownNames()
    inquiry = Inquiry(names, FakeClock(), questions=3)
    answers = [await inquiry.ask(Question(Kind.A, "x.test"), inquiry.deadline(1)) for _ in range(5)]
    assert [answer is None for answer in answers] == [False, False, False, True, True]


@asynccontextmanager
async def hostile(*, patience: tuple[float, ...] = (0.2,)) -> AsyncIterator[tuple[Nameserver, Checks]]:
    """A real resolver before a name server of ours."""
    async with nameserver() as server:
        clock = SystemClock()
        resolver = CachingResolver(Servers(("127.0.0.1",), server.port, are_trusted=False), clock, patience=patience)
        try:
            yield server, Checks(resolver, clock, OnePolicy(QUICK), hostname="us.test")
        finally:
            await resolver.close()


def crowd(kind: str, form: str, count: int) -> list[str]:
    return [f"x.test. 60 IN {kind} {form.format(number)}" for number in range(count)]


@pytest.mark.parametrize(
    ("answer", "spf"),
    [
        (crowd("TXT", '"v=spf1 +all" "{}"', 200), "permerror"),
        (crowd("TXT", '"noise {}"', 200), "none"),
        (["x.test. 60 IN TXT " + ('"' + "x" * 255 + '" ') * 240], "none"),
        (['x.test. 60 IN TXT "v=spf1 "' + (' "' + "ip4:192.0.2.9 " * 18 + '"') * 200], "permerror"),
        (['x.test. 60 IN TXT "v=spf1 include:x.test -all"'], "permerror"),
        (['x.test. 60 IN TXT "v=spf1 redirect=x.test"'], "permerror"),
        (["x.test. 60 IN CNAME y.test."], "temperror"),
    ],
    ids=["200 policies", "200 texts", "a long text", "a long policy", "includes itself", "redirects itself", "a loop"],
)
async def test_hostile_answers(answer: list[str], spf: str) -> None:
    async with hostile() as (server, checks):
        server.on("x.test", "TXT", truncated(records(*answer)))
        server.on("y.test", "TXT", records("y.test. 60 IN CNAME x.test."))
        report = await examine(checks, LETTER)
        assert found(report)[1] == ("spf", spf)
        assert len(server.asked) < 50


async def test_200_exchangers() -> None:
    async with hostile() as (server, checks):
        server.on("x.test", "TXT", records('x.test. 60 IN TXT "v=spf1 mx -all"'))
        server.on("x.test", "MX", truncated(records(*crowd("MX", "10 h{}.test.", 200))))
        assert found(await examine(checks, LETTER))[1] == ("spf", "permerror")


async def test_200_addresses_and_200_names() -> None:
    async with hostile() as (server, checks):
        server.on("x.test", "TXT", records('x.test. 60 IN TXT "v=spf1 a ptr -all"'))
        server.on("x.test", "A", truncated(records(*crowd("A", "198.51.100.{}", 200))))
        names = [f"1.2.0.192.in-addr.arpa. 60 IN PTR h{number}.test." for number in range(200)]
        server.on("1.2.0.192.in-addr.arpa", "PTR", truncated(records(*names)))
        assert found(await examine(checks, LETTER))[1] == ("spf", "fail")
        assert len(server.asked) < 40


async def test_silence() -> None:
    async with hostile() as (server, checks):
        for name in ("x.test", "mail.x.test", "_dmarc.x.test", "_dmarc.test", "s._domainkey.x.test"):
            server.on(name, "TXT", silence)
        server.on("1.2.0.192.in-addr.arpa", "PTR", silence)
        report = await examine(checks, sign(LETTER, RSA))
        assert {result for _, result in found(report)} == {"temperror"}
        assert report.judgements[0].action is Action.ACCEPT


async def test_silence_beyond_the_time_that_a_policy_gives() -> None:
    async with hostile(patience=(60.0,)) as (server, checks):
        server.on("x.test", "TXT", silence)
        server.on("_dmarc.x.test", "TXT", nothing())
        report = await examine(checks, LETTER)
        assert found(report)[1] == ("spf", "temperror")
