"""Whatever peers do: every recipient has one result, it is true, and nobody gets a letter twice."""

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.model.attempt import Attempt, Ending
from mailstead.net.dns import Mx
from tests.support.names import Names
from tests.support.outbound_scene import outbound, parcel
from tests.support.peer import USUAL, Act, Peer

STAGES = ("greeting", "EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "DATA", "content", "RSET")
PLAYS = st.sampled_from(
    [
        None, None, None, None,  # as usual
        b"250 2.0.0 ok", b"354 go", b"421 bye", b"450 4.7.1 too many connections", b"451 later", b"452 too many",
        b"500 what?", b"550 5.7.1 no", b"552", b"554-a\r\n554 b", b"220 x", Act.CLOSE, Act.GARBAGE,
    ]
)  # fmt: skip
SCRIPTS = st.fixed_dictionaries({}, optional={stage: st.lists(PLAYS, min_size=1, max_size=5) for stage in STAGES})
OFFERS = st.lists(
    st.sampled_from(["PIPELINING", "STARTTLS", "SIZE 1000", "DSN", "LIMITS MAILMAX=2 RCPTMAX=2"]), unique=True
)


def script_of(plays: dict[str, list[Any]]) -> dict[str, Any]:
    usual = {**USUAL, "EHLO": b"250 peer.test"}
    return {stage: [usual[stage] if play is None else play for play in chosen] for stage, chosen in plays.items()}


async def carry(plays: dict[str, list[Any]], offers: list[str], count: int) -> tuple[Peer, list[Attempt]]:
    names = Names().add("mx", "b.test", Mx(1, "h"), Mx(2, "i")).add("a", "h", "127.0.0.1").add("a", "i", "127.0.0.1")
    addresses = [f"u{number}@b.test" for number in range(count)]
    async with Peer(*offers, **script_of(plays)).listen() as peer, outbound(names, max_recipients=3) as out:
        return peer, [await out.attempt(parcel(*addresses, port=peer.port, id=number)) for number in range(2)]


@settings(max_examples=150, deadline=None)
@given(SCRIPTS, OFFERS, st.integers(1, 5))
def test_the_results_are_true(plays: dict[str, list[Any]], offers: list[str], count: int) -> None:
    peer, attempts = asyncio.run(carry(plays, offers, count))
    taken = Counter(rcpt for letter in peer.letters for rcpt in letter.rcpts)
    told: Counter[bytes] = Counter()
    for attempt in attempts:
        assert [result.number for result in attempt.results] == list(range(count))
        for result in attempt.results:
            assert result.status != "4.3.0" or result.diagnostic.startswith("451"), f"a fault of ours: {result}"
            assert result.diagnostic
            assert result.status[0] == {Ending.FAILED: "5", Ending.DEFERRED: "4"}.get(result.ending, "2")
            if result.ending in (Ending.DELIVERED, Ending.RELAYED):
                told[b"RCPT TO:<u%d@b.test>" % result.number] += 1
    assert told == taken
