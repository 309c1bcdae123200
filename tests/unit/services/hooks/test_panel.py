"""Hooks among the filters, against receivers that answer well, badly, late and not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from mailstead.ground.formats.hook import Act
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.hook import Format, Hook, OnTrouble, Stage
from mailstead.ground.model.opinion import Concern, Opinion, Wish
from mailstead.ground.model.policy import Action, Policy
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse
from mailstead.net.clock import SystemClock
from mailstead.net.guarded import GuardedClient
from mailstead.net.reach import Reach
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import judge
from mailstead.services.hooks.calling import Caller
from mailstead.services.hooks.panel import WISHES, HookPanel
from mailstead.services.hooks.steps import VERDICTS, HookSteps
from tests.support.examining import SetPanel
from tests.support.filters.scene import specimen
from tests.support.known_names import KnownNames
from tests.support.receiving import Receiver, receiver

LETTER = b"From: eve@far.test\r\nMessage-ID: <1@far.test>\r\nSubject: hi\r\n\r\nhello\r\n"
POLICIES = {"one.test": Policy(), "two.test": Policy()}
SPAM = Opinion(source="own", concern=Concern.SPAM, score=7.0)


@dataclass
class Book:
    """The hooks there are, without a store."""

    hooks: list[Hook] = field(default_factory=list)
    looks: int = 0

    async def look(self) -> None:
        self.looks += 1

    def of(self, stage: Stage) -> tuple[Hook, ...]:
        return tuple(hook for hook in self.hooks if stage in hook.stages)


@dataclass
class Scene:
    receiver: Receiver
    inner: SetPanel
    book: Book
    panel: HookPanel
    steps: HookSteps

    async def add(self, *stages: Stage, **more: object) -> Hook:
        told = {"name": f"h{len(self.book.hooks)}", "url": self.receiver.url, "secret": "s" * 16, **more}
        self.book.hooks.append(Hook(stages=stages, **told))  # type: ignore[arg-type]
        return self.book.hooks[-1]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    with receiver() as receiving:
        client = GuardedClient(KnownNames(), Reach(["127.0.0.1"]))
        book, caller, inner = Book(), Caller(client, SystemClock(), "https://mx.test"), SetPanel()
        panel = HookPanel(inner, book, caller, SystemClock())  # type: ignore[arg-type]
        yield Scene(receiving, inner, book, panel, HookSteps(book, caller))  # type: ignore[arg-type]
        await client.close()


def test_every_answer_has_a_meaning() -> None:
    assert WISHES.keys() == VERDICTS.keys() == set(Act)


async def test_without_hooks_only_filters_are_asked(scene: Scene) -> None:
    scene.inner.opinions = (SPAM,)
    assert await scene.panel.examine(specimen(LETTER, POLICIES)) == (SPAM,)
    assert scene.book.looks == 1  # a letter that is judged again has no MAIL before it


async def test_what_a_hook_is_sent(scene: Scene) -> None:
    await scene.add(Stage.INBOUND, domains=("two.test",))
    await scene.add(Stage.DELIVERING, format=Format.METADATA)
    scene.inner.opinions = (SPAM,)
    await scene.panel.examine(specimen(LETTER, POLICIES))
    first, second = scene.receiver.next(), scene.receiver.next()
    assert first.body == LETTER
    assert first.headers["Content-Type"] == "message/rfc822"
    assert (first.headers["X-StMsg-Recipient"], first.headers["X-StMsg-Is-Spam"]) == ("ada@two.test", "pending")
    assert (first.headers["X-StMsg-Message-Id"], first.headers["X-StMsg-Channel-Id"]) == ("<1@far.test>", "h0")
    assert json.loads(second.body)["subject"] == "hi"
    assert second.headers["X-StMsg-Recipient"] == "ada@one.test, ada@two.test"
    assert second.headers["X-StMsg-Is-Spam"] == "true"


@pytest.mark.parametrize(
    ("answer", "action", "marks"),
    [
        ({}, Action.ACCEPT, Flags()),
        ({"action": "reject", "message": "not you"}, Action.REJECT, Flags()),
        ({"action": "quarantine"}, Action.QUARANTINE, Flags()),
        ({"action": "drop"}, Action.DISCARD, Flags()),
        ({"is_spam": True}, Action.QUARANTINE, Flags()),
        ({"add_labels": ["bill"], "mark_starred": True}, Action.ACCEPT, Flags.of(Flag.FLAGGED, ("bill",))),
    ],
)
async def test_what_an_answer_does(scene: Scene, answer: object, action: Action, marks: Flags) -> None:
    await scene.add(Stage.INBOUND, domains=("one.test",))
    scene.receiver.answers["message.inbound"] = answer
    opinions = await scene.panel.examine(specimen(LETTER, POLICIES))
    judged = judge(Evidence(opinions=opinions), Policy(), "ada@one.test")
    assert (judged.action, judged.marks) == (action, marks)
    assert judge(Evidence(opinions=opinions), Policy(), "ada@two.test").action is Action.ACCEPT


async def test_ham_by_a_hook_outweighs_the_filters(scene: Scene) -> None:
    await scene.add(Stage.DELIVERING)
    scene.inner.opinions = (SPAM,)
    scene.receiver.answers["message.delivering"] = {"is_spam": False}
    opinions = await scene.panel.examine(specimen(LETTER, POLICIES))
    assert judge(Evidence(opinions=opinions), Policy(), "ada@one.test").action is Action.ACCEPT


async def test_what_is_refused_for_all_is_shown_to_no_filter(scene: Scene) -> None:
    await scene.add(Stage.INBOUND)
    scene.receiver.answers["message.inbound"] = {"action": "drop"}
    await scene.panel.examine(specimen(LETTER, POLICIES))
    assert not scene.inner.shown


@pytest.mark.parametrize(
    "answer", [404, 302, 500, b"nonsense", {"action": "explode"}, b'{"a":"' + b"x" * 70_000 + b'"}']
)
async def test_open_and_closed(scene: Scene, answer: object) -> None:
    """A hook that fails lets everything pass, or nothing."""
    scene.receiver.answers["message.inbound"] = answer
    await scene.add(Stage.INBOUND)
    (opinion,) = await scene.panel.examine(specimen(LETTER, POLICIES))
    assert (opinion.wish, bool(opinion.trouble)) == (Wish.NOTHING, True)
    await scene.add(Stage.INBOUND, name="closed", on_trouble=OnTrouble.CLOSED)
    closed = (await scene.panel.examine(specimen(LETTER, POLICIES)))[-1]
    assert judge(Evidence(opinions=(closed,)), Policy(), "ada@one.test").action is Action.DEFER


async def test_who_fails_often_is_left_alone(scene: Scene) -> None:
    scene.receiver.answers["message.inbound"] = 500
    await scene.add(Stage.INBOUND)
    troubles = [(await scene.panel.examine(specimen(LETTER, POLICIES)))[0].trouble for _ in range(7)]
    assert troubles[4] == "it answers 500"
    assert troubles[5:] == ["not asked for a while: it answers 500"] * 2
    assert scene.receiver.calls.qsize() == 5


async def test_private_targets_are_refused(scene: Scene) -> None:
    await scene.add(Stage.INBOUND, url="http://127.0.0.2:1/")
    await scene.add(Stage.INBOUND, url="https://10.0.0.1/")
    opinions = await scene.panel.examine(specimen(LETTER, POLICIES))
    assert "TLS only" in opinions[0].trouble
    assert "not of the world" in opinions[1].trouble


ENVELOPE = Envelope(sender=Address("eve", "far.test"), declared_size=9)
CLIENT = Client(ip="192.0.2.1", helo="far.test")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({}, PASS),
        ({"action": "drop"}, PASS),
        ({"action": "quarantine"}, PASS),
        ({"action": "reject", "message": "go"}, Refuse(Reason.RULE, "hook h0 asks to reject", "go")),
        ({"action": "retry"}, Defer(Reason.RULE, "hook h0 asks to retry")),
        (503, PASS),
    ],
)
async def test_steps(scene: Scene, answer: object, verdict: object) -> None:
    await scene.add(Stage.MAIL, Stage.RCPT)
    scene.receiver.answers |= {"mail": answer, "rcpt": answer}
    assert (await scene.steps.judge_sender(ENVELOPE, CLIENT), scene.book.looks) == (verdict, 1)
    assert json.loads(scene.receiver.next("mail").body)["mail_from"] == "eve@far.test"
    assert await scene.steps.judge_recipient(ENVELOPE, Address("ada", "one.test"), CLIENT) == verdict
    told = json.loads(scene.receiver.next("rcpt").body)
    assert (told["rcpt_to"], told["client"]["ip"], told["size"]) == (["ada@one.test"], "192.0.2.1", 9)


async def test_a_closed_hook_defers_steps(scene: Scene) -> None:
    await scene.add(Stage.RCPT, on_trouble=OnTrouble.CLOSED, domains=("one.test",))
    scene.receiver.answers["rcpt"] = 500
    verdict = await scene.steps.judge_recipient(ENVELOPE, Address("ada", "one.test"), CLIENT)
    assert isinstance(verdict, Defer)
    assert await scene.steps.judge_recipient(ENVELOPE, Address("ada", "two.test"), CLIENT) == PASS


async def test_so_many_at_once(scene: Scene) -> None:
    inside, most = 0, 0

    def answer(_: object) -> object:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        inside -= 1
        return {}

    scene.receiver.answers["message.inbound"] = answer
    await scene.add(Stage.INBOUND, at_once=1)
    await asyncio.gather(*(scene.panel.examine(specimen(LETTER, POLICIES)) for _ in range(10)))
    assert (most, scene.receiver.calls.qsize()) == (1, 10)
