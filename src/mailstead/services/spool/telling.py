"""The story of a letter in plain words, a line for each thing that happened."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from mailstead.services.spool.hints import hint
from mailstead.store.port.spool import StoryRow

Facts = Mapping[str, Any]


def tell_chapter(row: StoryRow) -> list[str]:
    """What one chapter says; one of a kind that is not known is told as it stands."""
    facts = msgspec.json.decode(row.detail)
    return list(_CHAPTERS.get(row.kind, _tell_other)(facts))


def _tell_attempt(facts: Facts) -> Iterator[str]:
    took = (facts["ended"] - facts["began"]) / 1000
    yield f"tried for {took:.1f} s"
    for step in facts.get("steps", ()):
        rest = {name: value for name, value in step.items() if name not in ("at", "what")}
        yield f"  +{(step['at'] - facts['began']) / 1000:.1f} s {tell_step(step['what'], rest)}"
    for result in facts.get("results", ()):
        by = f" by {result['host']}" if result.get("host") else ""
        yield f"  {result['to']}: {_ENDINGS.get(result['ending'], result['ending'])}{by}: {result['said']}"
        meant = hint(result["status"])
        if meant:
            yield f"    {result['status']}: {meant}"
    if facts.get("why"):
        yield f"  the destination is left alone for a while: {facts['why']}"


_ENDINGS: Final = {
    "delivered": "delivered",
    "relayed": "handed on, to a server that will tell nothing of its fate",
    "deferred": "put off",
    "failed": "failed",
}


def _tell_hand(facts: Facts) -> Iterator[str]:
    many = facts.get("count", len(facts.get("to", ())))
    whom = ", ".join(facts.get("to", ())) if many <= 3 else f"{many} recipients"
    route = f" to {facts['route']}" if facts.get("route") else ""
    why = f" ({facts['reason']})" if facts.get("reason") else ""
    yield f"{_MOVES.get(facts['what'], facts['what'])}{route} by {facts.get('by') or 'hand'}{why}: {whom}"


_MOVES: Final = {
    "process": "told to be tried at once",
    "retry": "told to be tried again",
    "hold": "held",
    "release": "released",
    "reroute": "sent another way",
    "bounce": "given up, and the sender told,",
    "drop": "dropped, and nobody told,",
}


def _tell_expired(facts: Facts) -> Iterator[str]:
    yield f"its time was over: given up for {', '.join(facts.get('to', ()))}; the sender was told as they wished"


def _tell_warned(facts: Facts) -> Iterator[str]:
    yield f"the sender was told that it takes long: {', '.join(facts.get('to', ()))}"


def _tell_complaint(facts: Facts) -> Iterator[str]:
    whom = f" for {facts['to']}" if facts.get("to") else ""
    yield f"{facts['by'] or 'somebody'} says that it was called {facts['type']}{whom}"


def _tell_other(facts: Facts) -> Iterator[str]:
    yield _words(facts) if isinstance(facts, dict) else str(facts)


_CHAPTERS: Final[Mapping[str, Callable[[Facts], Iterator[str]]]] = {
    "attempt": _tell_attempt,
    "hand": _tell_hand,
    "expired": _tell_expired,
    "warned": _tell_warned,
    "complaint": _tell_complaint,
}


def tell_step(what: str, facts: Facts) -> str:
    """One step of an attempt."""
    tell = _STEPS.get(what)
    return tell(facts) if tell is not None else f"{what}: {_words(facts)}"


def _tell_mx(facts: Facts) -> str:
    domain = facts.get("domain")
    if facts.get("error"):
        return f"MX of {domain}: no answer ({facts['error']})"
    if not facts.get("exists", 1):
        return f"MX of {domain}: there is no such domain"
    if not facts.get("records"):
        return f"MX of {domain}: none, so the domain itself is the host"
    hosts = ", ".join(f"{host} ({rank})" for rank, _, host in (one.partition(":") for one in facts["records"].split()))
    return f"MX of {domain}: {hosts}{', signed by DNSSEC' if facts.get('secure') else ''}"


def _tell_address(facts: Facts) -> str:
    found = ", ".join(str(facts.get("addresses", "")).split()) or "none"
    return f"addresses of {facts.get('host')}: {found}{_error(facts)}"


def _tell_connect(facts: Facts) -> str:
    where = f"{facts.get('host')} port {facts.get('port')}"
    if facts.get("error"):
        return f"no connection to {where}: {facts['error']}"
    return f"connected to {where}{' from ' + str(facts['local']) if facts.get('local') else ''}"


def _tell_tls(facts: Facts) -> str:
    if facts.get("none"):
        return f"no TLS with {facts.get('host')}: {facts['none']}"
    if facts.get("error"):
        return f"TLS with {facts.get('host')} is not good: {facts['error']}"
    trust = "verified" if facts.get("verified") else "not verified"
    subject = f" of {facts['subject']}" if facts.get("subject") else ""
    print_ = f", SHA-256 {facts['fingerprint']}" if facts.get("fingerprint") else ""
    return f"{facts.get('version')} ({facts.get('cipher')}), certificate{subject} {trust}{print_}"


def _tell_policy(facts: Facts) -> str:
    about = f" for {facts['host']}" if facts.get("host") else ""
    if facts.get("excluded"):
        return f"policy{about}: must not be used, {facts['excluded']}"
    rest = {name: value for name, value in facts.items() if name != "host"}
    return f"policy{about}: {_words(rest)}"


def _error(facts: Facts) -> str:
    return f" ({facts['error']})" if facts.get("error") else ""


_STEPS: Final[Mapping[str, Callable[[Facts], str]]] = {
    "mx": _tell_mx,
    "address": _tell_address,
    "connect": _tell_connect,
    "tls": _tell_tls,
    "policy": _tell_policy,
    "proxy": lambda facts: f"through the proxy {facts.get('host')} port {facts.get('port')}",
    "login": lambda facts: f"logged in by {facts.get('mechanism')}",
    "reply": lambda facts: f"to {str(facts.get('to', '?')).upper()} they said: {facts.get('text', '')}",
    "retry": lambda facts: f"again with {facts.get('host')}, asking less of TLS: {facts.get('tls')}",
    "reuse": lambda facts: f"over the open connection to {facts.get('host')}",
    "stale": lambda facts: f"the open connection to {facts.get('host')} was dead",
    "lost": lambda facts: f"lost {facts.get('host')}: {facts.get('why')}",
    "untold": lambda facts: f"and {facts.get('count')} more steps",
}


def _words(facts: Facts) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
