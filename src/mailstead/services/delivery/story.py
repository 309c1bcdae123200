"""The trace of a filed letter: one compact JSON row, written in its unit and never rewritten."""

from collections.abc import Mapping

import msgspec

from mailstead.ground.model.envelope import Client, Envelope, Recipient


def tell(
    client: Client,
    envelope: Envelope,
    recipient: Recipient,
    *,
    transaction: int,
    folder: str,
    tag: str,
    checks: Mapping[str, object] | None = None,
) -> bytes:
    """Who brought it, for whom, under which name, what was found, and where it went. Empty facts are left out."""
    dsn = recipient.dsn
    facts = {
        "id": transaction,
        "ip": client.ip,
        "helo": client.helo,
        "with": client.protocol,
        "tls": client.tls,
        "login": client.login,
        "from": str(envelope.sender) if envelope.sender else "<>",
        "to": str(recipient.address),
        "tag": tag,
        "ret": envelope.ret,
        "envid": envelope.envid,
        "notify": sorted(dsn.notify) if dsn.notify else None,
        "orcpt": dsn.original,
        "folder": folder,
        "checks": checks,
    }
    return msgspec.json.encode({name: value for name, value in facts.items() if value})
