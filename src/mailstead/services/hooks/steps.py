"""Hooks that are asked before the content comes: of senders, of recipients."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from mailstead.ground.formats.hook import Act, render_step
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.hook import Hook, OnTrouble, Stage
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse, Verdict
from mailstead.services.checks.specimen import Octets
from mailstead.services.filters.asking import Silent
from mailstead.services.hooks.book import HookBook
from mailstead.services.hooks.calling import Call, Caller

VERDICTS: Final[Mapping[Act, type[Refuse] | type[Defer] | None]] = {
    Act.ACCEPT: None,
    Act.REJECT: Refuse,
    Act.QUARANTINE: None,  # there is nothing yet to be set aside
    Act.DROP: None,  # nor thrown away
    Act.RETRY: Defer,
}
"""None: nothing against it."""


class HookSteps:
    """See `services.reception`."""

    def __init__(self, book: HookBook, caller: Caller) -> None:
        self._book = book
        self._caller = caller

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:
        """At MAIL, where a transaction looks which hooks there are."""
        await self._book.look()
        return await self._ask_all(Stage.MAIL, self._book.of(Stage.MAIL), envelope, client)

    async def judge_recipient(self, envelope: Envelope, recipient: Address, client: Client) -> Verdict:
        """At RCPT, of one who is known here."""
        hooks = [hook for hook in self._book.of(Stage.RCPT) if hook.is_about(recipient.domain)]
        return await self._ask_all(Stage.RCPT, hooks, envelope, client, (str(recipient),))

    async def _ask_all(
        self, stage: Stage, hooks: Sequence[Hook], envelope: Envelope, client: Client, recipients: Sequence[str] = ()
    ) -> Verdict:
        """The most severe: refused, put off, or nothing."""
        if not hooks:
            return PASS
        about = {"ip": client.ip, "helo": client.helo, "tls": client.tls}
        body = Octets(render_step(stage.value, str(envelope.sender or ""), recipients, about, envelope.declared_size))
        async with asyncio.TaskGroup() as together:
            tasks = [together.create_task(self._ask(hook, stage, body)) for hook in hooks]
        verdicts = [task.result() for task in tasks]
        for kind in (Refuse, Defer):
            for verdict in verdicts:
                if isinstance(verdict, kind):
                    return verdict
        return PASS

    async def _ask(self, hook: Hook, stage: Stage, body: Octets) -> Verdict:
        call = Call(hook=hook, stage=stage, body=body, content_type="application/json")
        source = f"hook {hook.name}"
        try:
            answer = await self._caller.call(call)
        except Silent as silence:
            if hook.on_trouble is OnTrouble.OPEN:
                return PASS
            return Defer(Reason.FILTER_SILENT, f"{source} gave no answer: {silence}")
        kind = VERDICTS[answer.act]
        if kind is None:
            return PASS
        return kind(Reason.RULE, f"{source} asks to {answer.act.value}", answer.words)
