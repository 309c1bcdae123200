"""The trace of a filed letter: one compact JSON row, written in its unit and never rewritten."""

import json
from collections.abc import Callable, Mapping

import msgspec

from mailstead.ground.model.envelope import Client, Envelope, Recipient


def tell(  # noqa: PLR0913 - all that a story has
    client: Client,
    envelope: Envelope,
    recipient: Recipient,
    *,
    transaction: int,
    folder: str,
    tag: str,
    message_id: str = "",
    checks: Mapping[str, object] | None = None,
    hide: Callable[[str], str] = str,
) -> bytes:
    """Who brought it, for whom, under which name, what was found, and where it went. Empty facts are left out.
    `hide`: what to do with addresses. `message_id`: where no row of a message will tell it."""
    dsn = recipient.dsn
    facts = {
        "id": transaction,
        "ip": client.ip,
        "helo": client.helo,
        "with": client.protocol,
        "tls": client.tls,
        "login": client.login,
        "from": hide(str(envelope.sender)) if envelope.sender else "<>",
        "to": hide(str(recipient.address)),
        "tag": tag,
        "ret": envelope.ret,
        "envid": envelope.envid,
        "notify": sorted(dsn.notify) if dsn.notify else None,
        "orcpt": hide(dsn.original) if dsn.original else None,
        "folder": folder,
        "message_id": message_id,
        "checks": checks,
    }
    return encode_facts({name: value for name, value in facts.items() if value})


def encode_facts(facts: Mapping[str, object]) -> bytes:
    """JSON, whatever strangers wrote: half a character must not keep a letter from being filed."""
    try:
        return msgspec.json.encode(facts)
    except UnicodeEncodeError:
        return json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")
