"""DMARC (RFC 9989): what the domain of an author wants done with mail that nobody aligned with it vouches for.

Domains that belong together are found by walking up the DNS, so no list of public suffixes is needed. Everything that
asks is a generator of questions (see `ground.model.question`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from mailstead.ground.formats.dkim.tags import Malformed, read_tags
from mailstead.ground.model.question import Asking, Found, Kind, Question

LABELS_MAX: Final = 8
"""§4.10: a walk asks at most so often."""
ADDRESSES_MAX: Final = 20
RECORD_MAX: Final = 4096
"""Characters that are looked at."""
REMEMBERED_MAX: Final = 256
"""Records as they were read."""


class Result(Enum):
    """§9.2."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word, no secret
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Wish(Enum):
    """The values of p=, sp= and np=."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


_MILDER: Final = {Wish.REJECT: Wish.QUARANTINE, Wish.QUARANTINE: Wish.NONE, Wish.NONE: Wish.NONE}
_WISHES: Final = {wish.value: wish for wish in Wish}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A policy record. A tag whose value is not of the grammar counts as absent (§4.8)."""

    policy: Wish | None = None  # p=; None: absent, or not valid
    subdomains: Wish | None = None  # sp=
    nonexistent: Wish | None = None  # np=
    is_valid: bool = True  # False: p=, sp= or np= has no value of the grammar
    is_dkim_strict: bool = False
    is_spf_strict: bool = False
    is_suffix: bool | None = None  # psd=: y, n, or nothing said
    is_testing: bool = False
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    failure_options: tuple[str, ...] = ("0",)

    @property
    def applies(self) -> bool:
        """§4.10.1: one that says nothing of what to do, and wants no reports either, is none."""
        return (self.policy is not None and self.is_valid) or bool(self.rua)

    def wish_for(self, *, is_below: bool, exists: bool) -> Wish:
        """§4.7, for the domain of the record or one below it; test mode makes it milder by one (t=)."""
        wish = self.policy or Wish.NONE
        if is_below:
            wish = self.subdomains or wish
            wish = wish if exists else self.nonexistent or wish
        if not self.is_valid:
            wish = Wish.NONE
        return _MILDER[wish] if self.is_testing else wish


@lru_cache(REMEMBERED_MAX)
def read_record(text: str) -> Record | None:
    """None if it is no record of DMARC."""
    try:
        tags = {name.lower(): value for name, value in _tags(text).items()}
    except Malformed:
        return None
    if next(iter(tags), "") != "v" or tags["v"] != "DMARC1":
        return None
    wishes = {name: tags[name].lower() for name in ("p", "sp", "np") if name in tags}
    return Record(
        policy=_WISHES.get(wishes.get("p", "")),
        subdomains=_WISHES.get(wishes.get("sp", "")),
        nonexistent=_WISHES.get(wishes.get("np", "")),
        is_valid=all(value in _WISHES for value in wishes.values()),
        is_dkim_strict=tags.get("adkim", "").lower() == "s",
        is_spf_strict=tags.get("aspf", "").lower() == "s",
        is_suffix={"y": True, "n": False}.get(tags.get("psd", "").lower()),
        is_testing=tags.get("t", "").lower() == "y",
        rua=_addresses(tags.get("rua", "")),
        ruf=_addresses(tags.get("ruf", "")),
        failure_options=tuple(word.strip().lower() for word in tags.get("fo", "0").split(":")),
    )


def _tags(text: str) -> dict[str, str]:
    """§4.8: what is no tag is passed over, but only behind the version."""
    try:
        return read_tags(text.encode("latin-1", "replace"))
    except Malformed:
        tags: dict[str, str] = {}
        for part in text[:4096].split(";"):
            name, equals, value = part.partition("=")
            if equals and name.strip() not in tags:
                tags[name.strip()] = value.strip()
        return tags


