"""Delivered-To: the end of a circle."""

from mailstead.ground.formats.received import has_been_at, render_delivered_to
from mailstead.ground.model.address import Address

ANN = Address("ann", "example.net")
HEADER = b"Received: x\r\n" + render_delivered_to(Address("Ann", "example.net")) + b"Subject: y\r\n\r\n"


def test_an_address_knows_its_mark() -> None:
    assert has_been_at(HEADER, ANN)
    assert has_been_at(b"X-LOOP : <ann@EXAMPLE.net>\r\n\r\n", ANN)
    assert has_been_at(render_delivered_to(Address("jürgen", "example.net")), Address("Jürgen", "example.net"))


def test_marks_of_others() -> None:
    assert not has_been_at(HEADER, Address("bob", "example.net"))
    assert not has_been_at(b"X-Delivered-To: ann@example.net\r\nDelivered-To: nobody\r\nDelivered-To:\r\n\r\n", ANN)
    assert not has_been_at(b"", ANN)
