"""Letters with and without a virus, through the whole program and Debian's clamd."""

from collections.abc import Iterator

import pytest

from tests.support.filters.daemons import clamd
from tests.support.filters.judging import judging_box, send, told
from tests.support.filters.letters import HAM, VIRUS
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with (
        clamd() as daemon,
        judging_box(tmp_path_factory.mktemp("clamd"), {"clamav_socket_path": daemon.path}) as running,
    ):
        yield running


def test_a_virus_is_refused(box: Sandbox) -> None:
    assert send(box, VIRUS) == (554, b"5.7.1 Message refused: it carries a virus")
    (line,) = told(box, "content.virus.found")
    assert line["msg"] == "virus_detected"
    assert line["reason"] == "Test.EICAR.UNOFFICIAL"


def test_a_letter_without_one_is_taken(box: Sandbox) -> None:
    assert send(box, HAM)[0] == 250
