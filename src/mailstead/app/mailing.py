"""Letters handed in by commands, as if their sender had logged in and submitted them."""

import re
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Role
from mailstead.ground.model.envelope import BodyType, Client, Envelope, Recipient
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.outcome import Delivered
from mailstead.ground.model.verdict import Defer, Pass, Refuse
from mailstead.servers.control.desk import Sent
from mailstead.services.accounts.access import list_open
from mailstead.services.accounts.attempt import Principal
from mailstead.services.delivery.plan import Accepted
from mailstead.services.submission.submit import Outbox, Submission
from mailstead.store.port import ReadTx, Store

_LONE_END: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class CommandMailing:
    """The `Mailing` of the control socket."""

    def __init__(self, store: Store, submission: Submission) -> None:
        self._store = store
        self._submission = submission

    async def send(self, sender: Address, recipients: Sequence[Address], content: bytes, *, dry_run: bool) -> Sent:
        """NotFound, Denied with what stands against it."""
        outbox = self._submission.open(await self._find_principal(sender))
        octets = _LONE_END.sub(b"\r\n", content)  # a file of this machine ends its lines in LF
        envelope = Envelope(
            sender=sender,
            recipients=tuple(map(Recipient, recipients)),
            body=BodyType.SEVEN_BIT if octets.isascii() else BodyType.EIGHT_BIT,
            smtputf8=not all(one.is_ascii for one in (sender, *recipients)),
            declared_size=len(octets),
        )
        client = Client(ip="", helo="localhost", protocol="LOCAL")
        accepted = await _judge(outbox, envelope, client)
        manuscript = outbox.begin_body(envelope)
        letter = await manuscript.finish(octets)
        if dry_run:
            manuscript.abort()
            return Sent(0, tuple((str(one.recipient.address), "would be accepted") for one in accepted))
        receipt = await outbox.accept(letter, envelope, accepted, client, each_is_told=False)
        words = ["accepted" if isinstance(outcome, Delivered) else outcome.reason.value for outcome in receipt.outcomes]
        if not any(isinstance(outcome, Delivered) for outcome in receipt.outcomes):
            manuscript.abort()
            raise Denied(f"nothing was sent: {words[0]}")
        return Sent(receipt.id, tuple((str(one), word) for one, word in zip(recipients, words, strict=True)))

    async def _find_principal(self, sender: Address) -> Principal:
        """Whoever may write as that account: its owner, or the first of those who share it."""

        async def unit(tx: ReadTx) -> Principal | None:
            account = await tx.directory.find_account(sender)
            if account is None:
                return None
            for user, role in await tx.directory.list_members(account.id):
                if role >= Role.SENDER:
                    return Principal(user, ((account, role),), account)
            return None

        found = await self._store.read(unit)
        if found is None:
            raise NotFound(f"nobody here writes as {sender}: it is no account, or nobody has the role sender in it")
        return Principal(found.user, await list_open(self._store, found.user), found.account)


async def _judge(outbox: Outbox, envelope: Envelope, client: Client) -> tuple[Accepted, ...]:
    """As SMTP would, before a byte of the letter is taken; Denied names the address."""
    verdict = await outbox.judge_sender(envelope, client)
    if not isinstance(verdict, Pass):
        raise Denied(f"{envelope.sender}: {verdict.reason.value}")
    accepted = []
    for recipient in envelope.recipients:
        match await outbox.judge_recipient(envelope, recipient, client, is_proxied=False):
            case Accepted() as found:
                accepted.append(found)
            case Refuse() | Defer() as against:
                raise Denied(f"{recipient.address}: {against.words or against.reason.value}")
    return tuple(accepted)
