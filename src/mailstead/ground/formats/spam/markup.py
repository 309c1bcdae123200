"""What HTML shows and what it hides: one walk over its tags. Linear; nothing is built, nothing is fetched."""

import re
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.formats.html import unescape
from mailstead.ground.formats.spam.links import LINKS_MAX, Link, read_link

SOURCE_MAX: Final = 64 << 10
"""Characters looked at."""
TAGS_MAX: Final = 4000
DEPTH_MAX: Final = 64
"""Tags within hidden text that are kept in mind."""

_TAG: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9:]{0,15}+)([^<>]{0,4000}+)>?|([!?/][^<>]{0,4000}+>?))")
_ATTRIBUTE: Final = re.compile(
    r"([a-zA-Z-]{1,20}+)\s{0,20}+=\s{0,20}+(?:\"([^\"]{0,2000}+)\"?|'([^']{0,2000}+)'?|([^\s>\"']{1,2000}+))"
)
_SPACES: Final = re.compile(r"\s++")
_HIDES: Final = re.compile(
    r"display:none|visibility:hidden|font-size:[01](?:\.[0-9]{1,4})?(?:px|pt|em|%|;|$)|opacity:0(?:\.0{1,3})?(?:;|$)|max-height:0|mso-hide:all"
)
_COLOR: Final = re.compile(r"(?:^|;)color:([#a-z0-9(),.]{3,30}+)")
_GROUND: Final = re.compile(r"background(?:-color)?:([#a-z0-9(),.]{3,30}+)")
_VOID: Final = frozenset(("br", "img", "hr", "meta", "input", "link", "base", "area", "col", "wbr", "source"))
_BREAKS: Final = frozenset(
    ("br", "p", "div", "td", "th", "tr", "table", "li", "ul", "ol", "hr", "center", "blockquote",
     "h1", "h2", "h3", "h4", "h5", "h6", "title", "body", "option", "pre", "section", "article"),
)  # fmt: skip
_KNOWN: Final = (
    _VOID
    | _BREAKS
    | frozenset(
        """
    a abbr acronym address applet b bdo big button canvas caption cite code colgroup dd del dfn dir dl dt em
    embed fieldset figcaption figure font footer form frame frameset head header html i iframe ins kbd label legend
    main map marquee menu nav noframes noscript object optgroup param q s samp script select small span strike strong
    style sub summary sup svg tbody template textarea tfoot thead time tt u var video xml audio bgsound blink layer
    nobr spacer bdi details dialog mark path rect g picture progress track data
    """.split()  # noqa: SIM905 - a table for people
    )
)
_COLORS: Final = {
    "white": "#ffffff",
    "black": "#000000",
    "#fff": "#ffffff",
    "#000": "#000000",
    "rgb(255,255,255)": "#ffffff",
}
_INLINE: Final = frozenset(
    ("a", "font", "span", "b", "i", "div", "p", "td", "body", "table", "tr", "img", "small", "u")
)


@dataclass(slots=True)
class Markup:
    """Facts of one HTML part."""

    text: str = ""
    hidden: int = 0  # characters nobody sees
    links: list[Link] = field(default_factory=list)
    deceits: int = 0  # links whose text names another site than they lead to
    images: int = 0
    beacons: int = 0  # images of a pixel
    comments: int = 0
    splits: int = 0  # comments or unknown tags in the middle of words
    unknown: int = 0
    names: dict[str, int] = field(default_factory=dict)  # tags, how often
    looks: set[str] = field(default_factory=set)  # colours, sizes and faces


def read_markup(source: str) -> Markup:
    """Of the beginning of a part."""
    return _Walk(source[:SOURCE_MAX]).run()


