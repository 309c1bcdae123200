"""Commands about rights, quotas and annotations as frozen values (RFC 4314, RFC 9208, RFC 5464)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetAcl:
    """RFC 4314 §3.1. `op` is "+", "-" or "" (replace); `rights` has no virtual rights (`c`, `d`)."""

    folder: str
    identifier: str
    op: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class DeleteAcl:
    """RFC 4314 §3.2."""

    folder: str
    identifier: str


@dataclass(frozen=True, slots=True)
class GetAcl:
    """RFC 4314 §3.3."""

    folder: str


@dataclass(frozen=True, slots=True)
class ListRights:
    """RFC 4314 §3.4."""

    folder: str
    identifier: str


@dataclass(frozen=True, slots=True)
class MyRights:
    """RFC 4314 §3.5."""

    folder: str


@dataclass(frozen=True, slots=True)
class GetQuota:
    """RFC 9208 §4.1.1."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot:
    """RFC 9208 §4.1.2: of a folder that may not exist."""

    folder: str


@dataclass(frozen=True, slots=True)
class SetQuota:
    """RFC 9208 §4.1.3: names of resources in capitals, and their limits."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMetadata:
    """RFC 5464 §4.2. `folder` is '' for the server. `depth` is 0, 1 or None for infinity."""

    folder: str
    entries: tuple[str, ...]
    max_size: int | None = None
    depth: int | None = 0


@dataclass(frozen=True, slots=True)
class SetMetadata:
    """RFC 5464 §4.3; None removes."""

    folder: str
    values: tuple[tuple[str, bytes | None], ...]


Sharing = (
    SetAcl | DeleteAcl | GetAcl | ListRights | MyRights | GetQuota | GetQuotaRoot | SetQuota | GetMetadata | SetMetadata
)
