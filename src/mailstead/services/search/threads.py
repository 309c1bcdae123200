"""THREAD: ORDEREDSUBJECT and REFERENCES of RFC 5256 §3, REFS of draft-ietf-morg-inthread.

Nothing recurs: threads may be as deep as the folder is full.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from mailstead.ground.formats.subject import reduce_subject
from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.sorting import Thread, Threading
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Depth, Facts, Reading
from mailstead.services.search.folding import fold_text
from mailstead.services.search.order import sent_at
from mailstead.services.search.references import Ancestry, read_ancestry

NODES_A_TURN: Final = 200
STEPS_MAX: Final = 100_000
"""Ancestors looked at for the links of one message; letters made to be tangled get no more of them."""


@dataclass(slots=True, eq=False)
class Node:
    """A message, or with `uid` 0 a dummy: an id that others refer to."""

    uid: int = 0
    sent: int = 0
    arrived: int = 0
    subject: str = ""  # base subject, folded
    raw_subject: bytes = b""
    parent: "Node | None" = None
    has_children: bool = False
    children: "list[Node]" = field(default_factory=list)

    @property
    def when(self) -> tuple[int, int]:
        """RFC 5256 §2.2: sent date, then mailbox order; of a dummy that of its first child, once those are sorted."""
        node = self
        while not node.uid and node.children:
            node = node.children[0]
        return node.sent, node.uid

    @property
    def is_reply(self) -> bool:
        """By the words of its subject."""
        return reduce_subject(self.raw_subject)[1]


async def thread_uids(reading: Reading, folder: FolderId, uids: UidSet, threading: Threading) -> list[Thread]:
    """The messages that are still there as trees, in the order the algorithm asks for."""
    if threading is Threading.ORDEREDSUBJECT:
        return await _by_subject(reading, folder, uids)
    links = Links()
    async for row in _each(reading, folder, uids, Depth.HEADER):
        links.add(row, read_ancestry(row.header))
    top = await _pruned(links.nodes)
    if threading is Threading.REFERENCES:
        await _sort_children(top)
        top = await _merge_subjects(sorted(top, key=lambda node: node.when))
        await _sort_children(top)
        top.sort(key=lambda node: node.when)
    else:
        await _sort_children(top)
        newest = {node: max((one.arrived, one.uid) for one in _walk([node])) async for node in _in_turns(top)}
        top.sort(key=newest.__getitem__)  # the draft, §4: by the latest INTERNALDATE in the thread
    return await _finished(top)


async def _each(reading: Reading, folder: FolderId, uids: UidSet, depth: int) -> AsyncIterator[Facts]:
    async for rows in reading.facts(folder, uids, depth):
        for index, row in enumerate(rows):
            if index % NODES_A_TURN == NODES_A_TURN - 1:
                await asyncio.sleep(0)
            yield row


async def _by_subject(reading: Reading, folder: FolderId, uids: UidSet) -> list[Thread]:
    rows = [
        (fold_text(row.subject_base), sent_at(row), row.uid)
        async for row in _each(reading, folder, uids, Depth.RENDERED)
    ]
    rows.sort()
    threads = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        first, *others = group
        threads.append((first[1:], Thread(first[2], [Thread(uid) for _, _, uid in others])))
    threads.sort(key=lambda pair: pair[0])
    return [thread for _, thread in threads]


class Links:
    """Step 1: parents and children by ids. A node's `children` stay empty until all links stand."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._by_id: dict[bytes, Node] = {}

    def _node(self, identity: bytes) -> Node:
        node = self._by_id.get(identity)
        if node is None:
            node = self._by_id[identity] = Node()
            self.nodes.append(node)
        return node

    def add(self, row: Facts, ancestry: Ancestry) -> None:
        """One message, in mailbox order: of several with the same id the first one has it."""
        node = self._node(ancestry.id) if ancestry.id else None
        if node is None or node.uid:
            node = Node()
            self.nodes.append(node)
        node.uid, node.sent, node.arrived = row.uid, sent_at(row), row.internal_date
        node.subject, node.raw_subject = fold_text(row.subject_base), ancestry.subject
        previous: Node | None = None
        steps = STEPS_MAX
        for identity in ancestry.references:
            current = self._node(identity)
            if previous is not None and current.parent is None:
                steps = _link(previous, current, steps)
            previous = current
        node.parent = None  # step 1.B: what stood there came from a truncated References field
        if previous is not None:
            _link(previous, node, max(steps, 1))


def _link(parent: Node, child: Node, steps: int) -> int:
    """Unless it would make a loop, or that cannot be told within so many steps; how many are left."""
    if parent is child:
        return steps
    if child.has_children:
        above: Node | None = parent
        while above is not None:
            steps -= 1
            if above is child or steps < 0:
                return steps
            above = above.parent
    child.parent = parent
    parent.has_children = True
    return steps


async def _pruned(nodes: list[Node]) -> list[Node]:
    """Steps 2 and 3: the tops of the threads, dummies gone where they can be."""
    top: list[Node] = []
    for node in nodes:
        (top if node.parent is None else node.parent.children).append(node)
    async for node in _in_turns(reversed(_walk(top))):
        node.children = _promoted(node.children)
    return [one for node in top for one in ([node] if node.uid or len(node.children) > 1 else node.children)]


def _promoted(children: list[Node]) -> list[Node]:
    """Whose own children are done already."""
    if all(child.uid for child in children):
        return children
    return [one for child in children for one in ([child] if child.uid else child.children)]


def _walk(top: Iterable[Node]) -> list[Node]:
    """Parents before their children."""
    out = list(top)
    for node in out:
        out += node.children
    return out


async def _in_turns(nodes: Iterable[Node]) -> AsyncIterator[Node]:
    """Others get their turns between them."""
    for count, node in enumerate(nodes):
        if count % NODES_A_TURN == 0:
            await asyncio.sleep(0)
        yield node


async def _sort_children(top: list[Node]) -> None:
    """The youngest set of siblings first, as a dummy is sorted by its first child."""
    async for node in _in_turns(reversed(_walk(top))):
        if len(node.children) > 1:
            node.children.sort(key=lambda child: child.when)


async def _merge_subjects(top: list[Node]) -> list[Node]:
    """Step 5: threads of one base subject become one."""
    table: dict[str, Node] = {}
    async for node in _in_turns(top):  # step 5.B
        subject = _subject_of(node)
        there = table.get(subject)
        if subject and (there is None or _is_better(node, there)):
            table[subject] = node
    left = dict.fromkeys(top)
    async for node in _in_turns(top):  # step 5.C
        subject = _subject_of(node)
        if not subject or table[subject] is node or node not in left:
            continue
        there = table[subject]
        del left[node]
        if not there.uid and not node.uid:
            there.children += node.children
        elif not there.uid or (node.uid and node.is_reply and not there.is_reply):
            there.children.append(node)
        else:
            del left[there]
            table[subject] = dummy = Node(children=[there, node])
            left[dummy] = None
    return list(left)


def _subject_of(node: Node) -> str:
    return node.subject if node.uid else node.children[0].subject


def _is_better(node: Node, there: Node) -> bool:
    """Step 5.B.iv: to stand in the table."""
    return bool(there.uid) and (not node.uid or (there.is_reply and not node.is_reply))


async def _finished(top: list[Node]) -> list[Thread]:
    made = {node: Thread(node.uid) for node in _walk(top)}
    async for node in _in_turns(list(made)):
        made[node].children = [made[child] for child in node.children]
    return [made[node] for node in top]
