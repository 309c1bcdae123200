"""The digest as a letter: text and HTML that say the same. What strangers wrote is escaped. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final

from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.quarantine import KeptLetter
from mailstead.services.quarantine.words import WORDS, Words

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2em auto;max-width:40em;padding:0 1em;color:#1a1a1a;"
    "background:#fff}article{border-top:1px solid #ccc;padding:1em 0}h1{font-size:1.3em}h2{font-size:1em;margin:0}"
    "p{margin:.3em 0}button{font:inherit;padding:.6em 1.2em;border:0;border-radius:.4em;background:#0b57d0;color:#fff;"
    "cursor:pointer}button:focus-visible{outline:3px solid #f90}.why{color:#555}"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One kept letter. `link`: "" if the recipient may not release it."""

    kept: KeptLetter
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is told to one account."""

    address: Address
    lines: Sequence[Line]
    days: int
    language: Language
    author: Address
    message_id: str
    at: Instant


def render_digest(digest: Digest) -> bytes:
    """With CRLF; ASCII but for what stands encoded."""
    words, count = WORDS[digest.language], len(digest.lines)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Mailbox(words.sender, addr_spec=str(digest.author))
    letter["To"] = Mailbox("", addr_spec=str(digest.address))
    letter["Subject"] = words.subject_one if count == 1 else words.subject.format(count=count)
    letter["Date"] = format_datetime(_moment(digest.at))
    letter["Message-ID"] = f"<{digest.message_id}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody answers it by itself
    letter.set_content(_text(digest, words), cte="quoted-printable")
    letter.add_alternative(_html(digest, words), subtype="html", cte="quoted-printable")
    return letter.as_bytes()


def _text(digest: Digest, words: Words) -> str:
    blocks = [words.intro.format(address=digest.address)]
    for line in digest.lines:
        rows = [line.kept.subject or words.none]
        rows += [f"  {label}: {value}" for label, value in _facts(line.kept, words)]
        rows += [f"  {words.release}: {line.link}"] if line.link else []
        rows += [f"  {words.virus}"] if line.kept.has_virus else []
        blocks.append("\n".join(rows))
    return "\n\n".join([*blocks, *_closing(digest, words)]) + "\n"


def _html(digest: Digest, words: Words) -> str:
    parts = [
        f'<!doctype html><html lang="{digest.language.value}"><head><meta charset="utf-8">',
        f"<style>{STYLE}</style></head><body>",
        f"<p>{escape(words.intro.format(address=digest.address))}</p>",
    ]
    for line in digest.lines:
        parts.append(f"<article><h2>{escape(line.kept.subject or words.none)}</h2>")
        parts += [f"<p>{escape(label)}: {escape(value)}</p>" for label, value in _facts(line.kept, words)]
        parts += [f'<p><a href="{escape(line.link)}">{escape(words.release)}</a></p>'] if line.link else []
        parts += [f"<p>{escape(words.virus)}</p>"] if line.kept.has_virus else []
        parts.append("</article>")
    parts += [f"<p>{escape(one)}</p>" for one in _closing(digest, words)]
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _facts(kept: KeptLetter, words: Words) -> list[tuple[str, str]]:
    return [
        (words.by, kept.author or kept.sender or words.none),
        (words.come, _moment(kept.kept_at).strftime("%Y-%m-%d %H:%M UTC")),
        (words.why, kept.words),
    ]


def _closing(digest: Digest, words: Words) -> list[str]:
    has_links = any(line.link for line in digest.lines)
    return [words.warning if has_links else words.no_link, words.until.format(days=digest.days)]


def render_page(language: Language, say: str, kept: KeptLetter | None = None) -> str:
    """A page of the web server: what is said, and if a letter is to be released, what it is and a button. Nothing of it
    needs JavaScript; only pressing the button (POST) changes anything, so programs that follow links do no harm."""
    words = WORDS[language]
    parts = [
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">',
        f"<title>{escape(say)}</title><style>{STYLE}</style></head><body><main><h1>{escape(say)}</h1>",
    ]
    if kept is not None:
        parts.append(f"<article><h2>{escape(kept.subject or words.none)}</h2>")
        parts += [f"<p>{escape(label)}: {escape(value)}</p>" for label, value in _facts(kept, words)]
        parts.append(f'</article><form method="post"><button>{escape(words.button)}</button></form>')
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _moment(at: Instant) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
