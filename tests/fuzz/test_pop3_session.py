"""Any bytes at all to a whole session: no fault of ours, only replies, and it waits or has ended."""

import asyncio
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.pop3_scene import open_scene
from tests.transcript.runner import settle

LINES = st.sampled_from(
    [
        b"USER ann@example.test", b"PASS pw", b"APOP a b", b"AUTH", b"AUTH PLAIN", b"AUTH PLAIN =", b"AUTH LOGIN",
        b"AUTH SCRAM-SHA-256 biwsbj1hLHI9eA==", b"AUTH XOAUTH2 AAAA", b"AGFubkBleGFtcGxlLnRlc3QAcHc=", b"*", b"STLS",
        b"CAPA", b"UTF8", b"LANG", b"LANG *", b"STAT", b"LIST", b"LIST 1", b"UIDL", b"UIDL 2", b"RETR 1", b"RETR 2",
        b"RETR 4294967296", b"TOP 1 1", b"TOP 2 9999999999", b"DELE 1", b"RSET", b"NOOP", b"QUIT", b"", b"\xff\xfe",
        b"USER \xc3\xbc", b"GET / HTTP/1.1",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"", b"\0\r\n"])
STREAMS = st.lists(
    st.one_of(st.tuples(LINES, ENDS).map(b"".join), st.binary(max_size=12), st.just(b"x" * 300)), max_size=40
).map(b"".join)
REPLIES = re.compile(rb"(?:(?:\+OK|-ERR|\+ )[^\r\n\0]*\r\n(?:[^+-][^\r\n]*\r\n|\r\n)*)*\Z")


async def talk(stream: bytes, cut: int, login: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        given = {"letters": "short,8bit-header", "login": login, "stls": "yes", "errors_max": "1000"}
        async with open_scene(Path(folder), given) as scene:
            scene.stream.peer.send(stream, cut=cut)
            await settle(scene)
            scene.stream.peer.end()
            await asyncio.wait_for(scene.server, 5)
            return scene.stream.peer.take_all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.sampled_from([0, 1, 7]), st.sampled_from(["yes", "no"]))
def test_anything(stream: bytes, cut: int, login: str) -> None:
    said = asyncio.run(talk(stream, cut, login))
    assert REPLIES.match(said), said
    assert b"incident" not in said


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS.filter(lambda stream: b"STLS" not in stream and b"SCRAM" not in stream), st.integers(1, 9))
def test_replies_do_not_depend_on_the_cuts(stream: bytes, cut: int) -> None:
    assert asyncio.run(talk(stream, 0, "yes")) == asyncio.run(talk(stream, cut, "yes"))
