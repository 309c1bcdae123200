"""ARC (RFC 8617): what relays before us found, sealed by each of them in turn. Verified, for others to weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography.exceptions import InvalidSignature

from mailstead.ground.formats.dkim.canonical import Canon, canonical_field
from mailstead.ground.formats.dkim.header import Field
from mailstead.ground.formats.dkim.record import KeyRecord, find_record
from mailstead.ground.formats.dkim.record import record_name as key_name
from mailstead.ground.formats.dkim.signature import Signature, signature_of, signed_bytes
from mailstead.ground.formats.dkim.tags import Malformed, read_base64, read_number, read_tags, squeeze
from mailstead.ground.formats.dkim.verify import (
    Claim,
    find_trouble,
    judge,
    supported,
    verify_bytes,
)
from mailstead.ground.formats.dkim.verify import Result as DkimResult
from mailstead.ground.model.question import Asking, Kind, Question

SETS_MAX: Final = 50
"""§4.2.1."""

_RESULTS: Final = b"arc-authentication-results"
_MESSAGE: Final = b"arc-message-signature"
_SEAL: Final = b"arc-seal"
_NAMES: Final = (_RESULTS, _MESSAGE, _SEAL)


class Result(Enum):
    """§4.4, in the words of RFC 8601."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word, no secret
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Link:
    """One set: what one relay added. `fields` in the order in which they are sealed."""

    fields: tuple[bytes, bytes, bytes]
    message: Claim
    seal: Signature
    verdict: str  # cv=


@dataclass(frozen=True, slots=True)
class Chain:
    """All sets, the oldest first; or what is wrong with them."""

    links: tuple[Link, ...] = ()
    trouble: str = ""

    @property
    def last(self) -> tuple[Claim, ...]:
        """The signature over the letter as it left the last relay, whose body has to be hashed."""
        return (self.links[-1].message,) if self.links and not self.trouble else ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sealers` are the domains that sealed, the last one first."""

    result: Result
    why: str = ""
    sealers: tuple[str, ...] = ()


def read_chain(fields: Sequence[Field]) -> Chain:
    """§5.2, steps 1 to 3: all that can be said without a key."""
    try:
        found = _sort(fields)
        links = tuple(_read_link(found[number], number) for number in _numbers(found))
    except Malformed as fault:
        return Chain(trouble=str(fault))
    return Chain(links)


def _sort(fields: Sequence[Field]) -> dict[int, dict[bytes, bytes]]:
    """By number and name."""
    found: dict[int, dict[bytes, bytes]] = {}
    for field in fields:
        if field.name in _NAMES:
            by_name = found.setdefault(_instance(field), {})
            if field.name in by_name:
                raise Malformed(f"{field.name.decode()} is there twice")
            by_name[field.name] = field.raw
    return found


def _numbers(found: Mapping[int, Mapping[bytes, bytes]]) -> range:
    if len(found) > SETS_MAX or set(found) != set(range(1, len(found) + 1)):
        raise Malformed("sets are missing, or too many")
    return range(1, len(found) + 1)


def _instance(field: Field) -> int:
    value = field.raw.partition(b":")[2]
    if field.name == _RESULTS:
        value = value.partition(b";")[0]  # what follows are no tags
    number = read_number(squeeze(read_tags(value).get("i", "")), "i")
    if not 0 < number <= SETS_MAX:
        raise Malformed(f"i={number}")
    return number


def _read_link(by_name: Mapping[bytes, bytes], number: int) -> Link:
    if missing := [name for name in _NAMES if name not in by_name]:
        raise Malformed(f"set {number} has no {missing[0].decode()}")
    message = {tag: text for tag, text in read_tags(by_name[_MESSAGE].partition(b":")[2]).items() if tag != "i"}
    seal = read_tags(by_name[_SEAL].partition(b":")[2])
    signature = supported(signature_of(message))
    if _SEAL in signature.headers or {"h", "bh"} & set(seal):  # §4.1.2, §4.1.3
        raise Malformed(f"set {number} signs what it may not")
    if missing_tags := [tag for tag in ("a", "b", "cv", "d", "s") if not seal.get(tag)]:
        raise Malformed(f"the seal of set {number} has no {missing_tags[0]}=")
    verdict = squeeze(seal["cv"]).lower()
    if verdict != ("none" if number == 1 else "pass"):
        raise Malformed(f"set {number} says cv={verdict[:20]}")
    return Link(
        (by_name[_RESULTS], by_name[_MESSAGE], by_name[_SEAL]),
        Claim(by_name[_MESSAGE], signature),
        supported(
            Signature(
                algorithm=squeeze(seal["a"]).lower(), domain=squeeze(seal["d"]).lower(),
                selector=squeeze(seal["s"]).lower(), headers=(), body_hash=b"", signature=read_base64(seal["b"], "b"),
            )
        ),
        verdict,
    )  # fmt: skip


def verify(chain: Chain, fields: Sequence[Field], digest: bytes, now: int) -> Asking[Verdict]:
    """§5.2, steps 4 to 6: the last signature over the letter, then every seal. `digest` is of its body."""
    if chain.trouble:
        return Verdict(Result.FAIL, chain.trouble)
    if not chain.links:
        return Verdict(Result.NONE)
    sealers = tuple(link.seal.domain for link in reversed(chain.links))
    claim = chain.links[-1].message
    assert claim.signature is not None, "a chain has none that cannot be read"
    record = yield from _find_key(claim.signature)
    check = judge(claim, fields, digest, record, now)
    if check.result is not DkimResult.PASS:
        return Verdict(Result.FAIL, f"set {len(chain.links)}: {check.why}", sealers)
    canonical = [canonical_field(raw, Canon.RELAXED) for link in chain.links for raw in link.fields]
    for number in range(len(chain.links), 0, -1):
        link = chain.links[number - 1]
        record = yield from _find_key(link.seal)
        if trouble := _judge_seal(link, canonical[: 3 * number - 1], record):
            return Verdict(Result.FAIL, f"set {number}: {trouble}", sealers)
    return Verdict(Result.PASS, "", sealers)


def _judge_seal(link: Link, before: Sequence[bytes], record: KeyRecord | None) -> str:
    """§5.1.1: a seal is over all sets up to its own. What is wrong, or ""."""
    if record is None:
        return "no key record"
    if trouble := find_trouble(record, link.seal):
        return trouble
    sealed = b"".join(before) + signed_bytes((), link.fields[-1], Canon.RELAXED)
    try:
        verify_bytes(record, link.seal.signature, sealed)
    except InvalidSignature:
        return "the seal does not match"
    except Malformed as fault:
        return str(fault)
    return ""


def _find_key(signature: Signature) -> Asking[KeyRecord | None]:
    """None where there is none, or no answer: the chain cannot be trusted then."""
    found = yield Question(Kind.TXT, key_name(signature.selector, signature.domain))
    return find_record(found.records) if found is not None else None
