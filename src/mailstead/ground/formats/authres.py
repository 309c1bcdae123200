"""Authentication-Results (RFC 8601): written, read, and kept from others who write it in our name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

NAME: Final = b"Authentication-Results"
REASON_NAME: Final = b"X-Mailstead-Reason"
LINE: Final = 76
VALUE_MAX: Final = 255
FINDINGS_MAX: Final = 100
HEADER_MAX: Final = 256 << 10

_TOKEN: Final = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+\Z")  # RFC 2045 §5.1
_PVALUE: Final = re.compile(r"[!#$%&'*+/.0-9A-Z=?^_`a-z{|}~-]*@?[0-9A-Za-z._-]+\Z")
_HARMFUL: Final = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\ue000-\U0010ffff]")
_PIECE: Final = re.compile(r'[ \t\r\n]+|(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<sign>;)|(?P<word>[^\s;"()]+)', re.DOTALL)

_MARKED: Final = re.compile(
    rb"(?:\A|\n)(?:authentication-results|x-mailstead-|x-spam-(?:flag|score|status)|x-virus-s)", re.IGNORECASE
)
_FIELD: Final = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_LINE: Final = re.compile(rb"[^\n]*+(?:\n|\Z)")
_END: Final = re.compile(rb"(?:\A|\n)\r?\n")
_OURS: Final = b"x-mailstead-"
_SCANNERS: Final = frozenset({b"x-spam-flag", b"x-spam-score", b"x-spam-status", b"x-virus-scanned", b"x-virus-status"})
"""Which we write ourselves: nobody else's verdict shall be taken for ours."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one method. `properties` are like ("smtp.mailfrom", "ann@example.org")."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """One field: who says it, and what was found. Without findings it says "none"."""

    authserv_id: str
    findings: tuple[Finding, ...] = ()


def render(results: Results) -> bytes:
    """The whole field with its line end."""
    words = [f"{NAME.decode()}: {_value(results.authserv_id)};"]
    if not results.findings:
        words.append("none")
    for number, finding in enumerate(results.findings, 1):
        parts = [f"{finding.method}={finding.result}"]
        parts += [f"reason={_quote(finding.reason)}"] if finding.reason else []
        parts += [f"{name}={_value(value)}" for name, value in finding.properties]
        if number < len(results.findings):
            parts[-1] += ";"
        words += ["\n", *parts]
    return _fold(words)


def _fold(words: Iterable[str]) -> bytes:
    """Each finding begins a line; none is longer than it has to be."""
    lines: list[str] = []
    is_new = False
    for word in words:
        if word == "\n":
            is_new = True
        elif not lines:
            lines.append(word)
        elif is_new or len(lines[-1]) + 1 + len(word) > LINE:
            lines.append(f"\t{word}")
            is_new = False
        else:
            lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def render_reason(text: str) -> bytes:
    """Why a letter is where it is, in a field of ours."""
    return render_plain(REASON_NAME.decode(), text)


def render_plain(name: str, text: str) -> bytes:
    """A field of ours that holds words alone."""
    return _fold([f"{name}:", *_HARMFUL.sub("?", text).split()])


def _value(text: str) -> str:
    """As it stands where that is allowed (§2.2: a value, or an address)."""
    text = text[:VALUE_MAX]
    return text if _TOKEN.match(text) or _PVALUE.match(text) else _quote(text)


def _quote(text: str) -> str:
    return '"' + _HARMFUL.sub("?", text[:VALUE_MAX]).replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(value: bytes) -> Results | None:
    """What a field's value says; None if it is none. Comments are passed over."""
    pieces = _split(value.decode("utf-8", "replace"))
    if pieces is None:
        return None
    groups = _groups(pieces)
    if not groups or not groups[0] or groups[0][0] in (";", "=") or len(groups[0]) > 2:
        return None
    findings: list[Finding] = []
    for group in groups[1 : FINDINGS_MAX + 1]:
        if group == ["none"] or not group:
            continue
        finding = _read_finding(group)
        if finding is None:
            return None
        findings.append(finding)
    return Results(_plain(groups[0][0]), tuple(findings))


