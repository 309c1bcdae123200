"""Which TLSA records count for SMTP, and whether a chain of certificates is the one they mean."""

import hashlib
from collections.abc import Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailstead.ground.formats.chain import Flaw, check_dane
from mailstead.ground.formats.der import BadDer, public_key_of
from mailstead.ground.formats.tlsa import Tlsa, find_anchors, matches, usable
from mailstead.ground.model.ids import Instant
from tests.support.chains import NOW, Issued, issue

AT = Instant(int(NOW.timestamp() * 1000))
HOST = "mx.example.test"
SHA256, SHA512 = b"\x11" * 32, b"\x22" * 64


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("Root", ca=True)


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return issue("Middle", root, ca=True)


@pytest.fixture(scope="module")
def leaf(middle: Issued) -> Issued:
    return issue("x", middle, hosts=(HOST,))


def record(usage: int, selector: int, matching: int, of: Issued) -> Tlsa:
    chosen = of.spki if selector else of.der
    digest = {0: lambda data: data, 1: lambda d: hashlib.sha256(d).digest(), 2: lambda d: hashlib.sha512(d).digest()}
    return Tlsa(usage, selector, matching, digest[matching](chosen))


def check(records: Sequence[Tlsa], chain: Sequence[bytes], *names: str) -> Flaw | None:
    return check_dane(usable(records), chain, names or (HOST,), AT)


@pytest.mark.parametrize(
    "bad",
    [
        Tlsa(0, 1, 1, SHA256), Tlsa(1, 1, 1, SHA256), Tlsa(4, 1, 1, SHA256), Tlsa(255, 1, 1, SHA256),
        Tlsa(3, 2, 1, SHA256), Tlsa(3, 1, 3, SHA256), Tlsa(3, 1, 1, SHA512), Tlsa(3, 1, 2, SHA256),
        Tlsa(3, 1, 1, b""), Tlsa(3, 1, 0, b""), Tlsa(3, 0, 0, b"x" * 16_385),
    ],
)  # fmt: skip
def test_unusable(bad: Tlsa) -> None:
    assert usable([bad]) == ()
    good = Tlsa(3, 1, 1, SHA256)
    assert usable([bad, good]) == (good,)


def test_of_two_digests_the_stronger_counts() -> None:
    """RFC 7671 §9: for each usage and selector by itself; full data stays."""
    weak, strong, full = Tlsa(3, 1, 1, SHA256), Tlsa(3, 1, 2, SHA512), Tlsa(3, 1, 0, b"key")
    other_selector, other_usage = Tlsa(3, 0, 1, SHA256), Tlsa(2, 1, 1, SHA256)
    assert usable([weak, strong, full, other_selector, other_usage]) == (strong, full, other_selector, other_usage)
    broken = Tlsa(3, 1, 2, SHA256)
    assert usable([weak, broken]) == (weak,)  # one that cannot be used outdoes nothing


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_dane_ee(leaf: Issued, middle: Issued, selector: int, matching: int) -> None:
    assert check([record(3, selector, matching, leaf)], leaf.chain) is None
    assert check([record(3, selector, matching, leaf)], leaf.chain, "other.test") is None  # names do not count
    assert check([record(3, selector, matching, middle)], leaf.chain) is Flaw.NOT_MEANT
    assert check([record(3, selector, matching, middle), record(3, selector, matching, leaf)], leaf.chain) is None


def test_dane_ee_takes_a_certificate_out_of_date() -> None:
    old = issue("old", hosts=("elsewhere.test",), days=(-9, -8))
    assert check([record(3, 1, 1, old)], old.chain) is None


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_dane_ta(leaf: Issued, middle: Issued, root: Issued, selector: int, matching: int) -> None:
    for anchor in (middle, root):
        assert check([record(2, selector, matching, anchor)], leaf.chain) is None
    assert check([record(2, selector, matching, middle)], leaf.chain[:2]) is None
    assert check([record(2, selector, matching, leaf)], leaf.chain) is Flaw.NOT_MEANT  # the host is no issuer


