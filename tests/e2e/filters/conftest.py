"""One sandbox with all filters, and each of them once."""

from collections.abc import Iterator

import pytest

from tests.support.filters.daemons import RSPAMD_PASSWORD, Daemon, clamd, rspamd, spamd
from tests.support.filters.judging import judging_box
from tests.support.server import Sandbox


@pytest.fixture(scope="session")
def virus_scanner() -> Iterator[Daemon]:
    with clamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def spam_scanner() -> Iterator[Daemon]:
    with spamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def other_spam_scanner() -> Iterator[Daemon]:
    with rspamd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def box(
    tmp_path_factory: pytest.TempPathFactory, virus_scanner: Daemon, spam_scanner: Daemon, other_spam_scanner: Daemon
) -> Iterator[Sandbox]:
    security = {
        "clamav_socket_path": virus_scanner.path,
        "spamassassin_host": "localhost",
        "spamassassin_port": spam_scanner.port,
        "rspamd_url": f"http://127.0.0.1:{other_spam_scanner.port}",
        "rspamd_learn_url": f"http://127.0.0.1:{other_spam_scanner.port}",
        "rspamd_password": RSPAMD_PASSWORD,
    }
    with judging_box(tmp_path_factory.mktemp("filters"), security) as running:
        yield running
        assert running.stop() == 0
    assert running.errors() == []