class _Walk:
    """The walk: where text is hidden, and which link is open."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._facts = Markup()
        self._out: list[str] = []
        self._hidden: list[str] = []  # names of open tags, from the one that hides on
        self._ground = "#ffffff"  # of the page; "" once anything else lies on it
        self._link: Link | None = None
        self._label: list[str] = []

    def run(self) -> Markup:
        """All of it."""
        source, position = self._source, 0
        for _ in range(TAGS_MAX):
            match = _TAG.search(source, position)
            if match is None:
                break
            if match.start() > position:
                self._text(source[position : match.start()])
            position = self._take(match)
        else:
            position = len(source)
        self._text(source[position:])
        self._end_link()
        self._facts.text = "".join(self._out)
        return self._facts

    def _take(self, match: re.Match[str]) -> int:
        comment, closes, name, attributes, _ = match.groups()
        if comment:
            end = self._source.find("-->", match.end())
            after = end + 3 if end >= 0 else len(self._source)
            self._facts.comments += 1
            self._count_split(match.start(), after)
            return after
        if name is None:
            return match.end()
        name = name.lower()
        if closes:
            self._close(name)
        elif name in ("script", "style"):
            self._count(name)
            end = self._source.lower().find(f"</{name}", match.end()) if self._facts.names[name] < 50 else -1
            return end if end >= 0 else len(self._source)
        else:
            self._open(name, attributes, match)
        return match.end()

    def _count(self, name: str) -> None:
        self._facts.names[name] = self._facts.names.get(name, 0) + 1

    def _count_split(self, begin: int, end: int) -> None:
        """Between two letters: the eye reads on, a filter is to stumble."""
        if self._source[begin - 1 : begin].isalpha() and self._source[end : end + 1].isalpha():
            self._facts.splits += 1

    def _open(self, name: str, attributes: str, match: re.Match[str]) -> None:
        self._count(name)
        if name not in _KNOWN:
            if ":" not in name:
                self._facts.unknown += 1
                self._count_split(match.start(), match.end())
            return
        if name in _BREAKS:
            self._out.append("\n")
        if self._hidden and name not in _VOID and len(self._hidden) < DEPTH_MAX:
            self._hidden.append(name)
        if attributes and name in _INLINE:
            self._attributes(name, attributes)

    def _attributes(self, name: str, attributes: str) -> None:
        found = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(attributes)}
        style = _SPACES.sub("", found["style"]).lower() if "style" in found else ""
        if name == "a" and "href" in found:
            self._end_link()
            self._link = read_link(unescape(found["href"]))
            if self._link.host and len(self._facts.links) < LINKS_MAX:
                self._facts.links.append(self._link)
        elif name == "img":
            self._image(found)
        self._note_looks(found, style)
        if not self._hidden and name not in _VOID and self._is_hiding(name, found, style):
            self._hidden.append(name)
        if "background" in found or "bgcolor" in found or "background" in style:
            self._ground = _color(found.get("bgcolor", "")) if name == "body" else ""

    def _note_looks(self, found: dict[str, str], style: str) -> None:
        for key in ("color", "bgcolor", "size", "face"):
            if key in found and len(self._facts.looks) < 64:
                self._facts.looks.add(f"{key}={found[key][:24].lower()}")
        if style and (color := _first(_COLOR, style)):
            self._facts.looks.add(f"color={color}")

    def _is_hiding(self, name: str, found: dict[str, str], style: str) -> bool:
        if style and _HIDES.search(style):
            return True
        color = found.get("color", "") if name == "font" else _first(_COLOR, style)
        ground = _color(_first(_GROUND, style)) or self._ground
        return bool(color) and bool(ground) and _color(color) == ground

    def _image(self, found: dict[str, str]) -> None:
        self._facts.images += 1
        if found.get("width", "").strip() in ("0", "1") and found.get("height", "").strip() in ("0", "1"):
            self._facts.beacons += 1
        source = read_link(unescape(found.get("src", "")))
        if source.host and len(self._facts.links) < LINKS_MAX:
            self._facts.links.append(source)

    def _close(self, name: str) -> None:
        if name == "a":
            self._end_link()
        if name in _BREAKS:
            self._out.append("\n")
        if self._hidden and name in self._hidden:
            while self._hidden.pop() != name:
                pass

    def _text(self, raw: str) -> None:
        text = unescape(raw)
        if self._hidden:
            self._facts.hidden += len(text.strip())
            return
        self._out.append(text)
        if self._link is not None and len(self._label) < 20:
            self._label.append(text)

    def _end_link(self) -> None:
        """A label that names a site is a promise."""
        link, label = self._link, "".join(self._label).strip().lower()
        self._link, self._label = None, []
        if link is None or not link.host or not label or " " in label or "@" in label or "." not in label:
            return
        named = read_link(label if "://" in label else f"http://{label}")
        is_name = named.host.rpartition(".")[2].isalpha() and (label.startswith(("http", "www.")) or "/" not in label)
        if is_name and len(named.host.rpartition(".")[2]) > 1 and named.site != link.site:
            self._facts.deceits += 1


def _first(pattern: re.Pattern[str], style: str) -> str:
    match = pattern.search(style) if style else None
    return match[1] if match else ""


def _color(name: str) -> str:
    name = name.strip().lower()
    return _COLORS.get(name, name)
