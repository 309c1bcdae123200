"""The last events of a process: as the log shows them, found by what is asked, and never more than so many."""

import logging
import sys

import pytest

from mailstead.telemetry import Event
from mailstead.telemetry.recent import KEPT, Recent, Told, Wanted, latest, moment
from mailstead.telemetry.render import Privacy

START = 1_800_000_000


@pytest.fixture
def recent() -> Recent:
    return Recent()


def tell(recent: Recent, event: Event, at: float = START, level: int | None = None, **fields: object) -> None:
    record = logging.LogRecord("mailstead", event.level if level is None else level, "", 0, event.message, (), None)
    record.created, record.event, record.fields = at, event, fields
    recent.handle(record)


def found(recent: Recent, **wish: object) -> list[str]:
    return [told.event for told in recent.find(Wanted(**wish))]  # type: ignore[arg-type]


def test_events_are_found_by_all_that_is_said(recent: Recent) -> None:
    tell(recent, Event.APP_READY, START, pid=7)
    tell(recent, Event.AUTH_LOGIN_FAILED, START + 1, username="Ann@x.test", client_ip="192.0.2.1")
    tell(recent, Event.WORKER_KILLED, START + 2, reason="silent")
    everything = ["app.worker.killed", "auth.login.failed", "app.program.ready"]
    assert found(recent) == everything
    assert found(recent, limit=2) == everything[:2]
    assert found(recent, level="error") == everything[:1]
    assert found(recent, event="app") == [everything[0], everything[2]], "the part before a dot"
    assert found(recent, event="app.work") == [], "and no part of a word"
    assert found(recent, event="auth.login.failed") == [everything[1]]
    assert found(recent, text="ann@X") == [everything[1]]
    assert found(recent, text="authentication") == [everything[1]], "the phrase, too"
    assert found(recent, since=(START + 1) * 1000, until=(START + 2) * 1000) == [everything[1]]


def test_it_is_told_as_the_log_tells_it(recent: Recent) -> None:
    tell(recent, Event.AUTH_LOGIN_FAILED, START + 0.25, username="ann@x.test", session=3, reason="a\nb")
    (told,) = recent.find(Wanted())
    assert (told.at, told.level, told.message) == (START * 1000 + 250, "warning", "authentication failed")
    assert told.fields == {"username": "ann@x.test", "session": 3, "reason": "a\nb"}
    assert moment(told.at) == "2027-01-15T08:00:00.250Z"
    recent.privacy = Privacy(b"key")
    assert "ann" not in str(recent.find(Wanted()))
    assert recent.find(Wanted(text="ann")) == [], "what is hidden is not found by guessing either"


def test_no_more_than_so_many_are_kept_and_no_stack(recent: Recent) -> None:
    for number in range(KEPT + 10):
        tell(recent, Event.APP_READY, START + number, pid=number)
    told = recent.find(Wanted(limit=KEPT * 2))
    assert (len(told), told[-1].fields["pid"]) == (KEPT, 10)
    try:
        raise ValueError("of a library")
    except ValueError:
        record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "it failed", (), sys.exc_info())
    recent.handle(record)
    assert record.exc_info is not None, "the log gets it whole"
    assert recent.find(Wanted(limit=1))[0].fields == {"logger": "asyncio"}


def test_parts_of_several_processes_become_one() -> None:
    def told(at: int) -> Told:
        return Told(at=at, level="info", event="x", message="x", fields={})

    assert [one.at for one in latest([[told(5), told(2)], [], [told(4), told(3)]], 3)] == [5, 4, 3]
