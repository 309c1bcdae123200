"""check_host() (RFC 7208 §4): a generator of questions to the DNS that ends with a result and what decided it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from mailstead.ground.formats.spf.macro import NAME_MAX, SyntaxFault, Text, expand, letters_of, read_text, trim_name
from mailstead.ground.formats.spf.record import Mechanism, Name, Qualifier, Record, read_record, select_records
from mailstead.ground.model.question import Asking, Found, Kind, Question

TERMS_MAX: Final = 10
"""§4.6.4: mechanisms and modifiers that ask the DNS."""
VOIDS_MAX: Final = 2
"""§4.6.4: of them, those to which there is no answer."""
NAMES_MAX: Final = 10
"""§4.6.4: hosts of one mx, names of one address."""
LABEL_MAX: Final = 63

IP = IPv4Address | IPv6Address


class Result(Enum):
    """§2.6, in the words of RFC 8601 §2.7.2."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a word, no secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_MEANING: Final = {
    Qualifier.PASS: Result.PASS,
    Qualifier.FAIL: Result.FAIL,
    Qualifier.SOFTFAIL: Result.SOFTFAIL,
    Qualifier.NEUTRAL: Result.NEUTRAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: of the HELO identity `local` is empty and `domain` the name given there (§2.3)."""

    ip: IP
    domain: str  # with A-labels
    local: str = ""
    helo: str = ""
    receiver: str = "unknown"  # §7.2: %{r}
    now: int = 0  # %{t}, in seconds
    terms: int = TERMS_MAX


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out. `mechanism` is the term that matched, `at` the domain whose record has it."""

    result: Result
    mechanism: str = ""
    at: str = ""
    why: str = ""  # of an error
    explanation: str = ""  # words of that domain, for a refusal (§6.2)


class _Stop(Exception):  # noqa: N818 - a way out, no error of ours
    """An error that ends the whole evaluation."""

    def __init__(self, result: Result, why: str) -> None:
        super().__init__(why)
        self.evaluation = Evaluation(result, why=why)


def evaluate(sender: Sender) -> Asking[Evaluation]:
    """§4. Never raises, and never asks without end."""
    ip = sender.ip
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        sender = replace(sender, ip=ip.ipv4_mapped)  # §5: by another way it is IPv4 still
    domain = sender.domain.removesuffix(".")
    if not _is_name(domain) or "." not in domain:
        return Evaluation(Result.NONE, why="no domain name")
    try:
        return (yield from _Check(sender).host(domain))
    except _Stop as stop:
        return stop.evaluation


def _is_name(name: str) -> bool:
    """§4.3: what can be asked for at all."""
    return (
        0 < len(name) <= NAME_MAX
        and all(0 < len(label) <= LABEL_MAX for label in name.split("."))
        and name.isascii()
        and name.isprintable()
        and "[" not in name
    )


