"""Whose mail somebody may look at: everybody's, or that of some domains alone."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """`domains` by their canonical names; None: all there are, and what belongs to none."""

    domains: frozenset[str] | None = None

    @classmethod
    def of(cls, domains: Iterable[str]) -> "Scope":
        """Of these alone."""
        return cls(frozenset(domains))

    def covers(self, domain: str) -> bool:
        """May mail of that domain be seen?"""
        return self.domains is None or domain in self.domains


EVERYTHING = Scope()
