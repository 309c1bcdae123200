"""TLS: contexts of servers and clients, certificates of our own for a start. TLS 1.2 and up (RFC 8996, RFC 9325).

Only a client that would else speak in the clear takes what it gets (RFC 7435 §3).
"""

import ipaddress
import os
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from mailstead.net.stream import TlsInfo

# RFC 9325 §4.2: forward secrecy and authenticated encryption only; TLS 1.3 suites stand on their own
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!eNULL"
_TOLD_NAME: Final = "told_server_name"
_END_POINT: Final = "server_end_point"


class BadCertificate(Exception):  # noqa: N818
    """A certificate or key that cannot be used; the words say which file and why."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for servers; BadCertificate."""
    for what, path in (("certificate", certificate), ("key", key)):
        _check_readable(what, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # RFC 9325 §3.3, §3.5: no compression (CRIME), no renegotiation
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.sni_callback = _remember_name
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise BadCertificate(_why(error, certificate, key)) from None
    setattr(context, _END_POINT, end_point_of(certificate.read_bytes()))
    return context


class ClientContexts:
    """The contexts of a client, made once each: reading the CAs takes milliseconds."""

    def __init__(self, extra_authorities: Path | None = None) -> None:
        self._extra = extra_authorities
        self._made: dict[bool, ssl.SSLContext] = {}

    def get(self, *, is_verified: bool) -> ssl.SSLContext:
        """Verified: by the system's CAs and the host's name. Else any certificate, and old TLS too. BadCertificate."""
        context = self._made.get(is_verified)
        if context is None:
            context = self._made[is_verified] = self._make_verified() if is_verified else _make_opportunistic()
        return context

    def _make_verified(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if self._extra is not None:
            _trust(context, self._extra)
        return context


def _make_opportunistic() -> ssl.SSLContext:
    """RFC 7435 §3: any encryption is better than none, so nothing is refused that OpenSSL still speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def ask_for_certificate(context: ssl.SSLContext, authorities: Path) -> None:
    """Let clients show a certificate of these CAs; whoever shows another is turned away. BadCertificate."""
    _trust(context, authorities)
    context.verify_mode = ssl.CERT_OPTIONAL


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    _check_readable("CA", authorities)
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError:
        raise BadCertificate(f"CA {authorities} cannot be used: no PEM in it") from None


def end_point_of(pem: bytes) -> bytes:
    """RFC 5929 §4.1: the hash of the first certificate, by its signature's own hash if that is no weaker than SHA-256.

    b"" where none is defined (Ed25519 names no hash): then no channel is bound.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        certificate = x509.load_pem_x509_certificate(pem)
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return b""
    if algorithm is None:
        return b""
    return certificate.fingerprint(hashes.SHA256() if algorithm.name in ("md5", "sha1") else algorithm)


def _check_readable(what: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        raise BadCertificate(f"{what} {path} does not exist") from None
    except OSError as error:
        raise BadCertificate(f"{what} {path} cannot be read: {error.strerror}") from None


def _why(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    reason = (error.reason or "").replace("_", " ").lower()
    if "mismatch" in reason:
        return f"key {key} does not belong to certificate {certificate}"
    return f"certificate {certificate} with key {key} cannot be used: {reason or 'no PEM in it'}"


def _remember_name(session: Any, name: str | None, _context: ssl.SSLContext) -> None:
    setattr(session, _TOLD_NAME, name or "")


def describe(session: ssl.SSLObject | None) -> TlsInfo | None:
    """What was agreed on; None without TLS."""
    if session is None:
        return None
    cipher = session.cipher()
    if not session.server_side:
        return TlsInfo(
            session.version() or "",
            cipher[0] if cipher else "",
            session.server_hostname or "",
            chain=_chain_of(session),
            is_verified=session.context.verify_mode is ssl.CERT_REQUIRED,
        )
    return TlsInfo(
        session.version() or "",
        cipher[0] if cipher else "",
        getattr(session, _TOLD_NAME, ""),
        getattr(session.context, _END_POINT, b""),
        _client_emails(session),
    )


def name_of(der: bytes) -> tuple[str, str]:
    """Subject and SHA-256 fingerprint of a certificate, for people."""
    from cryptography import x509

    try:
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    except ValueError:
        subject = ""
    return subject[:200], sha256(der).hexdigest()


def _chain_of(session: Any) -> tuple[bytes, ...]:
    """What the server showed of itself. Python gives it in public from 3.13 on, as DER."""
    if hasattr(session, "get_unverified_chain"):
        return tuple(session.get_unverified_chain() or ())
    der: Final = 2  # _ssl.ENCODING_DER
    chain = session._sslobj.get_unverified_chain() or ()  # noqa: SLF001
    return tuple(certificate.public_bytes(der) for certificate in chain)


def _client_emails(session: ssl.SSLObject) -> tuple[str, ...]:
    """Only of a verified one: where none was asked for, none is believed."""
    if session.context.verify_mode is ssl.CERT_NONE:
        return ()
    names: Any = (session.getpeercert() or {}).get("subjectAltName", ())
    return tuple(value for kind, value in names if kind == "email")


def make_self_signed(certificate: Path, key: Path, names: Sequence[str], now: datetime, days: int = 825) -> None:
    """Write a certificate (ECDSA P-256) for these host names and addresses, and its key (0600)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, pem, 0o600)
    _write(certificate, built.public_bytes(serialization.Encoding.PEM), 0o644)


def _alternative(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Never readable by others, not even for a moment; never half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
