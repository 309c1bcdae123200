"""A chain of certificates judged against the anchors that DANE named (RFC 7671 §5.2, RFC 7672 §3.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from mailstead.ground.formats.tlsa import Tlsa, find_anchors, names_leaf
from mailstead.ground.model.ids import Instant

if TYPE_CHECKING:
    from cryptography.x509 import BasicConstraints, Certificate, KeyUsage
    from cryptography.x509.verification import Policy

CHAIN_MAX: Final = 10


class Flaw(Enum):
    """Why a certificate is not the one that was meant."""

    NONE_SHOWN = "no certificate was shown"
    NOT_MEANT = "no TLSA record means this certificate"
    NOT_TRUSTED = "the certificate does not descend from the one that the TLSA record means"
    OUT_OF_DATE = "the certificate is not valid today"
    OTHER_HOST = "the certificate is of another host"


def check_dane(records: Sequence[Tlsa], chain: Sequence[bytes], names: Sequence[str], now: Instant) -> Flaw | None:
    """None: this is the host. `records` are usable ones, `chain` is DER as it was shown, leaf first.

    `names`: one of them must be in the certificate if it only descends from a known one (RFC 7672 §3.2.2).
    DANE-EE is asked first: where it holds, neither names nor dates matter (RFC 7672 §3.1.1).
    """
    if not chain:
        return Flaw.NONE_SHOWN
    if names_leaf(records, chain[0]):
        return None
    shown = chain[: CHAIN_MAX + 1]
    anchors = find_anchors(records, shown)
    return _check_descent(shown, anchors, names, now) if anchors else Flaw.NOT_MEANT


def _check_descent(chain: Sequence[bytes], anchors: Sequence[bytes], names: Sequence[str], now: Instant) -> Flaw | None:
    from cryptography import x509

    try:
        leaf, *issuers = [x509.load_der_x509_certificate(der) for der in chain]
        trusted = [x509.load_der_x509_certificate(der) for der in anchors]
    except ValueError:
        return Flaw.NOT_TRUSTED
    at = datetime.fromtimestamp(now / 1000, UTC)
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        return Flaw.OUT_OF_DATE
    if not _descends(leaf, issuers, trusted, at):
        return Flaw.NOT_TRUSTED
    return None if any(_is_named(pattern, names) for pattern in _names_of(leaf)) else Flaw.OTHER_HOST


def _descends(leaf: "Certificate", issuers: "list[Certificate]", anchors: "list[Certificate]", at: datetime) -> bool:
    """Built and checked by the library: signatures, dates, who may sign. For which purpose is not asked."""
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

    authority = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _must_be_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _must_sign)
    )
    verifier = (
        PolicyBuilder()
        .store(Store(anchors))
        .time(at)
        .max_chain_depth(CHAIN_MAX)
        .extension_policies(ca_policy=authority, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()  # the one that leaves names to us: which of them count is DANE's own rule
    )
    try:
        verifier.verify(leaf, issuers)
    except (VerificationError, ValueError):
        return False
    return True


def _must_be_authority(_policy: "Policy", _certificate: "Certificate", constraints: "BasicConstraints") -> None:
    if not constraints.ca:
        raise ValueError("an issuer is no CA")


def _must_sign(_policy: "Policy", _certificate: "Certificate", usage: "KeyUsage | None") -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an issuer may not sign certificates")


def _names_of(leaf: "Certificate") -> list[str]:
    """RFC 7672 §3.2.3: the DNS names; the common name only where there are none."""
    from cryptography import x509

    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        found = extension.value.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        found = []
    common = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return [name.lower() for name in found or [str(name.value) for name in common[-1:]]]


def _is_named(pattern: str, names: Sequence[str]) -> bool:
    """RFC 6125 §6.4: a wildcard is the whole of the first label."""
    if not pattern.startswith("*."):
        return pattern in names
    return "." in pattern[2:] and any(name.partition(".")[2] == pattern[2:] for name in names)
