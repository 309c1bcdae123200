"""CAPA, NOOP, UTF8, LANG, STLS and what is not offered."""

from typing import Final

from mailstead.ground.wire.pop3.command import Language, Nothing
from mailstead.ground.wire.pop3.reply import Reply, err, listing, ok
from mailstead.servers.pop3.session import Session

LANGUAGES: Final = {"en": "English"}


async def capa(session: Session, _command: Nothing) -> Reply | None:
    """RFC 2449 §5."""
    session.send(listing("What this server can do", *session.capabilities))
    return None


async def noop(_session: Session, _command: Nothing) -> Reply:
    """RFC 1939 §5."""
    return ok()


async def utf8(session: Session, _command: Nothing) -> Reply:
    """RFC 6856 §2.1."""
    session.utf8 = True
    return ok("UTF8 is on")


async def lang(session: Session, command: Language) -> Reply | None:
    """RFC 6856 §3.2. A range is looked up from its longest form to its shortest (RFC 4647 §3.4)."""
    if command.wanted is None:
        session.send(listing("Languages", *(f"{tag} {name}" for tag, name in LANGUAGES.items())))
        return None
    wanted = command.wanted.lower()
    while wanted:
        tag = next(iter(LANGUAGES)) if wanted == "*" else wanted
        if tag in LANGUAGES:
            return ok(f"{tag} This is {LANGUAGES[tag]}")
        wanted = wanted.rpartition("-")[0]
    return err("That language is not spoken here")


async def stls(session: Session, _command: Nothing) -> Reply | None:
    """RFC 2595 §4. Bytes behind the command are no part of the protected session and are dropped."""
    settings = session.services.settings
    if settings.tls is None:
        return err("No TLS here")
    if session.stream.tls is not None:
        return err("TLS is active already")
    if session.utf8:
        return err("STLS comes before UTF8")  # RFC 6856 §2.1
    session.receiver.clear()
    session.send(ok("Begin TLS negotiation now").render())
    await session.flush()
    await session.stream.start_tls(settings.tls(), settings.tls_timeout)
    await session.services.authenticator.refresh()
    session.user = None  # nothing that was said in the clear holds
    return None


async def apop(_session: Session, _command: object) -> Reply:
    """RFC 1939 §7: it needs passwords kept in the clear, and our greeting offers no timestamp for it."""
    return err("APOP is not offered")
