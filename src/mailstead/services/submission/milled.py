"""What our own people write is shown to milters before it is filed and spooled."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.opinion import Opinion, Wish
from mailstead.ground.model.outcome import Deferred, Delivered, Failed
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.services.delivery.deliver import Receipt
from mailstead.services.delivery.plan import Accepted
from mailstead.services.folders.incoming import Letter
from mailstead.services.milters.round import MilterRound
from mailstead.services.submission.ports import Mailroom, Notebook, Sending

_WORST_FIRST: Final = (Wish.REFUSE, Wish.SET_ASIDE, Wish.PUT_OFF, Wish.DISCARD)
"""Nobody looks into what our people write: what is to be kept aside is refused, and its author told."""


class MilledMailroom:
    """A `Mailroom` before another one."""

    def __init__(self, mailroom: Mailroom, milters: MilterRound, notebook: Notebook) -> None:
        self._mailroom = mailroom
        self._milters = milters
        self._notebook = notebook

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, sending: Sending
    ) -> Receipt:  # fmt: skip
        """With the fields that milters added, or as they changed it."""
        milled = await self._milters.visit(letter, envelope, client)
        worst = _find_worst([opinion for opinion in milled.opinions if not opinion.recipient])
        if worst is not None:
            return self._refuse(letter, worst, envelope, client, len(accepted))
        dropped = {opinion.recipient for opinion in milled.opinions if opinion.recipient}
        going = [one for one in accepted if str(one.recipient.address) not in dropped]
        if not going:
            return Receipt(letter.staged.id, (Delivered(),) * len(accepted))
        named = replace(sending, added=milled.added)
        receipt = await self._mailroom.accept(milled.letter, envelope, going, client, named)
        outcomes = iter(receipt.outcomes)
        return Receipt(receipt.id, tuple(next(outcomes) if one in going else Delivered() for one in accepted))

    def _refuse(self, letter: Letter, worst: Opinion, envelope: Envelope, client: Client, count: int) -> Receipt:
        if worst.wish is Wish.DISCARD:
            return Receipt(letter.staged.id, (Delivered(),) * count)
        why = f"{worst.source} asks to {worst.wish.value}: " + ", ".join(one.words for one in worst.symptoms)
        is_final = worst.wish is not Wish.PUT_OFF
        verdict = Refuse(Reason.RULE, why, worst.words) if is_final else Defer(Reason.RULE, why, worst.words)
        self._notebook.note(verdict, client, sender=str(envelope.sender or ""), recipient="")
        outcome = Failed(Reason.RULE, worst.words) if is_final else Deferred(Reason.RULE, worst.words)
        return Receipt(0, (outcome,) * count)


def _find_worst(opinions: Sequence[Opinion]) -> Opinion | None:
    found = [opinion for opinion in opinions if opinion.wish in _WORST_FIRST]
    return min(found, key=lambda opinion: _WORST_FIRST.index(opinion.wish), default=None)
