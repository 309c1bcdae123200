"""What the supervisor hands to its workers: the configuration and the certificate, read before root was given up."""

import datetime
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.app.config import Config, LoggerConfig
from mailstead.app.config_keys import pack_config, unpack_config
from mailstead.net.clock import SystemClock
from mailstead.net.tls import ask_for_certificate, make_self_signed, server_context
from mailstead.telemetry import configure


@dataclass(frozen=True, slots=True)
class Settings:
    """One version of them. Certificates travel as text: files may be readable by root alone. `client_ca` may be b""."""

    config: Config
    certificate: bytes
    key: bytes
    client_ca: bytes = b""


_Packed = tuple[bytes, bytes, bytes, bytes]


def pack(settings: Settings) -> bytes:
    """For the way to a worker."""
    parts = (pack_config(settings.config), settings.certificate, settings.key, settings.client_ca)
    return msgspec.msgpack.encode(parts)


def unpack(data: bytes) -> Settings:
    """As they were."""
    config, *files = msgspec.msgpack.decode(data, type=_Packed)
    return Settings(unpack_config(config), *files)


def certificate_files(config: Config) -> tuple[Path, Path]:
    """The operator's, or those of our own making."""
    if config.tls.cert_file and config.tls.key_file:
        return config.tls.cert_file, config.tls.key_file
    folder = config.data_dir / "tls"
    return folder / "cert.pem", folder / "key.pem"


def ensure_certificate(config: Config) -> None:
    """Without a certificate of the operator's, make one signed by itself; BadCertificate if one does not fit."""
    certificate, key = certificate_files(config)
    if config.tls.cert_file is None and not certificate.exists():
        certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.datetime.fromtimestamp(SystemClock().now() / 1000, tz=datetime.UTC)
        names = dict.fromkeys(
            [config.smtp_hostname, config.server.hostname, config.server.domain, "localhost", "127.0.0.1"]
        )
        make_self_signed(certificate, key, list(names), now)
    context = server_context(certificate, key)
    if config.tls.client_ca is not None:
        ask_for_certificate(context, config.tls.client_ca)


def collect(config: Config) -> Settings:
    """Read the certificate beside the configuration."""
    certificate, key = certificate_files(config)
    authorities = config.tls.client_ca.read_bytes() if config.tls.client_ca is not None else b""
    return Settings(config, certificate.read_bytes(), key.read_bytes(), authorities)


def context_of(settings: Settings) -> ssl.SSLContext:
    """A server's TLS context. `ssl` loads from files only: these exist in memory and have no name."""
    with _nameless(settings.certificate) as certificate, _nameless(settings.key) as key:
        context = server_context(certificate.path, key.path)
    if settings.config.tls.min_version == "1.3":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def login_context_of(settings: Settings) -> ssl.SSLContext:
    """The one for protocols that people log in by: it asks for a client's certificate where a CA is configured.

    Mail servers that deliver to us are never asked: theirs are of other CAs, and would be refused.
    """
    context = context_of(settings)
    if settings.client_ca:
        with _nameless(settings.client_ca) as authorities:
            ask_for_certificate(context, authorities.path)
    return context


class _nameless:  # noqa: N801 - used like a function
    def __init__(self, data: bytes) -> None:
        self._fd = os.memfd_create("pem", os.MFD_CLOEXEC)
        os.write(self._fd, data)
        self.path = Path(f"/proc/self/fd/{self._fd}")

    def __enter__(self) -> "_nameless":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def start_log(config: LoggerConfig) -> None:
    """As the configuration wants it, the same in all processes."""
    configure(config.level, config.format, config.output_path, hash_addresses=config.hash_addresses.encode())
