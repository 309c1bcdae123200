"""What each side of TLS shows: the hash of our certificate, the names in a client's."""

import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from mailstead.net.stream import TlsInfo
from mailstead.net.tls import (
    BadCertificate,
    ask_for_certificate,
    describe,
    end_point_of,
    make_self_signed,
    server_context,
)
from tests.support.authority import NOW, Authority, certificate_of, stranger


def shake(server: ssl.SSLContext, person: ssl.SSLContext) -> TlsInfo:
    """A handshake in memory, as the server sees it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = person.wrap_bio(to_client, to_server, server_hostname="mx.example.test")
    for side in (theirs, ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    told = describe(ours)
    assert told is not None
    return told


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_self_signed(certificate, key, ["mx.example.test"], NOW)
    return certificate, key


def test_the_end_point_is_the_certificate_that_was_shown(pair: tuple[Path, Path]) -> None:
    der = ssl.PEM_cert_to_DER_cert(pair[0].read_text())
    assert shake(server_context(*pair), stranger()).certificate_hash == hashlib.sha256(der).digest()


def test_the_end_point_goes_by_the_signature(tmp_path: Path) -> None:
    """RFC 5929 §4.1: its own hash, SHA-256 for weaker ones, undefined where there is none."""

    def signed(algorithm: hashes.HashAlgorithm | None) -> bytes:
        key = ed25519.Ed25519PrivateKey.generate() if algorithm is None else ec.generate_private_key(ec.SECP384R1())
        made = certificate_of(key.public_key()).sign(key, algorithm)  # type: ignore[arg-type]
        return made.public_bytes(serialization.Encoding.PEM)

    strong = signed(hashes.SHA384())
    assert end_point_of(strong) == hashlib.sha384(ssl.PEM_cert_to_DER_cert(strong.decode())).digest()
    assert end_point_of(signed(None)) == b""
    assert end_point_of(b"rubbish") == b""


def test_a_person_is_known_by_the_mail_addresses_of_the_certificate(pair: tuple[Path, Path], tmp_path: Path) -> None:
    authority = Authority()
    context = server_context(*pair)
    ask_for_certificate(context, authority.write(tmp_path / "ca.pem"))
    told = shake(context, authority.person(tmp_path, "ann@example.com", "bob@example.com"))
    assert told.client_emails == ("ann@example.com", "bob@example.com")
    assert shake(context, stranger()).client_emails == (), "nobody has to show one"


def test_nobody_is_asked_or_believed_without_a_ca(pair: tuple[Path, Path], tmp_path: Path) -> None:
    told = shake(server_context(*pair), Authority().person(tmp_path, "ann@example.com"))
    assert told.client_emails == ()


def test_a_certificate_of_another_ca_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    context = server_context(*pair)
    ask_for_certificate(context, Authority().write(tmp_path / "ca.pem"))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(context, Authority().person(tmp_path, "ann@example.com"))


def test_a_ca_that_is_none(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("rubbish")
    with pytest.raises(BadCertificate, match="CA"):
        ask_for_certificate(server_context(*pair), tmp_path / "ca.pem")
    with pytest.raises(BadCertificate, match="does not exist"):
        ask_for_certificate(server_context(*pair), tmp_path / "none.pem")
