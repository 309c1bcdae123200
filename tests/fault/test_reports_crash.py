"""Whoever writes or reads reports dies before or after any of its writes: each is there once, whoever goes on."""

import asyncio
import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.services.reports import intake as room
from mailstead.services.reports.archive import Archive
from tests.fault.test_dispatch_crash import Death, Mortal
from tests.support.aggregate import ABOUT, xml_of
from tests.support.reporting import open_reporting
from tests.unit.services.reports.test_intake import REPORT, Post, letter

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


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_whoever_reads_dies(tmp_path: Path, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before or after any of the writes: at the end each report is there once, with all its rows."""
    async with open_reporting(tmp_path) as scene:
        post = await Post(scene).open()
        monkeypatch.setattr(room, "ROWS_AT_ONCE", 1)
        ids = [str(number) for number in range(3)]
        for one in ids:
            await post.file(letter(gzip.compress(xml_of(replace(REPORT, about=replace(ABOUT, report_id=one))))))
        for last in range(1, 20):
            mortal = Mortal(post.scene.store, last % 4 + 1, after=after)
            try:
                await post.intake(mortal).run()
            except Death:
                continue
            break
        await post.intake().run()
        received = await post.received()
        assert sorted(one.report_id for one in received) == ids
        for report in received:
            assert len([row async for row in Archive(post.scene.store).rows(report.id)]) == 2
