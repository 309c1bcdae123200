"""Certificates: made, loaded, and refused in words."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from mailstead.net.tls import BadCertificate, make_self_signed, server_context


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_self_signed(certificate, key, ["mx.example.test", "127.0.0.1", "::1"], datetime.now(UTC))
    return certificate, key


def test_self_signed_names_everything_and_hides_its_key(pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.example.test"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert key.stat().st_mode & 0o777 == 0o600


def test_context_is_modern(pair: tuple[Path, Path]) -> None:
    context = server_context(*pair)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    weak = ("RC4", "3DES", "NULL", "CBC", "MD5")
    for cipher in context.get_ciphers():
        assert not any(word in cipher["name"] for word in weak)
        assert cipher["aead"]


def test_missing_file_is_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(BadCertificate, match=r"certificate .*nowhere.pem does not exist"):
        server_context(tmp_path / "nowhere.pem", pair[1])
    with pytest.raises(BadCertificate, match=r"key .* cannot be read: Is a directory"):
        server_context(pair[0], tmp_path)


def test_foreign_key_and_rubbish_are_told_apart(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    make_self_signed(tmp_path / "c2.pem", other, ["x.test"], datetime.now(UTC))
    with pytest.raises(BadCertificate, match="does not belong to"):
        server_context(pair[0], other)
    other.write_text("no certificate")
    with pytest.raises(BadCertificate, match="cannot be used"):
        server_context(other, pair[1])
