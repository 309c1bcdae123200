"""ENABLE (RFC 9051 §6.3.1)."""

from dataclasses import replace
from typing import Final

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Enable
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session

CAN_ENABLE: Final = {
    "IMAP4REV2": "IMAP4rev2",
    "CONDSTORE": "CONDSTORE",
    "QRESYNC": "QRESYNC",
    "UIDONLY": "UIDONLY",
    "UTF8=ACCEPT": "UTF8=ACCEPT",
}
"""Capabilities that change what we send, by their name in capitals."""


async def enable(session: Session, command: Enable) -> Reply:
    """Names we do not know are passed over, as the RFC asks."""
    new = [name for name in dict.fromkeys(command.capabilities) if name in CAN_ENABLE and name not in session.enabled]
    session.enabled |= frozenset(new)
    session.send(response.enabled(CAN_ENABLE[name] for name in new))
    if "CONDSTORE" in new or "QRESYNC" in new:
        session.use_condstore()
    qresync, uid_only = "QRESYNC" in session.enabled, "UIDONLY" in session.enabled
    session.speak(replace(session.speech, qresync=qresync, uid_only=uid_only))
    return ok("ENABLE completed")
