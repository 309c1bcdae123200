"""CONTEXT=SEARCH (RFC 5267 §4.3): a client that follows ADDTO and REMOVEFROM always has what a search would find."""

import asyncio
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.uidset import UidSet
from tests.support.imap_scene import ImapScene, open_scene

QUERIES = {b"k1": b"FLAGGED", b"k2": b"OR FLAGGED DELETED", b"k3": b"NOT DELETED UID 2:*", b"k4": b'SUBJECT "letter 4"'}
BY_UID = (b"k1", b"k3")
ESEARCH = re.compile(rb'\* ESEARCH \(TAG "(k\d)"\)( UID)? (ADDTO|REMOVEFROM) \(0 ([0-9:,]+)\)')


@dataclass
class Client:
    """Numbers move down when one below them is expunged; UIDs stay."""

    scene: ImapScene
    found: dict[bytes, set[int]] = field(default_factory=lambda: {tag: set() for tag in QUERIES})
    searched: set[int] = field(default_factory=set)
    count: int = 0

    async def say(self, command: bytes) -> None:
        self.count += 1
        tag = b"t%d" % self.count
        await self.send(tag, command)

    async def send(self, tag: bytes, command: bytes) -> None:
        self.scene.stream.peer.send(b"%b %b\r\n" % (tag, command))
        while True:
            line = await self.scene.stream.peer.read_line()
            assert line is not None
            self.hear(line.rstrip())
            if line.startswith(tag + b" "):
                return

    def hear(self, line: bytes) -> None:
        if match := ESEARCH.fullmatch(line):
            tag, by_uid, change, numbers = match.groups()
            assert (by_uid is not None) == (tag in BY_UID)
            listed = set(UidSet.parse(numbers.decode()))
            if change == b"ADDTO":
                assert not listed & self.found[tag], line
                self.found[tag] |= listed
            else:
                assert listed <= self.found[tag], line
                self.found[tag] -= listed
        elif match := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
            gone = int(match[1])
            for tag in QUERIES:
                if tag not in BY_UID:
                    assert gone not in self.found[tag]
                    self.found[tag] = {number - (number > gone) for number in self.found[tag]}
        elif line.startswith(b"* SEARCH"):
            self.searched = {int(word) for word in line.split()[2:]}

    async def check(self) -> None:
        await self.say(b"NOOP")
        for tag, query in QUERIES.items():
            await self.say((b"UID SEARCH " if tag in BY_UID else b"SEARCH ") + query)
            assert self.found[tag] == self.searched, (tag, self.found[tag], self.searched)


UIDS = st.integers(1, 7)
FLAGS = st.sampled_from(["\\Flagged", "\\Deleted"])
STEPS = st.one_of(
    st.builds("other adds {} on {} in INBOX".format, FLAGS, UIDS),
    st.builds("other removes {} from {} in INBOX".format, FLAGS, UIDS),
    st.builds("other expunges {} in INBOX".format, UIDS),
    st.just("other appends 1 to INBOX"),
    st.builds("UID STORE {}:* +FLAGS ({})".format, UIDS, FLAGS),
    st.builds("UID STORE {} -FLAGS.SILENT ({})".format, UIDS, FLAGS),
    st.sampled_from(["NOOP", "EXPUNGE", "FETCH 1 FLAGS", "UID SEARCH ALL", "check"]),
)


async def play(folder: Path, steps: list[str]) -> None:
    async with open_scene(folder, {"select": "INBOX", "letters": "3"}) as scene:
        client = Client(scene)
        for tag, query in QUERIES.items():
            verb = b"UID SEARCH" if tag in BY_UID else b"SEARCH"
            await client.send(tag, verb + b" RETURN (UPDATE) " + query)
        client.found[b"k3"] = {2, 3}
        for step in steps:
            if step == "check":
                await client.check()
            elif step.startswith("other"):
                with suppress(IndexError):
                    await scene.check(step)
            else:
                await client.say(step.encode())
        await client.check()


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each example is a database


STAR = ["other expunges 2 in INBOX", "other expunges 3 in INBOX", "check", "other appends 1 to INBOX"]


@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=5, max_size=25))
@example(STAR)
def test_a_client_that_follows_knows_the_result(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps))
