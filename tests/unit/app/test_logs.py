"""The last events of a node, gathered from all of its processes."""

import asyncio
from typing import Any, cast

import pytest

from mailstead.app import context
from mailstead.app.context import Link
from mailstead.app.frames import AskLogs, Channel, LogsPart, ShowLogs
from mailstead.telemetry.recent import Told, Wanted


class Sent:
    """In place of the channel to the supervisor."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def send(self, message: Any) -> None:
        self.messages.append(message)


def told(at: int) -> Told:
    return Told(at=at, level="info", event="x", message="x", fields={})


async def test_all_parts_are_waited_for() -> None:
    sent = Sent()
    link = Link(cast(Channel, sent))
    asking = asyncio.create_task(link.logs(Wanted(limit=3)))
    await asyncio.sleep(0)
    (ask,) = sent.messages
    assert isinstance(ask, AskLogs)
    link.hear_logs(LogsPart(0, ask.number, 3, [told(1), told(0)]))
    link.hear_logs(LogsPart(0, ask.number + 1, 3, [told(9)]))  # of another question
    link.hear_logs(LogsPart(0, ask.number, 3, []))
    assert not asking.done()
    link.hear_logs(LogsPart(0, ask.number, 3, [told(7), told(2)]))
    assert [one.at for one in await asking] == [7, 2, 1]
    link.hear_logs(LogsPart(0, ask.number, 3, [told(8)]))  # too late: nobody asks any more


async def test_a_process_that_does_not_answer_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "LOGS_TIME", 0.01)
    sent = Sent()
    link = Link(cast(Channel, sent))
    asking = asyncio.create_task(link.logs(Wanted()))
    await asyncio.sleep(0)
    link.hear_logs(LogsPart(0, sent.messages[0].number, 2, [told(1)]))
    assert [one.at for one in await asking] == [1]


async def test_another_worker_is_told_ours() -> None:
    sent = Sent()
    Link(cast(Channel, sent)).hear_logs(ShowLogs(3, 5, 2, Wanted()))
    (part,) = sent.messages
    assert (part.asker, part.number, part.parts) == (3, 5, 2)
