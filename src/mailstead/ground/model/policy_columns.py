"""The columns of a domain by name: flat (`spf_dns_timeout`) and in groups (`spf.dns_timeout`), read and written.

What is not allowed is Invalid, with the name of the column and what may stand there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Final, TypeVar

from mailstead.ground.model import policy as p
from mailstead.ground.model.directory import Status
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy_kinds import (
    HOST,
    SELECTOR,
    Email,
    Headers,
    Kind,
    Number,
    OneOf,
    Rates,
    Resolver,
    Sizes,
    SpamConfig,
    Switch,
    Text,
    Whole,
    read_as,
)

GroupT = TypeVar("GroupT", p.Identity, p.Policy, p.RateLimit)

IDENTITY: Final = "identity"
PREFIXES: Final[Mapping[str, str]] = {
    IDENTITY: "",
    "dkim": "dkim_",
    "spf": "spf_",
    "dmarc": "dmarc_",
    "failures": "failures_",
    "arc": "arc_",
    "clamav": "clamav_",
    "spam": "spam_",
    "greylist": "greylist_",
    "rate_limit": "ratelimit_",
    "auth": "auth_",
    "quarantine": "quarantine_",
    "trace": "trace_",
}
"""Of the flat names, by group."""

_SWITCH: Final = Switch()
_TEXT: Final = Text()
_ACTION: Final = OneOf((p.Action.REJECT, p.Action.QUARANTINE, p.Action.ACCEPT, p.Action.TAG))
_TROUBLE: Final = OneOf(
    (p.Action.REJECT, p.Action.DEFER, p.Action.HOLD, p.Action.QUARANTINE, p.Action.ACCEPT, p.Action.TAG)
)
_VIRUS: Final = OneOf((p.Action.REJECT, p.Action.QUARANTINE, p.Action.TAG))
_STATUS: Final = OneOf((Status.ACTIVE, Status.INACTIVE, Status.SUSPENDED))
_TIMEOUT: Final = Whole(1, 60)
_INTERVAL: Final = Whole(1, 7 * 24 * 3600)
_SIZE: Final = Whole(0, 1 << 50)
_SCORE: Final = Number(-1000, 1000)
_MINUTES: Final = Whole(1, 366 * 24 * 60)
_RATE: Final = Rates(1_000_000_000, 366 * 24 * 60)

KINDS: Final[Mapping[str, Mapping[str, Kind]]] = {
    IDENTITY: {
        "status": _STATUS,
        "max_users": Whole(0, 10_000_000),
        "max_mailbox_size": _SIZE,
        "default_quota": _SIZE,
        "catchall_email": Email(),
        "backup_mx": HOST,
    },
    "dkim": {
        "selector": SELECTOR,
        "signing_enabled": _SWITCH,
        "verify_enabled": _SWITCH,
        "key_size": Sizes((2048, 4096)),
        "key_type": OneOf(tuple(p.KeyType)),
        "headers_to_sign": Headers(),
    },
    "spf": {
        "record": _TEXT,
        "enabled": _SWITCH,
        "dns_server": Resolver(),
        "dns_timeout": _TIMEOUT,
        "max_lookups": Whole(1, 20),
        "fail_action": _ACTION,
        "softfail_action": _ACTION,
    },
    "dmarc": {
        "policy": _TEXT,
        "enabled": _SWITCH,
        "dns_server": Resolver(),
        "dns_timeout": _TIMEOUT,
        "report_enabled": _SWITCH,
        "report_email": Email(),
        "reject_action": _ACTION,
        "quarantine_action": _ACTION,
    },
    "failures": {
        "enabled": _SWITCH,
        "per_day": Whole(1, 10_000),
    },
    "arc": {
        "seal": _SWITCH,
    },
    "clamav": {
        "enabled": _SWITCH,
        "max_scan_size": _SIZE,
        "virus_action": _VIRUS,
        "fail_action": _TROUBLE,
    },
    "spam": {
        "enabled": _SWITCH,
        "reject_score": _SCORE,
        "quarantine_score": _SCORE,
        "learning_enabled": _SWITCH,
        "fail_action": _TROUBLE,
        "config": SpamConfig(),
    },
    "greylist": {
        "enabled": _SWITCH,
        "delay_minutes": Whole(0, 24 * 60),
        "expiry_days": Whole(1, 366),
        "cleanup_interval": _INTERVAL,
        "whitelist_after": Whole(1, 1000),
    },
    "rate_limit": {
        "enabled": _SWITCH,
        "smtp_per_ip": _RATE,
        "smtp_per_user": _RATE,
        "smtp_per_domain": _RATE,
        "smtp_per_sender": _RATE,
        "auth_per_ip": _RATE,
        "imap_per_user": _RATE,
        "cleanup_interval": _INTERVAL,
    },
    "auth": {
        "totp_enforced": _SWITCH,
        "brute_force_enabled": _SWITCH,
        "brute_force_threshold": Whole(1, 100_000),
        "brute_force_window_minutes": _MINUTES,
        "brute_force_block_minutes": _MINUTES,
        "brute_force_unknown_users": _SWITCH,
        "ip_blacklist_enabled": _SWITCH,
        "cleanup_interval": _INTERVAL,
    },
    "quarantine": {
        "place": OneOf(tuple(p.Place)),
        "days": Whole(1, 365),
        "digest": OneOf(tuple(p.Digest)),
        "recipient_release": _SWITCH,
    },
    "trace": {
        "days": Whole(1, 3650),
        "hash_addresses": _SWITCH,
    },
}
"""What may stand in each field of each group, in the order of the groups' fields."""


