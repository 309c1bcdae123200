"""What a filter thinks of one letter: a virus scanner, a spam filter of others or our own, a milter, a hook.

Filters only say; what is done about it is for the policy of each recipient's domain (`services.checks.judging`).
"""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.flags import NO_FLAGS, Flags


class Concern(Enum):
    """What an opinion is about."""

    VIRUS = "virus"
    SPAM = "spam"
    RULE = "rule"  # somebody's own rule: a milter's, a hook's, one of the domain's


class Wish(Enum):
    """What the filter itself asks for, beside its score."""

    NOTHING = "nothing"
    LET_IN = "let in"
    TAG = "tag"
    SET_ASIDE = "set aside"
    REFUSE = "refuse"
    JUDGE_AGAIN = "judge again"  # later, and here
    PUT_OFF = "put off"
    DISCARD = "discard"  # taken and thrown away; told in the trace alone


@dataclass(frozen=True, slots=True)
class Symptom:
    """One reason, in words a person understands. Weights are SpamAssassin's coin; below 0 speaks for the letter."""

    name: str
    weight: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Of one filter about one letter. `trouble`: why it has none, and then nothing else is said."""

    source: str  # "clamav", "spamassassin", "rspamd", "own", "milter NAME", "hook NAME"
    concern: Concern
    score: float = 0.0
    symptoms: tuple[Symptom, ...] = ()
    wish: Wish = Wish.NOTHING
    words: str = ""  # the name of the virus; what a milter wants said
    is_final: bool = False  # scores of other filters do not count any more
    recipient: str = ""  # whom it is about; "": everyone
    trouble: str = ""
    marks: Flags = NO_FLAGS  # what it is to be filed with

    def is_about(self, recipient: str) -> bool:
        """Does it count for this recipient?"""
        return self.recipient in ("", recipient)
