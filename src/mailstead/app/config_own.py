"""The keys of our own spam filter."""

from dataclasses import dataclass
from typing import Annotated

from mailstead.app.config_kinds import Doc


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFilterConfig:
    """Our own spam filter, for domains with spam.enabled."""

    enabled: Annotated[bool, Doc("Judge letters of strangers by our own rules, too.")] = True
