"""The trace row."""

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.services.delivery.story import tell


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
