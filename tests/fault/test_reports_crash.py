"""Whoever writes reports dies before or after any of its writes: each report is spooled once, whoever goes on."""

import asyncio
from pathlib import Path

import pytest

from tests.fault.test_dispatch_crash import Death, Mortal
from tests.support.reporting import open_reporting

DOMAINS = ("a.test", "b.test", "c.test")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_each_report_is_spooled_once(tmp_path: Path, after: bool) -> None:
    for last in range(1, len(DOMAINS) + 2):
        folder = tmp_path / str(last)
        folder.mkdir()
        async with open_reporting(folder) as scene:
            for domain in DOMAINS:
                await scene.count(domain=domain)
            scene.pass_a_day()
            mortal = Mortal(scene.store, last, after=after)
            try:
                await scene.reporter(mortal).run()
            except Death:
                assert mortal.died.is_set()
            await scene.reporter().run()
            letters = await scene.spooled()
            assert sorted(to for _, to, _ in letters) == [[f"reports@{domain}"] for domain in DOMAINS]
            assert len({letter.message_id for letter, _, _ in letters}) == len(DOMAINS)


async def test_two_at_once(tmp_path: Path) -> None:
    """A lease that ran out while its holder lived."""
    async with open_reporting(tmp_path) as scene:
        for domain in DOMAINS:
            await scene.count(domain=domain)
        scene.pass_a_day()
        await asyncio.gather(*(scene.reporter().run() for _ in range(3)))
        assert len(await scene.spooled()) == len(DOMAINS)
