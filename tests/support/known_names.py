"""`net.dns.Resolver` in memory: what a test wrote down, and nothing else exists."""

from dataclasses import dataclass, field
from typing import Any

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.net.dns import Answer, DnsError, Mx, Trouble


@dataclass
class KnownNames:
    """`put` before it is asked."""

    answers: dict[tuple[str, str], Answer[Any] | Trouble] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def put(self, kind: str, name: str, *records: Any, secure: bool = False, canonical: str = "") -> None:
        self.answers[kind, name] = Answer(canonical or name, records, secure)

    def fail(self, kind: str, name: str, trouble: Trouble = Trouble.SERVFAIL) -> None:
        self.answers[kind, name] = trouble

    async def mx(self, name: str) -> Answer[Mx]:
        return self._find("MX", name)

    async def a(self, name: str) -> Answer[str]:
        return self._find("A", name)

    async def aaaa(self, name: str) -> Answer[str]:
        return self._find("AAAA", name)

    async def txt(self, name: str) -> Answer[bytes]:
        return self._find("TXT", name)

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        return self._find("TLSA", name)

    async def ptr(self, ip: str) -> Answer[str]:
        return self._find("PTR", ip)

    def _find(self, kind: str, name: str) -> Answer[Any]:
        self.asked.append((kind, name))
        found = self.answers.get((kind, name), Answer(name, (), exists=False))
        if isinstance(found, Trouble):
            raise DnsError(name, kind, found)
        return found
