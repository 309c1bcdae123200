"""What a check has to say."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """ERROR: mail is missing, wrong or in danger. WARNING: a figure or a leftover that harms nobody's mail."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    severity: Severity
    what: str
    where: str
    fix: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one step has come. `total` was counted before and may be passed."""

    step: str
    done: int
    total: int