def _split(text: str) -> list[str] | None:
    """Words, quoted strings (with their quotes) and signs; None where it is broken."""
    pieces: list[str] = []
    at = depth = 0
    while at < len(text):
        if text[at] == "(":
            depth, at = depth + 1, at + 1
        elif depth:
            depth -= text[at] == ")"
            at += 2 if text[at] == "\\" else 1
        else:
            found = _PIECE.match(text, at)
            if found is None:
                return None
            if found.lastgroup:
                pieces.append(found[0])
            at = found.end()
    return pieces if not depth else None


def _groups(pieces: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for piece in pieces:
        if piece == ";":
            groups.append([])
        else:
            groups[-1].append(piece)
    return groups


def _read_finding(group: Sequence[str]) -> Finding | None:
    """Pairs with a sign between: what it has besides is no finding."""
    pairs: list[tuple[str, str]] = []
    for name, equals, value in [part.partition("=") for part in _join(group)]:
        if not equals or not name or not value or name.startswith('"'):
            return None
        pairs.append((name.lower(), _plain(value)))
    (method, result), *rest = pairs
    reason = next((value for name, value in rest if name == "reason"), "")
    properties = tuple(pair for pair in rest if pair[0] != "reason")
    return Finding(method.partition("/")[0], result.lower(), properties, reason)


def _join(group: Sequence[str]) -> list[str]:
    """There may be blanks and comments around the signs of a pair: method/version=result, type.property=value."""
    parts: list[str] = []
    for piece in group:
        name, equals, value = parts[-1].partition("=") if parts else ("", "", "")
        is_open = equals or name.endswith((".", "/")) or piece.startswith(("=", ".", "/"))
        if name and not value and is_open:
            parts[-1] += piece
        else:
            parts.append(piece)
    return parts


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL) if word.startswith('"') else word


def remove_forged(head: bytes, ours: frozenset[bytes]) -> bytes:
    """§5: a header block without the fields that speak in our name, or that nobody can tell whose they are.

    `ours` are authserv-ids in lower case.
    """
    if not _MARKED.search(head):
        return head
    kept: list[bytes] = []
    at = 0
    while at < len(head):
        field = _FIELD.match(head, at)
        piece = field or _LINE.match(head, at)
        assert piece is not None, "a line can be empty"
        if field is None or not _is_forged(field[1].lower(), field[2], ours):
            kept.append(piece[0])
        at = piece.end()
    return b"".join(kept)


def _is_forged(name: bytes, value: bytes, ours: frozenset[bytes]) -> bool:
    if name.startswith(_OURS) or name in _SCANNERS:
        return True
    if name != NAME.lower():
        return False
    results = read(value)
    return results is None or results.authserv_id.lower().rstrip(".").encode() in ours


class HeadFilter:
    """Removes what is forged as the bytes of a letter come. The result does not depend on the cuts."""

    def __init__(self, ours: frozenset[bytes]) -> None:
        self._ours = ours
        self._head: bytearray | None = bytearray()
        self.head = b""  # as it came, once all of it has

    def feed(self, data: bytes) -> bytes:
        """What may be written: nothing while the header is incomplete."""
        if self._head is None:
            return data
        if not self._head and (end := _END.search(data, 0, HEADER_MAX)) and not _MARKED.search(data, 0, end.end()):
            self.head, self._head = data[: end.end()], None  # nearly every letter: nothing of it is copied
            return data
        seen = len(self._head)
        self._head += data
        end = _END.search(self._head, max(0, seen - 2))
        if end is not None and end.end() <= HEADER_MAX:
            return self._cut(end.end(), b"")
        if len(self._head) > HEADER_MAX:
            return self._cut(self._head.rfind(b"\n", 0, HEADER_MAX) + 1 or HEADER_MAX, b"\r\n")
        return b""

    def finish(self) -> bytes:
        """All has come; there may be no body."""
        return self._cut(len(self._head), b"") if self._head is not None else b""

    def _cut(self, size: int, blank: bytes) -> bytes:
        """What is past the limit is no header any more: an empty line says so to all who read it."""
        assert self._head is not None
        self.head, rest = bytes(self._head[:size]), bytes(self._head[size:])
        self._head = None
        return remove_forged(self.head, self._ours) + blank + rest