@dataclass(frozen=True, slots=True)
class Column:
    """One of them."""

    group: str
    field: str

    @property
    def flat(self) -> str:
        """As gomailserver's table has it."""
        return PREFIXES[self.group] + self.field

    @property
    def dotted(self) -> str:
        """As people write it."""
        return f"{self.group}.{self.field}"

    @property
    def kind(self) -> Kind:
        """What may stand there."""
        return KINDS[self.group][self.field]

    def of(self, sheet: p.Sheet) -> object:
        """Its value as plain JSON."""
        group = sheet.identity if self.group == IDENTITY else getattr(sheet.policy, self.group)
        return self.kind.write(getattr(group, self.field))


COLUMNS: Final = tuple(Column(group, field) for group, kinds in KINDS.items() for field in kinds)
BY_FLAT: Final = {column.flat: column for column in COLUMNS}
BY_DOTTED: Final = {column.dotted: column for column in COLUMNS}

Changes = Mapping[Column, object]
"""Values as JSON gave them, not read yet."""


def find_column(name: str) -> Column:
    """By either name; Invalid, with the nearest ones."""
    column = BY_DOTTED.get(name) or BY_FLAT.get(name)
    if column is None:
        raise Invalid(_unknown(name, [*BY_DOTTED, *BY_FLAT] if "." in name or "_" in name else list(BY_DOTTED)))
    return column


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name[:100], names, n=1)
    return f"there is no {name[:100]!r}" + (f": did you mean {near[0]}?" if near else "")


def write_flat(sheet: p.Sheet) -> dict[str, object]:
    """All columns by their flat names."""
    return {column.flat: column.of(sheet) for column in COLUMNS}


def write_grouped(sheet: p.Sheet) -> dict[str, dict[str, object]]:
    """All columns in their groups."""
    return {group: {field: Column(group, field).of(sheet) for field in kinds} for group, kinds in KINDS.items()}


def read_flat(values: Mapping[str, object]) -> Changes:
    """Which columns these flat names are; Invalid."""
    for name in values:
        if name not in BY_FLAT:
            raise Invalid(_unknown(name, list(BY_FLAT)))
    return {BY_FLAT[name]: value for name, value in values.items()}


def read_grouped(groups: Mapping[str, object]) -> Changes:
    """Which columns these groups hold; Invalid."""
    return dict(_columns_in(groups))


def _columns_in(groups: Mapping[str, object]) -> Iterator[tuple[Column, object]]:
    for group, values in groups.items():
        if group not in KINDS:
            raise Invalid(_unknown(group, list(KINDS)))
        if not isinstance(values, Mapping):
            raise Invalid(f"{group}: write an object of its fields, {', '.join(KINDS[group])}")
        for field, value in values.items():
            if field not in KINDS[group]:
                raise Invalid(_unknown(f"{group}.{field}", list(BY_DOTTED)))
            yield Column(group, field), value


def read_words(words: list[str]) -> Changes:
    """From `group.field=value` of the command line; Invalid."""
    changes: dict[Column, object] = {}
    for word in words:
        name, is_there, value = word.partition("=")
        if not is_there:
            raise Invalid(f"{word!r}: write group.field=value, as in spam.reject_score=8")
        changes[find_column(name.strip())] = value.strip()
    return changes


def change(sheet: p.Sheet, changes: Changes) -> p.Sheet:
    """The same with other values; Invalid. The version stays: the store counts it."""
    groups: dict[str, dict[str, object]] = {}
    for column, value in changes.items():
        groups.setdefault(column.group, {})[column.field] = read_as(column.kind, column.dotted, value)
    identity = _with(sheet.identity, groups.pop(IDENTITY, {}))
    changed = {group: _with(getattr(sheet.policy, group), values) for group, values in groups.items()}
    return p.Sheet(identity=identity, policy=_with(sheet.policy, changed))


def _with(group: GroupT, values: Mapping[str, object]) -> GroupT:
    kept = {field.name: getattr(group, field.name) for field in fields(group)}
    return type(group)(**{**kept, **values})


def differences(before: p.Sheet, after: p.Sheet) -> dict[Column, tuple[object, object]]:
    """The columns that differ, with what was and what is, as plain JSON."""
    pairs = ((column, (column.of(before), column.of(after))) for column in COLUMNS)
    return {column: pair for column, pair in pairs if pair[0] != pair[1]}


def dump_policy(policy: p.Policy) -> str:
    """All columns but those of the row, as the store keeps them."""
    sheet = p.Sheet(policy=policy)
    return json.dumps({column.flat: column.of(sheet) for column in COLUMNS if column.group != IDENTITY})


def dump_sheet(sheet: p.Sheet) -> str:
    """All columns, as the store keeps those of the template."""
    return json.dumps(write_flat(sheet))


def load_rate_limit(text: str) -> p.RateLimit:
    """That group alone: of many domains it would take long to read them whole."""
    stored = json.loads(text)
    columns = [Column("rate_limit", name) for name in KINDS["rate_limit"]]
    values = {one.field: read_as(one.kind, one.dotted, stored[one.flat]) for one in columns if one.flat in stored}
    return _with(p.RateLimit(), values)


def load_sheet(text: str) -> p.Sheet:
    """From either of them. A column that this program does not know is left out, one it misses has its default."""
    stored = json.loads(text)
    return change(p.Sheet(), {BY_FLAT[name]: value for name, value in stored.items() if name in BY_FLAT})
