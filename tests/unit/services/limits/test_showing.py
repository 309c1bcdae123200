"""What is shown of limits is what was counted."""

from pathlib import Path

import pytest

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Invalid
from mailstead.net.origin import networks
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.showing import Showing
from mailstead.services.limits.widest import WidestRates
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.limiting import Limiting, set_policy
from tests.unit.services.limits.test_logins import attempt, stranger
from tests.unit.services.limits.test_rates import EVE

HOME, ANN, IP = "example.com", "ann@example.com", "192.0.2.1"


async def test_each_count_is_shown_beside_its_rate(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        limiting = Limiting(directory.store, clock)
        await set_policy(directory, HOME, "rate_limit.smtp_per_sender=9/1440", "rate_limit.imap_per_user=7/30")
        exemptions = Exemptions(networks(["198.51.100.0/24"]))
        showing = Showing(
            limiting.policies, limiting.counter, exemptions, WidestRates(directory.store, clock)
        )  # fmt: skip
        client = Client(ip=IP, session="1")
        for _ in range(3):
            await limiting.rates.judge_connection(client)
        await limiting.rates.judge_recipient(EVE, HOME, client)
        await limiting.rates.judge_submission(ANN, HOME, client)
        await limiting.guard.objection(attempt(IP), ANN, stranger)
        await limiting.guard.failed(attempt(IP), ANN, is_known=True)
        await limiting.guard.welcome(attempt(IP, "imap"), ANN)

        async def look(who: str) -> list[tuple[str, str, int, int]]:
            return [
                (use.column.partition(".")[2], use.domain, use.count, use.rate.count)
                for use in await showing.look(who, HOME)
            ]

        assert await look(IP) == [
            ("smtp_per_ip", "", 3, 100),
            ("auth_per_ip", "", 1, 10),
            ("smtp_per_ip", HOME, 1, 100),
            ("auth_per_ip", HOME, 1, 10),
            ("brute_force_threshold", HOME, 1, 5),
            ("brute_force_threshold", HOME, 1, 5),
        ]
        assert await look("ANN@Example.com") == [
            ("smtp_per_user", HOME, 1, 500),
            ("imap_per_user", HOME, 1, 7),
            ("brute_force_threshold", HOME, 1, 5),
            ("smtp_per_sender", HOME, 0, 9),
        ]
        assert (await look("eve@far.test"))[-1] == ("smtp_per_sender", HOME, 1, 9)
        assert await look(HOME) == [("smtp_per_domain", HOME, 1, 1000), ("smtp_per_domain", HOME, 1, 1000)]
        assert [await showing.is_exempt(who) for who in (IP, "198.51.100.7", ANN)] == [False, True, False]
        with pytest.raises(Invalid):
            await look("no such thing")
