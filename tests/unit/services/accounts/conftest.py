"""A directory on a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.services.accounts.directory import Directory
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def directory(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Directory]:
    async with open_directory(tmp_path, clock) as opened:
        yield opened
