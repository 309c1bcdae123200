"""One sandbox for all tests that do not break it."""

from collections.abc import Iterator

import pytest

from tests.support.server import Sandbox, sandbox


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running `mailstead dev`; at the end its log must be free of errors."""
    with sandbox(tmp_path_factory.mktemp("dev")) as running:
        yield running
        assert running.stop() == 0
    assert running.errors() == []
