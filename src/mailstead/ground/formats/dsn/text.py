"""The part for people: what happened, to whom, why, and what to do."""

from dataclasses import dataclass
from enum import Enum
from textwrap import wrap
from typing import Final

from mailstead.ground.formats.date import find_day
from mailstead.ground.formats.dsn.addresses import clean
from mailstead.ground.formats.dsn.english import ENGLISH
from mailstead.ground.formats.dsn.french import FRENCH
from mailstead.ground.formats.dsn.german import GERMAN
from mailstead.ground.formats.dsn.report import OURS, Action, Entry, Report
from mailstead.ground.formats.dsn.words import Words
from mailstead.ground.model.ids import Instant

SHOWN_MAX: Final = 50
"""Recipients that are explained; the others are in the report."""
SUBJECT_MAX: Final = 100
QUOTE_MAX: Final = 500
WIDTH: Final = 74

_DAY_MS: Final = 86_400_000


class Language(Enum):
    """What a notice may be written in, by its tag (RFC 5646)."""

    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"


WORDS: Final = {Language.ENGLISH: ENGLISH, Language.FRENCH: FRENCH, Language.GERMAN: GERMAN}


class Attached(Enum):
    """How much of the original goes back with the notice."""

    WHOLE = "whole"
    HEADER = "header"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What the text needs beside the report."""

    language: Language
    subject: str  # of the original
    sent_at: Instant
    attached: Attached


def write_subject(report: Report, telling: Telling) -> str:
    """`Not delivered: Minutes of Monday`."""
    heading = WORDS[telling.language].headings[report.gravest].subject
    subject = printable(telling.subject, SUBJECT_MAX)
    return f"{heading}: {subject}" if subject else heading


def write_text(report: Report, telling: Telling) -> str:
    """Lines end in CRLF. At most SHOWN_MAX recipients are named."""
    words = WORDS[telling.language]
    paragraphs = [words.greeting.format(host=printable(report.reporting_mta.text)), _opening(words, telling)]
    left = SHOWN_MAX
    for action in Action:
        entries = [entry for entry in report.entries if entry.action is action]
        if entries:
            paragraphs += _tell_group(words, action, entries[:left])
            left -= len(entries[:left])
    if len(report.entries) > SHOWN_MAX:
        paragraphs.append(words.more.format(count=len(report.entries) - SHOWN_MAX))
    paragraphs.append(_closing(words, telling.attached))
    lines = "\n\n".join(_fill(paragraph) for paragraph in paragraphs).split("\n")
    return "\r\n".join(lines) + "\r\n"


def _opening(words: Words, telling: Telling) -> str:
    subject, date = printable(telling.subject, SUBJECT_MAX), _date(telling.sent_at)
    return words.letter.format(subject=subject, date=date) if subject else words.letter_untitled.format(date=date)


def _closing(words: Words, attached: Attached) -> str:
    match attached:
        case Attached.WHOLE:
            return words.attached_whole
        case Attached.HEADER:
            return words.attached_header
        case Attached.NOTHING:
            return words.attached_nothing


def _tell_group(words: Words, action: Action, entries: list[Entry]) -> list[str]:
    """A heading, each recipient, and what holds for all of them."""
    if not entries:
        return []
    heading = words.headings[action]
    paragraphs = [heading.text, *(_tell_entry(words, entry) for entry in entries)]
    until = max((entry.will_retry_until or 0 for entry in entries), default=0)
    closing = [words.retry.format(date=_date(Instant(until)))] if until else []
    if heading.closing:
        closing.append(heading.closing)
    return [*paragraphs, " ".join(closing)] if closing else paragraphs


def _tell_entry(words: Words, entry: Entry) -> str:
    """Indented lines: the address that the sender knows, the cause, the advice, and the words that were heard."""
    address = entry.original.text if entry.original and "@" in entry.original.text else entry.final.text
    lines = [f"  {printable(address)}"]
    if entry.action not in (Action.FAILED, Action.DELAYED):
        return lines[0]
    plain = words.explain(entry.status)
    lines.append(f"    {plain.what}")
    if entry.action is Action.FAILED:
        if entry.status.startswith("4."):
            lines.append(f"    {words.gave_up}")
        if plain.advice:
            lines.append(f"    {plain.advice}")
    return "\n".join([*lines, *_quote(words, entry)])


def _quote(words: Words, entry: Entry) -> list[str]:
    if entry.diagnostic is None or not entry.diagnostic.text:
        return []
    host = printable(entry.remote_mta.text) if entry.remote_mta else ""
    is_ours = entry.diagnostic.type == OURS or not host
    said = words.noted if is_ours else words.said.format(host=host)
    return [f"    {said}", f"    > {printable(entry.diagnostic.text, QUOTE_MAX)}"]


def printable(text: str, limit: int = 300) -> str:
    """Without marks that turn the direction of writing, or show nothing at all."""
    return "".join(char for char in clean(text, limit) if char.isprintable())


def _fill(paragraph: str) -> str:
    """Lines of a readable length; indents and quote marks go on."""
    out: list[str] = []
    for line in paragraph.split("\n"):
        text = line.lstrip(" ")
        indent = line[: len(line) - len(text)]
        mark = "> " if text.startswith("> ") else ""
        body = text.removeprefix(mark)
        lead = indent + mark
        out += wrap(
            body, WIDTH, initial_indent=lead, subsequent_indent=lead, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join(out)


def _date(at: Instant) -> str:
    """A form that reads the same in all languages."""
    days, rest = divmod(at, _DAY_MS)
    year, month, day = find_day(days)
    minutes = rest // 60_000
    return f"{year:04d}-{month:02d}-{day:02d} {minutes // 60:02d}:{minutes % 60:02d} UTC"
