"""What was changed, by whom, and what it was before: entries of a chain that shows whether any was changed later.

Each entry carries a hash over the hash before it and itself. A row that was altered, removed or moved breaks the chain
at its place; rows cut off its end are missed by the head, which is kept apart.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum
from typing import Final, TypeAlias

from mailstead.ground.model.ids import Instant

Facts: TypeAlias = Mapping[str, object]
"""Of a thing, as plain JSON."""

ORIGIN: Final = "0" * 64
"""What stands before the first entry."""
HIDDEN: Final = "(secret)"
SECRETS: Final = frozenset({"password", "password_hash", "secret", "digest", "verifier", "scram", "pem", "private_key"})
UNTOLD: Final = frozenset({"id", "created_at", "updated_at", "used_bytes", "used_messages", "used_at"})
"""What is no choice of anybody's."""
TEXT_MAX: Final = 16_384
"""Characters of one side of an entry."""


class Through(Enum):
    """By what way a change came."""

    API = "api"
    COMMAND = "command"
    IMAP = "imap"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change: a login, `api token`, or the user of this machine who gave the command."""

    name: str
    through: Through
    address: str = ""  # of the client, if it came over the network


PROGRAM: Final = Actor("mailstead", Through.PROGRAM)
"""Nobody: the program itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change: `user.created` of `ann@example.com`. What was not there before, or is no more, has no facts."""

    action: str
    subject: str
    domain: str = ""  # of ours that it belongs to; "": of the whole server
    before: Facts | None = None
    after: Facts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed as it was written down. `before` and `after` are JSON objects, or empty."""

    number: int
    at: Instant
    actor: Actor
    action: str
    subject: str
    domain: str
    before: str
    after: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain. Noted elsewhere, it later proves that nothing before it was changed."""

    number: int = 0
    hash: str = ORIGIN

    def __str__(self) -> str:
        """As `audit verify` says and takes it."""
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Entries that are wanted: all that is given must hold. `action` may be the part before the dot."""

    who: str = ""
    action: str = ""
    subject: str = ""
    domains: tuple[str, ...] | None = None  # None: whatever it belongs to
    since: Instant | None = None
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain is broken, and what that means."""

    number: int
    what: str


def facts_of(thing: object) -> dict[str, object]:
    """The fields of a value of the model, as plain JSON without secrets."""
    assert is_dataclass(thing)
    names = [field.name for field in fields(thing) if field.name not in UNTOLD and not field.name.endswith("_id")]
    return {name: _plain(getattr(thing, name)) for name in names}


def _plain(value: object) -> object:
    match value:
        case IntEnum():
            return value.name.lower()
        case Enum():
            return value.value
        case tuple() | list():
            return [_plain(one) for one in value]
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return facts_of(value) if is_dataclass(value) and type(value).__str__ is object.__str__ else str(value)


def write_deed(number: int, at: Instant, actor: Actor, deed: Deed, previous: str) -> Entry:
    """The entry of a deed: only what differs, and no secret."""
    before, after = _differing(deed.before, deed.after)
    said = Entry(
        number=number, at=at, actor=actor, action=deed.action, subject=deed.subject, domain=deed.domain,
        before=_text(before), after=_text(after), hash="",
    )  # fmt: skip
    return Entry(
        number=number, at=at, actor=actor, action=said.action, subject=said.subject, domain=said.domain,
        before=said.before, after=said.after, hash=seal(said, previous),
    )  # fmt: skip


def seal(entry: Entry, previous: str) -> str:
    """SHA-256 over the hash before it and the canonical form of an entry: a JSON array of its fields in their order."""
    actor = entry.actor
    fields = [
        previous, entry.number, entry.at, actor.name, actor.through.value, actor.address, entry.action, entry.subject,
        entry.domain, entry.before, entry.after,
    ]  # fmt: skip
    text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def follow(entries: Sequence[Entry], head: Head) -> tuple[Head, Fault | None]:
    """Go on from `head` through entries in their order; where that ends, and what is wrong there."""
    for entry in entries:
        wanted = head.number + 1
        if entry.number != wanted:
            return head, Fault(wanted, f"entry {wanted} is missing: {entry.number} follows {head.number}")
        if seal(entry, head.hash) != entry.hash:
            return head, Fault(wanted, f"entry {wanted} is not as it was written, or not in its place")
        head = Head(entry.number, entry.hash)
    return head, None


def _differing(before: Facts | None, after: Facts | None) -> tuple[Facts | None, Facts | None]:
    if before is None or after is None:
        return before, after
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )


def _text(facts: Facts | None) -> str:
    if facts is None:
        return ""
    text = json.dumps(_shown(facts), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if len(text) > TEXT_MAX:
        return json.dumps({"too_long": len(text)})
    return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no UTF-8


def _shown(facts: Facts) -> dict[str, object]:
    """Without what is secret, however deep."""
    shown: dict[str, object] = {}
    for name, value in facts.items():
        if name in SECRETS:
            shown[name] = HIDDEN if value else value
        else:
            shown[name] = _shown(value) if isinstance(value, Mapping) else value
    return shown
