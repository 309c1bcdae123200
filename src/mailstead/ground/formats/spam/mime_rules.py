"""Rules about parts, markup and links: what is hidden, what pretends, what is dangerous."""

from collections.abc import Callable
from typing import Final

from mailstead.ground.formats.charset import find_codec
from mailstead.ground.formats.parameter import find_parameter
from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.formats.spam.links import Link
from mailstead.ground.formats.spam.markup import Markup
from mailstead.ground.formats.spam.rule import Rule, Test

_RUNS: Final = frozenset(
    "exe scr pif bat com cmd cpl js jse vbs vbe wsf wsh hta lnk jar msi ps1 reg iso img vhd dll chm".split()  # noqa: SIM905
)
_MACROS: Final = frozenset(("docm", "xlsm", "pptm", "xlam", "dotm", "one", "xll"))
_PAGES: Final = frozenset(("html", "htm", "shtml", "xhtml", "svg", "mht"))
_HARMLESS: Final = frozenset(("pdf", "doc", "docx", "xls", "xlsx", "jpg", "jpeg", "png", "gif", "txt", "mp3", "zip"))
_CHEAP: Final = frozenset(
    [
        "top",
        "xyz",
        "click",
        "icu",
        "cyou",
        "buzz",
        "monster",
        "rest",
        "bond",
        "sbs",
        "cfd",
        "quest",
        "beauty",
        "hair",
        "skin",
        "makeup",
        "lol",
        "zip",
        "mov",
        "work",
        "loan",
        "review",
        "country",
        "stream",
        "download",
        "racing",
        "win",
        "bid",
        "trade",
        "date",
        "faith",
        "cricket",
        "science",
        "party",
        "gdn",
        "tk",
        "ml",
        "ga",
        "cf",
        "gq",
    ]
)


_ACTIVE: Final = ("script", "iframe", "object", "embed", "applet", "frame")


def _suffixes(letter: Anatomy) -> list[list[str]]:
    return [one.name.rsplit(".", 2) for one in letter.enclosures if "." in one.name]


def _runs(letter: Anatomy) -> bool:
    return any(parts[-1] in _RUNS for parts in _suffixes(letter)) or any(
        one.begin[:2] == b"MZ" for one in letter.enclosures
    )


def _pretends(letter: Anatomy) -> bool:
    """report.pdf.exe; an image that is a program."""
    doubled = any(
        len(parts) == 3 and parts[1] in _HARMLESS and parts[2] in _RUNS | _PAGES for parts in _suffixes(letter)
    )
    return doubled or any(
        one.media.startswith(("image/", "audio/", "video/")) and one.name.rpartition(".")[2] in _RUNS
        for one in letter.enclosures
    )


def _encloses(suffixes: frozenset[str], letter: Anatomy) -> bool:
    return any(parts[-1] in suffixes for parts in _suffixes(letter))


def _is_locked(letter: Anatomy) -> bool:
    """The first file of a zip archive is encrypted (APPNOTE 4.4.4, bit 0)."""
    return any(one.begin[:4] == b"PK\x03\x04" and len(one.begin) > 6 and one.begin[6] & 1 for one in letter.enclosures)


def _is_only_html(letter: Anatomy) -> bool:
    return bool(letter.markups) and not any(text.strip() for text in letter.plain)


def _has_odd_charset(letter: Anatomy) -> bool:
    for part in letter.parts:
        charset = find_parameter(part.params, b"charset") if part.is_text else None
        if charset and find_codec(charset) is None:
            return True
    return False


def _differs(letter: Anatomy) -> bool:
    """Two forms of one text have words in common."""
    if b"alternative" not in letter.root.media or len(letter.plain) != 1 or len(letter.markups) != 1:
        return False
    plain, shown = set(letter.plain[0].lower().split()), set(letter.markups[0].text.lower().split())
    return len(plain) > 15 and len(shown) > 15 and len(plain & shown) < 0.3 * min(len(plain), len(shown))


def _is_picture(letter: Anatomy) -> bool:
    shown = sum(len(markup.text.strip()) for markup in letter.markups)
    pictures = sum(markup.images - markup.beacons for markup in letter.markups)
    return pictures > 0 and shown < 80 + 40 * min(pictures, 5) and _is_only_html(letter)


def _uses(letter: Anatomy, *names: str) -> bool:
    return any(name in markup.names for markup in letter.markups for name in names)


def _is_made_of_tags(letter: Anatomy) -> bool:
    tags = sum(sum(markup.names.values()) for markup in letter.markups)
    return tags > 20 and tags * 8 > sum(len(markup.text) for markup in letter.markups)


def _mixes_scripts(letter: Anatomy) -> bool:
    """Letters of two alphabets in one word: read as one, compared as another."""
    mixed = 0
    if not letter.text.isascii():
        for word in letter.words[:1000]:
            if not word.isascii():
                has_latin = any("a" <= char <= "z" for char in word)
                mixed += has_latin and any("\u0370" <= char <= "\u052f" for char in word)
    return mixed > 1


