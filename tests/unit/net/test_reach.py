"""Whom a fetch may reach: every coat in which an address of ours may come."""

import pytest

from mailstead.net.reach import Reach, is_misspelt_address, is_public

CLOSED = (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.1.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "203.0.113.7", "224.0.0.1",
    "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd12::1", "fe80::1",
    "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1",
)  # fmt: skip
OPEN = (
    "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.167.1.1", "198.17.0.1", "223.255.255.254",
    "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101",
)  # fmt: skip


@pytest.mark.parametrize("ip", CLOSED)
def test_not_of_the_world(ip: str) -> None:
    assert not is_public(ip)
    assert "not of the world" in Reach().object_to("a.test", ip, 443)


@pytest.mark.parametrize("ip", OPEN)
def test_of_the_world(ip: str) -> None:
    assert is_public(ip)
    assert Reach().object_to("a.test", ip, 443) == ""
    assert "no port of HTTP" in Reach().object_to("a.test", ip, 6379)


@pytest.mark.parametrize("ip", ["10.0.0.5", "::ffff:10.0.0.5", "64:ff9b::a00:5", "fd00::1"])
def test_the_operator_may_open_a_network_in_every_coat(ip: str) -> None:
    reach = Reach(["10.0.0.0/24", "fd00::/64"])
    assert reach.object_to("a.test", ip, 6379) == ""
    assert reach.object_to("a.test", "10.0.1.5", 80)
    assert reach.object_to("a.test", "fd00:0:0:1::1", 80)


def test_a_host_by_its_name() -> None:
    reach = Reach(["hooks.example.test"])
    assert reach.knows("Hooks.Example.Test.")
    assert not reach.knows("example.test")
    assert reach.object_to("hooks.example.test", "10.0.0.5", 6379) == ""
    assert reach.object_to("example.test", "10.0.0.5", 80)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.0x1", "1.2.3.4.5", "127.0.0.1.", "0X7F"])
def test_what_some_read_as_an_address(host: str) -> None:
    assert is_misspelt_address(host)


@pytest.mark.parametrize("host", ["example.com", "1.example.com", "0x7f.example", "4chan.org", "localhost"])
def test_names_are_none(host: str) -> None:
    assert not is_misspelt_address(host)
