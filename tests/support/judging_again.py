"""Filters that are silent for a while, before letters that wait to be judged again."""

from dataclasses import dataclass, field
from typing import Any

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.policy import Action
from mailstead.ground.model.spool import JUDGING, Origin, State
from mailstead.ground.model.verdict import Reason
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement
from mailstead.services.checks.waiting import write_case
from mailstead.services.checks.weighing import Charge
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import AnyStore

CLIENT = Client(ip="192.0.2.7", helo="mail.far.test", protocol="ESMTPS", session="7")
FIELD = b"Authentication-Results: mx.test; none\r\n"
BODY = b"From: eve@far.test\r\nSubject: waits\r\nMessage-ID: <1@far.test>\r\n\r\nhello\r\n"


def judgement(action: Action, words: str = "clamav gave no answer: gone") -> Judgement:
    return (
        Judgement(action, (Charge(Reason.FILTER_SILENT, action, words),))
        if action is not Action.ACCEPT
        else Judgement()
    )


@dataclass
class Judges:
    """`silent`: so many times; then what `actions` says of a recipient, or that nothing is against it."""

    silent: int = 0
    actions: dict[str, Action] = field(default_factory=dict)
    asked: list[tuple[Client, bytes, tuple[str, ...]]] = field(default_factory=list)

    async def judge_again(
        self, evidence: Evidence, field: bytes, envelope: Any, client: Client, content: Any, accounts: Any
    ) -> tuple[Evidence, tuple[Judgement, ...]]:
        names = tuple(str(one.address) for one in envelope.recipients)
        self.asked.append((client, await content.read(0, content.size), names))
        is_silent = len(self.asked) <= self.silent
        actions = [Action.HOLD if is_silent else self.actions.get(name, Action.ACCEPT) for name in names]
        return evidence, tuple(map(judgement, actions))


async def hold(store: AnyStore, *addresses: str, number: int = 1, due_at: int | None = None, **other: Any) -> None:
    """A letter of eve's that was taken and waits to be judged."""
    one = letter(
        number, origin=Origin.UNJUDGED, case=write_case(Evidence(), CLIENT, FIELD), warn_at=None, **other
    )  # fmt: skip
    due = one.created_at if due_at is None else due_at
    rows = [
        recipient(number, n, address, destination=JUDGING, state=State.ACTIVE, due_at=due)
        for n, address in enumerate(addresses)
    ]
    await spool(store, one, *rows, body=BODY)
