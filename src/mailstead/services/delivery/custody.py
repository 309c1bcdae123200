"""What is kept aside in place of being filed: while its domain has room for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.formats.headers import decode_field, find_field
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.ids import AccountId, BlobId, Instant
from mailstead.ground.model.outcome import Delivered, Failed, Outcome
from mailstead.ground.model.quarantine import KEPT_IN, NOBODY, Custody, KeptLetter
from mailstead.ground.model.verdict import Reason
from mailstead.services.delivery.plan import Accepted, Kept
from mailstead.services.delivery.story import tell
from mailstead.services.folders.incoming import Letter
from mailstead.services.policy.concealing import Hide
from mailstead.store.port import Store
from mailstead.telemetry import Event, emit

SHOWN_MAX: Final = 200
"""Characters of a subject or an author."""
DOMAIN_SIZE: Final = 1 << 30


class Cap:
    """Each domain has room for so many bytes. What fits no more is filed as junk; what carries a virus is refused."""

    def __init__(self, store: Store, domain_size: int = DOMAIN_SIZE) -> None:
        self._store = store
        self._domain_size = domain_size

    async def admit(self, accepted: Sequence[Accepted], size: int) -> tuple[Accepted, ...]:
        """Looks only if something is to be kept. Workers that look at once may overshoot by a letter each."""
        return tuple([await self._admit(one, one.treatment.custody, size) for one in accepted])

    async def _admit(self, accepted: Accepted, custody: Custody | None, size: int) -> Accepted:
        if custody is None:
            return accepted
        domain = accepted.recipient.address.domain
        held = await self._store.read(lambda tx: tx.quarantine.sum_kept(domain))
        if held.size + size <= self._domain_size:
            return accepted
        emit(Event.QUARANTINE_DOMAIN_FULL, domain=domain, limit=self._domain_size, reason=custody.reason.value)
        instead = replace(custody, is_full=True) if custody.has_virus else None
        return replace(accepted, treatment=replace(accepted.treatment, custody=instead))


def is_open(accepted: Accepted) -> bool:
    """It is filed or sent on, as far as custody goes."""
    return accepted.treatment.custody is None


def outcome_of(custody: Custody) -> Outcome:
    """For who brought it. There is no word of where it went."""
    return Failed(Reason.VIRUS_FOUND) if custody.is_full else Delivered()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What all copies of one letter share. `bare`: the fields that we put before it."""

    transaction: int
    letter: Letter
    envelope: Envelope
    client: Client
    bare: bytes
    now: Instant
    hiders: Mapping[str, Hide]

    def keep(self, accepted: Iterable[Accepted], next_id: Callable[[], int]) -> tuple[Kept, ...]:
        """A copy for each account, however many of the recipients mean it, and without room too; one for all of a
        recipient that are elsewhere."""
        kept: list[Kept] = []
        seen: set[AccountId] = set()
        for one in accepted:
            custody = one.treatment.custody
            if custody is not None and not custody.is_full:
                owners = {target.account.id: None for target in (*one.targets, *one.full)}
                new = [account for account in owners if account not in seen]
                seen.update(new)
                new += [NOBODY] if one.abroad else []
                kept += [self._copy(one, custody, account, next_id()) for account in new]
        return tuple(sorted(kept, key=lambda one: (one.letter.domain, one.letter.id)))

    def _copy(self, accepted: Accepted, custody: Custody, account: AccountId, number: int) -> Kept:
        header, envelope = self.letter.rendered.header, self.envelope
        recipient, prefix = accepted.recipient, accepted.treatment.added + self.bare
        letter = KeptLetter(
            id=number,
            recipient=str(recipient.address),
            account_id=account,
            kept_at=self.now,
            sender=str(envelope.sender or ""),
            client_ip=self.client.ip,
            body=envelope.body,
            smtputf8=envelope.smtputf8,
            blob_id=BlobId(0),
            prefix=prefix,
            size=len(prefix) + self.letter.staged.size,
            message_id=self.letter.rendered.message_id,
            author=_shown(header, b"from"),
            subject=_shown(header, b"subject"),
            reason=custody.reason.value,
            words=_clean(custody.words),
            has_virus=custody.has_virus,
        )
        story = tell(
            self.client, envelope, recipient,
            transaction=self.transaction, folder=KEPT_IN, tag="", message_id=letter.message_id,
            checks=accepted.treatment.facts,
            hide=self.hiders[recipient.address.domain],
        )  # fmt: skip
        return Kept(letter, story)


def _shown(header: bytes, name: bytes) -> str:
    return _clean(decode_field(find_field(header, name) or b"")[:SHOWN_MAX])


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
