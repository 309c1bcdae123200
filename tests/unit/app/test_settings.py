"""Certificates on their way to a worker, and who is asked for one of their own."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailstead.app.config_keys import build
from mailstead.app.settings import collect, context_of, ensure_certificate, login_context_of, pack, unpack
from mailstead.net.tls import BadCertificate, make_self_signed


def test_only_people_are_asked_for_a_certificate_and_only_with_a_ca(tmp_path: Path) -> None:
    values: dict[str, object] = {"server.data_dir": tmp_path}
    config = build(values)
    ensure_certificate(config)
    plain = unpack(pack(collect(config)))
    assert login_context_of(plain).verify_mode is ssl.CERT_NONE
    authority = tmp_path / "ca.pem"
    make_self_signed(authority, tmp_path / "ca.key", ["ca.test"], datetime.now(UTC))
    config = build(values | {"tls.client_ca": authority})
    ensure_certificate(config)
    asking = unpack(pack(collect(config)))
    assert asking.client_ca == authority.read_bytes()
    assert login_context_of(asking).verify_mode is ssl.CERT_OPTIONAL
    assert context_of(asking).verify_mode is ssl.CERT_NONE, "mail servers have certificates of other CAs"
    with pytest.raises(BadCertificate):
        ensure_certificate(build(values | {"tls.client_ca": tmp_path / "none.pem"}))
