"""IMAP URLs of RFC 5092 as far as CATENATE needs them: a message or part of this server, relative to the session."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from mailstead.ground.model.uidset import UID_MAX
from mailstead.ground.wire.imap.command import Section
from mailstead.ground.wire.imap.grammar.fetch import parse_section
from mailstead.ground.wire.imap.syntax import Syntax

# RFC 5092 §11: imessagepart without iserver, [;UIDVALIDITY=n] /;UID=n [/;SECTION=section]; PARTIAL is not offered.
_URL: Final = re.compile(
    r"(?:/(?P<folder>[^;/?#][^;?#]*?))?(?:;UIDVALIDITY=(?P<validity>[1-9]\d{0,9}))?"
    r"(?:(?<=.)/)?;UID=(?P<uid>[1-9]\d{0,9})(?:/;SECTION=(?P<section>[^;?#]+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUrl:
    """What a URL names; `folder` is None for the selected one."""

    folder: str | None
    uidvalidity: int | None
    uid: int
    section: Section


def parse_url(text: str) -> MessageUrl:
    """Syntax if it is nothing that a session may name."""
    match = _URL.fullmatch(text)
    if match is None or int(match["uid"]) > UID_MAX:
        raise Syntax("The URL does not name a message or a part of one here")
    folder = None
    if match["folder"]:
        try:
            folder = unquote_to_bytes(match["folder"]).decode("utf-8")
        except UnicodeDecodeError:
            raise Syntax("The URL's folder is not in UTF-8") from None
    return MessageUrl(
        folder=folder,
        uidvalidity=int(match["validity"]) if match["validity"] else None,
        uid=int(match["uid"]),
        section=parse_section(unquote_to_bytes(match["section"] or "")),
    )
