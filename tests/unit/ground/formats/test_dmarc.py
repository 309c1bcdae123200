"""DMARC: records, the walk, alignment and what is wished, with the examples of RFC 9989."""

from collections.abc import Mapping

import pytest

from mailstead.ground.formats.dmarc import Evaluation, Evaluator, Result, Vouchers, Wish, read_record
from mailstead.ground.model.question import Found, Kind, Question
from tests.support.spf import drive

LONG = "a.b.c.d.e.f.g.h.i.j.mail.example.com"


class Dns:
    """Policy records by domain; names that exist are those with a record, and those that are named."""

    def __init__(self, records: Mapping[str, str | None], existing: tuple[str, ...] = ()) -> None:
        self.records = records
        self.existing = existing
        self.asked: list[str] = []

    def __call__(self, question: Question) -> Found | None:
        self.asked.append(question.name)
        if question.kind is Kind.A:
            return Found(exists=question.name in self.existing)
        name = question.name.removeprefix("_dmarc.")
        if name not in self.records:
            return Found(exists=False)
        text = self.records[name]
        return None if text is None else Found(tuple(text.split("\n")))

    def evaluate(self, author: str, spf: str = "", dkim: tuple[str, ...] = ()) -> Evaluation:
        return drive(Evaluator().evaluate(author, Vouchers(spf=spf, dkim=dkim)), self)


def test_a_whole_record() -> None:
    record = read_record(
        "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=S; psd=n; t=y; fo=1:d; new=x;"
        "rua=mailto:a@x.test!10m, https://x.test/, mailto:b@x.test ; ruf=mailto:c@x.test"
    )
    assert record is not None
    assert (record.policy, record.subdomains, record.nonexistent) == (Wish.REJECT, Wish.QUARANTINE, Wish.NONE)
    assert (record.is_dkim_strict, record.is_spf_strict, record.is_suffix, record.is_testing) == (
        True,
        True,
        False,
        True,
    )
    assert (record.rua, record.ruf) == (("a@x.test", "b@x.test"), ("c@x.test",))
    assert record.failure_options == ("1", "d")


@pytest.mark.parametrize(
    "text", ["", "p=none; v=DMARC1", "v=DMARC2; p=none", "v=dmarc1; p=none", "v=spf1 -all", "v=DMARC1x; p=none"]
)
def test_what_is_no_record(text: str) -> None:
    assert read_record(text) is None


@pytest.mark.parametrize(
    ("text", "applies", "wish"),
    [
        ("v=DMARC1; p=reject", True, Wish.REJECT),
        ("v = DMARC1 ; p = Reject", True, Wish.REJECT),
        ("v=DMARC1; p=reject; t=y", True, Wish.QUARANTINE),
        ("v=DMARC1; p=quarantine; t=y", True, Wish.NONE),
        ("v=DMARC1; p=reject; pct=0", True, Wish.REJECT),  # an unknown tag now
        ("v=DMARC1; p=deny", False, Wish.NONE),
        ("v=DMARC1; p=deny; rua=mailto:a@x.test", True, Wish.NONE),
        ("v=DMARC1; p=reject; sp=deny; rua=mailto:a@x.test", True, Wish.NONE),
        ("v=DMARC1; p=reject; sp=deny", False, Wish.NONE),
        ("v=DMARC1", False, Wish.NONE),
        ("v=DMARC1; rua=mailto:a@x.test", True, Wish.NONE),
        ("v=DMARC1; p=reject; garbage; =x", True, Wish.REJECT),  # what is no tag is passed over
    ],
)
def test_what_is_wished(text: str, applies: bool, wish: Wish) -> None:
    evaluation = Dns({"x.test": text}).evaluate("x.test")
    assert (evaluation.result is Result.FAIL) == applies
    assert evaluation.wish is wish


def test_a_walk_asks_eight_times_at_most() -> None:
    dns = Dns({})
    assert dns.evaluate(LONG).result is Result.NONE
    assert dns.asked == [
        f"_dmarc.{LONG}",
        "_dmarc.g.h.i.j.mail.example.com",
        "_dmarc.h.i.j.mail.example.com",
        "_dmarc.i.j.mail.example.com",
        "_dmarc.j.mail.example.com",
        "_dmarc.mail.example.com",
        "_dmarc.example.com",
        "_dmarc.com",
    ]


