"""The trace row."""

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, DsnRequest, Envelope, Recipient
from mailstead.services.delivery.story import encode_facts, tell


def test_empty_facts_are_left_out() -> None:
    story = tell(
        Client(ip="192.0.2.1", helo="c.test", protocol="ESMTP"),
        Envelope(sender=None),
        Recipient(Address("ann", "a.test")),
        transaction=7,
        folder="INBOX",
        tag="",
    )
    assert msgspec.json.decode(story) == {
        "id": 7, "ip": "192.0.2.1", "helo": "c.test", "with": "ESMTP", "from": "<>", "to": "ann@a.test",
        "folder": "INBOX",
    }  # fmt: skip


def test_what_was_asked_of_notices_is_kept() -> None:
    story = tell(
        Client(ip="192.0.2.1"),
        Envelope(sender=Address("eve", "b.test"), ret="HDRS", envid="e+2B"),
        Recipient(Address("ann", "a.test"), DsnRequest(frozenset({"SUCCESS", "DELAY"}), "rfc822;x@y")),
        transaction=7,
        folder="INBOX",
        tag="lists",
    )
    facts = msgspec.json.decode(story)
    assert (facts["ret"], facts["envid"], facts["notify"], facts["orcpt"]) == (
        "HDRS",
        "e+2B",
        ["DELAY", "SUCCESS"],
        "rfc822;x@y",
    )
    assert (facts["from"], facts["tag"]) == ("eve@b.test", "lists")


def test_half_a_character_spoils_nothing() -> None:
    facts = {"why": "\udc80x", "symptoms": [("A", 1.0, "\ud800")], "bits": 3}
    kept = msgspec.json.decode(encode_facts(facts))
    assert kept == {"why": "?x", "symptoms": [["A", 1.0, "?"]], "bits": 3}
