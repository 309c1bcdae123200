"""A scene for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.api_scene import Scene, build_scene, furnish
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        made = await build_scene(directory, clock)
        await furnish(made)
        yield made
        await made.client.close()
