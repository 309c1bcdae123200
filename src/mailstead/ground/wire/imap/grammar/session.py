"""Commands about the connection: AUTHENTICATE, LOGIN, ENABLE, ID (RFC 9051 §6.2 and §6.3.1, RFC 2971)."""

from binascii import Error, a2b_base64
from typing import Final

from mailstead.ground.wire.imap.command import Authenticate, Compress, Enable, Id, Login
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.syntax import Syntax

ID_FIELDS_MAX: Final = 30  # RFC 2971 §3.3
ID_NAME_MAX: Final = 30
ID_VALUE_MAX: Final = 1024


def decode_base64(text: bytes) -> bytes:
    """A response of SASL, or `Syntax`."""
    try:
        return a2b_base64(text, strict_mode=True) if text else b""
    except Error:
        raise Syntax("Invalid base64") from None


def parse_authenticate(cursor: Cursor) -> Authenticate:
    """RFC 9051 §6.2.2: "AUTHENTICATE" SP auth-type [SP initial-resp]."""
    cursor.space()
    mechanism = cursor.atom("a mechanism").decode("ascii")
    if cursor.at_end():
        return Authenticate(mechanism)
    text = cursor.data[cursor.pos :].rstrip(b" ")
    cursor.pos = len(cursor.data)
    # RFC 4959 §3: "=" is an initial response of no bytes.
    return Authenticate(mechanism, b"" if text == b"=" else decode_base64(text))


def parse_login(cursor: Cursor) -> Login:
    """RFC 9051 §6.2.3. The words of an error must not repeat what may be a password."""
    try:
        cursor.space()
        user = cursor.text("a name")
        cursor.space()
        password = cursor.text("a password")
        cursor.end()
    except Syntax:
        raise Syntax("LOGIN takes a user name and a password, quoted if they hold spaces or specials") from None
    return Login(user, password)


def parse_enable(cursor: Cursor) -> Enable:
    """RFC 9051 §6.3.1: one or more capabilities."""
    names = []
    while not cursor.at_end():
        names.append(cursor.atom("a capability").decode("ascii"))
    if not names:
        raise Syntax("ENABLE takes at least one capability")
    return Enable(tuple(dict.fromkeys(names)))


def parse_compress(cursor: Cursor) -> Compress:
    """RFC 4978 §5: "COMPRESS" SP algorithm."""
    cursor.space()
    return Compress(cursor.atom("a mechanism").decode("ascii"))


def _id_word(cursor: Cursor) -> bytes | None:
    return cursor.nstring()


def parse_id(cursor: Cursor) -> Id:
    """RFC 2971 §3.3: NIL, or pairs of a field name and a value."""
    cursor.space()
    if not cursor.has(b"("):
        if cursor.nstring("a list or NIL") is not None:
            raise Syntax("ID takes a list or NIL")
        return Id(())
    words = cursor.items(_id_word, limit=2 * ID_FIELDS_MAX)
    if len(words) % 2:
        raise Syntax("A field of ID has no value")
    texts = [None if word is None else word.decode("utf-8", "replace")[:ID_VALUE_MAX] for word in words]
    return Id(tuple(((name or "")[:ID_NAME_MAX], value) for name, value in zip(texts[::2], texts[1::2], strict=True)))
