"""Which recipients an operator means, in the operator's words."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.spool import HERE, QUEUES, State
from mailstead.store.port.spool import Wanted

_NOBODY: Final = "<>"
_QUEUE_WORDS: Final = {state.value: state for state in QUEUES} | {"hold": State.HELD}


def parse_queue(word: str) -> tuple[State, ...]:
    """`active`, `deferred`, `held` (or `hold`), `failed`; `all` or nothing is no limit. Invalid."""
    if word in ("", "all"):
        return ()
    state = _QUEUE_WORDS.get(word.lower())
    if state is None:
        raise Invalid(f"there is no queue {word!r}: say active, deferred, held, failed or all")
    return (state,)


def parse_id(text: str) -> SpoolId:
    """The number of a letter; Invalid."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 1 << 63):
        raise Invalid(f"{text!r} is no number of a letter")
    return SpoolId(int(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All that is given must hold. Ages in milliseconds, addresses and domains as people write them."""

    queues: tuple[State, ...] = ()
    letter: SpoolId | None = None
    sender: str = ""
    recipient: str = ""
    destination: str = ""
    account: AccountId | None = None
    older_than: int | None = None
    younger_than: int | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """True if it means whole queues."""
        return self == Filter(queues=self.queues)

    def wanted(self, now: Instant, queues: tuple[State, ...] | None = None) -> Wanted:
        """As the store understands it, perhaps with other queues; never what is spooled from now on. Invalid."""
        return Wanted(
            states=self.queues if queues is None else queues,
            letter=self.letter,
            sender=_key(self.sender),
            recipient=_key(self.recipient),
            destination=_destination(self.destination),
            account=self.account,
            created_before=Instant(now + 1 if self.older_than is None else now - self.older_than),
            created_after=None if self.younger_than is None else Instant(now - self.younger_than),
            hold_reason=self.reason,
        )


EVERYTHING: Final = Filter()


def _key(text: str) -> str:
    if not text or text == _NOBODY:
        return text
    if text.startswith("@"):
        return f"@{canonical_domain(text[1:])}"
    return Address.parse(text).key


def _destination(text: str) -> str:
    """A route set by hand is one too."""
    return text if not text or text in HERE or ":" in text else canonical_domain(text)
