"""Keys that sign what leaves."""

from typing import Final

from mailstead.ground.model.errors import Conflict, NotFound
from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey
from mailstead.store.sql.session import Row, Session

GET: Final = """
    SELECT domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at
      FROM signing_key WHERE domain = :domain AND selector = :selector"""

LIST: Final = """
    SELECT domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at FROM signing_key
     WHERE (domain, selector) > (:after_domain, :after_selector)
     ORDER BY domain, selector LIMIT :limit"""
LIST_OF: Final = """
    SELECT domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at
      FROM signing_key WHERE domain = :domain AND selector > :after_selector
     ORDER BY selector LIMIT :limit"""
LIST_IN: Final = """
    SELECT domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at FROM signing_key
     WHERE state = :state AND (domain, selector) > (:after_domain, :after_selector)
     ORDER BY domain, selector LIMIT :limit"""
ACTIVE: Final = """
    SELECT domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at
      FROM signing_key WHERE domain = :domain AND state = 'active'
     ORDER BY activated_at, selector LIMIT :limit"""

INSERT: Final = """
    INSERT INTO signing_key
           (domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at)
    VALUES (:domain, :selector, :algorithm, :pem, :state, :created_at, :seen_at, :activated_at, :retired_at)
        ON CONFLICT (domain, selector) DO NOTHING"""

UPDATE: Final = """
    UPDATE signing_key
       SET state = :state, seen_at = :seen_at, activated_at = :activated_at, retired_at = :retired_at
     WHERE domain = :domain AND selector = :selector AND state = :was"""

DELETE: Final = "DELETE FROM signing_key WHERE domain = :domain AND selector = :selector"

ACTIVE_MAX: Final = 10
"""More signatures than this on one letter serve nobody."""


def _key_of(row: Row) -> SigningKey:
    domain, selector, algorithm, pem, state, created_at, seen_at, activated_at, retired_at = row
    return SigningKey(
        domain=domain, selector=selector, algorithm=Algorithm(algorithm), pem=pem, state=KeyState(state),
        created_at=created_at, seen_at=seen_at, activated_at=activated_at, retired_at=retired_at,
    )  # fmt: skip


def _values_of(key: SigningKey) -> dict[str, object]:
    return {
        "domain": key.domain, "selector": key.selector, "state": key.state.value, "seen_at": key.seen_at,
        "activated_at": key.activated_at, "retired_at": key.retired_at,
    }  # fmt: skip


class SqlSigning:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_key(self, domain: str, selector: str) -> SigningKey:
        """By the primary key."""
        row = await self._session.row(GET, {"domain": domain, "selector": selector})
        if row is None:
            raise NotFound(f"{domain} has no key {selector}")
        return _key_of(row)

    async def list_keys(
        self, domain: str | None = None, *, after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> list[SigningKey]:
        """In the order of the primary key."""
        values: dict[str, object] = {"after_selector": after[1], "limit": limit}
        if domain is None:
            rows = await self._session.rows(LIST, {**values, "after_domain": after[0]})
        else:
            rows = await self._session.rows(LIST_OF, {**values, "domain": domain})
        return [_key_of(row) for row in rows]

    async def keys_in(
        self, state: KeyState, *, after: tuple[str, str] = ("", ""), limit: int = 200
    ) -> list[SigningKey]:
        """By an index."""
        values = {"state": state.value, "after_domain": after[0], "after_selector": after[1], "limit": limit}
        return [_key_of(row) for row in await self._session.rows(LIST_IN, values)]

    async def active_keys(self, domain: str) -> list[SigningKey]:
        """A domain has one or two."""
        rows = await self._session.rows(ACTIVE, {"domain": domain, "limit": ACTIVE_MAX})
        return [_key_of(row) for row in rows]

    async def insert_key(self, key: SigningKey) -> bool:
        """A selector is given once."""
        more = {"algorithm": key.algorithm.value, "pem": key.pem, "created_at": key.created_at}
        return bool(await self._session.run(INSERT, {**_values_of(key), **more}))

    async def update_key(self, key: SigningKey, *, was: KeyState) -> None:
        """What it is made of never changes."""
        if not await self._session.run(UPDATE, {**_values_of(key), "was": was.value}):
            raise Conflict(f"the key {key.selector} of {key.domain} is no longer {was.value}")

    async def delete_key(self, domain: str, selector: str) -> None:
        """For good."""
        if not await self._session.run(DELETE, {"domain": domain, "selector": selector}):
            raise NotFound(f"{domain} has no key {selector}")
