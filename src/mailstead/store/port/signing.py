"""Keys that sign what leaves, by domain. They lie in the database as they are: only its owner may enter its folder."""

from typing import Protocol

from mailstead.ground.model.signing import KeyState, SigningKey


class SigningReads(Protocol):
    """`get_` raises NotFound."""

    async def get_key(self, domain: str, selector: str) -> SigningKey: ...
    async def list_keys(self, domain: str | None = None, *, after: tuple[str, str] = ("", ""),
                        limit: int = 1000) -> list[SigningKey]:  # fmt: skip
        """By domain and selector; go on by giving the last pair seen."""

    async def keys_in(
        self, state: KeyState, *, after: tuple[str, str] = ("", ""), limit: int = 200
    ) -> list[SigningKey]:
        """Of all domains, by domain and selector."""

    async def active_keys(self, domain: str) -> list[SigningKey]:
        """Those that sign now, the oldest first."""


class SigningWrites(SigningReads, Protocol):
    """Within units."""

    async def insert_key(self, key: SigningKey) -> bool:
        """False if the domain has a key of that selector already, which stays as it is."""

    async def update_key(self, key: SigningKey, *, was: KeyState) -> None:
        """Its state and times; Conflict if it is no longer in the state it was."""

    async def delete_key(self, domain: str, selector: str) -> None:
        """NotFound."""
