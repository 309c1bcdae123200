"""Address lists of header fields (RFC 5322 §3.4 and §4.4, RFC 6532), read with tolerance and never refused."""

import msgspec


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """One address structure of ENVELOPE. Raw bytes; the name is unquoted, encoded words are not decoded.

    RFC 9051 §7.5.2, groups: `host` None with `local` = the group's name begins one, both None end it.
    """

    name: bytes | None = None
    route: bytes | None = None
    local: bytes | None = None
    host: bytes | None = None
