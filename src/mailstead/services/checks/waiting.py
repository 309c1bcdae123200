"""What has to be kept of a letter that is judged again later: who brought it, and what its origin showed."""

from typing import Any, Final

import msgspec

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Invalid
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.recall import read_facts


class _Kept(msgspec.Struct, omit_defaults=True):
    """As JSON."""

    ip: str = ""
    port: int = 0
    helo: str = ""
    protocol: str = "SMTP"
    tls: str = ""
    session: str = ""
    field: str = ""
    facts: dict[str, Any] = {}


_decode: Final = msgspec.json.Decoder(_Kept).decode


def write_case(evidence: Evidence, client: Client, field: bytes) -> bytes:
    """`field` is Authentication-Results, as it stands before the letter."""
    kept = _Kept(
        ip=client.ip, port=client.port, helo=client.helo, protocol=client.protocol, tls=client.tls,
        session=client.session, field=field.decode("utf-8", "replace"), facts=dict(evidence.facts("")),
    )  # fmt: skip
    return msgspec.json.encode(kept)


def read_case(data: bytes) -> tuple[Evidence, Client, bytes]:
    """Invalid: a newer program wrote it, or it is damaged."""
    try:
        kept = _decode(data)
    except msgspec.MsgspecError as error:
        raise Invalid(f"a case that cannot be read: {error}") from None
    client = Client(
        ip=kept.ip, port=kept.port, helo=kept.helo, protocol=kept.protocol, tls=kept.tls, session=kept.session
    )  # fmt: skip
    return read_facts(kept.facts), client, kept.field.encode()
