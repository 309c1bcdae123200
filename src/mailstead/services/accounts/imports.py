"""Users from a list: every row is checked before the first is added, and rows that are there already are left alone.

So the same list may be given again after an interruption, and only the rest is done.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.services.accounts.directory import Directory, get_real_domain
from mailstead.services.accounts.passwords import check_stored
from mailstead.services.accounts.users import NewUser, add_user, check_password, check_quota, stored_form
from mailstead.store.port import ReadTx

HASHED_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row, by its number in the list given."""

    row: int
    what: str


async def check_rows(directory: Directory, rows: Sequence[NewUser]) -> tuple[list[RowProblem], set[int]]:
    """All problems of a list, and the rows whose user is there already."""
    problems: list[RowProblem] = []
    addresses: dict[int, Address] = {}
    seen: set[str] = set()
    for number, row in enumerate(rows):
        try:
            address = _check_row(directory, row)
        except Invalid as error:
            problems.append(RowProblem(number, str(error)))
            continue
        if address.key in seen:
            problems.append(RowProblem(number, f"{address} stands before this row too"))
            continue
        seen.add(address.key)
        addresses[number] = address
    found, present = await directory.store.read(lambda tx: _check_places(tx, addresses))
    return sorted([*problems, *found], key=lambda problem: problem.row), present


def _check_row(directory: Directory, row: NewUser) -> Address:
    address = directory.address(row.address)
    check_quota(row.quota_bytes)
    if row.password is not None and row.password_hash is not None:
        raise Invalid("has a password and a hash: give one of them")
    if row.password_hash is not None:
        check_stored(row.password_hash)
    elif row.password is not None:
        check_password(directory, row.password)
    else:
        raise Invalid("has neither password nor hash")
    return address


async def _check_places(tx: ReadTx, addresses: dict[int, Address]) -> tuple[list[RowProblem], set[int]]:
    problems: list[RowProblem] = []
    present: set[int] = set()
    coming: Counter[str] = Counter()
    for number, address in addresses.items():
        if await tx.directory.find_user(address.key) is not None:
            present.add(number)
            continue
        try:
            domain = await get_real_domain(tx, address.domain)
        except (NotFound, Invalid) as error:
            problems.append(RowProblem(number, str(error)))
            continue
        if await tx.directory.find_alias(address) is not None or await tx.directory.find_account(address) is not None:
            problems.append(RowProblem(number, f"{address} is an alias or a shared account"))
        coming[domain.name] += 1
        room = domain.max_users - await tx.directory.count_accounts(domain.id) if domain.max_users else None
        if room is not None and coming[domain.name] > room:
            problems.append(RowProblem(number, f"{domain.name} has reached its limit of {domain.max_users} users"))
    return problems, present


async def import_rows(directory: Directory, rows: Sequence[NewUser]) -> AsyncIterator[tuple[int, bool]]:
    """Add row by row; after each its number, and whether it was new."""
    for start in range(0, len(rows), HASHED_AT_ONCE):
        some = rows[start : start + HASHED_AT_ONCE]
        prepared = await asyncio.gather(*(stored_form(directory, row) for row in some))
        for number, stored in enumerate(prepared, start):
            yield number, await _is_added(directory, stored)


async def _is_added(directory: Directory, row: NewUser) -> bool:
    try:
        await add_user(directory, row)
    except AlreadyExists:
        return False
    return True