@pytest.mark.parametrize(
    ("records", "organization"),
    [
        ({"mail.example.com": "v=DMARC1; p=none", "example.com": "v=DMARC1; p=none"}, "example.com"),
        ({"mail.example.com": "v=DMARC1; p=none; psd=n", "example.com": "v=DMARC1; p=none"}, "mail.example.com"),
        ({"com": "v=DMARC1; p=none; psd=y"}, "example.com"),
        ({"a.mail.example.com": "v=DMARC1; p=none; psd=y"}, "a.mail.example.com"),
        ({}, "a.mail.example.com"),
        ({"example.com": "v=DMARC1; p=none\nv=DMARC1; p=none", "com": "v=DMARC1;p=none"}, "com"),
    ],
)
def test_organizations(records: Mapping[str, str], organization: str) -> None:
    assert Dns(records).evaluate("a.mail.example.com").organization == organization


SUFFIX = {"giant.bank.example": "v=DMARC1; p=quarantine", "bank.example": "v=DMARC1; p=reject; psd=y; np=none"}


@pytest.mark.parametrize(
    ("author", "existing", "at", "wish"),
    [
        ("giant.bank.example", (), "giant.bank.example", Wish.QUARANTINE),
        ("mail.giant.bank.example", (), "giant.bank.example", Wish.QUARANTINE),
        ("mega.bank.example", ("mega.bank.example",), "bank.example", Wish.REJECT),
        ("mega.bank.example", (), "bank.example", Wish.NONE),  # np=
    ],
)
def test_policies_of_suffixes_and_names_that_are_not_there(
    author: str, existing: tuple[str, ...], at: str, wish: Wish
) -> None:
    evaluation = Dns(SUFFIX, existing).evaluate(author)
    assert (evaluation.at, evaluation.wish) == (at, wish)


def test_subdomains() -> None:
    dns = Dns({"x.test": "v=DMARC1; p=reject; sp=none"})
    assert dns.evaluate("a.x.test").wish is Wish.NONE
    assert dns.evaluate("x.test").wish is Wish.REJECT


RELAXED, STRICT = {"x.test": "v=DMARC1; p=reject"}, {"x.test": "v=DMARC1; p=reject; adkim=s; aspf=s"}


@pytest.mark.parametrize(
    ("records", "author", "spf", "dkim", "result"),
    [
        (RELAXED, "x.test", "x.test", (), Result.PASS),
        (RELAXED, "a.x.test", "b.x.test", (), Result.PASS),
        (RELAXED, "x.test", "", ("other.test", "A.x.test"), Result.PASS),
        (RELAXED, "x.test", "notx.test", ("test",), Result.FAIL),
        (STRICT, "x.test", "a.x.test", ("a.x.test",), Result.FAIL),
        (STRICT, "x.test", "", ("X.test",), Result.PASS),
        ({**RELAXED, "b.x.test": "v=DMARC1; psd=n"}, "x.test", "b.x.test", (), Result.FAIL),
        ({"x.test": None}, "x.test", "x.test", (), Result.TEMPERROR),
        ({**RELAXED, "b.x.test": None}, "x.test", "b.x.test", (), Result.TEMPERROR),
        ({**RELAXED, "b.x.test": None}, "x.test", "b.x.test", ("x.test",), Result.PASS),
    ],
)
def test_alignment(
    records: Mapping[str, str | None], author: str, spf: str, dkim: tuple[str, ...], result: Result
) -> None:
    assert Dns(records).evaluate(author, spf, dkim).result is result


def test_what_could_not_be_found_out_is_no_failure() -> None:
    vouchers = Vouchers(is_dkim_pending=True)
    evaluation = drive(Evaluator().evaluate("x.test", vouchers), Dns(RELAXED))
    assert evaluation.result is Result.TEMPERROR


def test_known_answers_are_not_asked_for_again() -> None:
    dns = Dns(RELAXED)
    dns.evaluate("a.x.test", "b.x.test", ("c.x.test",))
    assert len(dns.asked) == len(set(dns.asked))
