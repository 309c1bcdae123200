"""What is wrong with a command. The server answers BAD (or NO, for a charset) with these words."""

from typing import Final

CHARSETS: Final = (
    "US-ASCII", "UTF-8", "ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "ISO-8859-15",
    "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "KOI8-R", "KOI8-U", "ISO-2022-JP", "EUC-JP", "SHIFT_JIS",
    "EUC-KR", "GB2312", "GBK", "GB18030", "BIG5",
)  # fmt: skip
"""Those SEARCH understands."""


class Syntax(Exception):  # noqa: N818 - it is news about the peer, not an error of ours
    """Not in the grammar; `message` helps whoever wrote the client and holds no byte of control."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadCharset(Syntax):
    """RFC 9051 §6.4.4: answer NO with [BADCHARSET (...)]; BAD if it is a fault to ask for this one."""

    def __init__(self, message: str, *, is_fault: bool = False) -> None:
        super().__init__(message)
        self.is_fault = is_fault
