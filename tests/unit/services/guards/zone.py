"""Names in memory, for those who ask the DNS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailstead.net.dns import Answer, DnsError, Mx, Tlsa, Trouble


@dataclass
class Zone:
    """Implements `net.dns.Resolver`: `rows` are like {"home.test TXT": ["v=spf1 -all"]}."""

    rows: Mapping[str, list[Any]]
    is_silent: bool = False
    asked: list[str] = field(default_factory=list)

    def _find(self, name: str, kind: str) -> Answer[Any]:
        self.asked.append(f"{name} {kind}")
        if self.is_silent:
            raise DnsError(name, kind, Trouble.TIMEOUT)
        return Answer(name, tuple(self.rows.get(f"{name} {kind}", ())))

    async def mx(self, name: str) -> Answer[Mx]:
        found = self._find(name, "MX")
        return Answer(name, tuple(Mx(10, host) for host in found.records))

    async def a(self, name: str) -> Answer[str]:
        return self._find(name, "A")

    async def aaaa(self, name: str) -> Answer[str]:
        return self._find(name, "AAAA")

    async def txt(self, name: str) -> Answer[bytes]:
        found = self._find(name, "TXT")
        return Answer(name, tuple(text.encode() for text in found.records))

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        return self._find(name, "TLSA")

    async def ptr(self, ip: str) -> Answer[str]:
        return self._find(ip, "PTR")
