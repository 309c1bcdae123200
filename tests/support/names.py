"""A DNS in memory: implements `net.dns.Resolver`."""

from collections import defaultdict
from typing import Any

from mailstead.net.dns import Answer, DnsError, Mx, Tlsa, Trouble


class Names:
    """`names.add("mx", "example.test", Mx(10, "mx.example.test"))`; what was added for a name makes it exist."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], list[Any]] = defaultdict(list)
        self._troubles: dict[tuple[str, str], Trouble] = {}
        self._secure: set[str] = set()
        self._aliases: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []

    def add(self, kind: str, name: str, *records: Any) -> "Names":
        """Without records: the name exists and has none of that kind."""
        self._records[kind, name].extend(records)
        return self

    def secure(self, *names: str) -> "Names":
        """Their answers are validated."""
        self._secure.update(names)
        return self

    def alias(self, name: str, target: str) -> "Names":
        """A CNAME."""
        self._aliases[name] = target
        return self

    def break_(self, kind: str, name: str, trouble: Trouble = Trouble.SERVFAIL) -> "Names":
        """No answer for now."""
        self._troubles[kind, name] = trouble
        return self

    async def _ask(self, kind: str, asked: str) -> Answer[Any]:
        self.asked.append((kind, asked))
        name = self._aliases.get(asked, asked)
        if (trouble := self._troubles.get((kind, name))) is not None:
            raise DnsError(asked, kind, trouble)
        exists = any(known == name for _, known in [*self._records, *self._troubles])
        records = tuple(self._records.get((kind, name), ()))
        return Answer(name, records, is_secure=name in self._secure and asked in (name, *self._secure), exists=exists)

    async def mx(self, name: str) -> Answer[Mx]:
        return await self._ask("mx", name)

    async def a(self, name: str) -> Answer[str]:
        return await self._ask("a", name)

    async def aaaa(self, name: str) -> Answer[str]:
        return await self._ask("aaaa", name)

    async def txt(self, name: str) -> Answer[bytes]:
        return await self._ask("txt", name)

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        return await self._ask("tlsa", name)

    async def ptr(self, ip: str) -> Answer[str]:
        return await self._ask("ptr", ip)
