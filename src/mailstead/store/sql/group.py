"""Group commit: waiting units run one after the other inside one transaction and become durable by its one COMMIT.

Each has a SAVEPOINT, so that one that fails takes nothing else with it. Some errors (a full disk, a failed write,
an interrupt) end the whole transaction: then every unit of the group runs again by itself with its own COMMIT.
Nobody is told anything before the COMMIT that makes it true.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import apsw

from mailstead.ground.model.change import Wake
from mailstead.ground.model.errors import Busy, MailError, NoSpace
from mailstead.ground.model.ids import AccountId, BlobId
from mailstead.store.port import Lane, OnCommit
from mailstead.store.sql.connection import SqliteSession, drive
from mailstead.store.sql.lanes import Bounds, Lanes, Waiting
from mailstead.store.sql.transaction import SqlTx
from mailstead.telemetry import Event, emit, incident

Discard = Callable[[BlobId], None]

BEGIN: Final = "BEGIN IMMEDIATE"


def coalesce(wakes: list[Wake]) -> list[Wake]:
    """One for each account: up to its greatest modseq, with all events in their order."""
    if len(wakes) == 1:
        return wakes.copy()
    by_account: dict[AccountId, list[Wake]] = {}
    for wake in wakes:
        by_account.setdefault(wake.account_id, []).append(wake)
    return [
        Wake(account, max(wake.modseq for wake in some), tuple(change for wake in some for change in wake.changes))
        for account, some in by_account.items()
    ]


def translated(error: Exception, waiting: Waiting) -> Exception:
    """What the caller is told of an error of the engine."""
    match error:
        case MailError():
            return error
        case apsw.FullError():
            return NoSpace("the disk is full")
        case apsw.IOError() if waiting.incoming:
            return NoSpace(f"the disk refused a write: {error}")
        case apsw.BusyError():
            return Busy("another program holds the database")
        case _:
            return error


class GroupRunner:
    """Runs the units of one lane on the connection of the writer."""

    def __init__(self, connection: apsw.Connection, bounds: Bounds, on_commit: OnCommit, discard: Discard) -> None:
        self._connection = connection
        self._session = SqliteSession(connection)
        self._tx = SqlTx(self._session)
        self._bounds = bounds
        self._on_commit = on_commit
        self._discard = discard

    def run(self, lanes: Lanes, lane: Lane) -> int:
        """Run one group; gives how many units had their turn. apsw.Error if it could not even begin: all still wait."""
        self._session.command(BEGIN)
        if lanes.waiting(lane) == 1:
            alone = lanes.take(lane)
            if alone is not None:
                self._finish_alone(alone)
                return 1
        taken: list[Waiting] = []
        answers: list[tuple[Waiting, Any]] = []
        refusals: list[tuple[Waiting, Exception]] = []
        try:
            self._fill(lanes, lane, taken, answers, refusals)
            self._session.command("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it was, the callers are answered one by one
            self._run_one_by_one(taken, error)
        except BaseException:
            self._abandon(taken)
            raise
        else:
            self._tell(answers, refusals)
        return len(taken)

    def _fill(
        self,
        lanes: Lanes,
        lane: Lane,
        taken: list[Waiting],
        answers: list[tuple[Waiting, Any]],
        refusals: list[tuple[Waiting, Exception]],
    ) -> None:
        end = time.monotonic() + self._bounds.group_seconds
        octets = 0
        while len(taken) < self._bounds.group_units and octets < self._bounds.group_octets:
            waiting = lanes.take(lane)
            if waiting is None:
                return
            taken.append(waiting)
            octets += waiting.size
            error = self._run_in_savepoint(waiting, answers)
            if error is not None:
                refusals.append((waiting, error))
            if time.monotonic() >= end:
                return

    def _run_in_savepoint(self, waiting: Waiting, answers: list[tuple[Waiting, Any]]) -> Exception | None:
        tx, command = self._tx, self._session.command
        wakes, doubles = len(tx.wakes), len(tx.doubles)
        command("SAVEPOINT unit")
        try:
            value = drive(waiting.unit(tx))
            command("RELEASE unit")
        except Exception as error:
            if not self._connection.in_transaction:
                raise
            command("ROLLBACK TO unit")
            command("RELEASE unit")
            del tx.wakes[wakes:], tx.doubles[doubles:]
            return translated(error, waiting)
        answers.append((waiting, value))
        return None

    def _run_one_by_one(self, taken: list[Waiting], cause: Exception) -> None:
        self._roll_back()
        emit(Event.STORE_GROUP_FAILED, error=f"{type(cause).__name__}: {cause}", count=len(taken))
        for done, waiting in enumerate(taken):
            try:
                self._session.command(BEGIN)
            except apsw.Error as error:
                waiting.fail(translated(error, waiting))
                continue
            try:
                self._finish_alone(waiting)
            except BaseException:
                self._abandon(taken[done + 1 :])
                raise

    def _finish_alone(self, waiting: Waiting) -> None:
        """The transaction has begun; run its only unit and commit."""
        try:
            value = drive(waiting.unit(self._tx))
            self._session.command("COMMIT")
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._roll_back()
            waiting.fail(translated(error, waiting))
        except BaseException:
            self._abandon([waiting])
            raise
        else:
            self._tell([(waiting, value)], [])

    def _roll_back(self) -> None:
        self._tx.wakes.clear()
        self._tx.doubles.clear()
        if self._connection.in_transaction:
            try:
                self._session.command("ROLLBACK")
            except apsw.Error as error:
                # SQLite has rolled back by itself, or the next BEGIN fails and the units wait until their deadline
                emit(Event.STORE_GROUP_FAILED, error=f"ROLLBACK: {error}", count=0)

    def _abandon(self, taken: list[Waiting]) -> None:
        """The program is being ended from inside a unit."""
        self._roll_back()
        for waiting in taken:
            waiting.fail(Busy("the store is closing"))

    def _tell(self, answers: list[tuple[Waiting, Any]], refusals: list[tuple[Waiting, Exception]]) -> None:
        tx = self._tx
        for waiting, value in answers:
            waiting.answer(value)
        for waiting, error in refusals:
            waiting.fail(error)
        if tx.wakes:
            wakes = coalesce(tx.wakes)
            tx.wakes.clear()
            try:
                self._on_commit(wakes)
            except Exception as error:  # noqa: BLE001 - a lost wake costs a second, the mail is safe
                incident(error, subsystem="store")
        if tx.doubles:
            for blob in tx.doubles:
                self._discard(blob)
            tx.doubles.clear()
