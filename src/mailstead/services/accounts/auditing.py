"""Who changed what: looking it up, and proving that nobody has touched it since."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from mailstead.ground.model.audit import Entry, Fault, Head, Sought, follow
from mailstead.ground.model.errors import Invalid
from mailstead.services.accounts.directory import Directory
from mailstead.store.port import ReadTx

PAGE_MAX: Final = 200
_HASH: Final = 64


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain is whole, where it should end, and what is wrong first, if anything is."""

    reached: Head
    head: Head
    fault: Fault | None


def read_head(text: str) -> Head:
    """`NUMBER:HASH` as it was once noted; Invalid."""
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 19) or len(digest) != _HASH:
        raise Invalid("write NUMBER:HASH, as `mailstead audit verify` said it")
    return Head(int(number), digest.lower())


async def list_entries(
    directory: Directory, sought: Sought, *, before: int | None = None, limit: int = 100
) -> list[Entry]:
    """The latest first; go on before the last number."""
    most = min(max(limit, 1), PAGE_MAX)
    return await directory.store.read(lambda tx: tx.audit.list_entries(sought, before=before, limit=most))


async def verify(directory: Directory, known: Head | None = None) -> Verified:
    """Follow the chain from its beginning. By `known`, a head noted earlier, even a chain rewritten whole is found."""
    head = await directory.store.read(lambda tx: tx.audit.head())
    reached = Head()
    while reached.number < head.number:
        part = await directory.store.read(partial(_read, reached.number))
        if not part:
            missing = reached.number + 1
            return Verified(reached, head, Fault(missing, f"entry {missing} and those after it are missing"))
        for entry in part:
            reached, fault = follow([entry], reached)
            if fault is not None:
                return Verified(reached, head, fault)
            if fault := _compare(reached, head, known):
                return Verified(reached, head, fault)
    if known is not None and known.number > reached.number:
        fault = Fault(reached.number + 1, f"entry {known.number} was known, and is missing")
        return Verified(reached, head, fault)
    return Verified(reached, head, None)


async def _read(after: int, tx: ReadTx) -> list[Entry]:
    return await tx.audit.read_chain(after, PAGE_MAX)


def _compare(reached: Head, head: Head, known: Head | None) -> Fault | None:
    for wanted, what in ((head, "the chain's head"), (known, "the head that was noted")):
        if wanted is not None and wanted.number == reached.number and wanted.hash != reached.hash:
            return Fault(reached.number, f"entry {reached.number} is not the one that {what} names")
    return None
