"""What is looked up for a client and a sender is exactly what means them."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import WIDEST, is_network, key_of, keys_of, read_pattern
from mailstead.ground.model.errors import Invalid

IPS = st.ip_addresses().map(str)


@given(IPS, IPS, st.integers(0, 128))
def test_a_network_means_the_addresses_in_it_and_no_other(client: str, other: str, length: int) -> None:
    version, most = ip_address(other).version, ip_address(other).max_prefixlen
    text = f"{other}/{min(length, most)}"
    if min(length, most) < WIDEST[version] and not getattr(ip_address(other), "ipv4_mapped", None):
        with pytest.raises(Invalid):
            read_pattern(text)
        return
    if getattr(ip_address(other), "ipv4_mapped", None) or getattr(ip_address(client), "ipv4_mapped", None):
        return
    pattern = read_pattern(text)
    assert is_network(pattern)
    assert read_pattern(pattern) == pattern
    network = ip_network(text, strict=False)
    for ip in (client, other, str(network[0]), str(network[-1])):
        meant = ip_address(ip).version == version and ip_address(ip) in network
        assert (key_of(pattern) in keys_of(ip, None)) == meant


@given(st.lists(st.sampled_from(["a", "b", "mail", "xn--bcher-kva"]), min_size=1, max_size=5), st.integers(0, 4))
def test_a_domain_means_itself_and_with_a_star_what_is_below(labels: list[str], cut: int) -> None:
    sender = Address("Eve", ".".join([*labels, "test"]))
    patterns = keys_of("", sender)
    assert patterns[:2] == ("eve@" + sender.domain, "*@" + sender.domain)
    below = [f"*@*.{'.'.join([*labels, 'test'][at:])}" for at in range(1, len(labels) + 1)]
    assert list(patterns[2:]) == below
    assert all(read_pattern(pattern) == key_of(pattern) == pattern for pattern in patterns)
