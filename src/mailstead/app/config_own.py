"""The keys of our own spam filter."""

from dataclasses import dataclass
from typing import Annotated

from mailstead.app.config_kinds import Doc, SpamConfigText


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFilterConfig:
    """Our own spam filter, for domains with spam.enabled."""

    enabled: Annotated[bool, Doc("Judge letters of strangers by our own rules, too.")] = True
    spam_config: Annotated[
        SpamConfigText,
        Doc(
            "Hard rules of all domains as JSON (SPAM_CONFIG of Messages): header_match, header_match_regex and "
            "arc_verdict to spam, ham or drop. A domain's column spam.config is laid over it key by key."
        ),
    ] = SpamConfigText("")
