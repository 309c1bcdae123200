"""What CONDSTORE, QRESYNC, UIDBATCHES and their kin add: values of commands, codes and responses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.string import render_string

RUNS_IN_LINE: Final = 2_000
"""Runs of UIDs in one VANISHED response: longer sets go in several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """SELECT (QRESYNC (...)): what the client knew when it last looked (RFC 7162 §3.2.5).

    `numbers` and `matches` are a sample of message numbers with the UIDs they had (§3.2.5.2).
    """

    uidvalidity: int
    modseq: int
    uids: SequenceSet | None = None
    numbers: SequenceSet | None = None
    matches: SequenceSet | None = None


@dataclass(frozen=True, slots=True)
class UidBatches:
    """RFC 10022 §3.1: ranges that hold `size` messages each; `batches` are the first and the last wanted, from 1."""

    size: int
    batches: tuple[int, int] | None = None


def vanished(uids: UidSet, *, earlier: bool = False) -> Iterator[bytes]:
    """RFC 7162 §3.2.10; EARLIER: gone before this session looked."""
    head = b"* VANISHED (EARLIER) " if earlier else b"* VANISHED "
    for start in range(0, len(uids.runs), RUNS_IN_LINE):
        yield b"%b%b\r\n" % (head, str(UidSet(uids.runs[start : start + RUNS_IN_LINE])).encode("ascii"))


def code_highestmodseq(modseq: int) -> bytes:
    """RFC 7162 §3.1.2.1."""
    return b"HIGHESTMODSEQ %d" % modseq


def code_modified(numbers: UidSet) -> bytes:
    """RFC 7162 §3.1.3: these failed the test of UNCHANGEDSINCE."""
    return b"MODIFIED " + str(numbers).encode("ascii")


def code_messagelimit(limit: int, lowest: int | None = None) -> bytes:
    """RFC 9738 §3.1: `lowest` is the least UID that was worked on."""
    return b"MESSAGELIMIT %d" % limit if lowest is None else b"MESSAGELIMIT %d %d" % (limit, lowest)


def code_mailboxid(folder: int) -> bytes:
    """RFC 8474 §4.1."""
    return b"MAILBOXID (%b)" % mailbox_id(folder)


def mailbox_id(folder: int) -> bytes:
    """RFC 8474 §8.1: a letter before the digits."""
    return b"F%d" % folder


def code_inprogress(tag: bytes, done: int, goal: int) -> bytes:
    """RFC 9585 §3: a tag with `]` would end the code, and goes as NIL."""
    shown = b"NIL" if b"]" in tag else render_string(tag)
    return b"INPROGRESS (%b %d %b)" % (shown, done, b"%d" % goal if goal else b"NIL")


def uidbatches(tag: bytes, ranges: Iterable[tuple[int, int]]) -> bytes:
    """RFC 10022 §3.1.2: (highest, lowest) in falling order."""
    shown = ",".join(f"{high}:{low}" for high, low in ranges).encode("ascii")
    return b"* UIDBATCHES (TAG %b)%b\r\n" % (render_string(tag), b" " + shown if shown else b"")


def say_modseq(pieces: Iterable[bytes], modseq: int | None) -> Iterator[bytes]:
    """RFC 7162 §3.1.6: SEARCH or SORT ends with the highest modseq of what it tells, if it was asked about modseqs."""
    for piece in pieces:
        yield piece if modseq is None or piece != b"\r\n" else b" (MODSEQ %d)\r\n" % modseq


def add_modseq(esearch: bytes, modseq: int | None) -> bytes:
    """RFC 4731 §3.2: the same in an ESEARCH response."""
    return esearch if modseq is None else b"%b MODSEQ %d\r\n" % (esearch.removesuffix(b"\r\n"), modseq)
