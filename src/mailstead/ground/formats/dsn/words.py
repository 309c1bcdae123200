"""Plain words for what went wrong, and what to do: the frame that each language fills."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dsn.report import Action

# RFC 7372, RFC 8616 and RFC 8617: several codes that come to the same for a person.
_ALIKE: Final = {"7.21": "7.20", "7.22": "7.20", "7.24": "7.23", "7.29": "7.26", "7.11": "7.10"}


@dataclass(frozen=True, slots=True)
class Plain:
    """One cause, said to a person who does not know what a server is."""

    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """What is said of the recipients that share an action."""

    subject: str
    text: str
    closing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that a notice says, in one language. `causes`: by "2.2" of 5.2.2, else by "2" (RFC 3463, RFC 5248)."""

    tag: str  # RFC 5646, for Content-Language
    sender: str  # the name beside our address
    greeting: str  # {host}
    letter: str  # {subject}, {date}
    letter_untitled: str  # {date}
    headings: Mapping[Action, Heading]
    causes: Mapping[str, Plain]
    unknown: Plain
    said: str  # {host}
    noted: str  # our own words follow
    more: str  # {count}
    retry: str  # {date}
    gave_up: str
    attached_whole: str
    attached_header: str
    attached_nothing: str

    def explain(self, status: str) -> Plain:
        """The cause behind an enhanced status code, as exactly as it is known."""
        _, _, rest = status.partition(".")
        subject = rest.partition(".")[0]
        for key in (_ALIKE.get(rest, rest), subject):
            if key in self.causes:
                return self.causes[key]
        return self.unknown
