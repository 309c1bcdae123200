"""A change and what is told of it are one: whatever statement fails, there are both or neither."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.policy_columns import read_words
from mailstead.services.accounts.aliases import add_alias
from mailstead.services.accounts.auditing import verify
from mailstead.services.accounts.credentials import NewCredential, add_credential
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.users import NewUser, add_user, remove_user
from mailstead.services.policy import editing
from mailstead.store.port import ReadTx
from mailstead.store.sql import connection
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock

ANN = Actor("ann@example.com", Through.API)
BOB = NewUser(address="bob", password="a long password")
Change = Callable[[Directory], Awaitable[Any]]
CHANGES: tuple[tuple[str, Change], ...] = (
    ("user.created", lambda one: add_user(one, BOB)),
    ("alias.created", lambda one: add_alias(one, "info", ["bob"])),
    ("policy.changed", lambda one: editing.edit(one, "example.com", read_words(["spam.reject_score=8"]))),
    ("token.created", lambda one: add_credential(
        one, NewCredential(owner="bob", kind=CredentialKind.TOKEN, name="t"))),
    ("user.removed", lambda one: remove_user(one, "bob")),
)  # fmt: skip


class Failing:
    """Lets so many statements of a write through, then the disk is broken for one."""

    left = -1

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = connection.SqliteSession
        for name in ("rows", "row", "run"):
            monkeypatch.setattr(session, name, self._counted(getattr(session, name)))

    def _counted(self, original: Any) -> Any:
        async def counted(session: Any, sql: str, *args: Any) -> Any:
            if not sql.lstrip().upper().startswith("SELECT"):
                self.left -= 1
                if self.left == 0:
                    raise apsw.IOError("the disk is broken")
            return await original(session, sql, *args)

        return counted


async def state(directory: Directory) -> tuple[int, tuple[Any, ...]]:
    """How many entries there are, and all that the changes touch."""

    async def unit(tx: ReadTx) -> tuple[int, tuple[Any, ...]]:
        user = await tx.directory.find_user("bob@example.com")
        tokens = await tx.credentials.list_credentials(user.id, CredentialKind.TOKEN) if user else []
        aliases = [alias.address for alias in await tx.directory.list_aliases()]
        return (await tx.audit.head()).number, (user, tokens, aliases, await tx.policies.get_policy("example.com"))

    return await directory.store.read(unit)


async def test_a_statement_that_fails_leaves_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_directory(tmp_path, FakeClock()) as opened:
        directory = opened.by(ANN)
        failing = Failing(monkeypatch)
        for action, change in CHANGES:
            before, number = await state(directory), 0
            while True:
                number += 1
                failing.left = number
                try:
                    await change(directory)
                except apsw.IOError:
                    assert await state(directory) == before, (action, number)
                    assert (await verify(directory)).fault is None
                    continue
                break
            failing.left = -1
            assert number > 2, "it failed at least at each statement of the audit"
            after = await state(directory)
            assert after[0] == before[0] + 1
            assert after[1] != before[1]
        assert (await verify(directory)).fault is None
