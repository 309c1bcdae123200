"""A reporter and its store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.reporting import Scene, open_reporting


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_reporting(tmp_path) as made:
        yield made
