"""Who is blocked is not counted: the word of the block list comes before every limit."""

from pathlib import Path

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import Side
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse
from mailstead.services.blocks import managing
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.blocks.managing import NewEntry
from mailstead.services.greylist.greylisting import Greylisting
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.reception.admission import Admission
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting, set_policy

CLIENT = Client(ip="192.0.2.7")
LETTER = Envelope(sender=Address("eve", "bad.test"))


async def test_limits_count_nobody_who_is_blocked(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        await set_policy(directory, "_default", "rate_limit.smtp_per_ip=2/60")
        await set_policy(directory, "example.com", "rate_limit.smtp_per_ip=2/60")
        blocks = Blocks(directory.store, clock)
        limiting = Limiting(directory.store, clock, exemptions=Exemptions(allowed=blocks))
        admission = Admission(
            directory.store, blocks, Greylisting(directory.store, clock), limiting.policies, limiting.rates
        )
        await managing.add(directory, NewEntry(side=Side.BLOCK, pattern="192.0.2.0/24"))
        for _ in range(9):
            assert await admission.judge_connection(CLIENT) == PASS
            assert await admission.judge_sender(LETTER, CLIENT) == Refuse(Reason.SENDER_BLOCKED, "192.0.2.0/24")
        await managing.remove(directory, Side.BLOCK, "192.0.2.0/24")
        answers = [await admission.judge_connection(CLIENT) for _ in range(3)]
        assert [isinstance(answer, Defer) for answer in answers] == [False, False, True]
        await managing.add(directory, NewEntry(side=Side.ALLOW, pattern="192.0.2.7"))
        assert await admission.judge_connection(CLIENT) == PASS


class BusyBlocks(Blocks):
    async def standing(self, ip: str, sender: Address | None = None) -> object:  # type: ignore[override]
        raise Busy("too much")


async def test_a_busy_store_turns_nobody_away_at_the_door(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        limiting = Limiting(directory.store, clock)
        blocks, greylisting = BusyBlocks(directory.store, clock), Greylisting(directory.store, clock)
        admission = Admission(directory.store, blocks, greylisting, limiting.policies, limiting.rates)
        assert await admission.judge_connection(CLIENT) == PASS