def _addresses(text: str) -> tuple[str, ...]:
    """§4.6: only mailto is spoken here; a size after "!" is of old and means nothing."""
    found = []
    for uri in text.split(",", ADDRESSES_MAX)[:ADDRESSES_MAX]:
        scheme, colon, rest = uri.strip().partition(":")
        address = rest.partition("!")[0].partition("?")[0]
        if colon and scheme.lower() == "mailto" and "@" in address:
            found.append(address)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Station:
    """A domain of a walk that has a record."""

    domain: str
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What came out for one author's domain. `wish` is what to do if it failed, after test mode."""

    result: Result
    author: str
    organization: str = ""
    at: str = ""  # whose record it is
    record: Record | None = None
    wish: Wish = Wish.NONE
    aligned: str = ""  # the domain that vouches for it
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """Domains that authenticated the letter."""

    spf: str = ""  # of MAIL FROM, if that passed
    dkim: tuple[str, ...] = ()  # d= of signatures that passed
    is_spf_pending: bool = False  # its DNS was silent: it may pass at another time
    is_dkim_pending: bool = False

    def include(self, domain: str) -> bool:
        """True if that very one is among them."""
        return domain == self.spf.lower() or any(domain == one.lower() for one in self.dkim)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Who vouches for a letter, all of them, for a report (RFC 9990 §3.1.1.9)."""

    dkim: tuple[str, ...] = ()
    spf: bool = False


class _Silence(Exception):  # noqa: N818 - a fact of the DNS
    """There is no answer now."""


@dataclass(slots=True)
class Evaluator:
    """For the authors of one letter: what was asked for one of them is known for the others."""

    known: dict[str, tuple[Record | None, bool]] = field(default_factory=dict)

    def evaluate(self, author: str, vouchers: Vouchers) -> Asking[Evaluation]:
        """§5.3. `author` is the domain of From, in A-labels."""
        author = author.lower()
        try:
            record, _ = yield from self._fetch(author)
            if record is not None and record.applies and vouchers.include(author):
                wish = record.wish_for(is_below=False, exists=True)
                return Evaluation(  # §4.10.2: nothing above it could change that
                    result=Result.PASS, author=author, organization=author, at=author,
                    record=record, wish=wish, aligned=author,
                )  # fmt: skip
            stations = yield from self._walk(author)
            organization = _organization(author, stations)
            policy = _policy(author, organization, stations)
            if policy is None or not policy.record.applies:
                return Evaluation(
                    result=Result.NONE, author=author, organization=organization, why=f"{author} has no policy"
                )
            wish = yield from self._wish(author, policy)
        except _Silence as silence:
            return Evaluation(result=Result.TEMPERROR, author=author, why=str(silence))
        aligned, silent = yield from self._find_aligned(author, organization, policy.record, vouchers)
        return Evaluation(
            result=Result.PASS if aligned else Result.TEMPERROR if silent else Result.FAIL,
            author=author,
            organization=organization,
            at=policy.domain,
            record=policy.record,
            wish=wish,
            aligned=aligned,
            why="" if aligned else silent or f"nobody aligned with {author} vouches for it",
        )

    def align(self, evaluation: Evaluation, vouchers: Vouchers) -> Asking[Alignment]:
        """Not only the first that is enough. Where there is no answer somebody is taken for a stranger."""
        author, record = evaluation.author, evaluation.record or Record()
        known: dict[tuple[str, bool], bool] = {}
        organization = author
        if any(domain.lower() != author for domain in (*vouchers.dkim, vouchers.spf) if domain):
            organization = yield from self.find_organization(author)
        for domain, is_strict in [
            *((domain.lower(), record.is_dkim_strict) for domain in vouchers.dkim),
            (vouchers.spf.lower(), record.is_spf_strict),
        ]:
            try:
                known[domain, is_strict] = yield from self._is_aligned(
                    domain, author, organization, is_strict=is_strict
                )
            except _Silence:
                known[domain, is_strict] = False
        return Alignment(
            tuple(domain for domain in vouchers.dkim if known[domain.lower(), record.is_dkim_strict]),
            bool(vouchers.spf) and known[vouchers.spf.lower(), record.is_spf_strict],
        )

    def find_organization(self, domain: str) -> Asking[str]:
        """§4.10.2; the domain itself where there is no answer."""
        try:
            return _organization(domain, (yield from self._walk(domain)))
        except _Silence:
            return domain

    def _find_aligned(
        self, author: str, organization: str, record: Record, vouchers: Vouchers
    ) -> Asking[tuple[str, str]]:
        """§4.4: the first that is, else why it cannot be told now, if so."""
        silent = "a check that it depends on found no answer"
        pending = silent if vouchers.is_spf_pending or vouchers.is_dkim_pending else ""
        candidates = [(domain, record.is_dkim_strict) for domain in vouchers.dkim]
        candidates += [(vouchers.spf, record.is_spf_strict)] if vouchers.spf else []
        for domain, is_strict in sorted(candidates, key=lambda one: one[0].lower() != author):
            try:
                if (yield from self._is_aligned(domain.lower(), author, organization, is_strict=is_strict)):
                    return domain.lower(), ""
            except _Silence as silence:
                pending = pending or str(silence)
        return "", pending

    def _is_aligned(self, domain: str, author: str, organization: str, *, is_strict: bool) -> Asking[bool]:
        """§4.10.2: what is not below the organization needs no walk."""
        if domain == author:
            return True
        if is_strict or not f".{domain}".endswith(f".{organization}"):
            return False
        return _organization(domain, (yield from self._walk(domain))) == organization

    def _walk(self, domain: str) -> Asking[list[Station]]:
        """§4.10: the domain and those above it, at most eight, until one says what it is."""
        stations = []
        labels = domain.split(".")
        shortened = labels[1:] if len(labels) < LABELS_MAX else labels[1 - LABELS_MAX :]
        for name in [domain, *(".".join(shortened[start:]) for start in range(len(shortened)))]:
            record, _ = yield from self._fetch(name)
            if record is not None:
                stations.append(Station(name, record))
                if record.is_suffix is not None:
                    break
        return stations

    def _fetch(self, domain: str) -> Asking[tuple[Record | None, bool]]:
        """The one record of a domain, and whether `_dmarc` below it exists."""
        if domain not in self.known:
            found = yield from _ask(Kind.TXT, f"_dmarc.{domain}")
            texts = [text[:RECORD_MAX] for text in found.records]
            records = [record for record in map(read_record, texts) if record is not None]
            self.known[domain] = records[0] if len(records) == 1 else None, found.exists
        return self.known[domain]

    def _wish(self, author: str, policy: Station) -> Asking[Wish]:
        """np= is about names that the DNS does not have at all (RFC 8020: nor any below them)."""
        is_below = policy.domain != author
        _, exists = self.known[author]
        if is_below and policy.record.nonexistent is not None and not exists:
            exists = (yield from _ask(Kind.A, author)).exists
        else:
            exists = True
        return policy.record.wish_for(is_below=is_below, exists=exists)


def _ask(kind: Kind, name: str) -> Asking[Found]:
    found = yield Question(kind, name)
    if found is None:
        raise _Silence(f"no answer for {kind.value} of {name}")
    return found


def _organization(start: str, stations: Sequence[Station]) -> str:
    """§4.10.2: from the longest name to the shortest."""
    for station in stations:
        if station.record.is_suffix is False:
            return station.domain
        if station.record.is_suffix and station.domain != start:
            above = station.domain.count(".") + 2
            return ".".join(start.split(".")[-above:])
    return stations[-1].domain if stations else start


def _policy(author: str, organization: str, stations: Sequence[Station]) -> Station | None:
    """§4.10.1: of the author, else of the organization, else of the public suffix above it."""
    by_domain = {station.domain: station for station in stations}
    suffix = next((station for station in stations if station.record.is_suffix), None)
    return by_domain.get(author) or by_domain.get(organization) or suffix
