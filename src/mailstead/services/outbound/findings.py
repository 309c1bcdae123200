"""What a probe saw, in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.services.outbound.probing import Look

Facts = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `is_good`: None if it is neither good nor bad."""

    what: str
    words: str
    is_good: bool | None = None


def find(look: Look) -> Finding | None:
    """None for what people need not read."""
    if look.setback is not None:
        words = look.setback.words
        is_named = not look.host or look.host in words
        return Finding("host", words if is_named else f"{look.host}: {words}", is_good=False)
    if look.is_ready:
        return Finding("host", f"{look.host} is ready for mail", is_good=True)
    assert look.step is not None, "a look has one of the three"
    words_of = _WORDS.get(look.step.what)
    return words_of(look.step.facts) if words_of is not None else None


def _mx(facts: Facts) -> Finding:
    domain = facts["domain"]
    if "error" in facts:
        return Finding("mx", f"MX of {domain} cannot be found out now: {facts['error']}", is_good=False)
    if not facts.get("exists"):
        return Finding("mx", f"{domain} does not exist", is_good=False)
    vouched = ", validated by DNSSEC" if facts.get("secure") else ""
    if not facts.get("records"):
        return Finding("mx", f"{domain} has no MX{vouched}: its own address is used", is_good=True)
    hosts = [record.partition(":") for record in str(facts["records"]).split()]
    named = ", ".join(f"{host} ({preference})" for preference, _, host in hosts)
    return Finding("mx", f"MX of {domain}{vouched}: {named}", is_good=True)


def _address(facts: Facts) -> Finding:
    addresses = str(facts.get("addresses", ""))
    error = f" ({facts['error']})" if "error" in facts else ""
    return Finding("address", f"{facts['host']}: {addresses or 'no address'}{error}", is_good=bool(addresses))


def _policy(facts: Facts) -> Finding:
    if "excluded" in facts:
        return Finding("policy", f"{facts['host']} must not be used: {facts['excluded']}", is_good=False)
    if "host" not in facts:
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        return Finding("policy", told, is_good=False if "mta-sts error" in facts else None)
    wanted = {"never": "no TLS", "may": "TLS if it is offered", "must": "TLS"}[str(facts["tls"])]
    proof = ", with a certificate that proves the host" if facts.get("authenticated") else ""
    tlsa = f"; TLSA {facts['tlsa']}" if "tlsa" in facts else ""
    return Finding("policy", f"{facts['host']}: {wanted}{proof} (by {facts['by']}{tlsa})")


def _connect(facts: Facts) -> Finding | None:
    if "error" in facts:
        return None  # its setback says the same
    return Finding("connect", f"{facts['host']} answers on port {facts['port']}", is_good=True)


def _reply(facts: Facts) -> Finding | None:
    if facts["to"] not in ("greeting", "hello"):
        return None
    text = str(facts["text"])
    return Finding(str(facts["to"]), text, is_good=text[:1] == "2")


def _tls(facts: Facts) -> Finding:
    if "error" in facts:
        return Finding("tls", f"TLS failed: {facts['error']}", is_good=False)
    if "none" in facts:
        return Finding("tls", f"no TLS: {facts['none']}")
    verified = "its certificate is vouched for by CAs" if facts.get("verified") else "its certificate was not checked"
    subject = f" of {facts['subject']}" if "subject" in facts else ""
    return Finding("tls", f"{facts['version']} {facts['cipher']}{subject}; {verified}", is_good=True)


def _retry(facts: Facts) -> Finding:
    how = "without TLS" if facts["tls"] == "no" else "without looking at its certificate"
    return Finding("retry", f"{facts['host']} is tried again {how}")


def _proxy(facts: Facts) -> Finding:
    return Finding("proxy", f"by the proxy {facts['host']}:{facts['port']}")


def _login(facts: Facts) -> Finding:
    return Finding("login", f"logged in with {facts['mechanism']}", is_good=True)


_WORDS: Final[Mapping[str, Callable[[Facts], Finding | None]]] = {
    "mx": _mx,
    "address": _address,
    "policy": _policy,
    "connect": _connect,
    "reply": _reply,
    "tls": _tls,
    "retry": _retry,
    "proxy": _proxy,
    "login": _login,
}
