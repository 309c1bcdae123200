"""THREAD against its definition: the steps of RFC 5256 §3 word by word, on few messages with tangled references."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.subject import reduce_subject
from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.sorting import Thread, Threading
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Facts
from mailstead.services.search.threads import thread_uids

IDS = ["a", "b", "c", "d", "e"]
SUBJECTS = ["", "x", "Re: x", "X (fwd)", "[l] fwd: x", "y", "[fwd: y]"]


@dataclass(frozen=True)
class Letter:
    id: str
    references: tuple[str, ...]
    subject: str
    sent: int
    arrived: int

    def facts(self, uid: int) -> Facts:
        header = f"Message-ID: <{self.id}@t>\r\n" if self.id else ""
        header += f"Subject: {self.subject}\r\n"
        if self.references:
            header += f"References: {' '.join(f'<{one}@t>' for one in self.references)}\r\n"
        base = reduce_subject(self.subject.encode())[0]
        return Facts(uid, 1, self.arrived, self.sent, base, header.encode() + b"\r\n")


class Given:
    """Stands for `Reading`."""

    def __init__(self, letters: list[Letter]) -> None:
        self.rows = [letter.facts(uid) for uid, letter in enumerate(letters, 1)]

    async def facts(self, _folder: FolderId, _uids: UidSet, _depth: int) -> AsyncIterator[list[Facts]]:
        yield self.rows


@dataclass(eq=False)
class Box:
    uid: int = 0
    letter: Letter | None = None
    parent: "Box | None" = None
    children: "list[Box]" = field(default_factory=list)

    def has_below(self, other: "Box") -> bool:
        return self is other or any(child.has_below(other) for child in self.children)

    def take(self, child: "Box") -> None:
        """Unless it would make a loop."""
        if not child.has_below(self):
            child.parent = self
            self.children.append(child)

    @property
    def when(self) -> tuple[int, int]:
        return (self.letter.sent, self.uid) if self.letter else min(child.when for child in self.children)

    @property
    def subject(self) -> str:
        first = self if self.letter else min(self.children, key=lambda child: child.when)
        assert first.letter is not None
        return reduce_subject(first.letter.subject.encode())[0].upper()

    @property
    def is_reply(self) -> bool:
        assert self.letter is not None
        return reduce_subject(self.letter.subject.encode())[1]


def link(letters: list[Letter]) -> list[Box]:
    """Steps 1 and 2."""
    boxes: dict[object, Box] = {}
    for uid, letter in enumerate(letters, 1):
        key: object = letter.id or uid
        if key in boxes and boxes[key].uid:
            key = uid
        box = boxes.setdefault(key, Box())
        box.uid, box.letter = uid, letter
        before: Box | None = None
        for reference in letter.references:
            current = boxes.setdefault(reference, Box())
            if before is not None and current.parent is None:
                before.take(current)
            before = current
        if box.parent is not None:
            box.parent.children.remove(box)
            box.parent = None
        if before is not None:
            before.take(box)
    return [box for box in boxes.values() if box.parent is None]


def prune(boxes: list[Box], *, at_top: bool) -> list[Box]:
    """Step 3."""
    out: list[Box] = []
    for box in boxes:
        box.children = prune(box.children, at_top=False)
        if box.uid or (at_top and len(box.children) > 1):
            out.append(box)
        else:
            out += box.children
    return out


def merge(top: list[Box]) -> list[Box]:
    """Steps 4 and 5."""
    top = sorted(top, key=lambda box: box.when)
    table: dict[str, Box] = {}
    for box in top:
        if not box.subject:
            continue
        there = table.get(box.subject)
        if there is None or (there.uid and (not box.uid or (there.is_reply and not box.is_reply))):
            table[box.subject] = box
    for box in list(top):
        subject = box.subject
        if not subject or table[subject] is box:
            continue
        there = table[subject]
        top.remove(box)
        if not box.uid and not there.uid:
            there.children += box.children
        elif not there.uid or (box.uid and box.is_reply and not there.is_reply):
            there.children.append(box)
        else:
            top.remove(there)
            table[subject] = Box(children=[there, box])
            top.append(table[subject])
    return top


def shape(boxes: list[Box]) -> list[Any]:
    """Step 6."""
    return [(box.uid, shape(box.children)) for box in sorted(boxes, key=lambda box: box.when)]


def shape_of(threads: list[Thread]) -> list[Any]:
    return [(thread.uid, shape_of(thread.children)) for thread in threads]


def newest(letters: list[Letter], tree: Any) -> tuple[int, int]:
    uid, children = tree
    own = (letters[uid - 1].arrived, uid) if uid else (0, 0)
    return max([own, *(newest(letters, child) for child in children)])


LETTERS = st.lists(
    st.builds(
        Letter,
        st.sampled_from(["", *IDS]),
        st.lists(st.sampled_from(IDS), max_size=4).map(tuple),
        st.sampled_from(SUBJECTS),
        st.integers(1, 4),
        st.integers(1, 4),
    ),
    max_size=9,
)


@settings(max_examples=800, deadline=None)
@given(LETTERS)
@example([Letter("a", ("a", "b", "a"), "x", 1, 1), Letter("b", ("a",), "Re: x", 1, 1)])
def test_references(letters: list[Letter]) -> None:
    found = asyncio.run(thread_uids(Given(letters), FolderId(1), UidSet(), Threading.REFERENCES))  # type: ignore[arg-type]
    assert shape_of(found) == shape(merge(prune(link(letters), at_top=True)))


@settings(max_examples=400, deadline=None)
@given(LETTERS)
def test_refs(letters: list[Letter]) -> None:
    """draft-ietf-morg-inthread: no subjects, threads by their latest arrival."""
    found = asyncio.run(thread_uids(Given(letters), FolderId(1), UidSet(), Threading.REFS))  # type: ignore[arg-type]
    trees = shape(prune(link(letters), at_top=True))
    assert shape_of(found) == sorted(trees, key=lambda tree: newest(letters, tree))


@settings(max_examples=200, deadline=None)
@given(LETTERS)
def test_ordered_subject(letters: list[Letter]) -> None:
    found = asyncio.run(thread_uids(Given(letters), FolderId(1), UidSet(), Threading.ORDEREDSUBJECT))  # type: ignore[arg-type]
    groups: dict[str, list[tuple[int, int]]] = {}
    for uid, letter in enumerate(letters, 1):
        groups.setdefault(reduce_subject(letter.subject.encode())[0].upper(), []).append((letter.sent, uid))
    wanted = sorted(sorted(group) for group in groups.values())
    assert shape_of(found) == [(first[1], [(uid, []) for _, uid in rest]) for first, *rest in wanted]
