"""Letters written to cost more than they weigh. Each is a function of a size, about that many bytes long."""

from collections.abc import Callable
from typing import Final

Attack = Callable[[int], bytes]


def _fill(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit) + 1)


def _header(field: bytes, unit: bytes, end: bytes = b"") -> Attack:
    return lambda size: field + b": " + _fill(unit, size) + end + b"\r\nSubject: x\r\n\r\nbody\r\n"


def _body(content_type: bytes, unit: bytes, encoding: bytes = b"7bit") -> Attack:
    head = b"Content-Type: %b\r\nContent-Transfer-Encoding: %b\r\n\r\n" % (content_type, encoding)
    return lambda size: head + _fill(unit, size)


def nested_multiparts(size: int) -> bytes:
    """Each level with a boundary of its own."""
    level = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
    return b"".join(level % (n, n) for n in range(size // 60))


def open_boundaries(size: int) -> bytes:
    """As many delimiters as are looked for, and a body of near misses."""
    return nested_multiparts(60 * 49) + b"Content-Type: text/plain\r\n\r\n" + _fill(b"\r\n--b4", size)


ATTACKS: Final[dict[str, Attack]] = {
    "nested multiparts": nested_multiparts,
    "open boundaries": open_boundaries,
    "cyclic boundaries": lambda size: _fill(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", size),
    "cyclic and closed": lambda size: _fill(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b--\r\n--b\r\n", size
    ),
    "nested messages": lambda size: _fill(b"Content-Type: message/rfc822\r\n\r\n", size),
    "parts": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + _fill(b"--b\r\n\r\nx\r\n", size),
    "parts without bodies": lambda size: b"Content-Type: multipart/digest; boundary=b\n\n" + _fill(b"--b\n", size),
    "parts with messages": lambda size: (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + _fill(b"--b\n" + b"Content-Type:message/rfc822\n\n" * 40, size)
    ),
    "parts with long headers": lambda size: (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + _fill(b"--b\nContent-Description: " + b"d" * 9000 + b"\n\n", size)
    ),
    "dashes": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + _fill(b"\n--", size),
    "dashes in one line": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + b"-" * size,
    "blank delimiter": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + b" " * size,
    "line ends": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\n" * size,
    "carriage returns": lambda size: b"\r" * size,
    "nothing but header": lambda size: b"a" * size,
    "one long field": lambda size: b"Subject: " + b"a" * size,
    "colons": lambda size: b":" * size,
    "short fields": lambda size: _fill(b"a:\n", size),
    "lines without colon": lambda size: _fill(b"aaaaaaaaaaaaa aaaaaaaaaa\n", size),
    "same field": lambda size: _fill(b"To: a@b\n", size),
    "continuation": lambda size: b"From: a\n" + _fill(b" \n", size),
    "content types": lambda size: _fill(b"Content-Type: text/html; charset=x\n", size),
    "addresses": _header(b"To", b"a@b,"),
    "addresses with names": _header(b"From", b'"A" <a@b>, '),
    "commas": _header(b"To", b","),
    "groups": _header(b"To", b"a:"),
    "semicolons": _header(b"To", b";"),
    "angles": _header(b"To", b"<"),
    "routes": _header(b"To", b"<@a,"),
    "ats": _header(b"To", b"@"),
    "literals": _header(b"To", b"["),
    "quotes": _header(b"To", b'"'),
    "escaped quotes": _header(b"To", b'\\"'),
    "open quote": _header(b"To", b'"a\\" '),
    "comments": _header(b"From", b"("),
    "closed comments": lambda size: b"From: " + b"(" * (size // 2) + b")" * (size // 2) + b" a@b\r\n\r\n",
    "comment pairs": _header(b"From", b"()"),
    "words": _header(b"From", b"a "),
    "spaces": _header(b"From", b" "),
    "type comments": _header(b"Content-Type", b"("),
    "type closed comments": lambda size: b"Content-Type: " + b"(" * (size // 2) + b")" * (size // 2) + b"a/b\r\n\r\n",
    "type spaces": _header(b"Content-Type", b" "),
    "parameters": _header(b"Content-Type", b"; a=b"),
    "parameter names": _header(b"Content-Type", b"; a"),
    "parameter spaces": _header(b"Content-Type", b"text/plain; ; a =  "),
    "parameter semicolons": _header(b"Content-Type", b";"),
    "parameter quotes": _header(b"Content-Type", b'x/y; a="'),
    "parameter escapes": _header(b"Content-Type", b'; a="\\"'),
    "continuations of RFC 2231": lambda size: (
        b"Content-Type: text/plain"
        + b"".join(b";\r\n name*%d*=utf-8''%%41" % n for n in range(size // 24))
        + b"\r\n\r\n"
    ),
    "disposition": _header(b"Content-Disposition", b"attachment; filename=a;"),
    "languages": _header(b"Content-Language", b"en,"),
    "encoded words": _header(b"Subject", b"=?utf-8?q?a?= "),
    "open encoded words": _header(b"Subject", b"=?utf-8?q?"),
    "encoded word starts": _header(b"Subject", b"=?"),
    "subject blobs": _header(b"Subject", b"[a]"),
    "subject brackets": _header(b"Subject", b"["),
    "subject replies": _header(b"Subject", b"Re: "),
    "subject forwards": lambda size: b"Subject: " + _fill(b"[fwd:", size // 2) + b"]" * (size // 2) + b"\n\n",
    "subject trailers": _header(b"Subject", b"(fwd) "),
    "date": _header(b"Date", b"1 "),
    "date comments": _header(b"Date", b"(1 Jan "),
    "message ids": _header(b"Message-ID", b"<"),
    "blank text": _body(b"text/plain", b" "),
    "quoted text": _body(b"text/plain", b">\n"),
    "base64": _body(b"text/plain", b"=A", b"base64"),
    "quoted printable": _body(b"text/plain", b"=", b"quoted-printable"),
    "quoted printable spaces": _body(b"text/plain", b"= ", b"quoted-printable"),
    "utf-7": _body(b"text/plain; charset=utf-7", b"+"),
    "iso-2022-jp": _body(b"text/plain; charset=iso-2022-jp", b"\x1b$B"),
    "html tags": _body(b"text/html", b"<a \"'"),
    "html angles": _body(b"text/html", b"<"),
    "html comments": _body(b"text/html", b"<!--"),
    "html styles": _body(b"text/html", b"<style>"),
    "html entities": _body(b"text/html", b"&"),
    "html numbers": _body(b"text/html", b"&#9999999999"),
    "html one number": lambda size: b"Content-Type: text/html\n\n&#" + b"9" * size,
    "html hex": lambda size: b"Content-Type: text/html\n\n&#x" + b"f" * size,
}
