"""A call with a sample, so that an operator sees whether a hook answers."""

from typing import Final

from mailstead.ground.formats.hook import render_step
from mailstead.ground.model.hook import Hook, Stage
from mailstead.net.clock import Clock
from mailstead.services.checks.specimen import Octets
from mailstead.services.filters.asking import Silent
from mailstead.services.hooks.calling import Call, Caller
from mailstead.services.hooks.telling import tell_letter

SAMPLE: Final = (
    b"From: Mailstead <postmaster@example.com>\r\nTo: postmaster@example.com\r\nSubject: A sample\r\n"
    b"Message-ID: <sample@example.com>\r\n\r\nThis letter only tries out a hook.\r\n"
)
SENDER: Final = "postmaster@example.com"


async def try_hook(caller: Caller, clock: Clock, hook: Hook, stage: Stage) -> dict[str, object]:
    """What it answered, or why it did not."""
    recipient = f"postmaster@{hook.domains[0] if hook.domains else 'example.com'}"
    if stage in (Stage.MAIL, Stage.RCPT):
        named = (recipient,) if stage is Stage.RCPT else ()
        client = {"ip": "192.0.2.1", "helo": "sample.example.com", "tls": ""}
        body = Octets(render_step(stage.value, SENDER, named, client, len(SAMPLE)))
        call = Call(hook=hook, stage=stage, body=body, content_type="application/json")
    else:
        is_spam = None if stage is Stage.INBOUND else False
        call = await tell_letter(hook, stage, Octets(SAMPLE), (recipient,), is_spam=is_spam, now=clock.now())
    try:
        answer = await caller.call(call)
    except Silent as silence:
        return {"answered": False, "why": str(silence)}
    marks = answer.marks
    return {
        "answered": True, "action": answer.act.value, "is_spam": answer.is_spam, "labels": list(marks.words),
        "message": answer.words,
    }  # fmt: skip