def _is_padded(letter: Anatomy) -> bool:
    """Characters of no width between letters."""
    text = letter.text
    return not text.isascii() and sum(map(text.count, ("\u200b", "\u200c", "\u2060", "\xad", "\ufeff"))) > 15


def _colors(letter: Anatomy) -> int:
    return sum(look.startswith("color=") for markup in letter.markups for look in markup.looks)


def _has_big_type(letter: Anatomy) -> bool:
    big = ("size=5", "size=6", "size=7", "size=+2", "size=+3", "size=+4")
    return any(look in big for markup in letter.markups for look in markup.looks)


def _in_markup(holds: Callable[[Markup], bool]) -> Test:
    return lambda letter: any(map(holds, letter.markups))


def _in_link(holds: Callable[[Link], bool]) -> Test:
    return lambda letter: any(map(holds, letter.links))


MIME_RULES: Final = (
    Rule("PROGRAM", 3.0, "it encloses a program", _runs),
    Rule("PRETENDING_FILE", 2.0, "a file pretends to be of another kind", _pretends),
    Rule("MACROS", 1.2, "it encloses a document that runs", lambda letter: _encloses(_MACROS, letter)),
    Rule("ENCLOSED_PAGE", 1.2, "it encloses a web page", lambda letter: _encloses(_PAGES, letter)),
    Rule("LOCKED_ARCHIVE", 1.5, "it encloses an archive under a password", _is_locked),
    Rule("NEEDLESS_BASE64", 1.6, "plain letters are wrapped in base64", lambda letter: letter.needless > 0),
    Rule("UNNAMED_CHARSET", 0.9, "its text is in characters of no named kind", lambda letter: letter.unnamed > 0),
    Rule("ONLY_HTML", 1.0, "it is HTML alone", _is_only_html),
    Rule("ODD_CHARSET", 0.9, "it names characters nobody knows", _has_odd_charset),
    Rule("FORMS_DIFFER", 1.0, "its plain form says something else", _differs),
    Rule("PICTURE", 1.8, "it is a picture of a text", _is_picture),
    Rule("HIDDEN_TEXT", 1.5, "it hides text", _in_markup(lambda markup: bool(markup.hidden > 60))),
    Rule("FALSE_LINK", 1.6, "a link names one site and leads to another",
         _in_markup(lambda markup: bool(markup.deceits))),
    Rule("BEACON", 0.3, "it tells its sender when it is read", _in_markup(lambda markup: bool(markup.beacons))),
    Rule("SPLIT_WORDS", 2.0, "its words are split by what nobody sees",
         lambda letter: sum(markup.splits for markup in letter.markups) > 2),
    Rule("UNKNOWN_TAGS", 1.2, "its markup is no HTML",
         lambda letter: sum(markup.unknown for markup in letter.markups) > 5),
    Rule("FORM", 0.4, "it has a form to fill in", lambda letter: _uses(letter, "form", "input")),
    Rule("ACTIVE", 0.6, "it runs or loads something", lambda letter: _uses(letter, *_ACTIVE)),
    Rule("MADE_OF_TAGS", 0.5, "it is more markup than text", _is_made_of_tags),
    Rule("COLOURS", 0.6, "it is of many colours", lambda letter: _colors(letter) > 3),
    Rule("BIG_TYPE", 0.8, "it is in big type", _has_big_type),
    Rule("MIXED_SCRIPTS", 2.0, "its words mix letters of several alphabets", _mixes_scripts),
    Rule("PADDED_TEXT", 1.2, "characters of no width fill its text", _is_padded),
    Rule("LINK_TO_IP", 1.8, "a link leads to a bare address", _in_link(lambda link: link.is_ip)),
    Rule("LINK_TO_PORT", 0.8, "a link leads to an odd port", _in_link(lambda link: link.port not in ("", "80", "443"))),
    Rule("LINK_WITH_USER", 1.5, "a link names something before its host", _in_link(lambda link: link.has_user)),
    Rule("LINK_ESCAPED", 1.8, "a link hides its host", _in_link(lambda link: link.has_escapes)),
    Rule("LINK_LOOKALIKE", 0.6, "a link has letters of other alphabets",
         _in_link(lambda link: "xn--" in link.host or not link.host.isascii())),
    Rule("CHEAP_DOMAIN", 0.7, "a link leads to where names cost nothing",
         _in_link(lambda link: link.host.rpartition(".")[2] in _CHEAP)),
    Rule("LINK_TO_PROGRAM", 1.5, "a link leads to a program",
         _in_link(lambda link: link.path.rpartition(".")[2].lower() in ("exe", "scr", "hta", "jar", "msi", "iso"))),
    Rule("LINK_UNSUBSCRIBE", 0.8, "it offers to stop",
         _in_link(lambda link: "remove" in link.path.lower() or "optout" in link.path.lower())),
)  # fmt: skip
