"""What speaks for and against where a letter came from: what was found out about its origin, and how it greeted."""

import re
from collections.abc import Iterable
from typing import Final

from mailstead.ground.formats.arc import Result as ArcResult
from mailstead.ground.formats.dkim.verify import Result as DkimResult
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.spam.anatomy import Anatomy, Person
from mailstead.ground.formats.spam.links import site_of
from mailstead.ground.formats.spam.lookalike import resembles
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model.envelope import Client
from mailstead.ground.model.opinion import Symptom
from mailstead.services.checks.evidence import Evidence

_SPF: Final = {
    SpfResult.FAIL: Symptom("SPF_FAIL", 2.0, "its sender's domain forbids the host that brought it"),
    SpfResult.SOFTFAIL: Symptom("SPF_SOFTFAIL", 0.9, "its sender's domain does not know the host that brought it"),
    SpfResult.PERMERROR: Symptom("SPF_BROKEN", 0.4, "its sender's domain publishes a broken SPF record"),
    SpfResult.NONE: Symptom("SPF_NONE", 0.3, "its sender's domain does not say which hosts send for it"),
}
_REVERSE: Final = {
    "permerror": Symptom("NO_PTR", 1.2, "the host that brought it has no name"),
    "fail": Symptom("FALSE_PTR", 0.8, "the name of the host that brought it does not lead back to it"),
}
_ADDRESS: Final = re.compile(r"[0-9.:a-f]{3,45}")
_DYNAMIC: Final = re.compile(r"(?:[0-9]{1,3}[.-]){3}|dyn|dhcp|dial|pool|ppp|dsl|cable|broadband", re.IGNORECASE)
DISPLAY_MAX: Final = 200


def find_symptoms(evidence: Evidence, client: Client, letter: Anatomy, domains: Iterable[str]) -> list[Symptom]:
    """`domains`: those of the recipients, whom impostors like to be taken for."""
    ours = tuple(domains)
    return [*_authentication(evidence), *_host(evidence, client, ours), *_impostors(evidence, letter, ours)]


def find_vouching(evidence: Evidence) -> set[str]:
    """The domains that say the letter is theirs."""
    passed = {one.author for one in evidence.dmarc if one.result is DmarcResult.PASS}
    for check in evidence.dkim or ():
        if check.result is DkimResult.PASS and check.claim.signature is not None:
            passed.add(check.claim.signature.domain.lower())
    return passed


def is_vouched_for(evidence: Evidence, site: str) -> bool:
    """Does the domain of an author say that the letter is its own?"""
    return any(site_of(domain) == site_of(site) for domain in find_vouching(evidence))


def _authentication(evidence: Evidence) -> list[Symptom]:
    found: list[Symptom] = []
    worst = evidence.worst
    is_aligned = worst is not None and worst.result is DmarcResult.PASS
    if evidence.spf is not None and not is_aligned and evidence.spf.evaluation.result in _SPF:
        found.append(_SPF[evidence.spf.evaluation.result])
    if evidence.dkim and all(check.result is DkimResult.FAIL for check in evidence.dkim):
        found.append(Symptom("DKIM_FAIL", 0.8, "its signature is false"))
    if worst is not None and worst.result is DmarcResult.FAIL:
        found.append(Symptom("DMARC_FAIL", 1.5, "nobody vouches that it is from its author's domain"))
    elif is_aligned:
        found.append(Symptom("DMARC_PASS", -0.4, "its author's domain vouches for it"))
    if evidence.arc is not None and evidence.arc.result is ArcResult.FAIL:
        found.append(Symptom("ARC_FAIL", 0.4, "the seals of its way are broken"))
    return found


def _host(evidence: Evidence, client: Client, ours: tuple[str, ...]) -> list[Symptom]:
    """Of the one that brought it; without an address nobody did."""
    if not client.ip:
        return []
    found: list[Symptom] = []
    reverse, helo = evidence.reverse, client.helo.strip().lower()
    if reverse is not None and reverse.result in _REVERSE:
        found.append(_REVERSE[reverse.result])
    elif reverse is not None and reverse.result == "pass" and _DYNAMIC.search(reverse.name):
        found.append(Symptom("DYNAMIC_HOST", 1.0, "the host that brought it has a name as home lines have"))
    if _ADDRESS.fullmatch(helo):
        found.append(Symptom("HELO_IP", 1.0, "it greeted by a bare address"))
    elif helo and not helo.startswith("[") and "." not in helo:
        found.append(Symptom("HELO_PLAIN", 0.7, "it greeted by no name of the network"))
    if helo in ours and not (reverse is not None and reverse.name.lower().rstrip(".") == helo):
        found.append(Symptom("HELO_OURS", 2.5, "it greeted by our own name"))
    return found


def _impostors(evidence: Evidence, letter: Anatomy, ours: tuple[str, ...]) -> list[Symptom]:
    found: list[Symptom] = []
    for author in letter.authors[:3]:
        if author.site in ours:
            if not is_vouched_for(evidence, author.site) and not _is_spf_of(evidence, author.site):
                found.append(
                    Symptom("FROM_OURS", 1.8, f"it says to be from {author.site}, which does not vouch for it")
                )
        elif near := next((domain for domain in ours if resembles(author.site, domain)), ""):
            found.append(Symptom("LOOKALIKE", 3.0, f"its sender's domain is made to be taken for {near}"))
        elif near := _named(author, ours):
            found.append(Symptom("NAME_OURS", 1.5, f"its sender's name speaks of {near}"))
    return found[:2]


def _is_spf_of(evidence: Evidence, site: str) -> bool:
    check = evidence.spf
    return check is not None and check.evaluation.result is SpfResult.PASS and site_of(check.domain) == site_of(site)


def _named(author: Person, ours: tuple[str, ...]) -> str:
    name = author.name[:DISPLAY_MAX].lower()
    return next(
        (domain for domain in ours if "." in domain and domain in name and site_of(author.site) != site_of(domain)), ""
    )