@dataclass(slots=True)
class _Check:
    """One evaluation with its limits."""

    sender: Sender
    terms: int = 0
    voids: int = 0
    validated: tuple[str, ...] | None = None  # names of the address that lead back to it
    is_nameless: bool = False
    values: dict[str, str] = field(default_factory=dict)

    def host(self, domain: str, *, is_included: bool = False) -> Asking[Evaluation]:
        """The record of one domain."""
        found = yield from self._ask(Kind.TXT, domain)
        texts = select_records(found.records)
        if not texts:
            return Evaluation(Result.NONE, at=domain, why=f"{domain} has no record")
        if len(texts) > 1:
            raise _Stop(Result.PERMERROR, f"{domain} has {len(texts)} records")
        try:
            record = read_record(texts[0])
        except SyntaxFault as fault:
            raise _Stop(Result.PERMERROR, f"{domain}: {fault}") from None
        for mechanism in record.mechanisms:
            if (yield from self._matches(mechanism, domain)):
                result = _MEANING[mechanism.qualifier]
                words = ""
                if result is Result.FAIL and record.explanation is not None and not is_included:
                    words = yield from self._explain(record.explanation, domain)
                return Evaluation(result, mechanism.text, domain, explanation=words)
        return (yield from self._redirect(record, domain, is_included=is_included))

    def _redirect(self, record: Record, domain: str, *, is_included: bool) -> Asking[Evaluation]:
        """§6.1, §4.7: nothing matched."""
        if record.redirect is None:
            return Evaluation(Result.NEUTRAL, "", domain)
        self._count_term()
        target = yield from self._expand(record.redirect, domain)
        other = Evaluation(Result.NONE)
        if _is_name(target):
            other = yield from self.host(target, is_included=is_included)
        if other.result is Result.NONE:
            raise _Stop(Result.PERMERROR, f"{domain} redirects to {target[:80]!r}, which has no record")
        return other

    def _matches(self, mechanism: Mechanism, domain: str) -> Asking[bool]:
        """§5."""
        match mechanism.name:
            case Name.ALL:
                return True
            case Name.IP4 | Name.IP6:
                assert mechanism.network is not None
                return self._is_in(mechanism.network, mechanism)
            case name:
                self._count_term()
                target = domain
                if mechanism.target is not None:
                    target = yield from self._expand(mechanism.target, domain)
                if name is Name.INCLUDE:
                    return (yield from self._included(target, domain))
                if not _is_name(target):
                    return False  # §4.8: it cannot be anybody's
                return (yield from self._asked(mechanism, target))

    def _asked(self, mechanism: Mechanism, target: str) -> Asking[bool]:
        match mechanism.name:
            case Name.A:
                found = yield from self._ask(self._kind, target, is_term=True)
                return self._any_in(found, mechanism)
            case Name.MX:
                return (yield from self._exchanges(mechanism, target))
            case Name.EXISTS:
                found = yield from self._ask(Kind.A, target, is_term=True)
                return bool(found.records)
            case _:
                names = yield from self._names()
                if self.is_nameless:
                    self._count_void()
                ends = f".{target.lower()}"
                return any(f".{name}".endswith(ends) for name in names)

    def _exchanges(self, mechanism: Mechanism, target: str) -> Asking[bool]:
        """§5.4."""
        hosts = (yield from self._ask(Kind.MX, target, is_term=True)).records
        if len(hosts) > NAMES_MAX:
            raise _Stop(Result.PERMERROR, f"{target} has {len(hosts)} mail exchangers")
        for host in hosts:
            if _is_name(host.removesuffix(".")):
                found = yield from self._ask(self._kind, host.removesuffix("."))
                if self._any_in(found, mechanism):
                    return True
        return False

    def _included(self, target: str, domain: str) -> Asking[bool]:
        """§5.2: only its pass counts; that there is nothing is an error of who includes it."""
        other = Evaluation(Result.NONE)
        if _is_name(target):
            other = yield from self.host(target, is_included=True)
        if other.result is Result.NONE:
            raise _Stop(Result.PERMERROR, f"{domain} includes {target[:80]!r}, which has no record")
        return other.result is Result.PASS

    def _names(self) -> Asking[tuple[str, ...]]:
        """§5.5: names of the address that lead back to it, asked for once. Of troubles: it has none, then."""
        if self.validated is None:
            self.validated = ()
            found = yield Question(Kind.PTR, str(self.sender.ip))
            records = found.records[:NAMES_MAX] if found is not None else ()
            self.is_nameless = found is not None and not records
            for name in [one.removesuffix(".").lower() for one in records]:
                if _is_name(name):
                    answer = yield Question(self._kind, name)
                    if answer is not None and self.sender.ip in _addresses(answer):
                        self.validated += (name,)
        return self.validated

    def _explain(self, text: Text, domain: str) -> Asking[str]:
        """§6.2: what goes wrong here leaves no explanation, and the result as it is."""
        target = yield from self._expand(text, domain)
        if not _is_name(target):
            return ""
        found = yield Question(Kind.TXT, target)
        if found is None or len(found.records) != 1:
            return ""
        try:
            words = read_text(found.records[0][: NAME_MAX * 4], is_explanation=True)
        except SyntaxFault:
            return ""
        return expand(words, (yield from self._values(words, domain)))

    def _expand(self, text: Text, domain: str) -> Asking[str]:
        """A name."""
        return trim_name(expand(text, (yield from self._values(text, domain))))

    def _values(self, text: Text, domain: str) -> Asking[dict[str, str]]:
        """§7.2."""
        letters = letters_of(text)
        if not letters:
            return {}
        if not self.values:
            self.values = _values_of(self.sender)
        values = {**self.values, "d": domain}
        if "p" in letters:
            values["p"] = _nearest((yield from self._names()), domain)
        return values

    def _ask(self, kind: Kind, name: str, *, is_term: bool = False) -> Asking[Found]:
        found = yield Question(kind, name)
        if found is None:
            raise _Stop(Result.TEMPERROR, f"no answer for {kind.value} of {name}")
        if is_term and not found.records:
            self._count_void()
        return found

    def _count_term(self) -> None:
        self.terms += 1
        if self.terms > self.sender.terms:
            raise _Stop(Result.PERMERROR, f"more than {self.sender.terms} terms that ask the DNS")

    def _count_void(self) -> None:
        self.voids += 1
        if self.voids > VOIDS_MAX:
            raise _Stop(Result.PERMERROR, f"more than {VOIDS_MAX} terms for names that are not there")

    @property
    def _kind(self) -> Kind:
        return Kind.A if isinstance(self.sender.ip, IPv4Address) else Kind.AAAA

    def _any_in(self, found: Found, mechanism: Mechanism) -> bool:
        return any(self._is_in(address, mechanism) for address in _addresses(found))

    def _is_in(self, network: IP, mechanism: Mechanism) -> bool:
        ip = self.sender.ip
        if network.version != ip.version:
            return False
        bits = mechanism.ip4_bits if isinstance(ip, IPv4Address) else mechanism.ip6_bits
        shift = ip.max_prefixlen - bits
        return int(ip) >> shift == int(network) >> shift


def _addresses(found: Found) -> Iterator[IP]:
    for text in found.records:
        try:
            yield ip_address(text)
        except ValueError:
            continue


def _values_of(sender: Sender) -> dict[str, str]:
    """§7.2: what does not depend on the record."""
    ip, local = sender.ip, sender.local or "postmaster"  # §4.3
    is_four = isinstance(ip, IPv4Address)
    return {
        "s": f"{local}@{sender.domain}",
        "l": local,
        "o": sender.domain,
        "i": str(ip) if is_four else ".".join(ip.exploded.replace(":", "").upper()),
        "v": "in-addr" if is_four else "ip6",
        "h": sender.helo or sender.domain,
        "c": str(ip),
        "r": sender.receiver,
        "t": str(sender.now),
    }


def _nearest(names: tuple[str, ...], domain: str) -> str:
    """§7.3: the domain itself, else one below it, else any."""
    domain = domain.lower()
    if domain in names:
        return domain
    return next((name for name in names if name.endswith(f".{domain}")), names[0] if names else "unknown")