def test_dane_ta_whole_in_the_record(leaf: Issued, root: Issued) -> None:
    """RFC 7671 §5.2.2: the server need not show what the record holds."""
    assert check([record(2, 0, 0, root)], leaf.chain[:2]) is None
    assert check([record(2, 0, 1, root)], leaf.chain[:2]) is Flaw.NOT_MEANT


def test_dane_ta_looks_at_names(leaf: Issued, root: Issued) -> None:
    anchor = [record(2, 1, 1, root)]
    assert check(anchor, leaf.chain, "example.test") is Flaw.OTHER_HOST
    assert check(anchor, leaf.chain, "example.test", HOST) is None


@pytest.mark.parametrize(
    ("hosts", "common", "good"),
    [
        (("*.example.test",), "x", True),
        (("MX.Example.Test",), "x", True),
        (("*.test",), "x", False),
        (("m*.example.test",), "x", False),
        (("*.mx.example.test",), "x", False),
        ((), HOST, True),
        (("other.test",), HOST, False),  # RFC 6125 §6.4.4: the common name only where there is nothing else
    ],
)
def test_names_of_certificates(middle: Issued, hosts: tuple[str, ...], common: str, good: bool) -> None:
    shown = issue(common, middle, hosts=hosts)
    assert check([record(2, 1, 1, middle)], shown.chain) is (None if good else Flaw.OTHER_HOST)


def test_a_wildcard_under_the_root_is_nobody(middle: Issued) -> None:
    assert check([record(2, 1, 1, middle)], issue("x", middle, hosts=("*.test",)).chain, "mx.test") is Flaw.OTHER_HOST


def test_dane_ta_looks_at_dates(middle: Issued, root: Issued) -> None:
    for days in ((-9, -8), (8, 9)):
        assert check([record(2, 1, 1, root)], issue("x", middle, hosts=(HOST,), days=days).chain) is Flaw.OUT_OF_DATE
    old = issue("Old", root, ca=True, days=(-9, -8))
    assert check([record(2, 1, 1, root)], issue("x", old, hosts=(HOST,)).chain) is Flaw.NOT_TRUSTED


def test_descent_has_to_be_real(leaf: Issued, root: Issued) -> None:
    stranger = issue("Middle", issue("Root", ca=True), ca=True)
    forged = [issue("x", stranger, hosts=(HOST,)).der, *leaf.chain[1:]]
    assert check([record(2, 1, 1, root)], forged) is Flaw.NOT_TRUSTED
    no_ca = issue("Middle", root)
    assert check([record(2, 1, 1, root)], issue("x", no_ca, hosts=(HOST,)).chain) is Flaw.NOT_TRUSTED
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    not_for_signing = issue("Middle", root, ca=True, extra=usage)
    assert check([record(2, 1, 1, root)], issue("x", not_for_signing, hosts=(HOST,)).chain) is Flaw.NOT_TRUSTED


def test_nothing_shown_and_noise(leaf: Issued, root: Issued) -> None:
    assert check([record(3, 1, 1, leaf)], []) is Flaw.NONE_SHOWN
    assert check([record(3, 1, 1, leaf)], [b"noise"]) is Flaw.NOT_MEANT
    assert check([record(2, 0, 1, root)], [b"noise", root.der]) is Flaw.NOT_TRUSTED
    assert check([Tlsa(2, 0, 0, b"noise")], leaf.chain) is Flaw.NOT_TRUSTED
    assert find_anchors([record(2, 1, 1, root)], [root.der]) == ()


@pytest.mark.parametrize("make", [lambda: rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate])
def test_keys_are_cut_out_as_they_stand(make: object, leaf: Issued) -> None:
    key = make()  # type: ignore[operator]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(NOW).not_valid_after(NOW)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else x509.base.hashes.SHA256())
    )  # fmt: skip
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert public_key_of(der) == spki
    assert matches(Tlsa(3, 1, 0, spki), der)
    for cut in range(0, len(der), 7):
        with pytest.raises(BadDer):
            public_key_of(der[:cut])


def test_a_record_reads_as_in_a_zone() -> None:
    assert str(Tlsa(3, 1, 1, b"\xab\xcd")) == "3 1 1 abcd"
