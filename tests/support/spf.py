"""Answers from the zones of the RFC 7208 test suite, and from tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import dns.reversename
import yaml

from mailstead.ground.formats.spf.evaluate import Evaluation, Sender, evaluate
from mailstead.ground.model.question import Asking, Found, Question

T = TypeVar("T")

SUITE = Path(__file__).parent.parent / "data" / "spf" / "rfc7208-tests.yml"
ALIASES_MAX = 5


@dataclass(frozen=True)
class Case:
    """One test of the suite in its scenario's zones."""

    scenario: str
    name: str
    zones: Mapping[str, list[Any]]
    sender: Sender
    results: tuple[str, ...]
    explanation: str | None

    def run(self) -> Evaluation:
        return drive(evaluate(self.sender), lambda question: look_up(self.zones, question))


def drive(asking: Asking[T], answer: Any) -> T:
    """Run a generator with answers from a function."""
    found = None
    try:
        question = next(asking)
        while True:
            found = answer(question)
            question = asking.send(found)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def load_suite() -> list[Case]:
    """Every case."""
    cases = []
    for document in filter(None, yaml.safe_load_all(SUITE.read_text())):
        zones = {name.lower(): records for name, records in document["zonedata"].items()}
        for name, case in document["tests"].items():
            local, _, domain = (case["mailfrom"] or "").rpartition("@")
            sender = Sender(
                ip=ip_address(case["host"]), local=local, domain=domain or case["helo"], helo=case["helo"],
                receiver="unknown", now=0,
            )  # fmt: skip
            results = case["result"] if isinstance(case["result"], list) else [case["result"]]
            cases.append(
                Case(document["description"], name, zones, sender, tuple(results), case.get("explanation"))
            )  # fmt: skip
    return cases


def look_up(zones: Mapping[str, list[Any]], question: Question) -> Found | None:
    """As the suite means it: SPF stands for TXT where a name has no TXT, TIMEOUT is silence."""
    kind = question.kind.value
    name = question.name.lower() if kind != "PTR" else str(dns.reversename.from_address(question.name)).rstrip(".")
    for _ in range(ALIASES_MAX):
        records = zones.get(name)
        if records is None:
            return Found(exists=False)
        pairs = [pair for record in records if isinstance(record, dict) for pair in record.items()]
        found = _records(pairs, kind)
        if found is None or (not found and "TIMEOUT" in records):
            return None
        alias = next((str(value) for key, value in pairs if key == "CNAME"), None)
        if found or alias is None or kind == "CNAME":
            return Found(tuple(found))
        name = alias.rstrip(".").lower()
    return None


def _records(pairs: list[tuple[str, Any]], kind: str) -> list[str] | None:
    stand_in = "SPF" if kind == "TXT" and not any(key == "TXT" for key, _ in pairs) else kind
    values = [value for key, value in pairs if key in (kind, stand_in) and value != "NONE"]
    if "TIMEOUT" in values:
        return None
    if kind == "MX":
        return [host for _, host in sorted((int(number), str(host)) for number, host in values)]
    if kind == "TXT":
        return ["".join(value) if isinstance(value, list) else str(value) for value in values]
    return [str(value) for value in values]
