"""RFC 9990 §4: nobody gets reports that they did not agree to."""

from mailstead.ground.formats.dmarc_destinations import Destinations, find_destinations
from mailstead.ground.model.question import Found, Question
from tests.support.spf import drive

AUTHOR = "v=DMARC1; p=none"


def find(domain: str, *addresses: str, tag: str = "rua", **records: str | None) -> Destinations:
    known = {name.replace("__", "."): text for name, text in records.items()}
    known["_dmarc.example.com"] = AUTHOR

    def answer(question: Question) -> Found | None:
        if question.name not in known:
            return Found(exists=False)
        text = known[question.name]
        return None if text is None else Found(tuple(text.split("\n")))

    return drive(find_destinations(domain, addresses, tag=tag), answer)


def agreed(found: Destinations) -> list[str]:
    return [str(one) for one in found.agreed]


def test_whoever_is_of_the_same_organization_is_not_asked() -> None:
    found = find("mail.example.com", "a@example.com", "b@reports.example.com", "a@EXAMPLE.com")
    assert agreed(found) == ["a@example.com", "b@reports.example.com"]


def test_others_have_to_agree() -> None:
    yes = {"example.com._report._dmarc.watch.test": "v=DMARC1;"}
    assert agreed(find("example.com", "a@watch.test", **yes)) == ["a@watch.test"]
    found = find("example.com", "a@watch.test", **{"example.com._report._dmarc.watch.test": "v=spf1"})
    assert (found.agreed, found.refused) == ((), ("watch.test does not take reports about example.com",))
    assert find("example.com", "a@watch.test").agreed == ()


def test_who_does_not_answer_is_not_decided() -> None:
    found = find("example.com", "a@watch.test", **{"example.com._report._dmarc.watch.test": None})
    assert (found.agreed, found.refused, len(found.silent)) == ((), (), 1)


def test_another_address_of_the_same_host() -> None:
    other = {"example.com._report._dmarc.watch.test": "v=DMARC1; rua=mailto:b@watch.test; ruf=mailto:c@watch.test"}
    assert agreed(find("example.com", "a@watch.test", **other)) == ["b@watch.test"]
    assert agreed(find("example.com", "a@watch.test", tag="ruf", **other)) == ["c@watch.test"]
    elsewhere = {"example.com._report._dmarc.watch.test": "v=DMARC1; rua=mailto:b@victim.test"}
    assert find("example.com", "a@watch.test", **elsewhere).agreed == ()


def test_what_is_no_address_and_what_is_too_long() -> None:
    found = find("example.com", "a@@", "a@" + ".".join(["x" * 60] * 4) + ".test", "ä@example.com")
    assert (found.agreed, len(found.refused)) == ((), 3)
