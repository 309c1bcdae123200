"""A CA of tests, and people with its certificates."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailstead.net.tls import server_context

NOW = datetime.now(UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Signs certificates of people."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = certificate_of(self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), True
        )
        self.certificate = builder.sign(self.key, hashes.SHA256())

    def write(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def person(self, folder: Path, *emails: str) -> ssl.SSLContext:
        """A client's context with a certificate of ours."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([*map(x509.RFC822Name, emails), x509.DNSName("evil@example.com.test")])
        signed = certificate_of(key.public_key(), "Ann").add_extension(names, False).sign(self.key, hashes.SHA256())
        context = stranger()
        pem = signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / "person.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
        return context

    def host(self, folder: Path, *names: str, expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate of ours for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = certificate_of(key.public_key(), names[0])
        if expired:
            builder = x509.CertificateBuilder(
                builder._issuer_name, builder._subject_name, builder._public_key, builder._serial_number,
                NOW - timedelta(hours=2), NOW - timedelta(hours=1),
            )  # fmt: skip
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        signed = builder.add_extension(alternatives, False).sign(self.key, hashes.SHA256())
        pem = signed.public_bytes(serialization.Encoding.PEM)
        path, secret = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
        path.write_bytes(pem)
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return server_context(path, secret)


def certificate_of(key: Any, name: str = "CA") -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name("CA")).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(NOW - timedelta(hours=1)).not_valid_after(NOW + timedelta(hours=1))


def stranger() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
